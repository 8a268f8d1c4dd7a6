//! Top-ups by hand: the intent is written once for an idempotency key, a task of its own charges, the answer is the
//! row as it then is.

use billing_contract::ProblemCode;
use billing_contract::top_up::{CardSummary, CreateTopUp, Decline, NextAction, TopUp as Shown};
use billing_domain::Timestamp;
use billing_domain::charge::TopUpStatus;
use billing_payments::ProviderError;
use billing_store::{Created, IdempotencyKey, NewTopUp, Pace, StoreError, TopUp, TopUpKind};
use sha2::{Digest as _, Sha256};

use crate::events::Topic;
use crate::hex;
use crate::problem::Problem;
use crate::reconcile::charge::{self, HANDOVER_SECONDS, PATIENCE, PAUSE};
use crate::service::requests;
use crate::service::sessions::{self, Member};
use crate::state::AppState;

/// A UUID that no card has.
const NO_CARD: &str = "00000000-0000-0000-0000-000000000000";

/// What `POST /top-ups` answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The top-up as it is now; a decline is a problem that names it.
    pub(crate) outcome: Result<Shown, Problem>,
    /// This key had made it before.
    pub(crate) replayed: bool,
}

/// Charges a card for the wallet, at most once for a key.
pub(crate) async fn create(
    state: &AppState,
    member: &Member,
    key: String,
    form: &CreateTopUp,
) -> Result<Answer, Problem> {
    let organization = &member.organization;
    let limits = state.config.limits(organization.currency);
    let amount = limits.parse(form.amount.text()).map_err(|error| {
        Problem::field(
            "/amount",
            error.code(),
            format!("{error}. Enter {} to {}.", limits.min.priced(limits.currency), limits.max.priced(limits.currency)),
        )
    })?;
    let now = state.clock.now();
    let new = NewTopUp {
        id: state.new_id()?,
        amount: amount.money(),
        card_id: card_id(state, &organization.id, form).await?,
        requested_by: Some(member.user.id.clone()),
        next_check_at: now.plus_seconds(HANDOVER_SECONDS),
    };
    let amount = new.amount.to_string();
    let mut used_for = vec!["POST /top-ups", &amount, form.card_id.as_deref().unwrap_or_default()];
    used_for.extend(form.request_id.as_deref());
    let key = IdempotencyKey { key, fingerprint: fingerprint(&used_for) };
    let request = form.request_id.as_deref();
    if let Some(request) = request {
        request_exists(state, member, request).await?;
    }
    let (most, pace) = state.config.pace(organization.currency);
    let pace = Pace { unconfirmed: (!sessions::is_confirmed(state, member)).then_some(most), ..pace };
    match state.store.create_paced_top_up(&organization.id, &new, request, &key, pace, now).await {
        Ok(Created::New(top_up)) => {
            state.events.publish(&organization.id, Topic::TopUp(top_up.id.clone()));
            state.events.publish(&organization.id, Topic::Wallet);
            settle(state, &organization.id, &top_up.id).await;
            answer(state, &organization.id, &top_up.id, false).await
        }
        Ok(Created::Replay(top_up)) => answer(state, &organization.id, &top_up.id, true).await,
        Ok(Created::Reused | Created::Blocked) => Err(Problem::new(
            ProblemCode::IdempotencyKeyReused,
            "This idempotency key was used for another request. Use a new key for a new top-up.",
        )),
        Err(StoreError::NotFound) => Err(no_card(form)),
        Err(StoreError::TooFast { again_at }) => Err(too_fast(
            "Your organization has added as much by hand as it may in a short time. Nothing was charged.",
            again_at,
            now,
        )),
        // A second payment for one request is nobody's intent. Whoever wants to add money all the same leaves it out.
        Err(StoreError::Conflict("request")) => Err(Problem::new(
            ProblemCode::Conflict,
            "Somebody has answered this request already, or is paying for it just now. Nothing was charged.",
        )),
        Err(error) => Err(error.into()),
    }
}

