//! How much in how long, without a float.

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
    pub(crate) fn per_second(self) -> u64 {
        let micros = self.time.as_micros().max(1);
        u64::try_from(u128::from(self.count) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }
}

/// What a load of some seconds has come to.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) rate: Rate,
    /// Nanoseconds of the server's processor time for one.
    pub(crate) server_cpu: u64,
    /// The same of PostgreSQL; 0 without it.
    pub(crate) postgres_cpu: u64,
    pub(crate) waits: WaitTimes,
}

impl Load {
    /// The one in the middle by what it did in a second.
    pub(crate) fn median(mut rounds: Vec<Self>) -> Option<Self> {
        rounds.sort_by_key(|load| load.rate.per_second());
        let middle = rounds.len() / 2;
        rounds.into_iter().nth(middle)
    }
}

/// The middle and the slow end of many waits.
#[derive(Clone, Debug)]
pub(crate) struct WaitTimes(Vec<Duration>);

impl WaitTimes {
    pub(crate) fn of(mut waits: Vec<Duration>) -> Self {
        waits.sort_unstable();
        Self(waits)
    }

    /// In nanoseconds.
    pub(crate) fn percentile(&self, percent: usize) -> u64 {
        let index = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(index).map_or(0, |wait| u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_waits_are_whole_numbers() {
        let rate = |count| Rate { count, time: Duration::from_secs(2) };
        assert_eq!(rate(2_461).per_second(), 1_230);
        let waits = WaitTimes::of((1..=100).rev().map(Duration::from_micros).collect());
        assert_eq!((waits.percentile(50), waits.percentile(99)), (51_000, 100_000));
        let load =
            |count| Load { rate: rate(count), server_cpu: count, postgres_cpu: 0, waits: WaitTimes::of(Vec::new()) };
        assert_eq!(Load::median(vec![load(30), load(10), load(20)]).unwrap().server_cpu, 20);
        assert!(Load::median(Vec::new()).is_none());
    }
}
