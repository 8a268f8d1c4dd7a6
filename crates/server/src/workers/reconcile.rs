//! Brings what was left open to the provider's truth: after a crash, a silence, or somebody who went away.

use std::time::Duration;

use super::repeat_turns;
use crate::service::{cards, charges, refunds};
use crate::state::AppState;

const PAUSE: Duration = Duration::from_secs(2);
const AT_ONCE: u32 = 50;

/// Runs until the server stops, beginning at once. Only rows whose time has come are taken, so the short pause asks
/// the database, not the provider.
pub(super) async fn reconcile_when_due(state: AppState) {
    repeat_turns(state, "reconciliation", PAUSE, |state| async move { reconcile_due(&state).await }).await;
}

async fn reconcile_due(state: &AppState) {
    if let Err(problem) = charges::reconcile_due(state, AT_ONCE).await {
        tracing::warn!(problem = problem.document().detail, "open top-ups could not be looked at");
    }
    if let Err(problem) = cards::reconcile_abandoned(state, AT_ONCE).await {
        tracing::warn!(problem = problem.document().detail, "open card setups could not be looked at");
    }
    if let Err(problem) = refunds::reconcile_due(state, None, AT_ONCE).await {
        tracing::warn!(problem = problem.document().detail, "open refunds could not be looked at");
    }
}
