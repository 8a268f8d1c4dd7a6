//! Refunds and disputes of payments that are not here yet: kept, and taken up once the payment is credited. Their events are
//! not sent again, since they were taken.

use billing_store::{EarlyEvent, EarlyKind};

use crate::problem::Problem;
use crate::reconcile::dispute;
use crate::service::refunds;
use crate::state::AppState;

/// Events that are taken up in one turn.
const AT_ONCE: u32 = 100;

/// Keeps one. `top_up_id` is what the provider's marks on the payment say.
pub(crate) async fn keep(
    state: &AppState,
    kind: EarlyKind,
    provider_ref: &str,
    top_up_id: &str,
) -> Result<(), Problem> {
    let event = EarlyEvent { kind, provider_ref: provider_ref.to_owned(), top_up_id: top_up_id.to_owned() };
    state.store.keep_early_event(state.provider.name(), &event, state.clock.now()).await?;
    tracing::warn!(event = provider_ref, top_up = top_up_id, "kept until its payment is credited here");
    Ok(())
}

/// Takes up those whose payment is here by now. Each is dropped after its effect, which is idempotent: a crash in between
/// repeats a look-up.
pub(crate) async fn take_up(state: &AppState) -> Result<(), Problem> {
    let provider = state.provider.name();
    for event in state.store.due_early_events(provider, AT_ONCE).await? {
        let taken = match event.kind {
            EarlyKind::Refund => Box::pin(refunds::look_up_external(state, &event.provider_ref)).await,
            EarlyKind::Dispute => Box::pin(dispute::look_up(state, &event.provider_ref)).await,
        };
        match taken {
            Ok(()) => state.store.drop_early_event(provider, &event).await?,
            // It stays, and is looked at again at the next turn.
            Err(problem) => tracing::warn!(
                event = event.provider_ref,
                problem = problem.document().detail,
                "could not be taken up with its payment"
            ),
        }
    }
    Ok(())
}
