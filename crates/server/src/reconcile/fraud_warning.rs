//! Early fraud warnings: automatic payments rest and people are notified, once. Whether the money goes back is theirs
//! to say.

use billing_domain::FraudWarningRef;
use billing_store::FraudUpdate;

use crate::events::Topic;
use crate::problem::Problem;
use crate::reconcile::{ChargeId, Effect, find_marked_charge, marked_top_up};
use crate::state::AppState;

/// Asks the provider about a warning and applies it. One about no charge of ours is no concern.
#[tracing::instrument(skip_all, fields(warning = %provider_ref))]
pub(crate) async fn reconcile_fraud_warning(
    state: &AppState,
    provider_ref: &FraudWarningRef,
) -> Result<Vec<Effect>, Problem> {
    let answer = state.provider.look_up_fraud_warning(provider_ref).await.map_err(|error| {
        tracing::warn!(warning = %provider_ref, %error, "a fraud warning could not be looked up");
        Problem::provider_silent()
    })?;
    let Some(answer) = answer else { return Ok(Vec::new()) };
    let Some(marked) = marked_top_up(&answer.charge) else { return Ok(Vec::new()) };
    // Another database's, on the same account.
    let Some(found) = find_marked_charge(state, &marked).await? else { return Ok(Vec::new()) };
    let ChargeId { organization_id, top_up_id } = found;
    let update = FraudUpdate {
        provider: state.provider.name().to_owned(),
        provider_ref: answer.provider_ref.clone(),
        top_up_id,
        reason: answer.reason.clone(),
        actionable: answer.actionable,
    };
    let applied = state.store.apply_fraud_warning(&organization_id, &update, state.clock.now()).await?;
    // Logged once: the provider repeats the event until it is acknowledged.
    if applied.is_news {
        tracing::warn!(organization = %organization_id, top_up = %update.top_up_id, reason = update.reason, "a payment may be fraud");
    }
    if !applied.auto_pay_changed {
        return Ok(Vec::new());
    }
    let publish = Effect::publish(&organization_id, Topic::AutoPay);
    Ok(vec![Effect::ReconcileWaitingCharges(organization_id), publish])
}
