//! The one place that asks the system what time it is; test builds may move it.

use std::time::{SystemTime, UNIX_EPOCH};

use billing_domain::Timestamp;

/// The server's clock. Clones share their offset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// Stands still there: for writing down a past.
    fixed: Option<Timestamp>,
    #[cfg(feature = "test-seams")]
    offset_seconds: std::sync::Arc<std::sync::atomic::AtomicI64>,
}

impl Clock {
    /// A clock that stands still.
    pub(crate) fn standing_at(at: Timestamp) -> Self {
        Self {
            fixed: Some(at),
            #[cfg(feature = "test-seams")]
            offset_seconds: std::sync::Arc::default(),
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
        let now = now.plus_seconds(self.offset_seconds.load(std::sync::atomic::Ordering::SeqCst));
        now
    }

    /// Moves the clock forward for everybody who shares it.
    #[cfg(feature = "test-seams")]
    pub(crate) fn advance(&self, seconds: i64) {
        self.offset_seconds.fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
    }
}
