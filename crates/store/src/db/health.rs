//! Whether writes work, and which connections are not to be used again after a fault.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{may_have_broken_the_connection, on_commit, on_connect};
use crate::{Result, StoreError};

/// A write that succeeded so recently answers for the present.
const FRESH: Duration = Duration::from_secs(5);
/// At most one probe in this time, however often somebody asks.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

/// What is known of the writing side of a database.
#[derive(Debug, Default)]
pub(crate) struct DatabaseHealth {
    state: Mutex<HealthState>,
    /// Held by whoever probes.
    pub(crate) probing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct HealthState {
    /// When a write was last made durable.
    written: Option<Instant>,
    /// Why the last write failed; `None` since one succeeded.
    failure: Option<String>,
    /// When a probe last ended.
    probed: Option<Instant>,
    /// Connections opened before this are closed instead of being used again.
    distrusted: Option<Instant>,
}

impl DatabaseHealth {
    /// The answer that needs no probe: of a write a moment ago, or of the last probe.
    pub(crate) fn known(&self) -> Option<Result<()>> {
        let state = self.state();
        // Monotonic time: a change of the clock neither ages nor renews what is known.
        let within = |moment: Option<Instant>, time| moment.is_some_and(|moment| moment.elapsed() < time);
        match &state.failure {
            None if within(state.written, FRESH) => Some(Ok(())),
            None if within(state.probed, PROBE_PAUSE) => Some(Ok(())),
            Some(cause) if within(state.probed, PROBE_PAUSE) => Some(Err(StoreError::Unavailable(cause.clone()))),
            _ => None,
        }
    }

    /// A probe has ended, and its outcome been noted.
    pub(crate) fn probed(&self) {
        self.state().probed = Some(Instant::now());
    }

    /// Whether a connection of this age may be used again.
    /// See docs/decisions/0060-faulty-connections.md.
    pub(crate) fn trusts(&self, age: Duration) -> bool {
        let opened = Instant::now().checked_sub(age);
        self.state().distrusted.is_none_or(|moment| opened.is_none_or(|opened| opened > moment))
    }

    /// The result of asking for a connection that is to write.
    pub(crate) fn note_connection<T>(&self, result: sqlx::Result<T>) -> Result<T> {
        result.map_err(|error| self.failed(error, on_connect))
    }

    /// The result of a statement, of a transaction's beginning, or of a read: nothing is durable yet.
    pub(crate) fn note<T>(&self, result: sqlx::Result<T>) -> Result<T> {
        result.map_err(|error| self.failed(error, StoreError::from))
    }

    /// The result of what makes a write durable. `wrote`: whether there was anything to write, since a full disk takes
    /// nothing without complaint.
    pub(crate) fn note_commit<T>(&self, result: sqlx::Result<T>, wrote: impl FnOnce(&T) -> bool) -> Result<T> {
        let done = result.map_err(|error| self.failed(error, on_commit))?;
        if wrote(&done) {
            let mut state = self.state();
            state.written = Some(Instant::now());
            state.failure = None;
        }
        Ok(done)
    }

    /// Notes a failure that was found by other means.
    pub(crate) fn note_failure(&self, cause: &str) {
        self.state().failure = Some(cause.to_owned());
    }

    fn failed(&self, error: sqlx::Error, convert: impl Fn(sqlx::Error) -> StoreError) -> StoreError {
        let distrusted = may_have_broken_the_connection(&error);
        let error = convert(error);
        let mut state = self.state();
        if distrusted {
            state.distrusted = Some(Instant::now());
        }
        if let StoreError::Unavailable(cause) | StoreError::Interrupted(cause) = &error {
            state.failure = Some(cause.clone());
        }
        error
    }

    fn state(&self) -> MutexGuard<'_, HealthState> {
        // Nothing is half-written under this lock, so a panic elsewhere does not spoil what it guards.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_known_until_a_write_succeeds_and_probes_are_rare() {
        let health = DatabaseHealth::default();
        assert!(health.known().is_none(), "nothing was written yet");
        health.note_commit(Ok(()), |()| true).unwrap();
        assert!(matches!(health.known(), Some(Ok(()))));
        health.note::<()>(Err(sqlx::Error::PoolTimedOut)).unwrap_err();
        assert!(health.known().is_none(), "a failure calls for a probe");
        health.note_commit(Ok(()), |()| false).unwrap();
        assert!(health.known().is_none(), "writing nothing proves nothing");
        health.probed();
        assert!(matches!(health.known(), Some(Err(StoreError::Unavailable(_)))), "and the next ones share its answer");
        health.note_commit(Ok(()), |()| true).unwrap();
        assert!(matches!(health.known(), Some(Ok(()))));
    }

    #[test]
    fn connections_opened_before_a_fault_are_not_used_again() {
        let health = DatabaseHealth::default();
        assert!(health.trusts(Duration::from_mins(1)));
        health.note::<()>(Err(sqlx::Error::InvalidSavePointStatement)).unwrap_err();
        assert!(!health.trusts(Duration::from_mins(1)));
        assert!(health.trusts(Duration::ZERO));
    }
}