/// `again_at`: when it may fit.
pub(crate) fn too_fast(detail: &str, again_at: Timestamp, now: Timestamp) -> Problem {
    let seconds = u32::try_from(again_at.seconds_since(now)).unwrap_or(1);
    Problem::retry_later(ProblemCode::TooManyRequests, detail, seconds)
}

/// The named card, else the default one. Whether it exists is the store's to say, after it has looked for the key: a
/// repetition is answered even when its card is gone by now.
async fn card_id(state: &AppState, organization_id: &str, form: &CreateTopUp) -> Result<String, Problem> {
    if let Some(id) = &form.card_id {
        return Ok(id.clone());
    }
    let cards = state.store.cards(organization_id).await?;
    Ok(cards.into_iter().find(|card| card.is_default).map_or_else(|| NO_CARD.to_owned(), |card| card.id))
}

async fn request_exists(state: &AppState, member: &Member, id: &str) -> Result<(), Problem> {
    match requests::request(state, member, id).await {
        Ok(_) => Ok(()),
        Err(problem) if problem.document().status == 404 => {
            Err(Problem::field("/request_id", "unknown_request", "There is no such request."))
        }
        Err(problem) => Err(problem),
    }
}

fn no_card(form: &CreateTopUp) -> Problem {
    if form.card_id.is_some() {
        Problem::field("/card_id", "unknown_card", "This card is not connected any more. Choose another one.")
    } else {
        Problem::new(ProblemCode::CardRequired, "Connect a card first, then add money.")
    }
}

/// What a key was used for; compared, never read back.
pub(crate) fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize())
}

/// Drives the charge and waits a while. The task goes on when this request is dropped.
async fn settle(state: &AppState, organization_id: &str, id: &str) {
    let task = charge::start(state, organization_id, id);
    // Late or failed: the row says how it stands, and the reconciler goes on with it.
    let _ = tokio::time::timeout(PATIENCE, task).await;
}

async fn answer(state: &AppState, organization_id: &str, id: &str, replayed: bool) -> Result<Answer, Problem> {
    let top_up = show(&state.store.top_up(organization_id, id).await?);
    let outcome = match &top_up.decline {
        Some(decline) => Err(Problem::declined(decline.message.clone(), &decline.code, &top_up.id)),
        None => Ok(top_up),
    };
    Ok(Answer { outcome, replayed })
}

/// One top-up.
pub(crate) async fn get(state: &AppState, organization_id: &str, id: &str) -> Result<Shown, Problem> {
    find(state, organization_id, id).await.map(|top_up| show(&top_up))
}

/// Every top-up whose outcome is not known yet, newest first.
pub(crate) async fn open(state: &AppState, organization_id: &str) -> Result<Vec<Shown>, Problem> {
    Ok(state.store.open_top_ups(organization_id).await?.iter().map(show).collect())
}

async fn find(state: &AppState, organization_id: &str, id: &str) -> Result<TopUp, Problem> {
    match state.store.top_up(organization_id, id).await {
        Err(StoreError::NotFound) => Err(Problem::not_found()),
        found => Ok(found?),
    }
}

/// Asks the provider what became of it ("Check status"), unless that is known.
pub(crate) async fn check(state: &AppState, organization_id: &str, id: &str) -> Result<Shown, Problem> {
    if find(state, organization_id, id).await?.status.is_open() {
        charge::ask_anew(state, organization_id, id).await;
    }
    get(state, organization_id, id).await
}

/// The cardholder's answer to the sandbox bank's challenge. Afterwards the bank is asked, not the browser believed.
pub(crate) async fn answer_challenge(
    state: &AppState,
    organization_id: &str,
    id: &str,
    approve: bool,
) -> Result<Shown, Problem> {
    let top_up = find(state, organization_id, id).await?;
    let Some(sandbox) = &state.sandbox else { return Err(Problem::not_found()) };
    if top_up.status != TopUpStatus::ActionRequired {
        return Err(waits_no_more());
    }
    if state.clock.now() <= charge::challenge_ends(&top_up) {
        sandbox.answer_charge(&charge::reference(&top_up), approve).await.map_err(unanswered)?;
    }
    check(state, organization_id, id).await
}

