//! Recharges wallets, or notifies that they are low: at once when something has changed, and now and then all of them, for
//! what only time changes.

use std::time::Duration;

use super::{notifications, repeat_turns, take_turn};
use crate::effects::run_effects;
use crate::recharge::consider_recharge;
use crate::state::AppState;
use billing_domain::OrganizationId;

/// A wallet that changes thousands of times a second is looked at this often.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// A pause between charges, a new month and a retry begin at most this late.
const SWEEP_PAUSE: Duration = Duration::from_secs(20);

/// Takes wallets from the wake queue until the server stops.
pub(super) async fn serve_wake_queue(state: AppState) {
    while let Some(wallets) = state.shutdown.run_until_cancelled(state.wake_queue.take()).await {
        for organization_id in wallets {
            take_turn("auto_pay", recharge_wallet(&state, &organization_id)).await;
            // Afterwards: a charge that has just begun may be the reason why nobody has to be notified.
            take_turn("low_balance", notifications::watch_wallet(&state, &organization_id)).await;
        }
        // What changes meanwhile is gathered into one turn.
        tokio::time::sleep(SHORTEST_PAUSE).await;
    }
}

/// Runs until the server stops, beginning at once: a crash may have come between a posting and its charge.
pub(super) async fn sweep_wallets(state: AppState) {
    repeat_turns(state, "auto_pay_sweep", SWEEP_PAUSE, |state| async move { recharge_all(&state).await }).await;
}

async fn recharge_all(state: &AppState) {
    match state.store.auto_pay_enabled().await {
        Ok(organizations) => {
            for organization_id in organizations {
                recharge_wallet(state, &organization_id).await;
            }
        }
        Err(error) => tracing::warn!(%error, "automatic payments could not be looked at"),
    }
}

async fn recharge_wallet(state: &AppState, organization_id: &OrganizationId) {
    let considered = async { run_effects(state, consider_recharge(state, organization_id).await?).await };
    if let Err(problem) = considered.await {
        tracing::warn!(organization = %organization_id, problem = problem.document().detail, "automatic payments");
    }
}
