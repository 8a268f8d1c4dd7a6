//! Drives an open top-up to the provider's truth, from a worker, from the task of the request that made it, or while a
//! payer's page asks (docs/decisions/0016-intent-before-charge.md). Its word alone posts a credit.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use billing_domain::auto_pay::CONFIRM_SECONDS;
use billing_domain::card::brand_name;
use billing_domain::charge::{DeclineCode, Outcome, TopUpStatus};
use billing_domain::{Date, Money, Timestamp};
use billing_payments::{ChargeAnswer, ChargeOutcome, ChargeRequest, Presence, ProviderError, Reference};
use billing_store::{Applied, AutoPayState, CreditLine, Organization, ProviderWord, TopUp, TopUpKind};
use tokio::task::JoinHandle;

use crate::calendar::Calendar;
use crate::events::Topic;
use crate::problem::Problem;
use crate::service::{auto_pay, pay};
use crate::state::AppState;

/// A cardholder who sits at the page and has not confirmed by then will not.
const CHALLENGE_SECONDS: i64 = 15 * 60;
/// When a worker may take a charge over from the task that is started with it.
pub(crate) const HANDOVER_SECONDS: i64 = 10;
/// An intent that never reached the provider is given up after this: nobody expects the charge any more.
const START_SECONDS: i64 = 10 * 60;
/// A request that the provider has not heard of after this never left us (its own time limit is far shorter).
/// See docs/decisions/0017-close-a-silent-charge.md.
const SILENT_SECONDS: i64 = 60;
/// Short, so that after a crash somebody else soon takes over; prolonged while a call runs.
const LEASE_SECONDS: i64 = 15;
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a request waits for the outcome before it answers with the state as it is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries to have what somebody else is at.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);
/// Pauses before a busy provider is asked again.
const BUSY_PAUSES: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];

/// When a cardholder who has not confirmed is not waited for any more.
pub(crate) fn challenge_ends(top_up: &TopUp) -> Timestamp {
    top_up.created_at.plus_seconds(match top_up.kind {
        TopUpKind::Manual => CHALLENGE_SECONDS,
        TopUpKind::Auto => CONFIRM_SECONDS,
    })
}

/// Drives the top-up in a task of its own, which a dropped request does not stop.
/// See docs/decisions/0016-intent-before-charge.md.
pub(crate) fn start(state: &AppState, organization_id: &str, id: &str) -> JoinHandle<()> {
    let (state, organization_id, id) = (state.clone(), organization_id.to_owned(), id.to_owned());
    state.tasks.clone().spawn(async move {
        if let Err(problem) = drive(&state, &organization_id, &id).await {
            // Still open in the database: the reconciler goes on with it.
            tracing::warn!(top_up = id, problem = problem.document().detail, "a top-up could not be driven on");
        }
    })
}