/// Gives up a payment that waits for the cardholder ("Do not charge"): closed at the provider before it is called expired.
/// If it was paid just before, it is credited.
pub(crate) async fn cancel(state: &AppState, organization_id: &str, id: &str) -> Result<Shown, Problem> {
    match find(state, organization_id, id).await?.status {
        TopUpStatus::ActionRequired => {}
        TopUpStatus::Expired => return get(state, organization_id, id).await,
        _ => return Err(waits_no_more()),
    }
    let work = {
        let (state, organization_id, id) = (state.clone(), organization_id.to_owned(), id.to_owned());
        async move {
            // Whoever is just asking about it soon has their answer.
            while !charge::give_up(&state, &organization_id, &id).await? {
                tokio::time::sleep(PAUSE).await;
            }
            Ok::<_, Problem>(())
        }
    };
    // In a task of its own, which a dropped request does not stop.
    if let Ok(Ok(outcome)) = tokio::time::timeout(PATIENCE, state.tasks.spawn(work)).await {
        outcome?;
    }
    let after = get(state, organization_id, id).await?;
    if after.status == TopUpStatus::ActionRequired { Err(unanswered(ProviderError::NoAnswer)) } else { Ok(after) }
}

fn waits_no_more() -> Problem {
    Problem::new(ProblemCode::Conflict, "This payment does not wait for a confirmation any more.")
}

/// The bank could not be told; nothing is decided.
#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
pub(crate) fn unanswered(error: ProviderError) -> Problem {
    tracing::warn!(%error, "a challenge could not be answered");
    Problem::retry_later(ProblemCode::Unavailable, "The bank could not be reached. Try again.", 2)
}

/// As the page sees it.
/// See docs/decisions/0031-link-payments-belong-to-the-payer.md.
pub(crate) fn show(top_up: &TopUp) -> Shown {
    let waits = top_up.status == TopUpStatus::ActionRequired;
    let refused = top_up.status == TopUpStatus::Declined;
    let status = match top_up.status {
        TopUpStatus::Created if top_up.taken_up => TopUpStatus::Processing,
        status => status,
    };
    Shown {
        id: top_up.id.clone(),
        status,
        amount: top_up.amount,
        currency: top_up.currency,
        automatic: top_up.kind == TopUpKind::Auto,
        by_link: top_up.link_id.is_some(),
        created_at: top_up.created_at,
        settled_at: top_up.settled_at,
        card: CardSummary { brand: top_up.card_brand.clone(), last4: top_up.card_last4.clone() },
        next_action: top_up
            .next_action
            .as_deref()
            .filter(|_| waits)
            .and_then(|action| next_action(action, charge::challenge_ends(top_up))),
        decline: top_up.decline_code.filter(|_| refused).map(decline),
        wallet: None,
    }
}

/// A stored action of the provider in the words of the wire.
pub(crate) fn next_action(stored: &str, expires_at: billing_domain::Timestamp) -> Option<NextAction> {
    match serde_json::from_str(stored).ok()? {
        billing_payments::NextAction::SandboxChallenge => Some(NextAction::SandboxChallenge { expires_at }),
        billing_payments::NextAction::BrowserScript { client_secret, payment_method } => {
            Some(NextAction::BrowserScript { client_secret, payment_method, expires_at })
        }
        // Behind hand-over links only, whose holders are answered by `pay`.
        billing_payments::NextAction::HostedPage { .. } => None,
    }
}

/// A decline in the words of the wire.
pub(crate) fn decline(code: billing_domain::charge::DeclineCode) -> Decline {
    Decline { code: code.as_str().to_owned(), message: code.sentence().to_owned() }
}
