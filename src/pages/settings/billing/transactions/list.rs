//! The list that is shown: reads what is missing around the rows in view, and takes up what arrives.

use std::sync::Arc;

use billing_contract::transaction::{Transaction, TransactionPage};
use leptos::prelude::*;

use super::arrivals;
use super::row_cache::{PAGE, RowCache, RowPage};
use crate::api::{self, ApiError};
use crate::platform::signal::ErasedSignal;
use crate::platform::task::{self, BackgroundTask};
use crate::platform::timers::{self, Timer};
use crate::state::LiveWallet;
use crate::state::filter::Filter;
use crate::ui::panel::LoadState;

/// Places before and behind the drawn ones that are read too.
const AHEAD: i64 = 60;
/// Whoever drags the bar along passes many pages: they are asked for at most so often.
const PACE_MILLISECONDS: i32 = 120;
/// So many lines of a filtered list are counted at once; older ones when somebody comes near them.
const COUNTED_AT_ONCE: i64 = 20_000;
/// Lines that may arrive at a filtered list before it is counted replaced.
const LIVE_LINES: usize = 600;

/// What arrived while somebody was reading further down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WaitingLines {
    /// Oldest first. Of the whole ledger only the newest of them.
    pub(super) lines: Vec<Arc<Transaction>>,
    /// How many are wanted.
    pub(super) count: i64,
    /// More may match: the list has to be read replaced.
    pub(super) unsure: bool,
}

/// A page on its way.
struct PendingPage {
    page: RowPage,
    _work: BackgroundTask,
}

/// The list. A copy is the same list.
#[derive(Clone, Copy)]
pub(super) struct TransactionList {
    live: LiveWallet,
    filter: ErasedSignal<Filter>,
    cache: StoredValue<RowCache>,
    /// How many rows there are.
    pub(super) total: RwSignal<i64>,
    /// Raised whenever lines have come or gone.
    pub(super) version: RwSignal<u32>,
    /// Where the list as a whole stands.
    pub(super) load: ErasedSignal<LoadState>,
    /// How many match is not known yet.
    pub(super) counting: RwSignal<bool>,
    /// Why a page could not be had.
    pub(super) page_failure: RwSignal<Option<String>>,
    pub(super) waiting: ErasedSignal<WaitingLines>,
    /// Raised when another list is shown: whoever reads it begins at the top.
    pub(super) replaced: RwSignal<u32>,
    newest: StoredValue<i64>,
    around: StoredValue<(i64, i64)>,
    reading: StoredValue<Vec<PendingPage>, LocalStorage>,
    pace: StoredValue<Option<Timer>, LocalStorage>,
    work: StoredValue<Option<BackgroundTask>, LocalStorage>,
}

impl TransactionList {
    /// The lines that the document brought, if they are what is wanted; else they are read.
    pub(super) fn new(live: LiveWallet, filter: ErasedSignal<Filter>) -> Self {
        let list = Self {
            live,
            filter,
            cache: StoredValue::new(RowCache::default()),
            total: RwSignal::new(0),
            version: RwSignal::new(0),
            load: ErasedSignal::new(LoadState::Loading),
            counting: RwSignal::new(false),
            page_failure: RwSignal::new(None),
            waiting: ErasedSignal::default(),
            replaced: RwSignal::new(0),
            newest: StoredValue::new(0),
            around: StoredValue::new((1, 0)),
            reading: StoredValue::new_local(Vec::new()),
            pace: StoredValue::new_local(None),
            work: StoredValue::new_local(None),
        };
        if filter.read_untracked().is_empty() {
            let first = live.first_page.get_untracked().items;
            let newest = first.first().map_or(0, |line| line.seq);
            list.show(RowCache::ledger(first), newest);
        } else {
            list.reload();
        }
        list
    }

    /// The line at this index, if it is at hand; whoever reads it runs again when lines have come.
    pub(super) fn line(self, index: i64) -> Option<Arc<Transaction>> {
        self.version.track();
        self.cache.with_value(|cache| cache.line(index).cloned())
    }

    /// Works with the lines at hand.
    pub(super) fn with<T>(self, work: impl FnOnce(&RowCache) -> T) -> T {
        self.cache.with_value(work)
    }