/// Asks the provider how the top-up stands now, after whoever is just asking: their answer may be older than what has
/// happened since.
pub(crate) async fn drive_anew(state: &AppState, organization_id: &str, id: &str) -> Result<(), Problem> {
    while !drive(state, organization_id, id).await? {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// The same in a task of its own, waited for a while; late or failed, the row says how it stands.
pub(crate) async fn ask_anew(state: &AppState, organization_id: &str, id: &str) {
    let work = {
        let (state, organization_id, id) = (state.clone(), organization_id.to_owned(), id.to_owned());
        async move { drive_anew(&state, &organization_id, &id).await }
    };
    if let Ok(Ok(Err(problem))) = tokio::time::timeout(PATIENCE, state.tasks.spawn(work)).await {
        tracing::warn!(top_up = id, problem = problem.document().detail, "a top-up could not be driven on");
    }
}

/// Asks the provider once and takes its word, unless it is final already. `false`: somebody else is at it.
pub(crate) async fn drive(state: &AppState, organization_id: &str, id: &str) -> Result<bool, Problem> {
    let (owner, now) = (state.new_id()?, state.clock.now());
    let until = now.plus_seconds(LEASE_SECONDS);
    match state.store.lease_top_up(organization_id, id, &owner, until, now).await? {
        Some(top_up) => drive_leased(state, &top_up, &owner).await.map(|()| true),
        None => Ok(state.store.top_up(organization_id, id).await?.status.is_final()),
    }
}

/// A person does not want a charge that waits for the cardholder: it is closed at the provider first, whose word is then
/// taken, since it may have been paid just before. `false`: somebody else is at it.
pub(crate) async fn give_up(state: &AppState, organization_id: &str, id: &str) -> Result<bool, Problem> {
    let (owner, now) = (state.new_id()?, state.clock.now());
    let until = now.plus_seconds(LEASE_SECONDS);
    let Some(top_up) = state.store.lease_top_up(organization_id, id, &owner, until, now).await? else {
        return Ok(state.store.top_up(organization_id, id).await?.status.is_final());
    };
    let step = if top_up.status == TopUpStatus::ActionRequired { Step::Close } else { Step::Ask };
    take(state, &top_up, &owner, step).await.map(|()| true)
}

/// Takes the provider's word, heard otherwise, that a charge has arrived.
pub(crate) async fn settle_received(
    state: &AppState,
    top_up: &TopUp,
    provider_ref: &str,
    received_minor: i64,
) -> Result<(), Problem> {
    let outcome = ChargeOutcome::Settled { received_minor };
    let answer = ChargeAnswer { provider_ref: provider_ref.to_owned(), outcome };
    match word(top_up, Ok(Some(answer)), state.clock.now()) {
        Some(word) => apply(state, top_up, &word).await,
        None => Ok(()),
    }
}

/// Looks at the automatic charges of an organisation that wait for the cardholder, after something that may have taken
/// their place.
pub(crate) async fn look_at_waiting(state: &AppState, organization_id: &str) -> Result<(), Problem> {
    for top_up in state.store.open_top_ups(organization_id).await? {
        if top_up.kind == TopUpKind::Auto && top_up.status == TopUpStatus::ActionRequired {
            start(state, organization_id, &top_up.id);
        }
    }
    Ok(())
}

/// Takes over what is due, of any organisation: after a crash, a silence, or while the provider is still at it.
pub(crate) async fn drive_due(state: &AppState, limit: u32) -> Result<(), Problem> {
    let (owner, now) = (state.new_id()?, state.clock.now());
    let due = state.store.lease_due_top_ups(&owner, now.plus_seconds(LEASE_SECONDS), now, limit).await?;
    let driven = due.iter().map(|top_up| drive_leased(state, top_up, &owner));
    for (top_up, result) in due.iter().zip(futures_util::future::join_all(driven).await) {
        if let Err(problem) = result {
            tracing::warn!(top_up = top_up.id, problem = problem.document().detail, "a top-up could not be driven on");
        }
    }
    Ok(())
}

/// What the provider is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// To begin, or how it stands.
    Ask,
    /// To close it, so that nothing comes of it any more.
    Close,
}

async fn drive_leased(state: &AppState, top_up: &TopUp, owner: &str) -> Result<(), Problem> {
    let step = next_step(state, top_up).await?;
    take(state, top_up, owner, step).await
}

/// What is too old is closed, and so is what waits for a cardholder although nobody wants it any more.
async fn next_step(state: &AppState, top_up: &TopUp) -> Result<Step, Problem> {
    let now = state.clock.now();
    let over = match top_up.status {
        TopUpStatus::Created => now.seconds_since(top_up.created_at) > START_SECONDS,
        TopUpStatus::ActionRequired => {
            let unwanted = top_up.kind == TopUpKind::Auto
                && !auto_pay::health::wants_waiting_charge(&state.store.auto_pay(&top_up.organization_id).await?);
            unwanted || now > challenge_ends(top_up)
        }
        _ => false,
    };
    Ok(if over { Step::Close } else { Step::Ask })
}

async fn take(state: &AppState, top_up: &TopUp, owner: &str, step: Step) -> Result<(), Problem> {
    let heard = holding_the_lease(state, top_up, owner, ask(state, top_up, step)).await;
    let Some(word) = word(top_up, heard, state.clock.now()) else { return Ok(()) };
    apply(state, top_up, &word).await
}

/// Prolongs the lease for as long as the work takes.
async fn holding_the_lease<T>(state: &AppState, top_up: &TopUp, owner: &str, work: impl Future<Output = T>) -> T {
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

/// The words of the request, the same at every repetition.
fn request(top_up: &TopUp) -> Option<ChargeRequest> {
    Some(ChargeRequest {
        reference: reference(top_up),
        customer: top_up.organization_id.clone(),
        card_ref: top_up.card_ref.clone(),
        amount_minor: top_up.amount.to_minor_exact(top_up.currency)?,
        currency: top_up.currency,
        presence: match top_up.kind {
            TopUpKind::Manual => Presence::OnSession,
            TopUpKind::Auto => Presence::OffSession,
        },
        created_at: top_up.created_at,
    })
}

/// The name of the charge at the provider.
pub(crate) fn reference(top_up: &TopUp) -> Reference {
    Reference::top_up(&top_up.id, top_up.attempt)
}

/// `Ok(None)`: the provider has not heard of it yet.
async fn ask(state: &AppState, top_up: &TopUp, step: Step) -> Result<Option<ChargeAnswer>, ProviderError> {
    let request = request(top_up).ok_or_else(|| ProviderError::Refused("not a whole minor unit".to_owned()))?;
    let age = state.clock.now().seconds_since(top_up.created_at);
    let provider_ref = top_up.provider_ref.as_deref();
    if step == Step::Close {
        return state.provider.cancel_charge(&request, provider_ref).await.map(Some);
    }
    if top_up.status == TopUpStatus::Created {
        return charge(state, &request).await.map(Some);
    }
    match state.provider.look_up_charge(&request, provider_ref).await? {
        None if age > SILENT_SECONDS => state.provider.cancel_charge(&request, provider_ref).await.map(Some),
        heard => Ok(heard),
    }
}

async fn charge(state: &AppState, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError> {
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
        Err(_) => Err(ProviderError::NoAnswer),
    }
}

/// What the answer, or its absence, means for the row. `None`: nothing new, it is asked again later.
fn word(top_up: &TopUp, heard: Result<Option<ChargeAnswer>, ProviderError>, now: Timestamp) -> Option<ProviderWord> {
    let blank = ProviderWord {
        outcome: Outcome::NoAnswer,
        provider_ref: None,
        decline_code: None,
        next_action: None,
        received: None,
        next_check_at: next_check(top_up, Outcome::NoAnswer, now),
    };
    match heard {
        Ok(Some(answer)) => {
            let outcome = answer.outcome.as_domain();
            let (mut decline_code, mut next_action, mut received) = (None, None, None);
            match answer.outcome {
                ChargeOutcome::Declined(decline) => decline_code = Some(decline.code),
                ChargeOutcome::ActionRequired(action) => next_action = serde_json::to_string(&action).ok(),
                ChargeOutcome::Settled { received_minor } => {
                    received = Money::from_minor(received_minor, top_up.currency).filter(|got| *got != top_up.amount);
                }
                ChargeOutcome::Processing | ChargeOutcome::Cancelled => {}
            }
            let next_check_at = next_check(top_up, outcome, now);
            let provider_ref = Some(answer.provider_ref);
            Some(ProviderWord { outcome, provider_ref, decline_code, next_action, received, next_check_at })
        }
        // A look-up that finds or hears nothing is no news; a charge without an answer is.
        Ok(None) if top_up.status == TopUpStatus::Unknown => Some(blank),
        Err(ProviderError::NoAnswer) if matches!(top_up.status, TopUpStatus::Created | TopUpStatus::Unknown) => {
            Some(blank)
        }
        Ok(None) | Err(ProviderError::NoAnswer | ProviderError::Busy) => None,
        Err(ProviderError::Refused(reason)) => {
            tracing::error!(
                top_up = top_up.id,
                reason,
                "the payment provider refuses our requests: check its settings"
            );
            let decline_code = Some(DeclineCode::ProcessingError);
            // Only of a charge that was never taken up do we know that nothing happened.
            (top_up.status == TopUpStatus::Created).then_some(ProviderWord {
                outcome: Outcome::Declined,
                decline_code,
                ..blank
            })
        }
        Err(ProviderError::ReferenceReused) => {
            tracing::error!(top_up = top_up.id, "the reference of this charge was used with other contents");
            Some(blank)
        }
    }
}

/// When to ask again: soon at first, then ever less often, at least every five minutes.
fn next_check(top_up: &TopUp, outcome: Outcome, now: Timestamp) -> Timestamp {
    let first = match outcome {
        Outcome::Accepted => 5,
        Outcome::ActionRequired => {
            let again = match top_up.kind {
                TopUpKind::Manual => now.plus_seconds(60),
                TopUpKind::Auto => ask_again(now, 60, top_up.checks),
            };
            return again.min(challenge_ends(top_up).plus_seconds(1));
        }
        _ => 10,
    };
    ask_again(now, first, top_up.checks)
}

/// When to ask the provider again: after `first` seconds, twice as long after each of the `checks` before, at least every
/// five minutes.
pub(crate) fn ask_again(now: Timestamp, first: i64, checks: i64) -> Timestamp {
    let doublings = u32::try_from(checks.clamp(0, 5)).unwrap_or(0);
    now.plus_seconds((first << doublings).min(300))
}

/// The organisation's day. A zone that is unknown by now must not keep money from moving.
pub(crate) fn day(organization: &Organization, now: Timestamp) -> Date {
    Calendar::of(&organization.time_zone).map_or_else(|_| now.utc_date(), |calendar| calendar.date_of(now))
}

/// Writes the word down, with the credit if it settles, and tells everybody who watches.
async fn apply(state: &AppState, top_up: &TopUp, word: &ProviderWord) -> Result<(), Problem> {
    let now = state.clock.now();
    let organization = state.store.organization(&top_up.organization_id).await?;
    let credit = CreditLine {
        id: state.new_id()?,
        day: day(&organization, now),
        description: description(top_up),
        source: source(state, top_up).await,
        details: details(top_up, word),
    };
    let health = |present: &AutoPayState| auto_pay::health::after(present, top_up.kind, word, top_up.created_at);
    let applied = state.store.apply_top_up(&organization.id, &top_up.id, word, &credit, &health, now).await?;
    tell(state, &applied);
    if applied.changed && applied.top_up.status.is_final() {
        state.metrics.topped_up(applied.top_up.kind.as_str(), applied.top_up.status.as_str());
    }
    if applied.changed { Box::pin(pay::after_charge(state, &applied.top_up)).await } else { Ok(()) }
}

fn tell(state: &AppState, applied: &Applied) {
    let id = &applied.top_up.organization_id;
    if !applied.changed {
        return;
    }
    state.events.publish(id, Topic::TopUp(applied.top_up.id.clone()));
    if let Some(request) = &applied.approved_request {
        state.events.publish(id, Topic::Request(request.clone()));
    }
    if applied.credit.is_some() {
        state.events.publish(id, Topic::Ledger);
    }
    // What is pending is part of the wallet's figures, and of the plan.
    state.events.publish(id, Topic::Wallet);
    auto_pay::wake(state, id);
    if applied.auto_pay_changed || applied.top_up.kind == TopUpKind::Auto {
        state.events.publish(id, Topic::AutoPay);
    }
}

/// `Top-up with Visa •• 4242`.
fn description(top_up: &TopUp) -> String {
    let what = match top_up.kind {
        TopUpKind::Manual => "Top-up",
        TopUpKind::Auto => "Automatic top-up",
    };
    format!("{what} with {} •• {}", brand_name(&top_up.card_brand), top_up.card_last4)
}

/// Who paid. A name that cannot be read must not keep money from arriving.
async fn source(state: &AppState, top_up: &TopUp) -> String {
    match &top_up.requested_by {
        None if top_up.link_id.is_some() => "Payment link".to_owned(),
        // Taken in from the provider after a backup was restored: who began it is lost.
        None if top_up.kind == TopUpKind::Manual => String::new(),
        None => "Automatic payments".to_owned(),
        Some(user) => {
            state.store.member(&top_up.organization_id, user).await.map(|member| member.name).unwrap_or_default()
        }
    }
}

fn details(top_up: &TopUp, word: &ProviderWord) -> BTreeMap<String, String> {
    let mut details = BTreeMap::from([
        ("card_brand".to_owned(), top_up.card_brand.clone()),
        ("card_last4".to_owned(), top_up.card_last4.clone()),
    ]);
    if let Some(provider_ref) = word.provider_ref.as_ref().or(top_up.provider_ref.as_ref()) {
        details.insert("charge".to_owned(), provider_ref.clone());
    }
    details
}
