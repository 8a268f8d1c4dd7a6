//! Buttons: what they do is in their words, how much it matters in their style.

use billing_domain::Capability;
use leptos::prelude::*;

use crate::platform::connection;
use crate::platform::signal::{ErasedMemo, ErasedProp};
use crate::texts;

use super::dynamic::{flag, view};
use super::icon::{Icon, IconName};
use super::permission::is_permitted;

/// How much a button matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ButtonStyle {
    /// The one thing to do here.
    Primary,
    /// One of several things.
    #[default]
    Secondary,
    /// Red: calls stop, or something is lost.
    Danger,
    /// Green: it runs, all is well.
    Good,
    Quiet,
}

impl ButtonStyle {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Secondary => "button",
            Self::Danger => "button button-danger",
            Self::Good => "button button-good",
            Self::Quiet => "button button-quiet",
        }
    }
}

/// A button. While `busy` or `unavailable` it keeps its focus and its name, and does nothing.
#[component]
pub(crate) fn Button(
    /// How much it matters; may change.
    #[prop(optional, into)]
    style: ErasedProp<ButtonStyle>,
    /// It is at work: shows so, and ignores presses. A button that can be at work sends something: without a connection
    /// it waits, and says so.
    #[prop(optional, into)]
    busy: Option<Signal<bool>>,
    /// It cannot be used now. Say why in words nearby.
    #[prop(optional, into)]
    unavailable: Signal<bool>,
    /// Sends the form around it instead of calling `on_press`.
    #[prop(optional)]
    submit: bool,
    /// An icon before the words.
    #[prop(optional)]
    icon: Option<IconName>,
    /// The id of the element that says more, such as why it is unavailable.
    #[prop(optional, into)]
    described_by: Option<String>,
    /// For focus from elsewhere.
    #[prop(optional, into)]
    id: Option<String>,
    /// Not shown in a session that may not do this.
    #[prop(optional)]
    needs: Option<Capability>,
    #[prop(optional, into)] on_press: Option<Callback<()>>,
    children: Children,
) -> AnyView {
    if needs.is_some_and(|capability| !is_permitted(capability)) {
        return ().into_any();
    }
    let class = Signal::derive(move || style.get().class().to_owned());
    let lost = ErasedMemo::new(move || busy.is_some() && connection::lost_signal().get());
    let busy = busy.unwrap_or_default();
    let waits = move || {
        (lost.get() && !busy.get()).then(|| {
            view! { <small class="button-waits">{texts::ui::waits_for_connection()}</small> }
        })
    };
    let press = move |event: leptos::ev::MouseEvent| {
        if busy.get_untracked() || unavailable.get_untracked() || lost.get_untracked() {
            // Also keeps a submit button from sending its form.
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            id=id
            class=class
            aria-disabled=flag(move || busy.get() || unavailable.get() || lost.get())
            aria-busy=flag(move || busy.get())
            aria-describedby=described_by
            on:click=press
        >
            {icon.map(|name| view! { <Icon name=name /> })}
            {children()}
            {view(waits)}
        </button>
    }
    .into_any()
}

/// A button that shows an icon only; its name is read out and shown as a tooltip.
#[component]
pub(crate) fn IconButton(
    icon: IconName,
    #[prop(into)] label: Signal<String>,
    /// It cannot be used now.
    #[prop(optional, into)]
    unavailable: Signal<bool>,
    #[prop(into)] on_press: Callback<()>,
) -> AnyView {
    view! {
        <button
            type="button"
            class="button button-icon"
            aria-label=label
            title=label
            aria-disabled=flag(move || unavailable.get())
            on:click=move |_| {
                if !unavailable.get_untracked() {
                    on_press.run(());
                }
            }
        >
            <Icon name=icon />
        </button>
    }
    .into_any()
}

/// The words of a button among others of its kind: `shown` on it, `full` read out, which says what it is about.
pub(crate) fn named_label(shown: impl Into<String>, full: String) -> AnyView {
    let shown = shown.into();
    view! { <span aria-hidden="true">{shown}</span><span class="visually-hidden">{full}</span> }.into_any()
}
