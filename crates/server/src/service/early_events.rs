//! Refunds and disputes that came before their payments: taken up once the payment is credited.

use billing_store::EarlySubject;

use crate::problem::Problem;
use crate::service::provider_objects;
use crate::state::AppState;

/// Events that are taken up in one turn.
const AT_ONCE: u32 = 100;

/// Takes up those whose payment is here by now. Each is dropped after its effect, which is idempotent: a crash in between
/// repeats a look-up.
pub(crate) async fn apply_due_events(state: &AppState) -> Result<(), Problem> {
    let provider = state.provider.name();
    for event in state.store.due_early_events(provider, AT_ONCE).await? {
        let taken = match &event.subject {
            EarlySubject::Refund(refund) => provider_objects::look_up_refund(state, refund).await,
            EarlySubject::Dispute(dispute) => provider_objects::look_up_dispute(state, dispute).await,
        };
        match taken {
            Ok(()) => state.store.drop_early_event(provider, &event).await?,
            // It stays, and is looked at again at the next turn.
            Err(problem) => tracing::warn!(
                event = event.subject.as_str(),
                problem = problem.document().detail,
                "could not be taken up with its payment"
            ),
        }
    }
    Ok(())
}
