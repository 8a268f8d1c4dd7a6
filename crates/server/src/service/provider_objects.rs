//! Looks up at the provider what an event named, and applies it with its effects.

use billing_contract::ProblemCode;

use crate::deadlines::OUTCOME_PATIENCE;
use crate::effects::run_effects;
use crate::problem::{Detail, Problem};
use crate::reconcile::charge::reconcile_charge_anew;
use crate::reconcile::dispute::{apply_dispute, find_dispute};
use crate::reconcile::fraud_warning::reconcile_fraud_warning;
use crate::reconcile::refund::{apply_external_refund, find_external_refund};
use crate::state::AppState;
use billing_domain::{DisputeRef, FraudWarningRef, RefundRef, TopUpId};

/// The charge of a top-up, after whoever is just asking about it.
pub(crate) async fn look_up_charge(state: &AppState, top_up_id: &TopUpId) -> Result<(), Problem> {
    // It may have been asked before the event happened: the answer is asked for anew.
    let Some(organization_id) = state.store.top_up_owner(top_up_id).await? else { return Ok(()) };
    wait_patiently(async {
        let effects = reconcile_charge_anew(state, &organization_id, top_up_id).await?;
        run_effects(state, effects).await
    })
    .await
}

/// A dispute. Its charge comes first: what is not in the ledger cannot be taken back.
pub(crate) async fn look_up_dispute(state: &AppState, provider_ref: &DisputeRef) -> Result<(), Problem> {
    let Some(found) = find_dispute(state, provider_ref).await? else { return Ok(()) };
    look_up_charge(state, &found.top_up_id).await?;
    run_effects(state, apply_dispute(state, &found).await?).await
}

/// A refund that somebody made at the provider. Its charge comes first: what is not in the ledger cannot be given back.
pub(crate) async fn look_up_refund(state: &AppState, provider_ref: &RefundRef) -> Result<(), Problem> {
    let Some(found) = find_external_refund(state, provider_ref).await? else { return Ok(()) };
    look_up_charge(state, &found.top_up_id).await?;
    run_effects(state, apply_external_refund(state, &found).await?).await
}

/// An early fraud warning.
pub(crate) async fn look_up_fraud_warning(state: &AppState, provider_ref: &FraudWarningRef) -> Result<(), Problem> {
    run_effects(state, reconcile_fraud_warning(state, provider_ref).await?).await
}

/// Whoever is asking already may have asked before the event happened: their answer is waited for, then it is asked anew.
/// Too late, the event is refused, so that it comes again.
pub(crate) fn wait_patiently<'a>(
    work: impl Future<Output = Result<(), Problem>> + Send + 'a,
) -> impl Future<Output = Result<(), Problem>> + Send + 'a {
    // On the heap: with a charge in it, each caller's future would be 18 KB.
    let limited = tokio::time::timeout(OUTCOME_PATIENCE, Box::pin(work));
    async move {
        limited.await.unwrap_or_else(|_| {
            Err(Problem::retry_later(
                ProblemCode::Unavailable,
                Detail::general("This is just being looked up. Send it again."),
                5,
            ))
        })
    }
}
