//! Banners and pills of every tone, and what is only announcer.

use leptos::prelude::*;

use super::render_story;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::pill::Pill;

const TONES: [(&str, Tone); 4] =
    [("Stop", Tone::Stop), ("Warn", Tone::Warn), ("Info", Tone::Info), ("Good", Tone::Good)];

pub(super) fn render_notices(_: &'static str) -> AnyView {
    let banner = |(name, tone): (&'static str, Tone)| {
        view! {
            <Banner tone=tone title=format!("{name}: what is wrong in a few words")>
                <p>"What it means, in a sentence that may well be longer than one line of a narrow screen."</p>
                <Button style=if tone == Tone::Stop { ButtonStyle::Danger } else { ButtonStyle::Secondary }>"What helps"</Button>
            </Banner>
        }
    };
    let bare = view! { <Banner tone=Tone::Good title="A title alone" /> };
    let pills = TONES.map(|(name, tone)| view! { <Pill tone=tone text=name /> }).collect_view();
    let announcer = use_announcer();
    let announcements = view! {
        <div class="buttons">
            <Button on_press=move || announcer.say("Saved")>"Say it politely"</Button>
            <Button on_press=move || announcer.alert("All calls are paused")>"Say it at once"</Button>
        </div>
    };
    view! {
        {render_story("Banners", TONES.map(banner).collect_view())}
        {render_story("Without more to say", bare)}
        {render_story("Pills", view! { <div class="row">{pills}</div> })}
        {render_story("Announcements, for screen readers", announcements)}
    }
    .into_any()
}
