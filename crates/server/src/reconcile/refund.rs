//! Brings refunds to the provider's truth: those of ours by asking for them, and those that were made at the provider.

use billing_domain::charge::RefundStatus;
use billing_domain::{Money, OrganizationId, RefundId, RefundRef, TextMap, Timestamp, TopUpId};
use billing_payments::{
    ExternalRefund as ExternalRefundAnswer, ProviderError, Reference, RefundAnswer, RefundOutcome, RefundRequest,
};
use billing_store::{
    CreditLine, EarlySubject, NewExternalRefund, Organization, Refund, RefundResult, StoreError, TopUp,
};

use crate::events::Topic;
use crate::message::{UserMessage, ledger};
use crate::problem::Problem;
use crate::reconcile::charge::{back_off, charge_reference};
use crate::reconcile::early_event::find_charge_or_keep;
use crate::reconcile::{ChargeId, Effect, organization_day};
use crate::state::AppState;

/// Longer than any call to the provider takes.
pub(crate) const REFUND_LEASE_SECONDS: i64 = 60;
/// A refund made at the provider is asked about this often until it is final; its events come sooner.
const EXTERNAL_CHECK_SECONDS: i64 = 3_600;

/// Leases refunds that are due, or one; each goes to [`reconcile_refund`] if we made it.
pub(crate) async fn lease_due_refunds(
    state: &AppState,
    id: Option<&RefundId>,
    limit: u32,
) -> Result<Vec<Refund>, Problem> {
    let (owner, now) = (state.new_id()?, state.clock.now());
    // Nobody else asks about the same refund for as long as a call may take.
    Ok(state.store.lease_refunds(&owner, now.plus_seconds(REFUND_LEASE_SECONDS), now, id, limit).await?)
}

/// Asks the provider for a refund of ours and applies its answer. The reference makes a repetition answer what became of
/// the first.
#[tracing::instrument(skip_all, fields(organization = %refund.organization_id, refund = %refund.id))]
pub(crate) async fn reconcile_refund(state: &AppState, refund: &Refund) -> Result<Vec<Effect>, Problem> {
    let organization = state.store.organization(&refund.organization_id).await?;
    let top_up = state.store.top_up(&organization.id, &refund.top_up_id).await?;
    let (status, provider_ref) = match ask_provider(state, refund, &top_up).await {
        Ok(answer) => (refund_status(answer.outcome), Some(answer.provider_ref)),
        Err(status) => (status, None),
    };
    let now = state.clock.now();
    // Each try doubles the pause, up to five minutes.
    let update = RefundResult { status, provider_ref, next_check_at: back_off(now, 10, refund.checks) };
    let credit = refund_line(state, &organization, &top_up, UserMessage::ledger_refund_failed, &refund.reason, now)?;
    let (_, changed) = state.store.apply_refund(&organization.id, &refund.id, &update, &credit, now).await?;
    Ok(if changed { refund_effects(&organization.id) } else { Vec::new() })
}

/// The answer, or what its absence means.
async fn ask_provider(state: &AppState, refund: &Refund, top_up: &TopUp) -> Result<RefundAnswer, RefundStatus> {
    let request = RefundRequest {
        // One attempt only: a refund that failed is made anew as another refund.
        reference: Reference::refund(refund.id.as_str(), 1),
        charge: charge_reference(top_up),
        charge_provider_ref: top_up.provider_ref.clone(),
        amount_minor: refund.amount.to_minor_exact(refund.currency).unwrap_or_default(),
        currency: refund.currency,
    };
    match state.provider.refund(&request).await {
        // Refused now; an earlier call, whose answer was lost, may have gone through.
        Err(ProviderError::Refused(reason)) => match state.provider.look_up_refund(&request).await {
            Ok(Some(answer)) => Ok(answer),
            // Not known there either: the refusal was the first answer to it, so no money moved.
            Ok(None) => {
                tracing::error!(refund = %refund.id, reason, "the payment provider refuses a refund");
                Err(RefundStatus::Failed)
            }
            Err(_) => Err(RefundStatus::Unknown),
        },
        Ok(answer) => Ok(answer),
        // It may have gone through: asked again under the same reference.
        Err(_) => Err(RefundStatus::Unknown),
    }
}

/// A refund that somebody made at the provider, of a charge of ours.
pub(crate) struct FoundRefund {
    organization_id: OrganizationId,
    /// What is given back.
    pub(crate) top_up_id: TopUpId,
    answer: ExternalRefundAnswer,
}

