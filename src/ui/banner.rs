//! A bar that says what is wrong, what it means, and the one thing to do about it.

use leptos::prelude::*;

use crate::platform::signal::ErasedProp;
use crate::texts;

use super::icon::{Icon, IconName};

/// How serious something is. Each has a color, an icon and a word, so that color alone says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    Stop,
    Warn,
    /// Nothing to worry about.
    #[default]
    Info,
    Good,
}

impl Tone {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Good => "good",
        }
    }

    pub(super) const fn icon(self) -> IconName {
        match self {
            Self::Stop => IconName::Stop,
            Self::Warn => IconName::Warning,
            Self::Info => IconName::Info,
            Self::Good => IconName::Check,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Stop => texts::ui::urgent(),
            Self::Warn => texts::ui::warning(),
            Self::Info | Self::Good => "",
        }
    }
}

/// A bar. `Tone::Stop` and `Tone::Warn` are read out at once when `alert`, else politely.
#[component]
pub(crate) fn Banner(
    #[prop(into)] tone: ErasedProp<Tone>,
    /// What is wrong, in a few words.
    #[prop(into)]
    title: Signal<String>,
    /// It has just happened: read it out at once.
    #[prop(optional)]
    alert: bool,
    /// What it means, and the button that helps.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    view! {
        <div class=Signal::derive(move || format!("banner banner-{}", tone.get().name())) role=if alert { "alert" } else { "status" }>
            <Icon name=ErasedProp::derive(move || tone.get().icon()) />
            <div class="banner-text">
                <p class="banner-title"><span class="visually-hidden">{Signal::derive(move || tone.get().word().to_owned())}</span>{title}</p>
                {children.map(|children| children())}
            </div>
        </div>
    }
    .into_any()
}
