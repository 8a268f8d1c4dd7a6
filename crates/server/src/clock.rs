//! The one place that asks the system what time it is; test builds may move it.

use std::time::{SystemTime, UNIX_EPOCH};

use billing_domain::Timestamp;

/// The server's clock. Clones share their offset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// Stands still there: for writing down a past.
    fixed: Option<Timestamp>,
    #[cfg(feature = "test-seams")]
    offset_micros: std::sync::Arc<std::sync::atomic::AtomicI64>,
}

impl Clock {
    /// A clock that stands still.
    pub(crate) fn standing_at(at: Timestamp) -> Self {
        Self {
            fixed: Some(at),
            #[cfg(feature = "test-seams")]
            offset_micros: std::sync::Arc::default(),
        }
    }

    /// Now, to the microsecond.
    pub(crate) fn now(&self) -> Timestamp {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        #[cfg(feature = "test-seams")]
        let now = Timestamp::from_micros(
            now.micros().saturating_add(self.offset_micros.load(std::sync::atomic::Ordering::SeqCst)),
        );
        now
    }

    /// Moves the clock forward for everybody who shares it.
    #[cfg(feature = "test-seams")]
    pub(crate) fn advance(&self, seconds: i64) {
        self.offset_micros.fetch_add(seconds.saturating_mul(1_000_000), std::sync::atomic::Ordering::SeqCst);
    }

    /// From now on it is this time for everybody who shares it, and goes on from there.
    #[cfg(feature = "test-seams")]
    pub(crate) fn begin_at(&self, start: Timestamp) {
        let ahead = start.micros().saturating_sub(self.now().micros());
        self.offset_micros.fetch_add(ahead, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_begins_elsewhere_goes_on_from_there_for_all_who_share_it() {
        let start: Timestamp = "2026-11-18T20:15:00Z".parse().unwrap();
        let clock = Clock::default();
        let shared = clock.clone();
        clock.begin_at(start);
        let (first, later) = (shared.now(), shared.now());
        assert!(first >= start && first < start.plus_seconds(60), "{first}");
        assert!(later >= first);
        clock.advance(3600);
        assert!(shared.now() >= start.plus_seconds(3600));
    }
}
