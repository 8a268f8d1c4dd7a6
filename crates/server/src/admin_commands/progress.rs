//! How far a long verification is, on stderr: one line that is written anew on a terminal, else a line now and then.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often a terminal shows it.
const ON_TERMINAL: Duration = Duration::from_millis(200);
/// How often a log gets a line of it.
const IN_LOG: Duration = Duration::from_secs(5);

/// How far the ledgers of one database are verified.
pub(super) struct VerifyProgress {
    /// Lines of all ledgers when it began; more may be posted meanwhile.
    total: i64,
    /// Lines of the ledgers that are done.
    done: i64,
    began: Instant,
    shown: Instant,
    on_terminal: bool,
    /// A line stands on the terminal that is not ended.
    open: bool,
}

impl VerifyProgress {
    pub(super) fn start(total: i64) -> Self {
        let (now, on_terminal) = (Instant::now(), std::io::stderr().is_terminal());
        Self { total, done: 0, began: now, shown: now, on_terminal, open: false }
    }

    /// So many lines of the present ledger are done.
    pub(super) fn show(&mut self, lines: i64) {
        let pause = if self.on_terminal { ON_TERMINAL } else { IN_LOG };
        if self.shown.elapsed() < pause {
            return;
        }
        self.shown = Instant::now();
        let words = describe_progress(self.done.saturating_add(lines), self.total, self.began.elapsed());
        let mut err = std::io::stderr().lock();
        // Whether anybody reads it changes nothing of the verification.
        let _ = if self.on_terminal { write!(err, "\r\x1b[K{words}") } else { writeln!(err, "{words}") };
        let _ = err.flush();
        self.open = self.on_terminal;
    }

    /// The present ledger is done, up to this line.
    pub(super) fn end_ledger(&mut self, lines: i64) {
        self.done = self.done.saturating_add(lines);
    }

    /// Takes it from the terminal, where something else is to be written.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.open) {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// `1,200,000 of 10,000,000 lines, 240,000 lines/s, 36 s left`.
fn describe_progress(done: i64, total: i64, elapsed: Duration) -> String {
    let done = u128::try_from(done).unwrap_or_default();
    let total = u128::try_from(total).unwrap_or_default().max(done);
    let milliseconds = elapsed.as_millis().max(1);
    let rate = done * 1000 / milliseconds;
    let mut words = format!("{} of {} lines, {} lines/s", group_digits(done), group_digits(total), group_digits(rate));
    if let Some(seconds) = ((total - done) * milliseconds).checked_div(done * 1000) {
        let left = if seconds < 90 { format!("{seconds} s") } else { format!("{} min", (seconds + 30) / 60) };
        words.push_str(", ");
        words.push_str(&left);
        words.push_str(" left");
    }
    words
}

fn group_digits(number: u128) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left_follow_from_what_is_done() {
        let words = describe_progress(1_200_000, 10_000_000, Duration::from_secs(5));
        assert_eq!(words, "1,200,000 of 10,000,000 lines, 240,000 lines/s, 36 s left");
        let words = describe_progress(4_000, 10_000_000, Duration::from_secs(1));
        assert_eq!(words, "4,000 of 10,000,000 lines, 4,000 lines/s, 42 min left");
    }

    #[test]
    fn nothing_done_and_more_than_was_there_are_no_trouble() {
        assert_eq!(describe_progress(0, 0, Duration::ZERO), "0 of 0 lines, 0 lines/s");
        let words = describe_progress(12, 10, Duration::from_secs(1));
        assert_eq!(words, "12 of 12 lines, 12 lines/s, 0 s left");
    }
}
