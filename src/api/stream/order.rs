//! Which ledger line comes next, whichever way it comes: a rule without a browser.

/// The ledger up to the last line that was passed on, and lines that came before those in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineSequence<T> {
    last: i64,
    /// By `seq`, in ascending order.
    early: Vec<(i64, T)>,
}

/// What a line is to somebody who has every line up to the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival<T> {
    Next(T),
    /// It was passed on before.
    Known,
    /// Others are missing before it: it is kept until they have been read.
    Early,
}

impl<T> LineSequence<T> {
    /// Everything up to this line is known.
    pub(super) const fn after(seq: i64) -> Self {
        Self { last: seq, early: Vec::new() }
    }

    /// The last line that was passed on.
    pub(super) const fn last(&self) -> i64 {
        self.last
    }

    /// A line arrives by the stream.
    pub(super) fn arrive(&mut self, seq: i64, line: T) -> Arrival<T> {
        if seq <= self.last {
            Arrival::Known
        } else if seq == self.last.saturating_add(1) {
            self.last = seq;
            Arrival::Next(line)
        } else {
            if self.early.last().is_none_or(|(known, _)| *known < seq) {
                self.early.push((seq, line));
            }
            Arrival::Early
        }
    }

    /// The newest lines were read, `newest_first`, with everything else as of then. Answers the lines to pass on, oldest
    /// first: those of them that are new, and those that came early. Before the first one lines may be missing.
    pub(super) fn catch_up(&mut self, newest_first: Vec<(i64, T)>) -> Vec<T> {
        let mut lines = Vec::new();
        for (seq, line) in newest_first.into_iter().rev().chain(std::mem::take(&mut self.early)) {
            if seq > self.last {
                self.last = seq;
                lines.push(line);
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_neither_doubled_nor_missed() {
        let mut lines = LineSequence::after(10);
        assert_eq!(lines.arrive(10, "ten"), Arrival::Known);
        assert_eq!(lines.arrive(12, "twelve"), Arrival::Early);
        assert_eq!((lines.arrive(11, "eleven"), lines.last()), (Arrival::Next("eleven"), 11));
        assert_eq!(lines.arrive(12, "twelve"), Arrival::Next("twelve"));
    }

    #[test]
    fn what_came_early_follows_what_was_read() {
        let mut lines = LineSequence::after(10);
        assert_eq!(lines.arrive(13, 13), Arrival::Early);
        assert_eq!(lines.arrive(13, 13), Arrival::Early);
        assert_eq!(lines.arrive(14, 14), Arrival::Early);
        assert_eq!(lines.catch_up(vec![(13, 13), (12, 12), (11, 11), (10, 10)]), [11, 12, 13, 14]);
        assert_eq!(lines.arrive(15, 15), Arrival::Next(15));
        assert_eq!(lines.catch_up(vec![(15, 15), (14, 14)]), [0; 0]);
    }

    #[test]
    fn a_hole_too_large_for_one_page_does_not_hold_up_what_follows() {
        let mut lines = LineSequence::after(10);
        assert_eq!(lines.catch_up(vec![(500, 500), (499, 499)]), [499, 500]);
        assert_eq!(lines.arrive(501, 501), Arrival::Next(501));
    }
}
