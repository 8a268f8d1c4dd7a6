//! How much in how long, without a float.

use std::fmt;
use std::time::Duration;

/// So many in so long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// How many were done in `time`.
    pub(crate) count: u64,
    /// The wall-clock time that they took.
    pub(crate) time: Duration,
}

impl Rate {
    fn per_second(self) -> u64 {
        let micros = self.time.as_micros().max(1);
        u64::try_from(u128::from(self.count) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8} a second", self.per_second())
    }
}

/// Written as `12.3 ×`.
pub(crate) fn format_ratio(ours: Rate, theirs: Rate) -> String {
    let tenths = ours.per_second() * 10 / theirs.per_second().max(1);
    format!("{:>6}.{} ×", tenths / 10, tenths % 10)
}

/// How much is lost from one measurement to a later one.
pub(crate) fn slower_by_percent(before: Rate, after: Rate) -> String {
    let (before, after) = (before.per_second().max(1), after.per_second());
    if after >= before { "no slower".to_owned() } else { format!("{} % slower", (before - after) * 100 / before) }
}

/// The middle and the slow end of many waits.
#[derive(Clone, Debug)]
pub(crate) struct WaitTimes(Vec<Duration>);

impl WaitTimes {
    pub(crate) fn of(mut waits: Vec<Duration>) -> Self {
        waits.sort_unstable();
        Self(waits)
    }

    fn percentile(&self, percent: usize) -> Duration {
        let index = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(index).copied().unwrap_or_default()
    }
}

impl fmt::Display for WaitTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {} µs, p99 {} µs", self.percentile(50).as_micros(), self.percentile(99).as_micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_compared_in_whole_numbers() {
        let rate = |count| Rate { count, time: Duration::from_secs(2) };
        assert_eq!(format_ratio(rate(2_460), rate(200)).trim(), "12.3 ×");
        assert_eq!(slower_by_percent(rate(200), rate(182)), "9 % slower");
        let waits = WaitTimes::of((1..=100).rev().map(Duration::from_micros).collect());
        assert_eq!(waits.to_string(), "p50 51 µs, p99 100 µs");
    }
}
