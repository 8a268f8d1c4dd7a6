//! The loaded lines in chunks, so that only those in view need to be in the document, and what loads more of them.

use billing_contract::transaction::{Transaction, TransactionPage};
use leptos::prelude::*;

use crate::platform::signal::Slot;

use super::arrivals;
use crate::api;
use crate::platform::task::{self, Task};
use crate::state::Live;
use crate::state::filter::Filter;
use crate::ui::panel::Load;

/// A chunk that has so many lines is closed; newer lines begin another one.
const CHUNK_LINES: usize = 60;
/// Lines that the stream may add before the list is read anew from the top.
const LIVE_LINES: usize = 600;

/// Lines that come and go together.
#[derive(Clone, Copy)]
pub(super) struct Chunk {
    /// Never used twice.
    pub(super) id: u32,
    /// Newest first.
    pub(super) lines: Slot<Vec<Transaction>>,
}

/// Where the following page stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// There is one.
    Some,
    /// It is on its way.
    Loading,
    /// It could not be had.
    Failed(String),
    /// That was all.
    End,
}

/// What arrived while somebody was reading further down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Newest first.
    pub(super) lines: Vec<Transaction>,
    /// More may match: the list has to be read anew.
    pub(super) unsure: bool,
}

/// The list. A copy is the same list.
#[derive(Clone, Copy)]
pub(super) struct List {
    live: StoredValue<Live>,
    filter: Slot<Filter>,
    /// The loaded lines, newest first.
    pub(super) chunks: Slot<Vec<Chunk>>,
    /// Where the first page stands.
    pub(super) load: Slot<Load>,
    /// Where the following page stands.
    pub(super) more: Slot<More>,
    /// What arrived meanwhile.
    pub(super) waiting: Slot<Waiting>,
    cursor: StoredValue<Option<String>>,
    newest: StoredValue<i64>,
    added: StoredValue<usize>,
    next_id: StoredValue<u32>,
    work: StoredValue<Option<Task>, LocalStorage>,
}

impl List {
    /// The lines that the document brought, if they are what is wanted; else they are read.
    pub(super) fn new(live: Live, filter: Slot<Filter>) -> Self {
        let list = Self {
            live: StoredValue::new(live),
            filter,
            chunks: Slot::new(Vec::new()),
            load: Slot::new(Load::Loading),
            more: Slot::new(More::End),
            waiting: Slot::default(),
            cursor: StoredValue::new(None),
            newest: StoredValue::new(0),
            added: StoredValue::new(0),
            next_id: StoredValue::new(0),
            work: StoredValue::new_local(None),
        };
        if filter.read_untracked().is_empty() {
            let page = live.first_page.get_untracked();
            let newest = page.items.first().map_or(0, |line| line.seq);
            list.show(page, newest);
        } else {
            list.reload();
        }
        list
    }

    /// Reads the first page anew. What is shown stays until it is there.
    pub(super) fn reload(self) {
        self.load.set(Load::Loading);
        let filter = self.filter.read_untracked().to_query();
        // Lines up to here are in the answer; later ones come by the stream.
        let known = self.live.get_value().recent.read_untracked().last().map_or(0, |line| line.seq);
        let newest = known.max(self.live.get_value().wallet.read_untracked().last_seq.min(self.newest.get_value()));
        self.work.set_value(Some(task::start(async move {
            match api::billing::transactions(&filter, None).await {
                Ok(page) => {
                    let newest = page.items.first().map_or(newest, |line| line.seq.max(newest));
                    self.show(page, newest);
                }
                Err(error) => self.load.set(Load::Failed(error.sentence())),
            }
        })));
    }

    fn show(self, page: TransactionPage, newest: i64) {
        self.newest.set_value(newest);
        self.added.set_value(0);
        self.waiting.set(Waiting::default());
        self.chunks.set(self.chunk(page.items).into_iter().collect());
        self.next(page.next_cursor);
        self.load.set(Load::Ready);
    }

    fn next(self, cursor: Option<String>) {
        self.more.set(if cursor.is_some() { More::Some } else { More::End });
        self.cursor.set_value(cursor);
    }

    fn chunk(self, lines: Vec<Transaction>) -> Option<Chunk> {
        if lines.is_empty() {
            return None;
        }
        let id = self.next_id.get_value();
        self.next_id.set_value(id.wrapping_add(1));
        Some(Chunk { id, lines: Slot::new(lines) })
    }

    /// Reads the following page, unless that is being done already.
    pub(super) fn load_more(self) {
        if !matches!(*self.more.read_untracked(), More::Some | More::Failed(_)) {
            return;
        }
        self.more.set(More::Loading);
        let (filter, cursor) = (self.filter.read_untracked().to_query(), self.cursor.get_value());
        self.work.set_value(Some(task::start(async move {
            match api::billing::transactions(&filter, cursor.as_deref()).await {
                Ok(page) => {
                    if let Some(chunk) = self.chunk(page.items) {
                        self.chunks.update(|chunks| chunks.push(chunk));
                    }
                    self.next(page.next_cursor);
                }
                Err(error) => self.more.set(More::Failed(error.sentence())),
            }
        })));
    }

    /// Takes over what the stream brought: at once, or kept aside while somebody reads further down.
    pub(super) fn hear(self, at_top: bool) {
        if *self.load.read_untracked() != Load::Ready {
            return;
        }
        let filter = self.filter.read_untracked();
        let news = arrivals::since(self.newest.get_value(), &self.live.get_value().recent.read_untracked(), &filter);
        drop(filter);
        if news.newest == self.newest.get_value() {
            return;
        }
        self.newest.set_value(news.newest);
        self.added.update_value(|added| *added += news.wanted.len());
        if at_top && (news.gap || self.added.get_value() > LIVE_LINES) {
            return self.reload();
        }
        let unsure = news.unsure || news.gap || self.added.get_value() > LIVE_LINES;
        if at_top && self.waiting.read_untracked().lines.is_empty() {
            self.prepend(news.wanted);
            if unsure {
                self.waiting.update(|waiting| waiting.unsure = true);
            }
        } else if unsure || !news.wanted.is_empty() {
            self.waiting.update(|waiting| {
                waiting.unsure |= unsure;
                let older = std::mem::replace(&mut waiting.lines, news.wanted);
                waiting.lines.extend(older);
            });
        }
    }

    /// Shows what was kept aside.
    pub(super) fn show_waiting(self) {
        let waiting = self.waiting.get_untracked();
        self.waiting.set(Waiting::default());
        if waiting.unsure {
            self.reload();
        } else {
            self.prepend(waiting.lines);
        }
    }

    fn prepend(self, mut lines: Vec<Transaction>) {
        if lines.is_empty() {
            return;
        }
        let first = self.chunks.read_untracked().first().copied();
        match first.filter(|chunk| chunk.lines.read_untracked().len() < CHUNK_LINES) {
            Some(chunk) => chunk.lines.update(|present| {
                lines.append(present);
                *present = lines;
            }),
            None => {
                if let Some(chunk) = self.chunk(lines) {
                    self.chunks.update(|chunks| chunks.insert(0, chunk));
                }
            }
        }
    }
}