/// Asks about a refund that somebody made at the provider. `None`: it is of no charge of ours, or of one that is not here
/// yet, and is kept for when it is.
pub(crate) async fn find_external_refund(
    state: &AppState,
    provider_ref: &RefundRef,
) -> Result<Option<FoundRefund>, Problem> {
    let answer = state.provider.look_up_external_refund(provider_ref).await.map_err(|error| {
        tracing::warn!(refund = %provider_ref, %error, "a refund could not be looked up");
        Problem::provider_silent()
    })?;
    let Some(answer) = answer else { return Ok(None) };
    let found = find_charge_or_keep(state, &answer.charge, EarlySubject::Refund(provider_ref.clone())).await?;
    Ok(found.map(|ChargeId { organization_id, top_up_id }| FoundRefund { organization_id, top_up_id, answer }))
}

/// Debits the wallet for it, or credits it again if it failed. The charge must have been reconciled before: what is not in
/// the ledger cannot be given back.
#[tracing::instrument(skip_all, fields(organization = %found.organization_id, top_up = %found.top_up_id))]
pub(crate) async fn apply_external_refund(state: &AppState, found: &FoundRefund) -> Result<Vec<Effect>, Problem> {
    let (organization_id, answer) = (&found.organization_id, &found.answer);
    let organization = state.store.organization(organization_id).await?;
    let top_up = state.store.top_up(organization_id, &found.top_up_id).await?;
    let now = state.clock.now();
    let refund = NewExternalRefund {
        id: state.new_id()?,
        top_up_id: top_up.id.clone(),
        amount: Money::from_minor(answer.amount_minor, answer.currency).ok_or(StoreError::Overflow)?,
        currency: answer.currency,
        reason: answer.reason.clone(),
        provider_ref: answer.provider_ref.clone(),
        status: refund_status(answer.outcome),
        // Seldom, because the events of such a refund come sooner.
        next_check_at: now.plus_seconds(EXTERNAL_CHECK_SECONDS),
    };
    let line = |what: Wording| {
        let line = refund_line(state, &organization, &top_up, what, &answer.reason, now)?;
        Ok::<_, Problem>(CreditLine { source: UserMessage::source_payment_provider().english(), ..line })
    };
    // Both lines are prepared: which of them is posted is decided under the lock.
    let (debit, credit) = (line(UserMessage::ledger_refund)?, line(UserMessage::ledger_refund_failed)?);
    let applied = state.store.apply_external_refund(organization_id, &refund, &debit, &credit, now).await?;
    let changed = applied.is_some_and(|(_, changed)| changed);
    Ok(if changed { refund_effects(organization_id) } else { Vec::new() })
}

const fn refund_status(outcome: RefundOutcome) -> RefundStatus {
    match outcome {
        RefundOutcome::Pending => RefundStatus::Processing,
        RefundOutcome::Succeeded => RefundStatus::Succeeded,
        RefundOutcome::Failed => RefundStatus::Failed,
    }
}

/// The balance is another one, and automatic payments may wait.
pub(crate) fn refund_effects(organization_id: &OrganizationId) -> Vec<Effect> {
    // Reversed money makes automatic payments wait: docs/decisions/0040-reversed-money.md.
    vec![
        Effect::publish(organization_id, Topic::Ledger),
        Effect::publish(organization_id, Topic::AutoPay),
        Effect::WakeAutoPay(organization_id.to_owned()),
    ]
}

/// The sentence about a card of this name.
type Wording = fn(&str) -> UserMessage;

/// `Refund of top-up with Visa •• 4242`.
pub(crate) fn refund_line(
    state: &AppState,
    organization: &Organization,
    top_up: &TopUp,
    what: Wording,
    reason: &str,
    now: Timestamp,
) -> Result<CreditLine, Problem> {
    let mut details = TextMap::from([("top_up".to_owned(), top_up.id.to_string())]);
    if !reason.is_empty() {
        details.insert("reason".to_owned(), reason.to_owned());
    }
    Ok(CreditLine {
        id: state.new_id()?,
        day: organization_day(organization, now),
        description: what(&ledger::card_name(&top_up.card_brand, &top_up.card_last4)).english(),
        source: UserMessage::source_operator().english(),
        details,
    })
}
