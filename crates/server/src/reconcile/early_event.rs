//! Refunds and disputes of payments that are not here yet: kept until the payment is credited, since their events are not
//! sent again.

use billing_domain::TopUpId;
use billing_store::{EarlyEvent, EarlyKind};

use crate::problem::Problem;
use crate::state::AppState;

/// Keeps one. `top_up_id` is what the provider's marks on the payment say.
pub(crate) async fn keep_early_event(
    state: &AppState,
    kind: EarlyKind,
    provider_ref: &str,
    top_up_id: &TopUpId,
) -> Result<(), Problem> {
    let event = EarlyEvent { kind, provider_ref: provider_ref.to_owned(), top_up_id: top_up_id.to_owned() };
    state.store.keep_early_event(state.provider.name(), &event, state.clock.now()).await?;
    tracing::warn!(event = provider_ref, top_up = %top_up_id, "kept until its payment is credited here");
    Ok(())
}
