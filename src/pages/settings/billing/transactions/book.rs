//! The lines that are at hand, by their place in the list, and which pages are missing: rules without a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing_contract::transaction::{Transaction, TransactionOutline};

/// Lines of a page.
pub(super) const PAGE: i64 = 100;
/// Lines farther than this from those in view are dropped, and read again when somebody comes back.
const KEPT: i64 = 1_200;

/// How places and pages are worked out. A place counts from the oldest line, so that it stays while newer ones arrive.
/// See docs/decisions/0066-history-positions.md.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Order {
    /// The whole ledger: its `seq` is gapless, so a line's place is its `seq`.
    Ledger,
    /// What a filter finds.
    Found {
        /// The `seq` of each page's first line, newest first.
        starts: Vec<i64>,
        /// Lines on those pages. Lines that have arrived since have higher places.
        counted: i64,
    },
}

/// A page that is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// The place of its newest line.
    pub(super) place: i64,
    /// What the server is asked for: lines below this `seq`.
    pub(super) before_seq: i64,
}

/// The lines at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Book {
    order: Order,
    /// How many lines there are, at hand or not.
    pub(super) total: i64,
    /// There are older ones than can be counted here.
    pub(super) truncated: bool,
    lines: BTreeMap<i64, Arc<Transaction>>,
}

impl Default for Book {
    fn default() -> Self {
        Self::ledger(Vec::new())
    }
}

impl Book {
    /// The whole ledger, of which these are the newest lines.
    pub(super) fn ledger(newest: Vec<Transaction>) -> Self {
        let total = newest.first().map_or(0, |line| line.seq);
        let lines = newest.into_iter().map(|line| (line.seq, Arc::new(line))).collect();
        Self { order: Order::Ledger, total, truncated: false, lines }
    }

