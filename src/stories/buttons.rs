//! Buttons in every style and state.

use leptos::prelude::*;

use super::render_story;
use crate::ui::button::{Button, ButtonStyle, IconButton};
use crate::ui::icon::IconName;

const STYLES: [(&str, ButtonStyle); 5] = [
    ("Primary", ButtonStyle::Primary),
    ("Secondary", ButtonStyle::Secondary),
    ("Danger", ButtonStyle::Danger),
    ("Good", ButtonStyle::Good),
    ("Quiet", ButtonStyle::Quiet),
];

pub(super) fn render_buttons(_: &'static str) -> AnyView {
    let styles = STYLES.map(|(name, style)| render_story(name, render_states(style)));
    let never = Signal::derive(|| false);
    let icons = view! {
        <div class="buttons">
            <IconButton icon=IconName::Cross label="Close" on_press=|| () />
            <IconButton icon=IconName::ChevronLeft label="Earlier" on_press=|| () />
            <IconButton icon=IconName::ChevronRight label="Later" unavailable=Signal::derive(|| true) on_press=|| () />
        </div>
    };
    let form = view! {
        <div class="buttons end">
            <Button on_press=|| ()>"Back"</Button>
            <Button style=ButtonStyle::Primary busy=never on_press=|| ()>"Continue"</Button>
        </div>
    };
    let long = view! {
        <Button style=ButtonStyle::Primary icon=IconName::Card>
            "Words that are longer than a narrow screen is wide go on in a second line"
        </Button>
    };
    view! {
        {styles.collect_view()}
        {render_story("Icon only; the last one unavailable", icons)}
        {render_story("At the end of a form", form)}
        {render_story("Long words", long)}
    }
    .into_any()
}

/// Ready, unavailable, at work, with an icon, and one that waits while the connection is lost.
fn render_states(style: ButtonStyle) -> AnyView {
    let (always, never) = (Signal::derive(|| true), Signal::derive(|| false));
    view! {
        <div class="buttons">
            <Button style=style>"Ready"</Button>
            <Button style=style icon=IconName::Refresh>"With an icon"</Button>
            <Button style=style unavailable=always>"Unavailable"</Button>
            <Button style=style busy=always>"At work"</Button>
            <Button style=style busy=never>"Sends something"</Button>
        </div>
    }
    .into_any()
}
