//! Refills wallets, or tells that they are low: at once when something has changed, and now and then all of them, for what only time changes.

use std::time::Duration;

use super::{next_turn, notifications};
use crate::effects::run_effects;
use crate::recharge::consider_recharge;
use crate::state::AppState;
use billing_domain::OrganizationId;

/// A wallet that changes thousands of times a second is looked at this often.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// A pause between charges, a new month and a retry begin at most this late.
const ROUND: Duration = Duration::from_secs(20);

/// Runs until the server stops.
pub(super) async fn look_when_nudged(state: AppState) {
    while let Some(wallets) = state.shutdown.run_until_cancelled(state.wake_queue.take()).await {
        for organization_id in wallets {
            consider(&state, &organization_id).await;
            notifications::watch(&state, &organization_id).await;
        }
        tokio::time::sleep(SHORTEST_PAUSE).await;
    }
}

/// Runs until the server stops, beginning at once: a crash may have come between a posting and its charge.
pub(super) async fn look_at_all(state: AppState) {
    loop {
        match state.store.auto_pay_enabled().await {
            Ok(organizations) => {
                for organization_id in organizations {
                    consider(&state, &organization_id).await;
                }
            }
            Err(error) => tracing::warn!(%error, "automatic payments could not be looked at"),
        }
        if !next_turn(&state, ROUND).await {
            return;
        }
    }
}

async fn consider(state: &AppState, organization_id: &OrganizationId) {
    let considered = async { run_effects(state, consider_recharge(state, organization_id).await?).await };
    if let Err(problem) = considered.await {
        tracing::warn!(organization = %organization_id, problem = problem.document().detail, "automatic payments");
    }
}
