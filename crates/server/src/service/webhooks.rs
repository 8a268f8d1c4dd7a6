//! What the payment provider reports unasked. An event only says what to look up again: the object is fetched from the
//! provider by the same services that drive it anyway, so duplicates, disorder and old contents change nothing.

use billing_contract::ProblemCode;
use billing_domain::{PaymentRef, RefundRef};
use billing_payments::{Reference, Subject, WebhookError, WebhookEvent, WebhookKind, stripe};
use billing_store::StoreError;

use crate::deadlines::LEASE_RETRY;
use crate::effects::run_effects;
use crate::problem::{Detail, Problem};
use crate::reconcile::card_setup::refresh_card;
use crate::reconcile::{find_marked_charge, marked_top_up};
use crate::service::provider_objects::{
    look_up_charge, look_up_dispute, look_up_fraud_warning, look_up_refund, wait_patiently,
};
use crate::service::{cards, refunds, unknown_payments};
use crate::state::AppState;

/// A webhook of Stripe's, as its raw bytes. Returns once its effect is in the database; a problem makes Stripe send it
/// again later.
/// See docs/decisions/0016-intent-before-charge.md.
pub(crate) async fn receive_stripe(state: &AppState, signature: &str, body: &[u8]) -> Result<(), Problem> {
    // Without Stripe there is no secret to check a signature with.
    if state.provider.name() != stripe::NAME {
        return Err(Problem::not_found());
    }
    // The signature is checked over the raw bytes, before anything of them is read.
    let event = state.provider.read_webhook(signature, body, state.clock.now()).map_err(refusal_problem)?;
    handle_event(state, &event).await
}

fn refusal_problem(error: WebhookError) -> Problem {
    tracing::warn!(%error, "a webhook was refused");
    // Which of the two it was is nobody's business who cannot sign.
    match error {
        WebhookError::BadSignature | WebhookError::Stale => {
            let detail = Detail::general("The signature does not fit these bytes, or it is too old.");
            Problem::new(ProblemCode::Unauthenticated, detail)
        }
        WebhookError::WrongMode => {
            let detail = Detail::general("This event is of the other mode (test or live) than this server.");
            Problem::new(ProblemCode::Malformed, detail)
        }
        WebhookError::Unreadable => {
            Problem::new(ProblemCode::Malformed, Detail::general("This is no event that can be read."))
        }
    }
}

/// Does what an event asks for, unless its effect is in the database already.
/// See docs/decisions/0020-webhooks-are-hints.md.
#[tracing::instrument(skip_all, fields(event = %event.id))]
pub(crate) async fn handle_event(state: &AppState, event: &WebhookEvent) -> Result<(), Problem> {
    let provider = state.provider.name();
    // Stripe repeats what it has no answer to: the second time costs one look-up.
    if state.store.provider_event_handled(provider, &event.id).await? {
        return Ok(());
    }
    act_on_event(state, event).await?;
    // Afterwards: whatever happens in between, the event comes again and does no harm.
    Ok(state.store.note_provider_event(provider, &event.id, state.clock.now()).await?)
}

async fn act_on_event(state: &AppState, event: &WebhookEvent) -> Result<(), Problem> {
    let payment_ref = event.payment_ref.as_ref();
    match &event.kind {
        WebhookKind::Charge(reference) | WebhookKind::Setup(reference) => look_up(state, reference, payment_ref).await,
        WebhookKind::Refund { provider_ref, reference } => {
            look_up_named_refund(state, provider_ref, reference.as_ref(), payment_ref).await
        }
        WebhookKind::Dispute { provider_ref } => {
            // The charge must be in the ledger before it is taken back.
            if let Some(payment) = payment_ref {
                unknown_payments::look_up(state, payment).await?;
            }
            look_up_dispute(state, provider_ref).await
        }
        WebhookKind::FraudWarning { provider_ref } => look_up_fraud_warning(state, provider_ref).await,
        WebhookKind::Card { provider_ref } => run_effects(state, refresh_card(state, provider_ref).await?).await,
        WebhookKind::Other => Ok(()),
    }
}

/// A payment under our mark that is not here was paid before a backup was restored; what else is not ours (another
/// database on the same account) is no concern.
async fn look_up(state: &AppState, reference: &Reference, payment_ref: Option<&PaymentRef>) -> Result<(), Problem> {
    let Some(marked) = marked_top_up(reference) else { return look_up_known_setup(state, reference).await };
    match (find_marked_charge(state, &marked).await?, payment_ref) {
        (Some(found), _) => look_up_charge(state, &found.top_up_id).await,
        // A restored database may lack what the provider has: docs/decisions/0023-unknown-payments.md.
        (None, Some(payment)) => unknown_payments::look_up(state, payment).await,
        (None, None) => Ok(()),
    }
}

async fn look_up_known_setup(state: &AppState, reference: &Reference) -> Result<(), Problem> {
    let Some(Subject::Setup { id }) = reference.subject() else { return Ok(()) };
    // What is no id of ours belongs to another program on the same account.
    let Ok(id) = id.parse() else { return Ok(()) };
    match state.store.card_setup_owner(&id).await? {
        Some(organization_id) => cards::check_setup(state, &organization_id, &id).await.map(drop),
        None => Ok(()),
    }
}

/// One that this database did not write down was made at the provider, or before this database was restored.
async fn look_up_named_refund(
    state: &AppState,
    provider_ref: &RefundRef,
    reference: Option<&Reference>,
    payment_ref: Option<&PaymentRef>,
) -> Result<(), Problem> {
    let id = match reference.and_then(Reference::subject) {
        Some(Subject::Refund { id, .. }) => id.parse().ok(),
        _ => None,
    };
    let Some(id) = id else { return look_up_external_refund(state, provider_ref, payment_ref).await };
    wait_patiently(async {
        // Nothing was leased: it is unknown, final, or another task is at it.
        while refunds::reconcile_due(state, Some(&id), 1).await? == 0 {
            match state.store.refund(&id).await {
                Err(StoreError::NotFound) => return look_up_external_refund(state, provider_ref, payment_ref).await,
                Ok(refund) if refund.status.is_final() => return Ok(()),
                Ok(_) => tokio::time::sleep(LEASE_RETRY).await,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    })
    .await
}

/// The charge must be in the ledger before it is given back.
async fn look_up_external_refund(
    state: &AppState,
    provider_ref: &RefundRef,
    payment_ref: Option<&PaymentRef>,
) -> Result<(), Problem> {
    if let Some(payment) = payment_ref {
        unknown_payments::look_up(state, payment).await?;
    }
    look_up_refund(state, provider_ref).await
}
