//! Delivers notifications, and now and then looks at every wallet: a crash may have come between a posting and its look.

use std::time::Duration;

use super::repeat_turns;
use crate::service::notifications;
use crate::state::AppState;
use billing_domain::OrganizationId;

const PAUSE: Duration = Duration::from_secs(2);
const AT_ONCE: u32 = 20;
/// The low mark follows the burn rate, so a wallet can be low without having changed.
const SWEEP_PAUSE: Duration = Duration::from_mins(5);

/// Runs until the server stops.
pub(super) async fn deliver_when_due(state: AppState) {
    repeat_turns(state, "notifications", PAUSE, |state| async move { deliver_due(&state).await }).await;
}

async fn deliver_due(state: &AppState) {
    if let Err(problem) = notifications::deliver_due(state, AT_ONCE).await {
        tracing::warn!(problem = problem.document().detail, "notifications could not be delivered");
    }
    // One fault does not keep the other from its turn.
    if let Err(problem) = notifications::watch_passed_over(state).await {
        tracing::warn!(problem = problem.document().detail, "low balances");
    }
}

/// Runs until the server stops, beginning at once.
pub(super) async fn sweep_balances(state: AppState) {
    repeat_turns(state, "low_balance_sweep", SWEEP_PAUSE, |state| async move { watch_all(&state).await }).await;
}

async fn watch_all(state: &AppState) {
    match state.store.organization_ids().await {
        Ok(organizations) => {
            for organization_id in organizations {
                // Between wallets, so that a long sweep does not delay the stop.
                if state.shutdown.is_cancelled() {
                    return;
                }
                watch_wallet(state, &organization_id).await;
            }
        }
        Err(error) => tracing::warn!(%error, "wallets could not be looked at"),
    }
}

/// Looks at one wallet; what fails is looked at again.
pub(super) async fn watch_wallet(state: &AppState, organization_id: &OrganizationId) {
    if let Err(problem) = notifications::watch_balance(state, organization_id).await {
        tracing::warn!(organization = %organization_id, problem = problem.document().detail, "low balance");
    }
}