    /// What a filter finds; `first` is its first page, read at about the same time.
    pub(super) fn found(outline: TransactionOutline, first: Vec<Transaction>) -> Self {
        let TransactionOutline { count, starts, truncated, .. } = outline;
        let mut book =
            Self { total: count, truncated, lines: BTreeMap::new(), order: Order::Found { starts, counted: count } };
        // Lines that were posted in between are heard of by the stream.
        let from = book.starts().first().copied().unwrap_or(0);
        let page = first.into_iter().filter(|line| line.seq <= from).collect();
        book.arrive(Page { place: count, before_seq: from.saturating_add(1) }, page);
        book
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
            Order::Ledger => &[],
            Order::Found { starts, .. } => starts,
        }
    }

    /// The whole ledger.
    pub(super) fn is_ledger(&self) -> bool {
        self.order == Order::Ledger
    }

    /// The line at this place, if it is at hand.
    pub(super) fn line(&self, place: i64) -> Option<&Arc<Transaction>> {
        self.lines.get(&place)
    }

    /// The lines at hand, oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Arc<Transaction>> {
        self.lines.values()
    }

    /// The pages that are not whole among these places, newest first.
    pub(super) fn missing(&self, lowest: i64, highest: i64) -> Vec<Page> {
        let (lowest, highest) = (lowest.max(1), highest.min(self.total));
        let mut missing = Vec::new();
        let mut place = highest;
        while place >= lowest {
            if self.lines.contains_key(&place) {
                place -= 1;
                continue;
            }
            let Some((page, last)) = self.page_of(place) else { break };
            missing.push(page);
            place = last - 1;
        }
        missing
    }

    /// The page that holds this place, and the place of its oldest line.
    fn page_of(&self, place: i64) -> Option<(Page, i64)> {
        match &self.order {
            Order::Ledger => {
                let newest = (place + PAGE - 1) / PAGE * PAGE;
                Some((Page { place: newest, before_seq: newest + 1 }, newest - PAGE + 1))
            }
            Order::Found { starts, counted } => {
                let number = (counted - place) / PAGE;
                let start = starts.get(usize::try_from(number).ok()?)?;
                let newest = counted - number * PAGE;
                Some((Page { place: newest, before_seq: start.checked_add(1)? }, (newest - PAGE + 1).max(1)))
            }
        }
    }

    /// The place near which the line with this `seq` stands; exact for the whole ledger, else the first of its page.
    pub(super) fn near(&self, seq: i64) -> i64 {
        match &self.order {
            Order::Ledger => seq.clamp(1, self.total.max(1)),
            Order::Found { starts, counted } => {
                let after = starts.partition_point(|start| *start >= seq);
                let number = i64::try_from(after).unwrap_or(i64::MAX).saturating_sub(1).max(0);
                (counted - number.saturating_mul(PAGE)).clamp(1, self.total.max(1))
            }
        }
    }

    /// The place of the line with this `seq`, if it is at hand.
    pub(super) fn place_of(&self, seq: i64) -> Option<i64> {
        match &self.order {
            Order::Ledger => self.lines.contains_key(&seq).then_some(seq),
            Order::Found { .. } => self.lines.iter().find(|(_, line)| line.seq == seq).map(|(place, _)| *place),
        }
    }

    /// A page was read. Answers whether it was what was expected: a filter's pages never change.
    pub(super) fn arrive(&mut self, page: Page, lines: Vec<Transaction>) -> bool {
        let expected = match &self.order {
            Order::Ledger => lines.first().is_some_and(|line| line.seq < page.before_seq),
            Order::Found { starts, .. } if starts.is_empty() => lines.is_empty(),
            Order::Found { .. } => lines.first().is_some_and(|line| line.seq + 1 == page.before_seq),
        };
        for (index, line) in (0..).zip(lines) {
            let place = if self.is_ledger() { line.seq } else { page.place - index };
            if place >= 1 {
                self.lines.insert(place, Arc::new(line));
            }
        }
        expected
    }

    /// Newer lines belong to the list, oldest first; of the whole ledger also those up to `newest` that are not at hand.
    pub(super) fn extend(&mut self, lines: Vec<Arc<Transaction>>, newest: i64) {
        for line in lines {
            let place = if self.is_ledger() { line.seq } else { self.total + 1 };
            self.total = self.total.max(place);
            self.lines.insert(place, line);
        }
        if self.is_ledger() {
            self.total = self.total.max(newest);
        }
    }

    /// Drops what is far from these places.
    pub(super) fn forget_far_from(&mut self, lowest: i64, highest: i64) {
        let keep = lowest - KEPT..=highest + KEPT;
        if self.lines.first_key_value().is_some_and(|(place, _)| !keep.contains(place))
            || self.lines.last_key_value().is_some_and(|(place, _)| !keep.contains(place))
        {
            let counted = self.counted();
            // What has arrived since the pages were counted stands on none of them, and could not be read again.
            self.lines.retain(|place, _| keep.contains(place) || *place > counted);
        }
    }

    fn counted(&self) -> i64 {
        match &self.order {
            Order::Ledger => i64::MAX,
            Order::Found { counted, .. } => *counted,
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
    fn read(last: i64, step: i64, page: Page) -> Vec<Transaction> {
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
        }
    }

    fn fill(book: &mut Book, last: i64, step: i64, lowest: i64, highest: i64) -> usize {
        let missing = book.missing(lowest, highest);
        for page in &missing {
            assert!(book.arrive(*page, read(last, step, *page)));
        }
        missing.len()
    }

    #[test]
    fn the_ledgers_places_are_its_numbers() {
        let mut book = Book::ledger((951..=1000).rev().map(line).collect());
        assert_eq!((book.total, book.missing(951, 1000)), (1000, vec![]));
        assert_eq!(fill(&mut book, 1000, 1, 895, 1000), 2);
        assert_eq!(book.line(895).map(|line| line.seq), Some(895));
        book.extend(vec![Arc::new(line(1001))], 1001);
        assert_eq!((book.total, book.line(1001).map(|line| line.seq)), (1001, Some(1001)));
        // Lines in between were never heard of: they are read.
        book.extend(vec![], 1250);
        assert_eq!(book.missing(1100, 1250).iter().map(|page| page.place).collect::<Vec<_>>(), [1300, 1200, 1100]);
        assert_eq!(book.near(77), 77);
    }

    #[test]
    fn a_filters_places_hold_while_newer_lines_arrive() {
        let mut book = Book::found(outline(10_000, 7), read(10_000, 7, Page { place: 0, before_seq: 10_001 }));
        assert_eq!(book.total, 1428);
        assert_eq!(book.missing(1329, 1428), []);
        assert_eq!(fill(&mut book, 10_000, 7, 1, 1428), 14);
        assert_eq!(book.line(1).map(|line| line.seq), Some(7));
        assert_eq!(book.line(1428).map(|line| line.seq), Some(9996));
        book.extend(vec![Arc::new(line(10_003)), Arc::new(line(10_010))], 10_010);
        assert_eq!((book.total, book.line(1430).map(|line| line.seq)), (1430, Some(10_010)));
        assert_eq!(book.line(1428).map(|line| line.seq), Some(9996));
        assert_eq!(book.place_of(9989), Some(1427));
        assert_eq!(book.near(9996), 1428);
        assert_eq!(book.near(9290), 1328);
        assert_eq!(book.near(0), 28);
    }

    #[test]
    fn what_is_far_away_is_dropped_but_nothing_that_could_not_be_read_again() {
        let mut book = Book::found(outline(70_000, 7), Vec::new());
        book.extend(vec![Arc::new(line(70_007))], 70_007);
        fill(&mut book, 70_000, 7, 9_900, 10_000);
        fill(&mut book, 70_000, 7, 1, 100);
        book.forget_far_from(1, 100);
        assert!(book.line(100).is_some() && book.line(9_950).is_none() && book.line(10_001).is_some());
        assert!(!book.missing(9_900, 10_000).is_empty());
    }

    #[test]
    fn an_empty_answer_is_an_empty_list() {
        let book = Book::found(TransactionOutline::default(), Vec::new());
        assert_eq!((book.total, book.missing(1, 100)), (0, vec![]));
        assert_eq!(Book::uncounted(Vec::new()).total, 0);
        assert_eq!(Book::uncounted(vec![line(9), line(4)]).line(1).map(|line| line.seq), Some(4));
    }

    proptest! {
        #[test]
        fn every_place_can_be_read_and_holds_the_right_line(
            last in 1_i64..3_000, step in 1_i64..9, from in 0_i64..3_000, length in 0_i64..300, filtered in any::<bool>(),
        ) {
            let step = if filtered { step } else { 1 };
            let mut book = if filtered { Book::found(outline(last, step), Vec::new()) } else { Book::ledger(vec![line(last)]) };
            fill(&mut book, last, step, from, from + length);
            prop_assert_eq!(book.missing(from, from + length), vec![]);
            for place in from.max(1)..=(from + length).min(book.total) {
                prop_assert_eq!(book.line(place).map(|line| line.seq), Some(place * step));
            }
        }
    }
}
