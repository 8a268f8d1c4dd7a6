//! Whole runs of ledger lines are summarized once, so that reads of a long ledger stay as short as those of a short one.

use std::time::Duration;

use super::repeat_turns;
use crate::state::AppState;

const PAUSE: Duration = Duration::from_secs(2);
/// Between two segments, so that postings are not held up by a long ledger that is caught up with.
const BREATH: Duration = Duration::from_millis(2);

/// Runs until the server stops.
pub(super) async fn summarize_when_due(state: AppState) {
    repeat_turns(state, "segments", PAUSE, |state| async move { summarize_due(&state).await }).await;
}

async fn summarize_due(state: &AppState) {
    loop {
        let due = match state.store.due_segments().await {
            Ok(due) if due.is_empty() => return,
            Ok(due) => due,
            Err(error) => return tracing::warn!(%error, "it is unknown which lines are to be summarized"),
        };
        for segment in due {
            if state.shutdown.is_cancelled() {
                return;
            }
            if let Err(error) = state.store.summarize_segment(segment).await {
                // Not fatal: what is not summarized is read line by line.
                return tracing::warn!(%error, "lines could not be summarized");
            }
            tokio::time::sleep(BREATH).await;
        }
    }
}
