//! Brings an open top-up to the provider's truth: from a worker, from the task of the request that made it, or while a
//! payer's page asks (docs/decisions/0016-intent-before-charge.md). Only the provider's answer posts a credit.

use std::future::Future;
use std::time::Duration;

use billing_domain::charge::{DeclineCode, Outcome, TopUpKind, TopUpStatus};
use billing_domain::{LeaseOwner, LinkId, Money, OrganizationId, PaymentRef, TextMap, Timestamp, TopUpId};
use billing_payments::{ChargeAnswer, ChargeOutcome, ChargeRequest, Presence, ProviderError, Reference};
use billing_store::{Applied, CreditLine, ProviderUpdate, StoreError, TopUp};

use crate::deadlines::{LEASE_RETRY, charge_challenge_ends};
use crate::events::Topic;
use crate::message::{UserMessage, ledger};
use crate::problem::Problem;
use crate::reconcile::card_setup::connected_effects;
use crate::reconcile::{Effect, ForgottenCard, organization_day};
use crate::state::AppState;

/// An intent that never reached the provider is given up after this: nobody expects the charge any more.
const START_SECONDS: i64 = 10 * 60;
/// A request that the provider has not received after this never left us (its own time limit is far shorter).
/// See docs/decisions/0017-close-a-silent-charge.md.
const SILENT_SECONDS: i64 = 60;
/// Short, so that after a crash somebody else soon takes over; prolonged while a call runs.
const LEASE_SECONDS: i64 = 15;
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Pauses before a busy provider is asked again.
const BUSY_PAUSES: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];

/// Reconciles the charge after whoever is just at it: their answer may be older than what has happened since.
pub(crate) async fn reconcile_charge_anew(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
) -> Result<Vec<Effect>, Problem> {
    loop {
        match reconcile_charge(state, organization_id, id).await? {
            Some(effects) => return Ok(effects),
            None => tokio::time::sleep(LEASE_RETRY).await,
        }
    }
}

/// Asks the provider once and applies its answer, unless the top-up is final already. `None`: somebody else is at it.
pub(crate) async fn reconcile_charge(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
) -> Result<Option<Vec<Effect>>, Problem> {
    match lease_charge(state, organization_id, id).await? {
        Some((top_up, owner)) => reconcile_leased(state, &top_up, &owner).await.map(Some),
        None => settle_unleased(state, organization_id, id).await,
    }
}

/// A person does not want a charge that waits for the cardholder: it is closed at the provider first, whose answer is
/// then applied, since it may have been paid just before. `None`: somebody else is at it.
#[tracing::instrument(skip_all, fields(organization = %organization_id, top_up = %id))]
pub(crate) async fn close_charge(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
) -> Result<Option<Vec<Effect>>, Problem> {
    let Some((top_up, owner)) = lease_charge(state, organization_id, id).await? else {
        return settle_unleased(state, organization_id, id).await;
    };
    // Only what waits for the cardholder can be given up; anything else is just asked about.
    let call = if top_up.status == TopUpStatus::ActionRequired { ProviderCall::Close } else { ProviderCall::Continue };
    call_and_apply(state, &top_up, &owner, call).await.map(Some)
}

/// Leases the top-up to a new owner. `None`: it is final, or somebody else is at it.
async fn lease_charge(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
) -> Result<Option<(TopUp, LeaseOwner)>, Problem> {
    // A new owner for each attempt, so that a lease that was lost is never taken for one's own.
    let (owner, now) = (state.new_id()?, state.clock.now());
    let until = now.plus_seconds(LEASE_SECONDS);
    let leased = state.store.lease_top_up(organization_id, id, &owner, until, now).await?;
    Ok(leased.map(|top_up| (top_up, owner)))
}

/// Of a top-up that could not be leased: nothing is left to do if it is final, else somebody else is at it.
async fn settle_unleased(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
) -> Result<Option<Vec<Effect>>, Problem> {
    // Final: whoever had the lease was done in the meantime.
    Ok(state.store.top_up(organization_id, id).await?.status.is_final().then(Vec::new))
}

