//! Refunds and disputes of payments that are not here yet: kept until the payment is credited, since their events are not
//! sent again.

use billing_payments::Reference;
use billing_store::{EarlyEvent, EarlySubject};

use crate::problem::Problem;
use crate::reconcile::{ChargeId, find_marked_charge, marked_top_up};
use crate::state::AppState;

/// The charge of ours that an event at the provider is about. `None`: it is about none of ours, or about one that is not
/// here yet, and is kept for when it is.
pub(crate) async fn find_charge_or_keep(
    state: &AppState,
    charge: &Reference,
    subject: EarlySubject,
) -> Result<Option<ChargeId>, Problem> {
    let Some(marked) = marked_top_up(charge) else { return Ok(None) };
    if let Some(found) = find_marked_charge(state, &marked).await? {
        return Ok(Some(found));
    }
    let event = EarlyEvent { subject, top_up_id: marked };
    state.store.keep_early_event(state.provider.name(), &event, state.clock.now()).await?;
    tracing::warn!(event = event.subject.as_str(), top_up = %event.top_up_id, "kept until its payment is credited here");
    Ok(None)
}
