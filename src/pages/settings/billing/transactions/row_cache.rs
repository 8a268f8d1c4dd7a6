//! The lines that are at hand, by their index in the list, and which pages are missing: rules without a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing_contract::transaction::{Transaction, TransactionOutline};

/// Lines of a page.
pub(super) const PAGE: i64 = 100;
/// Lines farther than this from those in view are dropped, and read again when somebody comes back.
const KEPT: i64 = 1_200;

/// How indices and pages are worked out. A index counts from the oldest line, so that it stays while newer ones arrive.
/// See docs/decisions/0066-history-positions.md.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RowOrder {
    /// The whole ledger: its `seq` is gapless, so a line's index is its `seq`.
    Ledger,
    /// What a filter finds.
    Found {
        /// The `seq` of each page's first line, newest first.
        starts: Vec<i64>,
        /// Lines on those pages. Lines that have arrived since have higher indices.
        counted: i64,
    },
}

/// A page that is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowPage {
    /// The index of its newest line.
    pub(super) index: i64,
    /// What the server is asked for: lines below this `seq`.
    pub(super) before_seq: i64,
}

/// The lines at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowCache {
    order: RowOrder,
    /// How many lines there are, at hand or not.
    pub(super) total: i64,
    /// There are older ones than can be counted here.
    pub(super) truncated: bool,
    /// Where counting goes on; `None`: all are counted.
    pub(super) uncounted: Option<String>,
    lines: BTreeMap<i64, Arc<Transaction>>,
}

impl Default for RowCache {
    fn default() -> Self {
        Self::ledger(Vec::new())
    }
}

impl RowCache {
    /// The whole ledger, of which these are the newest lines.
    pub(super) fn ledger(newest: Vec<Transaction>) -> Self {
        let total = newest.first().map_or(0, |line| line.seq);
        let lines = newest.into_iter().map(|line| (line.seq, Arc::new(line))).collect();
        Self { order: RowOrder::Ledger, total, truncated: false, uncounted: None, lines }
    }

    /// What a filter finds; `first` is its first page, read at about the same time.
    pub(super) fn found(outline: TransactionOutline, first: Vec<Transaction>) -> Self {
        let TransactionOutline { count, starts, truncated, next_cursor: uncounted, .. } = outline;
        let order = RowOrder::Found { starts, counted: count };
        let mut cache = Self { total: count, truncated, uncounted, lines: BTreeMap::new(), order };
        // Lines that were posted in between are delivered by the stream.
        let from = cache.starts().first().copied().unwrap_or(0);
        let page = first.into_iter().filter(|line| line.seq <= from).collect();
        cache.arrive(RowPage { index: count, before_seq: from.saturating_add(1) }, page);
        cache
    }

    /// Older lines were counted, which follow those of before: the indices of all lines at hand go up by this number.
    pub(super) fn count_more(&mut self, more: TransactionOutline) -> i64 {
        self.truncated = more.truncated;
        self.uncounted = more.next_cursor;
        if let RowOrder::Found { starts, counted } = &mut self.order {
            starts.extend(more.starts);
            *counted += more.count;
        }
        self.total += more.count;
        let lines = std::mem::take(&mut self.lines);
        self.lines = lines.into_iter().map(|(index, line)| (index + more.count, line)).collect();
        more.count
    }

    /// The first page of a filter, as long as nobody knows how many follow.
    pub(super) fn uncounted(first: Vec<Transaction>) -> Self {
        let outline = TransactionOutline {
            count: i64::try_from(first.len()).unwrap_or(i64::MAX),
            starts: first.first().map(|line| line.seq).into_iter().collect(),
            ..TransactionOutline::default()
        };
        Self::found(outline, first)
    }

    fn starts(&self) -> &[i64] {
        match &self.order {
            RowOrder::Ledger => &[],
            RowOrder::Found { starts, .. } => starts,
        }
    }

    pub(super) fn is_ledger(&self) -> bool {
        self.order == RowOrder::Ledger
    }

    /// The line at this index, if it is at hand.
    pub(super) fn line(&self, index: i64) -> Option<&Arc<Transaction>> {
        self.lines.get(&index)
    }

    /// The pages that are not whole among these indices, newest first.
    pub(super) fn missing(&self, lowest: i64, highest: i64) -> Vec<RowPage> {
        let (lowest, highest) = (lowest.max(1), highest.min(self.total));
        let mut missing = Vec::new();
        let mut index = highest;
        while index >= lowest {
            if self.lines.contains_key(&index) {
                index -= 1;
                continue;
            }
            let Some((page, last)) = self.page_of(index) else { break };
            missing.push(page);
            index = last - 1;
        }
        missing
    }