/// Applies what was learned otherwise: that a charge has arrived.
pub(crate) async fn settle_received(
    state: &AppState,
    top_up: &TopUp,
    payment: &PaymentRef,
    received_minor: i64,
) -> Result<Vec<Effect>, Problem> {
    // Through the same path as an answer, so that there is one place that credits.
    let outcome = ChargeOutcome::Settled { received_minor };
    let answer = ChargeAnswer { provider_ref: Some(payment.clone()), outcome };
    match charge_update(top_up, Ok(Some(answer)), state.clock.now()) {
        Some(update) => apply_update(state, top_up, &update).await,
        None => Ok(Vec::new()),
    }
}

/// Leases what is due, of any organization: after a crash, a silence, or while the provider is still at it. Each with
/// the owner of the leases goes to [`reconcile_leased`].
pub(crate) async fn lease_due_charges(state: &AppState, limit: u32) -> Result<(LeaseOwner, Vec<TopUp>), Problem> {
    let (owner, now) = (state.new_id()?, state.clock.now());
    // All under one owner: one lease per turn, not one per row.
    let due = state.store.lease_due_top_ups(&owner, now.plus_seconds(LEASE_SECONDS), now, limit).await?;
    Ok((owner, due))
}

/// What the provider is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProviderCall {
    /// To begin, or how it stands.
    Continue,
    /// To close it, so that nothing comes of it any more.
    Close,
}

/// Asks the provider about a top-up that `owner` has leased, and applies its answer.
#[tracing::instrument(skip_all, fields(organization = %top_up.organization_id, top_up = %top_up.id))]
pub(crate) async fn reconcile_leased(
    state: &AppState,
    top_up: &TopUp,
    owner: &LeaseOwner,
) -> Result<Vec<Effect>, Problem> {
    let call = next_call(state, top_up).await?;
    call_and_apply(state, top_up, owner, call).await
}

/// What is too old is closed, and so is what waits for a cardholder although nobody wants it any more.
async fn next_call(state: &AppState, top_up: &TopUp) -> Result<ProviderCall, Problem> {
    let now = state.clock.now();
    let over = match top_up.status {
        // Never sent, or sent by somebody who died: after this time nobody expects the charge.
        TopUpStatus::Created => now.seconds_since(top_up.created_at) > START_SECONDS,
        // The bank's time is over, or another charge has taken its place.
        TopUpStatus::ActionRequired => !is_wanted(state, top_up).await? || now > charge_challenge_ends(top_up),
        _ => false,
    };
    Ok(if over { ProviderCall::Close } else { ProviderCall::Continue })
}

/// Whatever ended the pause for the cardholder has taken the place of an automatic charge.
/// See docs/decisions/0038-cardholder-confirmation.md.
async fn is_wanted(state: &AppState, top_up: &TopUp) -> Result<bool, Problem> {
    match top_up.kind {
        // A person's own payment is wanted until the person gives it up.
        TopUpKind::Manual => Ok(true),
        TopUpKind::Auto => {
            let auto_pay = state.store.auto_pay(&top_up.organization_id).await?;
            Ok(auto_pay.enabled && auto_pay.health.awaits_cardholder())
        }
    }
}

async fn call_and_apply(
    state: &AppState,
    top_up: &TopUp,
    owner: &LeaseOwner,
    call: ProviderCall,
) -> Result<Vec<Effect>, Problem> {
    let answer = hold_lease(state, top_up, owner, call_provider(state, top_up, call)).await;
    match charge_update(top_up, answer, state.clock.now()) {
        Some(update) => apply_update(state, top_up, &update).await,
        None => Ok(Vec::new()),
    }
}

