//! Every part of the kit in every state, light and dark side by side, from both directions and as narrow as a phone.

mod buttons;
mod charts;
mod choices;
mod dialogs;
mod fields;
mod figures;
mod notices;
mod panels;
mod pictures;
mod tables;

use leptos::prelude::*;

use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::platform::{connection, intl};
use crate::ui::announcer::{LiveRegions, provide_announcer};
use crate::ui::chips::Chips;
use crate::ui::dynamic::{effect, view};

/// A row of the page: its heading, and what makes it for the sheet of this name.
type StoryGroup = (&'static str, fn(&'static str) -> AnyView);

const GROUPS: [StoryGroup; 10] = [
    ("Buttons", buttons::render_buttons),
    ("Fields", fields::render_fields),
    ("Choices", choices::render_choices),
    ("Banners, pills, announcements", notices::render_notices),
    ("Panels", panels::render_panels),
    ("Money and time", figures::render_figures),
    ("Table", tables::render_tables),
    ("Chart", charts::render_charts),
    ("Dialog", dialogs::render_dialogs),
    ("Icons and code", pictures::render_pictures),
];

/// What can be switched for the whole page, in the order of [`SWITCHES`].
const SWITCHES: [&str; 5] = ["Light", "Dark", "Right to left", "320 px wide", "Connection lost"];
const LIGHT: usize = 0;
const DARK: usize = 1;
const RIGHT_TO_LEFT: usize = 2;
const NARROW: usize = 3;
const LOST: usize = 4;

/// Puts the page into the document.
pub(crate) fn mount_kit() {
    intl::use_zone("America/Chicago");
    mount_to_body(|| view! { <Kit /> });
}

#[component]
fn Kit() -> AnyView {
    let announcer = provide_announcer();
    let switched = ErasedSignal::new(vec![LIGHT, DARK]);
    let is = move |switch: usize| switched.read().contains(&switch);
    effect(move || {
        let lost = is(LOST);
        connection::set_streaming(!lost);
        connection::set_answered(!lost);
    });
    let press = move |switch: usize| {
        switched.update(|all| match all.iter().position(|on| *on == switch) {
            Some(at) => drop(all.remove(at)),
            None => all.push(switch),
        });
    };
    let choices: Vec<String> = SWITCHES.map(str::to_owned).to_vec();
    let direction = ErasedProp::derive(move || if is(RIGHT_TO_LEFT) { "rtl" } else { "ltr" });
    let direction = Signal::derive(move || direction.get().to_owned());
    view! {
        <LiveRegions announcer=announcer />
        <header class="kit-head">
            <h1>"Kit"</h1>
            <Chips label="Show" hide_label=true choices=choices pressed=switched on_press=press />
        </header>
        <main class="kit-sheets" class:kit-narrow=Signal::derive(move || is(NARROW)) dir=direction>
            {view(move || is(LIGHT).then(|| render_sheet("Light", "kit-sheet kit-light")))}
            {view(move || is(DARK).then(|| render_sheet("Dark", "kit-sheet kit-dark")))}
        </main>
    }
    .into_any()
}

/// The whole kit in one color scheme. Names that must be told apart hold the sheet's.
fn render_sheet(name: &'static str, class: &'static str) -> AnyView {
    let group = |(heading, show): StoryGroup| {
        view! {
            <div class="kit-group">
                <h3>{heading}</h3>
                {show(name)}
            </div>
        }
    };
    view! {
        <section class=class aria-label=name>
            <h2>{name}</h2>
            {GROUPS.into_iter().map(group).collect_view()}
        </section>
    }
    .into_any()
}

/// One state of a part, and what it is called.
fn render_story(caption: &'static str, shown: impl IntoView + 'static) -> AnyView {
    view! {
        <figure class="story">
            <figcaption>{caption}</figcaption>
            <div class="story-stand">{shown.into_any()}</div>
        </figure>
    }
    .into_any()
}
