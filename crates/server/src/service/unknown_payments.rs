//! Payments that the provider has and this database does not know, because it was restored from a backup: the operator is
//! notified of each, and the wallet is credited once its owner is certain.

use billing_domain::{Currency, Money, OrganizationId, OrganizationMark, PaymentRef, TopUpId, TopUpMark};
use billing_payments::{CardFacts, ReceivedPayment, Subject};
use billing_store::{ReceivedTopUp, StoreError, UnknownPayment};

use crate::effects::run_effects;
use crate::problem::Problem;
use crate::reconcile::card_setup::new_card;
use crate::reconcile::charge::settle_received;
use crate::reconcile::{find_marked_charge, marked_top_up};
use crate::service::early_events;
use crate::state::AppState;

/// Payments that are looked at again in one turn.
const AT_ONCE: u32 = 100;

/// Why a payment is not credited that is just being credited: what a crash in between leaves is found and gone on with.
const BEGUN: &str = "it is just being credited";
/// Why a payment is not credited whose mark names an organization that this database does not have.
const NO_ORGANIZATION: &str = "its organization is not here";

/// Asks the provider about a payment, and takes it up if its top-up is not here. One that has not arrived moves nothing.
pub(crate) async fn look_up(state: &AppState, provider_ref: &PaymentRef) -> Result<(), Problem> {
    let Some(payment) = ask_provider(state, provider_ref).await? else { return Ok(()) };
    let Some(marked) = marked_top_up(&payment.reference) else { return Ok(()) };
    if find_marked_charge(state, &marked).await?.is_some() {
        return Ok(());
    }
    take_up(state, &payment).await
}

/// Looks again at those that are not credited: what was missing may be here by now.
pub(crate) async fn retry_unknown(state: &AppState) -> Result<(), Problem> {
    let provider = state.provider.name();
    for known in state.store.unknown_payments(AT_ONCE).await? {
        if known.credited_at.is_none()
            && known.provider == provider
            && let Some(payment) = ask_provider(state, &known.provider_ref).await?
        {
            take_up(state, &payment).await?;
        }
    }
    early_events::apply_due_events(state).await
}

async fn ask_provider(state: &AppState, provider_ref: &PaymentRef) -> Result<Option<ReceivedPayment>, Problem> {
    state.provider.look_up_payment(provider_ref).await.map_err(|error| {
        tracing::warn!(payment = %provider_ref, %error, "a payment that is not known here could not be looked up");
        Problem::provider_silent()
    })
}

async fn take_up(state: &AppState, payment: &ReceivedPayment) -> Result<(), Problem> {
    let Some(Subject::TopUp { id, attempt }) = payment.reference.subject() else { return Ok(()) };
    let id = &TopUpMark::new(id);
    let reason = match check_complete(payment, id) {
        Ok(credit) => {
            state.store.note_unknown_payment(&unknown_payment(state, payment, id, Some(BEGUN))).await?;
            take_in(state, payment, attempt, credit).await?
        }
        Err(reason) => Some(reason),
    };
    if !state.store.record_unknown_payment(&unknown_payment(state, payment, id, reason)).await? {
        return Ok(());
    }
    let (payment, organization) =
        (&payment.provider_ref, payment.organization.as_ref().map_or("", OrganizationMark::as_str));
    if let Some(reason) = reason {
        tracing::error!(
            %payment,
            top_up = %id,
            organization,
            reason,
            "a payment that this database does not know is not credited: see `nexis-billing doctor`"
        );
    } else {
        tracing::warn!(%payment, top_up = %id, organization, "a payment that this database did not know is credited");
        early_events::apply_due_events(state).await?;
    }
    Ok(())
}

/// What is written down: why it is not credited, or, without a reason, that it is.
fn unknown_payment(
    state: &AppState,
    payment: &ReceivedPayment,
    top_up_id: &TopUpMark,
    reason: Option<&str>,
) -> UnknownPayment {
    let now = state.clock.now();
    UnknownPayment {
        provider: state.provider.name().to_owned(),
        provider_ref: payment.provider_ref.clone(),
        top_up_id: top_up_id.to_owned(),
        organization_id: payment.organization.clone(),
        amount_minor: payment.received_minor,
        currency: payment.currency_code.clone(),
        paid_at: payment.created_at,
        noted_at: now,
        credited_at: reason.is_none().then_some(now),
        reason: reason.map(str::to_owned),
    }
}

/// What a credit needs.
struct Credit<'a> {
    top_up_id: TopUpId,
    organization_id: OrganizationId,
    currency: Currency,
    amount: Money,
    card: &'a CardFacts,
}

/// All of it, if the payment says it; else why it cannot be credited.
/// See docs/decisions/0023-unknown-payments.md.
fn check_complete<'a>(payment: &'a ReceivedPayment, marked_top_up: &TopUpMark) -> Result<Credit<'a>, &'static str> {
    // Several marks name the owner; only where they agree is it certain.
    let organization = payment.organization.as_ref().filter(|_| payment.owner_is_certain);
    let organization = organization.ok_or("its marks do not agree whose it is")?;
    let currency = payment.currency.ok_or("no wallet has its currency")?;
    let amount = Money::from_minor(payment.amount_minor, currency).filter(|amount| amount.is_positive());
    let amount = amount.ok_or("its amount fits no ledger")?;
    let card = payment.card.as_ref().ok_or("it was not paid by a card")?;
    // Last: what else is wrong can be put right at the provider or here, these never can.
    let organization_id = organization.id().ok_or(NO_ORGANIZATION)?;
    let top_up_id = marked_top_up.id().ok_or("its mark names no top-up that this program could have made")?;
    Ok(Credit { top_up_id, organization_id, currency, amount, card })
}

/// Writes the top-up down and credits it. `Some`: why that cannot be.
async fn take_in(
    state: &AppState,
    payment: &ReceivedPayment,
    attempt: i64,
    credit: Credit<'_>,
) -> Result<Option<&'static str>, Problem> {
    let received = ReceivedTopUp {
        top_up_id: credit.top_up_id,
        attempt,
        amount: credit.amount,
        currency: credit.currency,
        provider_ref: payment.provider_ref.clone(),
        card: new_card(state.new_id()?, state.provider.name(), credit.card.clone()),
    };
    let top_up = match state.store.take_in_top_up(&credit.organization_id, &received, state.clock.now()).await {
        Err(StoreError::NotFound) => return Ok(Some(NO_ORGANIZATION)),
        Err(StoreError::Conflict(_)) => {
            return Ok(Some("its currency is not the wallet's, or its top-up is another one's"));
        }
        top_up => top_up?,
    };
    // The amount that was received counts, not the one that was asked for.
    let effects = settle_received(state, &top_up, &payment.provider_ref, payment.received_minor).await?;
    run_effects(state, effects).await?;
    Ok(None)
}