/// Prolongs the lease for as long as the work takes.
async fn hold_lease<T>(state: &AppState, top_up: &TopUp, owner: &LeaseOwner, work: impl Future<Output = T>) -> T {
    let heartbeat = async {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            let now = state.clock.now();
            let until = now.plus_seconds(LEASE_SECONDS);
            // A lease that is lost does no harm: whoever has it asks by the same reference.
            let _ = state.store.lease_top_up(&top_up.organization_id, &top_up.id, owner, until, now).await;
        }
    };
    // Both are always polled: the work may itself be waiting for, or holding, the connection that the heartbeat needs.
    tokio::select! {
        done = work => done,
        never = heartbeat => never,
    }
}

/// The request, the same at every repetition.
fn charge_request(top_up: &TopUp) -> Option<ChargeRequest> {
    Some(ChargeRequest {
        // The same reference at each repetition: it is what keeps the provider from charging twice.
        reference: charge_reference(top_up),
        customer: top_up.organization_id.clone(),
        card_ref: top_up.card_ref.clone(),
        amount_minor: top_up.amount.to_minor_exact(top_up.currency)?,
        currency: top_up.currency,
        presence: match top_up.kind {
            TopUpKind::Manual => Presence::OnSession,
            // Nobody is there: the bank may want to ask the cardholder, and then the charge waits.
            TopUpKind::Auto => Presence::OffSession,
        },
        created_at: top_up.created_at,
    })
}

/// The name of the charge at the provider.
pub(crate) fn charge_reference(top_up: &TopUp) -> Reference {
    Reference::top_up(top_up.id.as_str(), top_up.attempt)
}

/// `Ok(None)`: the provider has not received it yet.
async fn call_provider(
    state: &AppState,
    top_up: &TopUp,
    call: ProviderCall,
) -> Result<Option<ChargeAnswer>, ProviderError> {
    let request = charge_request(top_up).ok_or_else(|| ProviderError::Refused("not a whole minor unit".to_owned()))?;
    let age = state.clock.now().seconds_since(top_up.created_at);
    let provider_ref = top_up.provider_ref.as_ref();
    if call == ProviderCall::Close {
        // By canceling, since only a closed reference proves that no money comes any more.
        return state.provider.cancel_charge(&request, provider_ref).await.map(Some);
    }
    if top_up.status == TopUpStatus::Created {
        // Starting is idempotent under the reference, also when the process died after the first call.
        return start_charge(state, &request).await.map(Some);
    }
    match state.provider.look_up_charge(&request, provider_ref).await? {
        // Not received for so long: closed, so that it is certain that nothing happened.
        None if age > SILENT_SECONDS => state.provider.cancel_charge(&request, provider_ref).await.map(Some),
        answer => Ok(answer),
    }
}

