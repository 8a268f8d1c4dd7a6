//! The drawer: everything about one line, and the way to its neighbours.

mod facts;
mod question;

use std::sync::Arc;

use billing_contract::transaction::Transaction;
use leptos::prelude::*;

use self::facts::facts;
use self::question::Question;

use super::list::List;
use super::rows::title;
use crate::api;
use crate::platform::signal::{Given, Slot};
use crate::platform::task::{self, Task};
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::icon::IconName;
use crate::ui::skeleton::Skeleton;
use crate::ui::virtual_table::Scroller;

/// Which line is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    /// One of the list.
    Place(i64),
    /// Another one, by its `seq`; `None` while it is on its way.
    Other(i64, Option<Arc<Transaction>>),
    /// It could not be had: one sentence.
    Failed(String),
}

/// The drawer. A copy is the same one.
#[derive(Clone, Copy)]
pub(super) struct Drawer {
    list: List,
    scroller: Scroller,
    /// It is open.
    pub(super) open: RwSignal<bool>,
    shown: Slot<Shown>,
    /// A question is being prepared: arrows move within its text.
    asking: RwSignal<bool>,
    work: StoredValue<Option<Task>, LocalStorage>,
}

impl Drawer {
    /// Closed.
    pub(super) fn new(list: List, scroller: Scroller) -> Self {
        Self {
            list,
            scroller,
            open: RwSignal::new(false),
            shown: Slot::new(Shown::Place(0)),
            asking: RwSignal::new(false),
            work: StoredValue::new_local(None),
        }
    }

    /// Opens at this place of the list.
    pub(super) fn show(self, place: i64) {
        self.asking.set(false);
        self.shown.set(Shown::Place(place));
        self.scroller.reveal(place);
        self.open.set(true);
    }

    /// Shows the line with this `seq`, wherever it is.
    fn show_seq(self, seq: i64) {
        let place = self.list.with(|book| if book.is_ledger() { Some(book.near(seq)) } else { book.place_of(seq) });
        if let Some(place) = place {
            return self.show(place);
        }
        self.asking.set(false);
        self.shown.set(Shown::Other(seq, None));
        self.work.set_value(Some(task::start(async move {
            self.shown.set(match api::billing::transaction(seq).await {
                Ok(detail) => Shown::Other(seq, Some(Arc::new(detail.transaction))),
                Err(error) => Shown::Failed(error.sentence()),
            });
        })));
    }

    /// The neighbour's place: `by` is 1 for the newer one, −1 for the older one.
    fn neighbour(self, by: i64) -> Option<i64> {
        match *self.shown.read() {
            Shown::Place(place) => Some(place + by).filter(|place| (1..=self.list.total.get()).contains(place)),
            _ => None,
        }
    }

    fn step(self, by: i64) -> bool {
        let next = untrack(|| self.neighbour(by));
        next.inspect(|place| self.show(*place)).is_some()
    }

    fn go(self, by: i64) {
        self.step(by);
    }

    fn pressed(self, key: &str) -> bool {
        if self.asking.get_untracked() {
            return false;
        }
        match key {
            "ArrowUp" | "ArrowLeft" => self.step(1),
            "ArrowDown" | "ArrowRight" => self.step(-1),
            _ => false,
        }
    }

    fn line(self) -> Option<Arc<Transaction>> {
        match &*self.shown.read() {
            Shown::Place(place) => self.list.line(*place),
            Shown::Other(_, line) => line.clone(),
            Shown::Failed(_) => None,
        }
    }
}

/// The dialog at the side.
#[component]
pub(super) fn LineDrawer(
    /// What it shows.
    drawer: Drawer,
) -> AnyView {
    // Lines that arrive meanwhile do not draw it anew.
    let line = dynamic::memo(move || drawer.line());
    let heading =
        move || line.read().as_ref().as_ref().map_or_else(|| texts::drawer::heading().to_owned(), |line| title(line));
    let close = move || {
        if let Shown::Place(place) = *drawer.shown.read_untracked() {
            drawer.scroller.focus(place);
        }
    };
    let content = move || match (line.get(), &*drawer.shown.read()) {
        (Some(line), _) => details(drawer, &line),
        (None, Shown::Failed(reason)) => view! { <p class="field-error" role="alert">{reason.clone()}</p> }.into_any(),
        (None, _) => view! { <Skeleton lines=8 /> }.into_any(),
    };
    let older = Signal::derive(move || drawer.neighbour(-1).is_none());
    let newer = Signal::derive(move || drawer.neighbour(1).is_none());
    view! {
        <Dialog
            open=drawer.open
            heading=Given::derive(heading)
            class="dialog-side"
            on_key=move |key: String| drawer.pressed(&key)
            on_close=close
        >
            {dynamic::part(content)}
            <footer class="line-steps stays">
                <Button style=ButtonStyle::Quiet icon=IconName::ArrowUp unavailable=newer on_press=move || drawer.go(1)>
                    {texts::drawer::newer()}
                </Button>
                <Button
                    style=ButtonStyle::Quiet
                    icon=IconName::ArrowDown
                    unavailable=older
                    on_press=move || drawer.go(-1)
                >{texts::drawer::older()}</Button>
            </footer>
        </Dialog>
    }
    .into_any()
}

fn details(drawer: Drawer, line: &Arc<Transaction>) -> AnyView {
    let corrected_by = Slot::new(None::<Vec<i64>>);
    let seq = line.seq;
    let work = StoredValue::new_local(None);
    work.set_value(Some(task::start(async move {
        // Left open when it cannot be had: the line itself is all there.
        if let Ok(detail) = api::billing::transaction(seq).await {
            corrected_by.set(Some(detail.corrected_by));
        }
    })));
    let asked = Arc::clone(line);
    let question = move || {
        if drawer.asking.get() {
            view! { <Question line=Arc::clone(&asked) /> }.into_any()
        } else {
            view! { <Button on_press=move || drawer.asking.set(true)>{texts::drawer::question_charge()}</Button> }
                .into_any()
        }
    };
    view! {
        <div class="line-details">
            {facts(line, corrected_by, Callback::new(move |(seq,): (i64,)| drawer.show_seq(seq)))}
            <div class="line-question">{dynamic::part(question)}</div>
        </div>
    }
    .into_any()
}