    /// The page that holds this index, and the index of its oldest line.
    fn page_of(&self, index: i64) -> Option<(RowPage, i64)> {
        match &self.order {
            RowOrder::Ledger => {
                let newest = (index + PAGE - 1) / PAGE * PAGE;
                Some((RowPage { index: newest, before_seq: newest + 1 }, newest - PAGE + 1))
            }
            RowOrder::Found { starts, counted } => {
                let number = (counted - index) / PAGE;
                let start = starts.get(usize::try_from(number).ok()?)?;
                let newest = counted - number * PAGE;
                Some((RowPage { index: newest, before_seq: start.checked_add(1)? }, (newest - PAGE + 1).max(1)))
            }
        }
    }

    /// The index near which the line with this `seq` stands; exact for the whole ledger, else the first of its page.
    pub(super) fn near(&self, seq: i64) -> i64 {
        match &self.order {
            RowOrder::Ledger => seq.clamp(1, self.total.max(1)),
            RowOrder::Found { starts, counted } => {
                let after = starts.partition_point(|start| *start >= seq);
                let number = i64::try_from(after).unwrap_or(i64::MAX).saturating_sub(1).max(0);
                (counted - number.saturating_mul(PAGE)).clamp(1, self.total.max(1))
            }
        }
    }

    /// The index of the line with this `seq`, if it is at hand.
    pub(super) fn index_of(&self, seq: i64) -> Option<i64> {
        match &self.order {
            RowOrder::Ledger => self.lines.contains_key(&seq).then_some(seq),
            RowOrder::Found { .. } => self.lines.iter().find(|(_, line)| line.seq == seq).map(|(index, _)| *index),
        }
    }

    /// A page was read. Answers whether it was what was expected: a filter's pages never change.
    pub(super) fn arrive(&mut self, page: RowPage, lines: Vec<Transaction>) -> bool {
        let expected = match &self.order {
            RowOrder::Ledger => lines.first().is_some_and(|line| line.seq < page.before_seq),
            RowOrder::Found { starts, .. } if starts.is_empty() => lines.is_empty(),
            RowOrder::Found { .. } => lines.first().is_some_and(|line| line.seq + 1 == page.before_seq),
        };
        for (offset, line) in (0..).zip(lines) {
            let index = if self.is_ledger() { line.seq } else { page.index - offset };
            if index >= 1 {
                self.lines.insert(index, Arc::new(line));
            }
        }
        expected
    }

    /// Newer lines belong to the list, oldest first; of the whole ledger also those up to `newest` that are not at hand.
    pub(super) fn extend(&mut self, lines: Vec<Arc<Transaction>>, newest: i64) {
        for line in lines {
            let index = if self.is_ledger() { line.seq } else { self.total + 1 };
            self.total = self.total.max(index);
            self.lines.insert(index, line);
        }
        if self.is_ledger() {
            self.total = self.total.max(newest);
        }
    }

    /// Drops what is far from these indices.
    pub(super) fn forget_far_from(&mut self, lowest: i64, highest: i64) {
        let keep = lowest - KEPT..=highest + KEPT;
        if self.lines.first_key_value().is_some_and(|(index, _)| !keep.contains(index))
            || self.lines.last_key_value().is_some_and(|(index, _)| !keep.contains(index))
        {
            let counted = self.counted();
            // What has arrived since the pages were counted stands on none of them, and could not be read again.
            self.lines.retain(|index, _| keep.contains(index) || *index > counted);
        }
    }

