//! Charges as requests and workers reconcile them, each with its effects.

use billing_domain::{OrganizationId, TopUpId};
use futures_util::future::join_all;

use crate::deadlines::OUTCOME_PATIENCE;
use crate::effects::run_effects;
use crate::problem::Problem;
use crate::reconcile::charge::{lease_due_charges, reconcile_charge_anew, reconcile_leased};
use crate::state::AppState;

/// Reconciles a charge in a task of its own, which a dropped request does not stop, and waits a while for it; late or
/// failed, the row says how it stands.
pub(crate) async fn wait_for_charge(state: &AppState, organization_id: &OrganizationId, id: &TopUpId) {
    let work = {
        let (state, organization_id, id) = (state.clone(), organization_id.to_owned(), id.to_owned());
        async move {
            let effects = reconcile_charge_anew(&state, &organization_id, &id).await?;
            run_effects(&state, effects).await
        }
    };
    // Three results in one: in time, without a panic, and what the work itself says.
    if let Ok(Ok(Err(problem))) = tokio::time::timeout(OUTCOME_PATIENCE, state.tasks.spawn(work)).await {
        tracing::warn!(top_up = %id, problem = problem.document().detail, "a charge is not reconciled");
    }
}

/// Reconciles what is due, of any organization, all of it side by side.
pub(crate) async fn reconcile_due(state: &AppState, limit: u32) -> Result<(), Problem> {
    // Each under a lease of this owner: another server skips them.
    let (owner, due) = lease_due_charges(state, limit).await?;
    let work = due.iter().map(async |top_up| {
        let effects = reconcile_leased(state, top_up, &owner).await?;
        run_effects(state, effects).await
    });
    // One after the other only for the log; the work itself ran side by side.
    for (top_up, result) in due.iter().zip(join_all(work).await) {
        if let Err(problem) = result {
            tracing::warn!(top_up = %top_up.id, problem = problem.document().detail, "a charge is not reconciled");
        }
    }
    Ok(())
}