async fn start_charge(state: &AppState, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError> {
    // Busy means that nothing happened: only then is it asked again at once.
    let mut answer = state.provider.charge(request).await;
    for pause in BUSY_PAUSES {
        if answer != Err(ProviderError::Busy) {
            break;
        }
        tokio::time::sleep(pause).await;
        answer = state.provider.charge(request).await;
    }
    let Err(ProviderError::Refused(reason)) = answer else { return answer };
    // This may be the second time that we ask, after a crash: the first may have gone through before the refusals
    // began, or be on its way still. Only a closed reference proves that nothing happened and nothing will.
    match state.provider.cancel_charge(request, None).await {
        Ok(ChargeAnswer { outcome: ChargeOutcome::Cancelled, .. }) => Err(ProviderError::Refused(reason)),
        Ok(settled_before) => Ok(settled_before),
        // Not certain either way: the reconciliation goes on with it as unknown.
        Err(_) => Err(ProviderError::NoAnswer),
    }
}

/// What the answer, or its absence, means for the row. `None`: nothing new, it is asked again later.
fn charge_update(
    top_up: &TopUp,
    answer: Result<Option<ChargeAnswer>, ProviderError>,
    now: Timestamp,
) -> Option<ProviderUpdate> {
    let blank = ProviderUpdate {
        outcome: Outcome::NoAnswer,
        provider_ref: None,
        decline_code: None,
        next_action: None,
        received: None,
        next_check_at: next_check_at(top_up, Outcome::NoAnswer, now),
    };
    match answer {
        Ok(Some(answer)) => {
            let outcome = answer.outcome.as_domain();
            let (mut decline_code, mut next_action, mut received) = (None, None, None);
            match answer.outcome {
                ChargeOutcome::Declined(decline) => decline_code = Some(decline.code),
                ChargeOutcome::ActionRequired(action) => next_action = serde_json::to_string(&action).ok(),
                ChargeOutcome::Settled { received_minor } => {
                    // Only a difference is kept: the credit is what was received, not what was asked for.
                    received = Money::from_minor(received_minor, top_up.currency).filter(|got| *got != top_up.amount);
                }
                ChargeOutcome::Processing | ChargeOutcome::Cancelled => {}
            }
            let next_check_at = next_check_at(top_up, outcome, now);
            let provider_ref = answer.provider_ref;
            Some(ProviderUpdate { outcome, provider_ref, decline_code, next_action, received, next_check_at })
        }
        // A look-up that finds nothing, or gets no answer, is no news; a charge without an answer is.
        Ok(None) if top_up.status == TopUpStatus::Unknown => Some(blank),
        Err(ProviderError::NoAnswer) if matches!(top_up.status, TopUpStatus::Created | TopUpStatus::Unknown) => {
            Some(blank)
        }
        Ok(None) | Err(ProviderError::NoAnswer | ProviderError::Busy) => None,
        Err(ProviderError::Refused(reason)) => {
            tracing::error!(
                top_up = %top_up.id,
                reason,
                "the payment provider refuses our requests: check its settings"
            );
            // Our settings are at fault, not the card, so the code is one that invites another try.
            let decline_code = Some(DeclineCode::ProcessingError);
            // Only of a charge that was never taken up do we know that nothing happened.
            (top_up.status == TopUpStatus::Created).then_some(ProviderUpdate {
                outcome: Outcome::Declined,
                decline_code,
                ..blank
            })
        }
        Err(ProviderError::ReferenceReused) => {
            tracing::error!(top_up = %top_up.id, "the reference of this charge was used with other contents");
            // Something under this reference is not ours: nothing is concluded from it.
            Some(blank)
        }
    }
}

/// When to ask again: soon at first, then ever less often, at least every five minutes.
fn next_check_at(top_up: &TopUp, outcome: Outcome, now: Timestamp) -> Timestamp {
    let first = match outcome {
        Outcome::Accepted => 5,
        Outcome::ActionRequired => {
            let again = match top_up.kind {
                // A person is there and may confirm at any moment: the pause does not grow.
                TopUpKind::Manual => now.plus_seconds(60),
                TopUpKind::Auto => back_off(now, 60, top_up.checks),
            };
            // A second after the end at the latest, so that it is closed when the time is over.
            return again.min(charge_challenge_ends(top_up).plus_seconds(1));
        }
        _ => 10,
    };
    back_off(now, first, top_up.checks)
}

/// When to ask the provider again: after `first` seconds, twice as long after each of the `checks` before, at least every
/// five minutes.
pub(crate) fn back_off(now: Timestamp, first: i64, checks: i64) -> Timestamp {
    // Five doublings pass the five minutes already; more would only risk an overflow.
    let doublings = u32::try_from(checks.clamp(0, 5)).unwrap_or(0);
    now.plus_seconds((first << doublings).min(300))
}

/// Writes the answer down, with the credit if it settles; what follows for everybody who watches.
async fn apply_update(state: &AppState, top_up: &TopUp, update: &ProviderUpdate) -> Result<Vec<Effect>, Problem> {
    let now = state.clock.now();
    // Read before the transaction: the ledger line needs the organization's day.
    let organization = state.store.organization(&top_up.organization_id).await?;
    let credit = CreditLine {
        id: state.new_id()?,
        day: organization_day(&organization, now),
        description: credit_description(top_up),
        // A name, not an id: the ledger is read by people.
        source: credit_source(state, top_up).await,
        details: credit_details(top_up, update),
    };
    let applied = state.store.apply_top_up(&organization.id, &top_up.id, update, &credit, now).await?;
    // Applied before, by somebody else: nobody needs to be woken twice.
    if !applied.changed {
        return Ok(Vec::new());
    }
    let mut effects = applied_effects(&applied);
    if let Some(link_id) = &applied.top_up.link_id {
        effects.extend(link_effects(state, &applied.top_up, link_id).await);
    }
    Ok(effects)
}

fn applied_effects(applied: &Applied) -> Vec<Effect> {
    let top_up = &applied.top_up;
    let id = &top_up.organization_id;
    let mut effects = vec![Effect::publish(id, Topic::TopUp(top_up.id.clone()))];
    if let Some(request) = &applied.approved_request {
        effects.push(Effect::publish(id, Topic::Request(request.clone())));
    }
    if applied.credit.is_some() {
        // After the line is committed, never before: a stream reads the database when it is woken.
        effects.push(Effect::publish(id, Topic::Ledger));
    }
    // What is pending is part of the wallet's figures, and of the plan.
    effects.push(Effect::publish(id, Topic::Wallet));
    effects.push(Effect::WakeAutoPay(id.clone()));
    // Even where its row did not change, an automatic charge is part of what the health shows.
    if applied.auto_pay_changed || top_up.kind == TopUpKind::Auto {
        effects.push(Effect::publish(id, Topic::AutoPay));
    }
    if top_up.status.is_final() {
        effects.push(Effect::CountTopUp(Box::new(top_up.clone())));
    }
    effects
}

/// What the outcome of its charge means for a payment link beyond what was written with it.
async fn link_effects(state: &AppState, top_up: &TopUp, link_id: &LinkId) -> Vec<Effect> {
    let organization_id = &top_up.organization_id;
    let mut effects = vec![Effect::publish(organization_id, Topic::Link(link_id.to_owned()))];
    // An open charge leaves the link's card as it is.
    if top_up.status.is_open() {
        return effects;
    }
    match state.store.card(organization_id, &top_up.card_id).await {
        Ok(card) => effects.extend(connected_effects(&card)),
        Err(StoreError::NotFound) => effects.push(Effect::ForgetCard(ForgottenCard {
            organization_id: organization_id.clone(),
            card_ref: top_up.card_ref.clone(),
        })),
        // The charge is applied; only who watches the cards learns of it later.
        Err(error) => tracing::warn!(top_up = %top_up.id, %error, "the card of a payment link could not be read"),
    }
    effects
}

/// `Top-up with Visa •• 4242`.
fn credit_description(top_up: &TopUp) -> String {
    let card = ledger::card_name(&top_up.card_brand, &top_up.card_last4);
    let message = match top_up.kind {
        TopUpKind::Manual => UserMessage::ledger_top_up(&card),
        TopUpKind::Auto => UserMessage::ledger_automatic_top_up(&card),
    };
    message.english()
}

/// Who paid. A name that cannot be read must not keep money from arriving.
async fn credit_source(state: &AppState, top_up: &TopUp) -> String {
    match &top_up.requested_by {
        None if top_up.link_id.is_some() => UserMessage::source_payment_link().english(),
        // Taken in from the provider after a backup was restored: who began it is lost.
        None if top_up.kind == TopUpKind::Manual => String::new(),
        None => UserMessage::source_automatic_payments().english(),
        Some(user) => {
            state.store.member(&top_up.organization_id, user).await.map(|member| member.name).unwrap_or_default()
        }
    }
}

fn credit_details(top_up: &TopUp, update: &ProviderUpdate) -> TextMap {
    let mut details = TextMap::from([
        ("card_brand".to_owned(), top_up.card_brand.clone()),
        ("card_last4".to_owned(), top_up.card_last4.clone()),
    ]);
    if let Some(provider_ref) = update.provider_ref.as_ref().or(top_up.provider_ref.as_ref()) {
        details.insert("charge".to_owned(), provider_ref.to_string());
    }
    details
}