    fn counted(&self) -> i64 {
        match &self.order {
            RowOrder::Ledger => i64::MAX,
            RowOrder::Found { counted, .. } => *counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::arrivals::tests::line_at;
    use super::*;

    fn line(seq: i64) -> Transaction {
        line_at(seq, billing_domain::TransactionKind::AiTask)
    }

    /// What the server answers about the lines whose `seq` is a multiple of `step`.
    fn read(last: i64, step: i64, page: RowPage) -> Vec<Transaction> {
        let wanted = (1..=last.min(page.before_seq - 1)).rev().filter(|seq| seq % step == 0);
        wanted.take(usize::try_from(PAGE).unwrap()).map(line).collect()
    }

    fn outline(last: i64, step: i64) -> TransactionOutline {
        let wanted: Vec<i64> = (1..=last).rev().filter(|seq| seq % step == 0).collect();
        TransactionOutline {
            last_seq: last,
            count: i64::try_from(wanted.len()).unwrap(),
            every: PAGE,
            starts: wanted.into_iter().step_by(usize::try_from(PAGE).unwrap()).collect(),
            truncated: false,
            next_cursor: None,
        }
    }

    fn fill(cache: &mut RowCache, last: i64, step: i64, lowest: i64, highest: i64) -> usize {
        let missing = cache.missing(lowest, highest);
        for page in &missing {
            assert!(cache.arrive(*page, read(last, step, *page)));
        }
        missing.len()
    }

    #[test]
    fn the_ledgers_places_are_its_numbers() {
        let mut cache = RowCache::ledger((951..=1000).rev().map(line).collect());
        assert_eq!((cache.total, cache.missing(951, 1000)), (1000, vec![]));
        assert_eq!(fill(&mut cache, 1000, 1, 895, 1000), 2);
        assert_eq!(cache.line(895).map(|line| line.seq), Some(895));
        cache.extend(vec![Arc::new(line(1001))], 1001);
        assert_eq!((cache.total, cache.line(1001).map(|line| line.seq)), (1001, Some(1001)));
        // Lines in between have not been received: they are read.
        cache.extend(vec![], 1250);
        assert_eq!(cache.missing(1100, 1250).iter().map(|page| page.index).collect::<Vec<_>>(), [1300, 1200, 1100]);
        assert_eq!(cache.near(77), 77);
    }

    #[test]
    fn what_is_counted_later_moves_no_line_that_is_at_hand() {
        let whole = outline(10_000, 7);
        let (count, starts) = (500, whole.starts[..5].to_vec());
        let short = TransactionOutline { count, starts, next_cursor: Some("c".to_owned()), ..whole.clone() };
        let rest = TransactionOutline { count: whole.count - 500, starts: whole.starts[5..].to_vec(), ..whole.clone() };
        let first = read(10_000, 7, RowPage { index: 0, before_seq: 10_001 });
        let mut cache = RowCache::found(short, first.clone());
        assert_eq!((cache.total, cache.uncounted.as_deref()), (500, Some("c")));
        assert_eq!(fill(&mut cache, 10_000, 7, 1, 500), 4);
        assert_eq!(cache.count_more(rest), 928);
        assert_eq!((cache.total, &cache.uncounted), (1428, &None));
        let mut at_once = RowCache::found(whole, first);
        fill(&mut at_once, 10_000, 7, 929, 1428);
        assert_eq!(cache, at_once);
        assert_eq!(fill(&mut cache, 10_000, 7, 1, 1428), 10);
        assert_eq!(cache.line(1).map(|line| line.seq), Some(7));
    }

    #[test]
    fn a_filters_places_hold_while_newer_lines_arrive() {
        let mut cache = RowCache::found(outline(10_000, 7), read(10_000, 7, RowPage { index: 0, before_seq: 10_001 }));
        assert_eq!(cache.total, 1428);
        assert_eq!(cache.missing(1329, 1428), []);
        assert_eq!(fill(&mut cache, 10_000, 7, 1, 1428), 14);
        assert_eq!(cache.line(1).map(|line| line.seq), Some(7));
        assert_eq!(cache.line(1428).map(|line| line.seq), Some(9996));
        cache.extend(vec![Arc::new(line(10_003)), Arc::new(line(10_010))], 10_010);
        assert_eq!((cache.total, cache.line(1430).map(|line| line.seq)), (1430, Some(10_010)));
        assert_eq!(cache.line(1428).map(|line| line.seq), Some(9996));
        assert_eq!(cache.index_of(9989), Some(1427));
        assert_eq!(cache.near(9996), 1428);
        assert_eq!(cache.near(9290), 1328);
        assert_eq!(cache.near(0), 28);
    }

    #[test]
    fn what_is_far_away_is_dropped_but_nothing_that_could_not_be_read_again() {
        let mut cache = RowCache::found(outline(70_000, 7), Vec::new());
        cache.extend(vec![Arc::new(line(70_007))], 70_007);
        fill(&mut cache, 70_000, 7, 9_900, 10_000);
        fill(&mut cache, 70_000, 7, 1, 100);
        cache.forget_far_from(1, 100);
        assert!(cache.line(100).is_some() && cache.line(9_950).is_none() && cache.line(10_001).is_some());
        assert!(!cache.missing(9_900, 10_000).is_empty());
    }

    #[test]
    fn an_empty_answer_is_an_empty_list() {
        let cache = RowCache::found(TransactionOutline::default(), Vec::new());
        assert_eq!((cache.total, cache.missing(1, 100)), (0, vec![]));
        assert_eq!(RowCache::uncounted(Vec::new()).total, 0);
        assert_eq!(RowCache::uncounted(vec![line(9), line(4)]).line(1).map(|line| line.seq), Some(4));
    }

    proptest! {
        #[test]
        fn every_place_can_be_read_and_holds_the_right_line(
            last in 1_i64..3_000, step in 1_i64..9, from in 0_i64..3_000, length in 0_i64..300, filtered in any::<bool>(),
        ) {
            let step = if filtered { step } else { 1 };
            let mut cache = if filtered { RowCache::found(outline(last, step), Vec::new()) } else { RowCache::ledger(vec![line(last)]) };
            fill(&mut cache, last, step, from, from + length);
            prop_assert_eq!(cache.missing(from, from + length), vec![]);
            for index in from.max(1)..=(from + length).min(cache.total) {
                prop_assert_eq!(cache.line(index).map(|line| line.seq), Some(index * step));
            }
        }
    }
}
