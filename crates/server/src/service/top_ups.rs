//! Manual top-ups: the intent is written once for an idempotency key, a task of its own charges, the answer is the
//! row as it then is.

use billing_contract::ProblemCode;
use billing_contract::top_up::{CreateTopUp, TopUp as TopUpView};
use billing_domain::charge::TopUpStatus;
use billing_domain::{CardId, OrganizationId, RequestId, Timestamp, TopUpId};
use billing_payments::ProviderError;
use billing_store::{Created, IdempotencyKey, NewTopUp, Pace, StoreError, TopUp};

use crate::deadlines::{HANDOVER_SECONDS, LEASE_RETRY, OUTCOME_PATIENCE, charge_challenge_ends};
use crate::effects::{run_effects, spawn_charge};
use crate::events::Topic;
use crate::message::UserMessage;
use crate::message::amount::describe_in_range;
use crate::problem::{Detail, Problem};
use crate::reconcile::ChargeId;
use crate::reconcile::charge::{charge_reference, close_charge};
use crate::service::charges::wait_for_charge;
use crate::service::fingerprint::request_fingerprint;
use crate::service::organizations::require_open;
use crate::service::requests;
use crate::service::sessions::{self, SignedInMember};
use crate::state::AppState;
use crate::view::top_up::map_top_up;

/// What `POST /top-ups` answers.
#[derive(Clone, Debug)]
pub(crate) struct CreatedTopUp {
    /// The top-up as it is now; a decline is a problem that names it.
    pub(crate) outcome: Result<TopUpView, Problem>,
    /// This key had made it before.
    pub(crate) replayed: bool,
}

