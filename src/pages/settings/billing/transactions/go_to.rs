//! The way to a date: the list is scrolled to what happened last on that day.

use billing_domain::Date;
use leptos::prelude::*;

use super::list::TransactionList;
use crate::platform::{task, timers};
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::time::{DateStyle, date_text};
use crate::ui::virtual_table::Scroller;

/// A date that is typed digit by digit has to rest so long.
const REST_MILLISECONDS: i32 = 400;

#[component]
pub(super) fn GoToDate(
    /// What is gone through.
    list: TransactionList,
    scroller: Scroller,
) -> AnyView {
    let announcer = use_announcer();
    let value = RwSignal::new(String::new());
    let note = RwSignal::new(None::<String>);
    let timer = StoredValue::new_local(None);
    let work = StoredValue::new_local(None);
    let go = move |date: Date| {
        work.set_value(Some(task::spawn_task(async move {
            let day = date_text(date, DateStyle::Date);
            match list.index_at(&date.to_string()).await {
                Ok(Some(index)) => {
                    scroller.to_row(index);
                    note.set(None);
                    announcer.say(texts::transactions::said_day(&day));
                }
                Ok(None) => {
                    scroller.to_row(1);
                    note.set(Some(texts::transactions::nothing_as_old(&day)));
                }
                Err(error) => note.set(Some(error.sentence())),
            }
        })));
    };
    let typed = move |text: String| {
        note.set(None);
        let date = text.parse::<Date>().ok();
        timer.set_value(date.map(|date| timers::run_after(REST_MILLISECONDS, move || go(date))));
    };
    view! {
        <div class="go-to-date">
            <TextField label=texts::transactions::go_to() value=value name="at" kind="date" on_input=typed />
            <p class="muted small" role="status">{dynamic::view(move || note.get())}</p>
        </div>
    }
    .into_any()
}
