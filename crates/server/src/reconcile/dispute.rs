//! Disputes: the provider is asked where the money is, and the wallet follows, once for each movement.

use std::collections::BTreeMap;

use billing_contract::ProblemCode;
use billing_domain::Money;
use billing_domain::card::brand_name;
use billing_payments::{DisputeAnswer, DisputeOutcome, Subject};
use billing_store::{AutoPayState, CreditLine, DisputeState, DisputeWord, EarlyKind, Organization, StoreError, TopUp};

use crate::events::Topic;
use crate::problem::Problem;
use crate::reconcile::charge;
use crate::service::{auto_pay, early_events, webhooks};
use crate::state::AppState;

/// Asks the provider about a dispute and takes its word. One about no charge of ours is no concern.
pub(crate) async fn look_up(state: &AppState, provider_ref: &str) -> Result<(), Problem> {
    let answer = state.provider.look_up_dispute(provider_ref).await.map_err(|error| {
        tracing::warn!(dispute = provider_ref, %error, "a dispute could not be looked up");
        Problem::retry_later(ProblemCode::Unavailable, "The payment provider does not answer. Send it again.", 30)
    })?;
    let Some(answer) = answer else { return Ok(()) };
    let Some(Subject::TopUp { id, .. }) = answer.charge.subject() else { return Ok(()) };
    let Some(organization_id) = state.store.top_up_owner(id).await? else {
        return early_events::keep(state, EarlyKind::Dispute, provider_ref, id).await;
    };
    webhooks::look_up_top_up(state, id).await?;
    apply(state, &organization_id, id, &answer).await
}

async fn apply(
    state: &AppState,
    organization_id: &str,
    top_up_id: &str,
    answer: &DisputeAnswer,
) -> Result<(), Problem> {
    let organization = state.store.organization(organization_id).await?;
    let top_up = state.store.top_up(organization_id, top_up_id).await?;
    let word = DisputeWord {
        provider: state.provider.name().to_owned(),
        provider_ref: answer.provider_ref.clone(),
        top_up_id: top_up.id.clone(),
        amount: Money::from_minor(answer.amount_minor, answer.currency).ok_or(StoreError::Overflow)?,
        currency: answer.currency,
        reason: answer.reason.clone(),
        state: match answer.outcome {
            DisputeOutcome::NothingMoved => DisputeState::Noted,
            DisputeOutcome::Withdrawn => DisputeState::Withdrawn,
            DisputeOutcome::Returned => DisputeState::Returned,
        },
    };
    let taken = words(state, &organization, &top_up, answer, "Disputed")?;
    let back = words(state, &organization, &top_up, answer, "Dispute won:")?;
    let next = |present: &AutoPayState| Some(auto_pay::health::disputed(present));
    let now = state.clock.now();
    let applied = state.store.apply_dispute(organization_id, &word, &taken, &back, &next, now).await?;
    if applied.posted {
        state.events.publish(organization_id, Topic::Ledger);
        auto_pay::wake(state, organization_id);
    }
    if applied.auto_pay_changed {
        charge::look_at_waiting(state, organization_id).await?;
        state.events.publish(organization_id, Topic::AutoPay);
    }
    Ok(())
}

/// `Disputed top-up with Visa •• 4242`.
fn words(
    state: &AppState,
    organization: &Organization,
    top_up: &TopUp,
    answer: &DisputeAnswer,
    what: &str,
) -> Result<CreditLine, Problem> {
    let details = BTreeMap::from([
        ("top_up".to_owned(), top_up.id.clone()),
        ("dispute".to_owned(), answer.provider_ref.clone()),
        ("reason".to_owned(), answer.reason.clone()),
    ]);
    Ok(CreditLine {
        id: state.new_id()?,
        day: charge::day(organization, state.clock.now()),
        description: format!("{what} top-up with {} •• {}", brand_name(&top_up.card_brand), top_up.card_last4),
        source: "Card's bank".to_owned(),
        details,
    })
}
