//! Which ledger line comes next, and how long to wait before trying again: rules without a browser.

/// The last ledger line that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor(i64);

/// What a line is to somebody who has heard everything up to the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The next one.
    Next,
    /// Heard before.
    Known,
    /// Others are missing before it.
    Gap,
}

impl Cursor {
    /// Everything up to this line is known.
    pub(super) const fn after(seq: i64) -> Self {
        Self(seq)
    }

    /// The last known line.
    pub(super) const fn last(self) -> i64 {
        self.0
    }

    /// A line arrives. After a gap the cursor stays, so that the missing lines are asked for.
    pub(super) const fn hear(self, seq: i64) -> (Self, Arrival) {
        if seq <= self.0 {
            (self, Arrival::Known)
        } else if seq == self.0.saturating_add(1) {
            (Self(seq), Arrival::Next)
        } else {
            (self, Arrival::Gap)
        }
    }
}

/// Milliseconds until the next try after so many failures: up to half a second, doubled each time, half a minute at
/// most; at least half of it, the rest by chance, so that a restarted server is not met by everybody at once.
pub(super) fn retry_delay(failures: u32, below: impl FnOnce(u32) -> u32) -> i32 {
    let most = 500_u32 << failures.min(6);
    let most = most.min(30_000);
    i32::try_from(most / 2 + below(most / 2 + 1)).unwrap_or(30_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_neither_doubled_nor_missed() {
        let cursor = Cursor::after(10);
        assert_eq!(cursor.hear(10), (cursor, Arrival::Known));
        assert_eq!(cursor.hear(12), (cursor, Arrival::Gap));
        let (cursor, arrival) = cursor.hear(11);
        assert_eq!((cursor.last(), arrival), (11, Arrival::Next));
        assert_eq!(cursor.hear(12).1, Arrival::Next);
    }

    #[test]
    fn tries_spread_out_and_end_at_half_a_minute() {
        assert_eq!(retry_delay(0, |_| 0), 250);
        assert_eq!(retry_delay(0, |bound| bound - 1), 500);
        assert_eq!(retry_delay(3, |bound| bound - 1), 4_000);
        assert_eq!(retry_delay(u32::MAX, |bound| bound - 1), 30_000);
    }
}
