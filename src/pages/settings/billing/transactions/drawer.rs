//! The drawer: everything about one line, and the way to its neighbors.

mod facts;
mod question;

use std::sync::Arc;

use billing_contract::transaction::Transaction;
use leptos::prelude::*;

use self::facts::render_facts;
use self::question::Question;

use super::list::TransactionList;
use super::rows::line_title;
use crate::api;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::platform::task::{self, BackgroundTask};
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::icon::IconName;
use crate::ui::skeleton::Skeleton;
use crate::ui::virtual_table::Scroller;

/// Which line is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
enum DrawerContent {
    /// One of the list.
    Row(i64),
    /// Another one, by its `seq`; `None` while it is on its way.
    Other(i64, Option<Arc<Transaction>>),
    /// It could not be had: one sentence.
    Failed(String),
}

/// The drawer. A copy is the same one.
#[derive(Clone, Copy)]
pub(super) struct DrawerState {
    list: TransactionList,
    scroller: Scroller,
    pub(super) open: RwSignal<bool>,
    shown: ErasedSignal<DrawerContent>,
    /// A question is being prepared: arrows move within its text.
    asking: RwSignal<bool>,
    work: StoredValue<Option<BackgroundTask>, LocalStorage>,
}

impl DrawerState {
    pub(super) fn new(list: TransactionList, scroller: Scroller) -> Self {
        Self {
            list,
            scroller,
            open: RwSignal::new(false),
            shown: ErasedSignal::new(DrawerContent::Row(0)),
            asking: RwSignal::new(false),
            work: StoredValue::new_local(None),
        }
    }

    /// Opens at this index of the list.
    pub(super) fn show(self, index: i64) {
        self.asking.set(false);
        self.shown.set(DrawerContent::Row(index));
        self.scroller.reveal(index);
        self.open.set(true);
    }

    /// Shows the line with this `seq`, wherever it is.
    pub(super) fn show_seq(self, seq: i64) {
        let index = self.list.with(|cache| if cache.is_ledger() { Some(cache.near(seq)) } else { cache.index_of(seq) });
        if let Some(index) = index {
            return self.show(index);
        }
        self.asking.set(false);
        self.shown.set(DrawerContent::Other(seq, None));
        self.open.set(true);
        self.work.set_value(Some(task::spawn_task(async move {
            self.shown.set(match api::billing::fetch_transaction(seq).await {
                Ok(detail) => DrawerContent::Other(seq, Some(Arc::new(detail.transaction))),
                Err(error) => DrawerContent::Failed(error.sentence()),
            });
        })));
    }

    /// The neighbor's index: `by` is 1 for the newer one, −1 for the older one.
    fn neighbor(self, by: i64) -> Option<i64> {
        match *self.shown.read() {
            DrawerContent::Row(index) => Some(index + by).filter(|index| (1..=self.list.total.get()).contains(index)),
            _ => None,
        }
    }

    fn step(self, by: i64) -> bool {
        let next = untrack(|| self.neighbor(by));
        next.inspect(|index| self.show(*index)).is_some()
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
            DrawerContent::Row(index) => self.list.line(*index),
            DrawerContent::Other(_, line) => line.clone(),
            DrawerContent::Failed(_) => None,
        }
    }
}

/// The dialog at the side.
#[component]
pub(super) fn LineDrawer(drawer: DrawerState) -> AnyView {
    // Lines that arrive meanwhile do not draw it anew.
    let line = dynamic::memo(move || drawer.line());
    let heading = move || {
        line.read().as_ref().as_ref().map_or_else(|| texts::drawer::heading().to_owned(), |line| line_title(line))
    };
    let close = move || {
        if let DrawerContent::Row(index) = *drawer.shown.read_untracked() {
            drawer.scroller.focus(index);
        }
    };
    let content = move || match (line.get(), &*drawer.shown.read()) {
        (Some(line), _) => render_details(drawer, &line),
        (None, DrawerContent::Failed(reason)) => {
            view! { <p class="field-error" role="alert">{reason.clone()}</p> }.into_any()
        }
        (None, _) => view! { <Skeleton lines=8 /> }.into_any(),
    };
    let older = Signal::derive(move || drawer.neighbor(-1).is_none());
    let newer = Signal::derive(move || drawer.neighbor(1).is_none());
    view! {
        <Dialog
            open=drawer.open
            heading=ErasedProp::derive(heading)
            class="dialog-side"
            on_key=move |key: String| drawer.pressed(&key)
            on_close=close
        >
            {dynamic::view(content)}
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

fn render_details(drawer: DrawerState, line: &Arc<Transaction>) -> AnyView {
    let corrected_by = ErasedSignal::new(None::<Vec<i64>>);
    let seq = line.seq;
    let work = StoredValue::new_local(None);
    work.set_value(Some(task::spawn_task(async move {
        // Left open when it cannot be had: the line itself is all there.
        if let Ok(detail) = api::billing::fetch_transaction(seq).await {
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
            {render_facts(line, corrected_by, Callback::new(move |(seq,): (i64,)| drawer.show_seq(seq)))}
            <div class="line-question">{dynamic::view(question)}</div>
        </div>
    }
    .into_any()
}