    /// Reads the list replaced. What is shown stays until it is there; a request for another filter is canceled.
    pub(super) fn reload(self) {
        self.load.set(LoadState::Loading);
        self.counting.set(false);
        let filter = self.filter.get_untracked();
        // Lines up to here are in the answer; later ones come by the stream.
        let known = self.live.recent.read_untracked().last().map_or(0, |line| line.seq);
        self.work.set_value(Some(task::spawn_task(async move {
            let answer = if filter.is_empty() {
                self.read_ledger(known).await
            } else {
                self.find(&filter.to_query(), known).await
            };
            if let Err(error) = answer {
                self.counting.set(false);
                self.load.set(LoadState::Failed(error.sentence()));
            }
        })));
    }

    async fn read_ledger(self, known: i64) -> Result<(), ApiError> {
        let TransactionPage { items, .. } = api::billing::fetch_transactions("").await?;
        let newest = items.first().map_or(known, |line| line.seq);
        self.show(RowCache::ledger(items), newest);
        Ok(())
    }

    /// The first page at once, then how many follow: to count them takes the server longer.
    async fn find(self, query: &str, known: i64) -> Result<(), ApiError> {
        let TransactionPage { items, next_cursor } = api::billing::fetch_transactions(query).await?;
        let newest = items.first().map_or(known, |line| line.seq.max(known));
        let more = next_cursor.is_some();
        self.show(RowCache::uncounted(items.clone()), newest);
        if more {
            self.counting.set(true);
            let outline = api::billing::fetch_outline(query, None).await?;
            if outline.every != PAGE {
                return Err(ApiError::Unreadable);
            }
            let newest = outline.last_seq;
            // Nobody is led away from what they are reading: the first lines are the same ones.
            self.replace_cache(RowCache::found(outline, items), newest);
            while self.with(|cache| cache.total) < COUNTED_AT_ONCE && self.count_more(query).await? {}
            self.counting.set(false);
        }
        Ok(())
    }

    /// Counts older lines; answers whether there are more to be counted.
    async fn count_more(self, query: &str) -> Result<bool, ApiError> {
        let Some(cursor) = self.with(|cache| cache.uncounted.clone()) else { return Ok(false) };
        let more = api::billing::fetch_outline(query, Some(&cursor)).await?;
        let mut moved = 0;
        self.cache.update_value(|cache| moved = cache.count_more(more));
        // What was asked for has another index now, and is asked for again if it is still missing.
        self.reading.set_value(Vec::new());
        self.around.update_value(|(lowest, highest)| {
            *lowest += moved;
            *highest += moved;
        });
        self.changed();
        Ok(self.with(|cache| cache.uncounted.is_some()))
    }

    /// Counts on when the oldest of the counted lines are near.
    fn count_when_near(self) {
        let near = self.around.get_value().0 <= 1 && self.with(|cache| cache.uncounted.is_some());
        if !near || self.counting.get_untracked() || *self.load.read_untracked() != LoadState::Ready {
            return;
        }
        self.counting.set(true);
        let query = self.filter.read_untracked().to_query();
        self.work.set_value(Some(task::spawn_task(async move {
            let answer = self.count_more(&query).await;
            self.counting.set(false);
            if let Err(error) = answer {
                self.page_failure.set(Some(error.sentence()));
            }
        })));
    }

    fn show(self, cache: RowCache, newest: i64) {
        self.replace_cache(cache, newest);
        self.replaced.update(|count| *count = count.wrapping_add(1));
    }

    fn replace_cache(self, cache: RowCache, newest: i64) {
        self.reading.set_value(Vec::new());
        self.page_failure.set(None);
        self.waiting.set(WaitingLines::default());
        self.newest.set_value(newest);
        self.cache.set_value(cache);
        self.load.set(LoadState::Ready);
        self.changed();
    }

    fn changed(self) {
        let total = self.cache.with_value(|cache| cache.total);
        if self.total.get_untracked() != total {
            self.total.set(total);
        }
        self.version.update(|version| *version = version.wrapping_add(1));
        self.read_missing();
    }

    /// These indices are drawn: what is missing around them is read, what is far from them is dropped.
    pub(super) fn cover_rows(self, lowest: i64, highest: i64) {
        self.around.set_value((lowest - AHEAD, highest + AHEAD));
        if self.page_failure.read_untracked().is_some() {
            self.page_failure.set(None);
        }
        self.read_missing();
        self.count_when_near();
    }

    /// Tries again to read what is missing.
    pub(super) fn retry(self) {
        self.page_failure.set(None);
        self.read_missing();
        self.count_when_near();
    }

