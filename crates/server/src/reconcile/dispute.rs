//! Disputes: the provider is asked where the money is, and the wallet follows, once for each movement.

use billing_domain::charge::DisputeState;
use billing_domain::{DisputeRef, Money, OrganizationId, TextMap, TopUpId};
use billing_payments::{DisputeAnswer, DisputeOutcome};
use billing_store::{CreditLine, DisputeUpdate, EarlySubject, Organization, StoreError, TopUp};

use crate::events::Topic;
use crate::message::{UserMessage, ledger};
use crate::problem::Problem;
use crate::reconcile::early_event::find_charge_or_keep;
use crate::reconcile::{ChargeId, Effect, organization_day};
use crate::state::AppState;

/// A dispute of a charge of ours, as the provider has it now.
pub(crate) struct FoundDispute {
    pub(crate) organization_id: OrganizationId,
    pub(crate) top_up_id: TopUpId,
    answer: DisputeAnswer,
}

/// Asks the provider about a dispute. `None`: it is about no charge of ours, or about one that is not here yet, and is kept
/// for when it is.
pub(crate) async fn find_dispute(state: &AppState, provider_ref: &DisputeRef) -> Result<Option<FoundDispute>, Problem> {
    let answer = state.provider.look_up_dispute(provider_ref).await.map_err(|error| {
        tracing::warn!(dispute = %provider_ref, %error, "a dispute could not be looked up");
        Problem::provider_silent()
    })?;
    let Some(answer) = answer else { return Ok(None) };
    let found = find_charge_or_keep(state, &answer.charge, EarlySubject::Dispute(provider_ref.clone())).await?;
    Ok(found.map(|ChargeId { organization_id, top_up_id }| FoundDispute { organization_id, top_up_id, answer }))
}

/// Moves the wallet's money after the provider's. The charge must have been reconciled before: what is not in the ledger
/// cannot be taken back.
#[tracing::instrument(skip_all, fields(organization = %found.organization_id, top_up = %found.top_up_id))]
pub(crate) async fn apply_dispute(state: &AppState, found: &FoundDispute) -> Result<Vec<Effect>, Problem> {
    let (organization_id, answer) = (&found.organization_id, &found.answer);
    let organization = state.store.organization(organization_id).await?;
    let top_up = state.store.top_up(organization_id, &found.top_up_id).await?;
    let update = DisputeUpdate {
        provider: state.provider.name().to_owned(),
        provider_ref: answer.provider_ref.clone(),
        top_up_id: top_up.id.clone(),
        // An amount outside the ledger's range is a fault, not a figure to be cut off.
        amount: Money::from_minor(answer.amount_minor, answer.currency).ok_or(StoreError::Overflow)?,
        currency: answer.currency,
        reason: answer.reason.clone(),
        state: match answer.outcome {
            DisputeOutcome::NothingMoved => DisputeState::Noted,
            DisputeOutcome::Withdrawn => DisputeState::Withdrawn,
            DisputeOutcome::Returned => DisputeState::Returned,
        },
    };
    // Both lines are prepared: which of them is posted is decided under the lock.
    let taken = dispute_line(state, &organization, &top_up, answer, UserMessage::ledger_disputed)?;
    let returned = dispute_line(state, &organization, &top_up, answer, UserMessage::ledger_dispute_won)?;
    let now = state.clock.now();
    let applied = state.store.apply_dispute(organization_id, &update, &taken, &returned, now).await?;
    let mut effects = Vec::new();
    if applied.posted {
        effects.push(Effect::publish(organization_id, Topic::Ledger));
        effects.push(Effect::WakeAutoPay(organization_id.clone()));
    }
    if applied.auto_pay_changed {
        // Automatic payments are paused now: what waits for the cardholder is not wanted any more.
        effects.push(Effect::ReconcileWaitingCharges(organization_id.clone()));
        effects.push(Effect::publish(organization_id, Topic::AutoPay));
    }
    Ok(effects)
}

/// `Disputed top-up with Visa •• 4242`.
fn dispute_line(
    state: &AppState,
    organization: &Organization,
    top_up: &TopUp,
    answer: &DisputeAnswer,
    what: fn(&str) -> UserMessage,
) -> Result<CreditLine, Problem> {
    let details = TextMap::from([
        ("top_up".to_owned(), top_up.id.to_string()),
        ("dispute".to_owned(), answer.provider_ref.to_string()),
        ("reason".to_owned(), answer.reason.clone()),
    ]);
    Ok(CreditLine {
        id: state.new_id()?,
        day: organization_day(organization, state.clock.now()),
        description: what(&ledger::card_name(&top_up.card_brand, &top_up.card_last4)).english(),
        source: UserMessage::source_card_bank().english(),
        details,
    })
}
