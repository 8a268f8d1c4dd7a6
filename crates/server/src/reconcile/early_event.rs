//! Refunds and disputes of payments that are not here yet: kept until the payment is credited, since their events are not
//! sent again.

use billing_payments::Reference;
use billing_store::{EarlyEvent, EarlyKind};

use crate::problem::Problem;
use crate::reconcile::{ChargeId, top_up_of};
use crate::state::AppState;

/// The charge of ours that an event at the provider is about. `None`: it is about none of ours, or about one that is not
/// here yet, and is kept for when it is.
pub(crate) async fn find_charge_or_keep(
    state: &AppState,
    charge: &Reference,
    kind: EarlyKind,
    provider_ref: &str,
) -> Result<Option<ChargeId>, Problem> {
    // What the provider's marks on the payment say.
    let Some(top_up_id) = top_up_of(charge) else { return Ok(None) };
    if let Some(organization_id) = state.store.top_up_owner(&top_up_id).await? {
        return Ok(Some(ChargeId { organization_id, top_up_id }));
    }
    let event = EarlyEvent { kind, provider_ref: provider_ref.to_owned(), top_up_id };
    // Kept, so that the event can be acknowledged and is not lost.
    state.store.keep_early_event(state.provider.name(), &event, state.clock.now()).await?;
    tracing::warn!(event = provider_ref, top_up = %event.top_up_id, "kept until its payment is credited here");
    Ok(None)
}
