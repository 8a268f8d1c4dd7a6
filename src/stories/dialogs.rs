//! Dialogs: short, longer than the screen, and one that cannot be closed while something is under way.

use leptos::prelude::*;

use super::render_story;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::field::TextField;

pub(super) fn render_dialogs(_: &'static str) -> AnyView {
    let (short, long, locked) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let at_work = RwSignal::new(true);
    let buttons = view! {
        <div class="buttons">
            <Button on_press=move || short.set(true)>"Short dialog"</Button>
            <Button on_press=move || long.set(true)>"Long dialog"</Button>
            <Button on_press=move || {
                at_work.set(true);
                locked.set(true);
            }>"Locked dialog"</Button>
        </div>
        <Dialog open=short heading="Remove this card?">
            <div class="form">
                <p>"What happens then, and what does not."</p>
                <div class="buttons end">
                    <Button on_press=move || short.set(false)>"Keep it"</Button>
                    <Button style=ButtonStyle::Danger on_press=move || short.set(false)>"Remove card"</Button>
                </div>
            </div>
        </Dialog>
        <Dialog open=long heading="A heading that is long enough to need a second line">
            <div class="form">
                {(1..=16)
                    .map(|number| view! { <TextField label=format!("Field {number}") value=RwSignal::new(String::new()) /> })
                    .collect_view()}
            </div>
        </Dialog>
        <Dialog open=locked heading="Something is under way" locked=at_work>
            <div class="form">
                <p>"Escape and the cross do nothing."</p>
                <div class="buttons end">
                    <Button style=ButtonStyle::Primary on_press=move || at_work.set(false)>"Let it end"</Button>
                </div>
            </div>
        </Dialog>
    };
    render_story("Opens over the page", buttons)
}