/// Charges a card for the wallet, at most once for a key.
pub(crate) async fn create_top_up(
    state: &AppState,
    member: &SignedInMember,
    key: String,
    form: &CreateTopUp,
) -> Result<CreatedTopUp, Problem> {
    let organization = &member.organization;
    require_open(organization)?;
    let limits = state.config.limits(organization.currency);
    let amount = limits
        .parse(form.amount.text())
        .map_err(|error| Problem::field("/amount", error.code(), describe_in_range(error, &limits)))?;
    let now = state.clock.now();
    let new = NewTopUp {
        id: state.new_id()?,
        amount: amount.money(),
        card_id: card_id(state, &organization.id, form).await?,
        requested_by: Some(member.user.id.clone()),
        // After that time a worker may take it over: whoever is here has given up or died.
        next_check_at: now.plus_seconds(HANDOVER_SECONDS),
    };
    let amount = new.amount.to_string();
    // What makes two requests the same; the key stands for exactly this.
    let mut used_for = vec!["POST /top-ups", &amount, form.card_id.as_deref().unwrap_or_default()];
    used_for.extend(form.request_id.as_deref());
    let key = IdempotencyKey { key, fingerprint: request_fingerprint(&used_for) };
    let request = match &form.request_id {
        Some(id) => Some(existing_request(state, member, id).await?),
        None => None,
    };
    let (most, pace) = state.config.pace(organization.currency);
    // The limit that needs no password is passed along, and checked under the wallet's lock.
    let pace = Pace { unconfirmed: (!sessions::is_confirmed(state, member)).then_some(most), ..pace };
    match state.store.create_paced_top_up(&organization.id, &new, request.as_ref(), &key, pace, now).await {
        Ok(Created::New(top_up)) => {
            // Before the provider is asked: whoever watches sees the top-up as soon as it is written.
            state.events.publish(&organization.id, Topic::TopUp(top_up.id.clone()));
            state.events.publish(&organization.id, Topic::Wallet);
            settle_top_up(state, &organization.id, &top_up.id).await;
            answer_top_up(state, &organization.id, &top_up.id, false).await
        }
        Ok(Created::Replay(top_up)) => answer_top_up(state, &organization.id, &top_up.id, true).await,
        Ok(Created::Reused | Created::Blocked) => Err(Problem::new(
            ProblemCode::IdempotencyKeyReused,
            Detail::general("This idempotency key was used for another request. Use a new key for a new top-up."),
        )),
        Err(StoreError::NotFound) => Err(no_card(form)),
        Err(StoreError::TooFast { again_at }) => Err(too_fast(UserMessage::top_up_pace(), again_at, now)),
        // A second payment for one request is nobody's intent. Whoever wants to add money all the same leaves it out.
        Err(StoreError::Conflict("request")) => {
            Err(Problem::new(ProblemCode::Conflict, UserMessage::request_answered_nothing_charged()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `again_at`: when it may fit.
pub(crate) fn too_fast(detail: UserMessage, again_at: Timestamp, now: Timestamp) -> Problem {
    // Negative when that moment is over by now: then a second will do.
    let seconds = u32::try_from(again_at.seconds_since(now)).unwrap_or(1);
    Problem::retry_later(ProblemCode::TooManyRequests, detail, seconds)
}

/// The named card, else the default one. Whether it exists is the store's to say, after it has looked for the key: a
/// repetition is answered even when its card is gone by now.
async fn card_id(
    state: &AppState,
    organization_id: &OrganizationId,
    form: &CreateTopUp,
) -> Result<Option<CardId>, Problem> {
    if let Some(id) = &form.card_id {
        // An id that is none is no card; the store answers as for an unknown one.
        return Ok(id.parse().ok());
    }
    let cards = state.store.cards(organization_id).await?;
    Ok(cards.into_iter().find(|card| card.is_default).map(|card| card.id))
}

async fn existing_request(state: &AppState, member: &SignedInMember, id: &str) -> Result<RequestId, Problem> {
    let unknown = || Problem::field("/request_id", "unknown_request", UserMessage::request_unknown());
    let id = id.parse().map_err(|_| unknown())?;
    match requests::get_request(state, member, &id).await {
        Ok(_) => Ok(id),
        // Not "not found": the address of the request is right, the field is wrong.
        Err(problem) if problem.document().status == 404 => Err(unknown()),
        Err(problem) => Err(problem),
    }
}

fn no_card(form: &CreateTopUp) -> Problem {
    if form.card_id.is_some() {
        Problem::field("/card_id", "unknown_card", UserMessage::card_unknown())
    } else {
        Problem::new(ProblemCode::CardRequired, UserMessage::top_up_card_required())
    }
}

/// Reconciles the charge and waits a while. The task goes on when this request is dropped.
async fn settle_top_up(state: &AppState, organization_id: &OrganizationId, id: &TopUpId) {
    let charge = ChargeId { organization_id: organization_id.to_owned(), top_up_id: id.to_owned() };
    let task = spawn_charge(state, charge);
    // Late or failed: the row says how it stands, and the reconciler goes on with it.
    let _ = tokio::time::timeout(OUTCOME_PATIENCE, task).await;
}

async fn answer_top_up(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
    replayed: bool,
) -> Result<CreatedTopUp, Problem> {
    let top_up = map_top_up(&state.store.top_up(organization_id, id).await?);
    let outcome = match &top_up.decline {
        Some(decline) => Err(Problem::declined(decline, id)),
        None => Ok(top_up),
    };
    Ok(CreatedTopUp { outcome, replayed })
}

pub(crate) async fn get_top_up(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
) -> Result<TopUpView, Problem> {
    find_top_up(state, organization_id, id).await.map(|top_up| map_top_up(&top_up))
}

/// Every top-up whose outcome is not known yet, newest first.
pub(crate) async fn open_top_ups(
    state: &AppState,
    organization_id: &OrganizationId,
) -> Result<Vec<TopUpView>, Problem> {
    Ok(state.store.open_top_ups(organization_id).await?.iter().map(map_top_up).collect())
}

async fn find_top_up(state: &AppState, organization_id: &OrganizationId, id: &TopUpId) -> Result<TopUp, Problem> {
    match state.store.top_up(organization_id, id).await {
        Err(StoreError::NotFound) => Err(Problem::not_found()),
        found => Ok(found?),
    }
}

/// Asks the provider what became of it ("Check status"), unless that is known.
pub(crate) async fn check_top_up(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
) -> Result<TopUpView, Problem> {
    if find_top_up(state, organization_id, id).await?.status.is_open() {
        wait_for_charge(state, organization_id, id).await;
    }
    get_top_up(state, organization_id, id).await
}

/// The cardholder's answer to the sandbox bank's challenge. Afterwards the bank is asked, not the browser believed.
pub(crate) async fn answer_challenge(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
    approve: bool,
) -> Result<TopUpView, Problem> {
    let top_up = find_top_up(state, organization_id, id).await?;
    let Some(sandbox) = &state.sandbox else { return Err(Problem::not_found()) };
    if top_up.status != TopUpStatus::ActionRequired {
        return Err(waits_no_more());
    }
    // Too late, the answer is not passed on; the bank is only asked.
    if state.clock.now() <= charge_challenge_ends(&top_up) {
        sandbox.answer_charge(&charge_reference(&top_up), approve).await.map_err(challenge_unanswered)?;
    }
    check_top_up(state, organization_id, id).await
}

/// Gives up a payment that waits for the cardholder ("Do not charge"): closed at the provider before it is called expired.
/// If it was paid just before, it is credited.
pub(crate) async fn cancel_top_up(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &TopUpId,
) -> Result<TopUpView, Problem> {
    match find_top_up(state, organization_id, id).await?.status {
        TopUpStatus::ActionRequired => {}
        // Repeated: it is what was asked for.
        TopUpStatus::Expired => return get_top_up(state, organization_id, id).await,
        _ => return Err(waits_no_more()),
    }
    let work = {
        let (state, organization_id, id) = (state.clone(), organization_id.to_owned(), id.to_owned());
        async move {
            // Whoever is just asking about it soon has their answer.
            loop {
                match close_charge(&state, &organization_id, &id).await? {
                    Some(effects) => return run_effects(&state, effects).await,
                    None => tokio::time::sleep(LEASE_RETRY).await,
                }
            }
        }
    };
    // In a task of its own, which a dropped request does not stop.
    if let Ok(Ok(outcome)) = tokio::time::timeout(OUTCOME_PATIENCE, state.tasks.spawn(work)).await {
        outcome?;
    }
    let after = get_top_up(state, organization_id, id).await?;
    // The provider did not confirm that it is closed, so it may still be paid.
    if after.status == TopUpStatus::ActionRequired {
        Err(challenge_unanswered(ProviderError::NoAnswer))
    } else {
        Ok(after)
    }
}

fn waits_no_more() -> Problem {
    Problem::new(ProblemCode::Conflict, UserMessage::payment_confirmation_over())
}

/// The bank could not be reached; nothing is decided.
#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
pub(crate) fn challenge_unanswered(error: ProviderError) -> Problem {
    tracing::warn!(%error, "a challenge could not be answered");
    Problem::retry_later(ProblemCode::Unavailable, UserMessage::bank_unreachable(), 2)
}