    /// Reads what is missing, at a pace, until nothing is or something fails.
    fn read_missing(self) {
        let (lowest, highest) = self.around.get_value();
        self.cache.update_value(|cache| cache.forget_far_from(lowest, highest));
        let missing = self.cache.with_value(|cache| cache.missing(lowest, highest));
        // Nobody waits any more for what is somewhere else by now.
        self.reading.update_value(|reading| reading.retain(|one| missing.contains(&one.page)));
        let waits = self.pace.with_value(Option::is_some) || self.page_failure.read_untracked().is_some();
        if missing.is_empty() || waits {
            return;
        }
        for page in missing {
            if !self.reading.with_value(|reading| reading.iter().any(|one| one.page == page)) {
                let work = PendingPage { page, _work: task::spawn_task(self.read(page)) };
                self.reading.update_value(|reading| reading.push(work));
            }
        }
        self.pace.set_value(Some(timers::run_after(PACE_MILLISECONDS, move || {
            self.pace.set_value(None);
            self.read_missing();
        })));
    }

    async fn read(self, page: RowPage) {
        let filter = self.filter.read_untracked().to_query();
        let answer = api::billing::fetch_transactions_before(&filter, page.before_seq).await;
        self.reading.update_value(|reading| reading.retain(|one| one.page != page));
        match answer {
            Ok(answer) => {
                self.page_failure.set(None);
                let mut expected = true;
                self.cache.update_value(|cache| expected = cache.arrive(page, answer.items));
                if expected { self.changed() } else { self.reload() }
            }
            Err(error) => self.page_failure.set(Some(error.sentence())),
        }
    }

    /// The index of what occurred last on this date or before it; `None` when nothing is that old.
    pub(super) async fn index_at(self, date: &str) -> Result<Option<i64>, ApiError> {
        let filter = self.filter.read_untracked().to_query();
        let answer = api::billing::fetch_transactions_at(&filter, date).await?;
        let Some(seq) = answer.items.first().map(|line| line.seq) else { return Ok(None) };
        let near = self.with(|cache| cache.near(seq));
        if self.with(RowCache::is_ledger) || self.with(|cache| cache.line(near).is_some()) {
            return Ok(Some(self.with(|cache| cache.index_of(seq)).unwrap_or(near)));
        }
        // In a filtered list the page itself says at which of its lines.
        let page = self.with(|cache| cache.missing(near, near)).into_iter().next();
        if let Some(page) = page {
            let answer = api::billing::fetch_transactions_before(&filter, page.before_seq).await?;
            // Not a change of what is drawn: that would drop the page again, which is far from it until one is there.
            let _ = self.cache.try_update_value(|cache| cache.arrive(page, answer.items));
        }
        Ok(Some(self.with(|cache| cache.index_of(seq)).unwrap_or(near)))
    }

    /// Takes over what the stream brought: at once, or kept aside while somebody reads further down.
    pub(super) fn apply_arrivals(self, at_top: bool) {
        if *self.load.read_untracked() != LoadState::Ready || self.counting.get_untracked() {
            return;
        }
        let news = {
            let filter = self.filter.read_untracked();
            arrivals::arrivals_since(self.newest.get_value(), &self.live.recent.read_untracked(), &filter)
        };
        if news.newest == self.newest.get_value() {
            return;
        }
        let ledger = self.with(RowCache::is_ledger);
        let before = self.newest.get_value();
        self.newest.set_value(news.newest);
        let unsure = !ledger && (news.unsure || news.gap);
        let waits = *self.waiting.read_untracked() != WaitingLines::default();
        if at_top && !waits && !unsure {
            if ledger || !news.wanted.is_empty() {
                self.cache.update_value(|cache| cache.extend(news.wanted, news.newest));
                self.changed();
            }
        } else if ledger || unsure || !news.wanted.is_empty() {
            let count = if ledger { news.newest - before } else { i64::try_from(news.wanted.len()).unwrap_or(0) };
            self.waiting.update(|waiting| {
                waiting.count += count;
                waiting.lines.extend(news.wanted);
                let surplus = waiting.lines.len().saturating_sub(LIVE_LINES);
                waiting.lines.drain(..surplus);
                waiting.unsure |= unsure || (!ledger && surplus > 0);
            });
        }
    }

    /// Shows what was kept aside.
    pub(super) fn show_waiting(self) {
        let waiting = self.waiting.get_untracked();
        self.waiting.set(WaitingLines::default());
        if waiting.unsure {
            return self.reload();
        }
        self.cache.update_value(|cache| cache.extend(waiting.lines, self.newest.get_value()));
        self.changed();
    }
}
