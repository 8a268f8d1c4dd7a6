//! Connected cards: connecting one through the provider, choosing the default, removing.

use billing_contract::card::{Card as Shown, CardList, CardSetup as ShownSetup, CardSetupStatus, CreateCardSetup};
use billing_contract::{FieldError, ProblemCode};
use billing_domain::charge::DeclineCode;
use billing_domain::free_text::{CONSENT, FreeText, contains_card_number};
use billing_domain::{FreeTextError, Timestamp};
use billing_payments::{CardFacts, CardToken, ProviderError, Reference, SetupAnswer, SetupOutcome, SetupRequest};
use billing_store::{
    Card, CardSetup, Created, IdempotencyKey, NewCard, NewCardSetup, SetupStatus, SetupWord, StoreError,
};
use serde::{Deserialize, Serialize};

use crate::events::Topic;
use crate::problem::Problem;
use crate::reconcile::card_setup::hosted_page;
use crate::reconcile::charge::PATIENCE;
use crate::service::sessions::Member;
use crate::service::{auto_pay, pay, top_ups};
use crate::state::AppState;

pub(crate) use crate::reconcile::card_setup::hosted_page::{Page, close as close_page, is_page, shown as shown_page};

/// Whoever has not confirmed or finished by then will not.
/// See docs/decisions/0028-abandoned-attempts.md.
const ABANDONED_SECONDS: i64 = 30 * 60;
/// Of what a form makes of a card's number.
pub(crate) const TOKEN_CHARACTERS: usize = 200;
/// No card is valid for longer than this.
const MAX_VALID_YEARS: u16 = 25;

/// What is kept of the request, so that it can be repeated word for word, and of what the person agreed to.
#[derive(Serialize, Deserialize)]
pub(crate) struct Asked {
    /// What the provider is asked.
    pub(crate) request: SetupRequest,
    /// Which wording the person saw.
    pub(crate) consent: String,
    /// The card is entered on a page of the provider's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<Page>,
}

/// The connected cards, the default first.
pub(crate) async fn list(state: &AppState, organization_id: &str) -> Result<CardList, Problem> {
    Ok(CardList { items: state.store.cards(organization_id).await?.iter().map(show).collect() })
}

/// Starts connecting a card, at most once for a key if there is one; whether the key had begun it before.
pub(crate) async fn start_setup(
    state: &AppState,
    member: &Member,
    key: Option<String>,
    form: &CreateCardSetup,
) -> Result<(ShownSetup, bool), Problem> {
    let (organization_id, now) = (&member.organization.id, state.clock.now());
    let own_form = state.sandbox.is_none();
    refuse_problems("/token", &form.token, (form.exp_month, form.exp_year), &form.consent, own_form, now)?;
    let id = state.new_id()?;
    let request = SetupRequest {
        reference: Reference::setup(&id),
        customer: organization_id.clone(),
        // Without a token the provider's own form takes the card.
        card: (!form.token.is_empty()).then(|| CardToken {
            token: form.token.clone(),
            exp_month: form.exp_month,
            exp_year: form.exp_year,
        }),
    };
    let asked = Asked { request, consent: form.consent.clone(), page: None };
    let new = new_setup(state, id, Some(member.user.id.clone()), &asked)?;
    let valid_until = format!("{}-{}", form.exp_year, form.exp_month);
    let fingerprint = top_ups::fingerprint(&["POST /cards/setups", &form.token, &valid_until, &form.consent]);
    let key = key.map(|key| IdempotencyKey { key, fingerprint });
    let created = state.store.create_card_setup(organization_id, &new, key.as_ref(), now).await;
    let created = created.map_err(|error| match error {
        StoreError::TooFast { again_at } => {
            top_ups::too_fast("Too many cards were declined. Nothing was connected.", again_at, now)
        }
        other => Problem::from(other),
    })?;
    match created {
        Created::New(setup) => {
            start(state, &setup).await?;
            Ok((get_setup(state, organization_id, &setup.id).await?, false))
        }
        Created::Replay(setup) => Ok((get_setup(state, organization_id, &setup.id).await?, true)),
        Created::Reused | Created::Blocked => Err(key_reused()),
    }
}

/// A set-up to be begun by this person, or by whoever holds a link.
pub(crate) fn new_setup(
    state: &AppState,
    id: String,
    user_id: Option<String>,
    asked: &Asked,
) -> Result<NewCardSetup, Problem> {
    Ok(NewCardSetup {
        id,
        user_id,
        provider: state.provider.name().to_owned(),
        request: serde_json::to_string(asked).map_err(Problem::internal)?,
    })
}

/// The key belongs to another card.
pub(crate) fn key_reused() -> Problem {
    Problem::new(
        ProblemCode::IdempotencyKeyReused,
        "This idempotency key was used for another request. Use a new key for another card.",
    )
}

/// What can be said of a card without asking anybody; `pointer` names the token's field. `own_form`: the provider has a
/// form of its own, and takes no token from anybody else's.
pub(crate) fn refuse_problems(
    pointer: &str,
    token: &str,
    (exp_month, exp_year): (u8, u16),
    consent: &str,
    own_form: bool,
    now: Timestamp,
) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: &str, code: &str, detail: &str| {
        errors.push(FieldError { pointer: pointer.to_owned(), code: code.to_owned(), detail: detail.to_owned() });
    };
    match FreeText::parse(CONSENT, consent) {
        Ok(_) => {}
        Err(FreeTextError::Required) => wrong("/consent", "required", "Say which wording of the consent was shown."),
        Err(error) => wrong("/consent", error.code(), &error.to_string()),
    }
    if own_form {
        if !token.is_empty() {
            wrong(
                pointer,
                "wrong_value",
                "Leave the token out: the card is entered in the payment provider's own form.",
            );
        }
        return if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) };
    }
    // Escapes in the JSON can hide a number from the look at the raw bytes, so the token is looked at again.
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if token.is_empty() || token.len() > TOKEN_CHARACTERS || !plain || contains_card_number(token) {
        wrong(pointer, "wrong_value", "This is no card token.");
    }
    // A card is valid to the end of its month, wherever on Earth that ends last; so the date of UTC is close enough.
    let today = now.utc_date().month();
    if !(1..=12).contains(&exp_month) {
        wrong("/exp_month", "wrong_value", "The month is a number from 1 to 12.");
    } else if (exp_year, exp_month) < (today.year(), today.number()) {
        wrong("/exp_year", "card_expired", "This card has expired. Check the date, or use another card.");
    }
    if exp_year > today.year().saturating_add(MAX_VALID_YEARS) {
        wrong("/exp_year", "wrong_value", "No card is valid for that long. Check the year.");
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

/// Asks the provider in a task of its own, which a dropped request does not stop, and waits a while for it.
pub(crate) async fn start(state: &AppState, setup: &CardSetup) -> Result<(), Problem> {
    let (state, setup) = (state.clone(), setup.clone());
    let task = state.tasks.clone().spawn(async move { drive(&state, &setup).await });
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(outcome)) => outcome,
        // Late: the row says how it stands, and the worker goes on with it.
        Ok(Err(_)) | Err(_) => Ok(()),
    }
}

/// Drives on what was left behind by a crash or by somebody who went away.
pub(crate) async fn drive_abandoned(state: &AppState, limit: u32) -> Result<(), Problem> {
    let before = state.clock.now().plus_seconds(-60);
    for setup in state.store.open_card_setups(before, limit).await? {
        if let Err(problem) = drive(state, &setup).await {
            tracing::warn!(setup = setup.id, problem = problem.document().detail, "a card could not be set up");
        }
    }
    Ok(())
}

/// Asks the provider once and takes its word. Safe to repeat and to race: the provider knows the reference, and the
/// store connects a card once.
async fn drive(state: &AppState, setup: &CardSetup) -> Result<(), Problem> {
    let given_up = state.clock.now().seconds_since(setup.created_at) > ABANDONED_SECONDS;
    drive_to(state, setup, given_up).await
}

pub(crate) async fn drive_to(state: &AppState, setup: &CardSetup, given_up: bool) -> Result<(), Problem> {
    let Asked { request, page, .. } = serde_json::from_str(&setup.request).map_err(Problem::internal)?;
    let heard = match page {
        Some(page) => hosted_page::ask(state, setup, &request, &page, given_up).await,
        None if given_up => state.provider.cancel_setup(&request).await,
        // Idempotent: the first time it starts, later it says how it stands.
        None => state.provider.start_setup(&request).await,
    };
    match heard {
        Ok(answer) => apply(state, setup, answer).await,
        Err(ProviderError::Refused(reason)) => {
            // Without a card in it the request itself is refused: wrong settings, not a wrong number.
            let code = if request.card.is_some() {
                tracing::info!(setup = setup.id, reason, "the provider does not take this card");
                DeclineCode::IncorrectNumber
            } else {
                tracing::error!(
                    setup = setup.id,
                    reason,
                    "the payment provider refuses our requests: check its settings"
                );
                DeclineCode::ProcessingError
            };
            let word = SetupWord::Failed { decline_code: Some(code) };
            take_word(state, setup, &word).await
        }
        Err(error) => {
            tracing::warn!(setup = setup.id, %error, "no answer about a card");
            Ok(())
        }
    }
}

async fn apply(state: &AppState, setup: &CardSetup, answer: SetupAnswer) -> Result<(), Problem> {
    let provider_ref = Some(answer.provider_ref);
    let word = match answer.outcome {
        SetupOutcome::ActionRequired(action) => SetupWord::ActionRequired {
            provider_ref,
            next_action: serde_json::to_string(&action).map_err(Problem::internal)?,
        },
        SetupOutcome::Connected(facts) => {
            SetupWord::Succeeded { provider_ref, card: new_card(state.new_id()?, &setup.provider, facts) }
        }
        SetupOutcome::Declined(decline) => SetupWord::Failed { decline_code: Some(decline.code) },
        SetupOutcome::Cancelled => SetupWord::Failed { decline_code: None },
    };
    take_word(state, setup, &word).await
}

async fn take_word(state: &AppState, setup: &CardSetup, word: &SetupWord) -> Result<(), Problem> {
    if setup.link_id.is_some() {
        return pay::take_word(state, setup, word).await;
    }
    let organization_id = &setup.organization_id;
    let (after, card) = state.store.apply_card_setup(organization_id, &setup.id, word, state.clock.now()).await?;
    let Some(card) = card.filter(|_| after.status == SetupStatus::Succeeded) else { return Ok(()) };
    tell(state, organization_id);
    if card.is_default {
        auto_pay::default_card_changed(state, organization_id).await?;
    }
    Ok(())
}

/// The provider has new facts of a card: it is asked, and what changed is taken over. A card that is not connected here, or
/// not any more, is no concern.
pub(crate) async fn refresh(state: &AppState, card_ref: &str) -> Result<(), Problem> {
    let provider = state.provider.name();
    let Some(organization_id) = state.store.card_owner(provider, card_ref).await? else { return Ok(()) };
    let known = state.provider.look_up_card(&organization_id, card_ref).await.map_err(|error| {
        tracing::warn!(%error, "new facts of a card could not be looked up");
        Problem::retry_later(ProblemCode::Unavailable, "The payment provider does not answer. Send it again.", 30)
    })?;
    let Some(facts) = known else { return Ok(()) };
    let facts = new_card(String::new(), provider, facts);
    if state.store.refresh_card(&organization_id, &facts).await?.is_some() {
        state.events.publish(&organization_id, Topic::Cards);
    }
    Ok(())
}

/// A card's facts, to be stored under this id.
pub(crate) fn new_card(id: String, provider: &str, facts: CardFacts) -> NewCard {
    NewCard {
        id,
        provider: provider.to_owned(),
        provider_ref: facts.provider_ref,
        brand: facts.brand,
        last4: facts.last4,
        exp_month: i64::from(facts.exp_month),
        exp_year: i64::from(facts.exp_year),
        fingerprint: Some(facts.fingerprint),
    }
}

/// Whether there is a card decides what the wallet allows.
pub(crate) fn tell(state: &AppState, organization_id: &str) {
    state.events.publish(organization_id, Topic::Cards);
    state.events.publish(organization_id, Topic::Wallet);
}

/// Where connecting stands.
pub(crate) async fn get_setup(state: &AppState, organization_id: &str, id: &str) -> Result<ShownSetup, Problem> {
    let setup = find_setup(state, organization_id, id).await?;
    let card = match &setup.card_id {
        // It may have been removed meanwhile.
        Some(card_id) => state.store.card(organization_id, card_id).await.ok(),
        None => None,
    };
    Ok(show_setup(&setup, card.as_ref()))
}

async fn find_setup(state: &AppState, organization_id: &str, id: &str) -> Result<CardSetup, Problem> {
    match state.store.card_setup(organization_id, id).await {
        Err(StoreError::NotFound) => Err(Problem::not_found()),
        found => Ok(found?),
    }
}

/// Asks the provider where connecting stands, unless that is final.
/// See docs/decisions/0016-intent-before-charge.md.
pub(crate) async fn check(state: &AppState, organization_id: &str, id: &str) -> Result<ShownSetup, Problem> {
    let setup = find_setup(state, organization_id, id).await?;
    if matches!(setup.status, SetupStatus::Pending | SetupStatus::ActionRequired) {
        drive(state, &setup).await?;
    }
    get_setup(state, organization_id, id).await
}

/// The cardholder's answer to the sandbox bank's challenge. Afterwards the bank is asked, not the browser believed.
pub(crate) async fn answer_challenge(
    state: &AppState,
    organization_id: &str,
    id: &str,
    approve: bool,
) -> Result<ShownSetup, Problem> {
    let setup = find_setup(state, organization_id, id).await?;
    let Some(sandbox) = &state.sandbox else { return Err(Problem::not_found()) };
    if setup.status != SetupStatus::ActionRequired {
        return Err(Problem::new(ProblemCode::Conflict, "This card does not wait for a confirmation any more."));
    }
    if state.clock.now().seconds_since(setup.created_at) <= ABANDONED_SECONDS {
        sandbox.answer_setup(&Reference::setup(&setup.id), approve).await.map_err(top_ups::unanswered)?;
    }
    drive(state, &setup).await?;
    get_setup(state, organization_id, id).await
}

/// Makes a card the one that is charged when none is named.
pub(crate) async fn make_default(state: &AppState, organization_id: &str, id: &str) -> Result<Shown, Problem> {
    let already = state.store.cards(organization_id).await?.iter().any(|card| card.is_default && card.id == id);
    let card = match state.store.set_default_card(organization_id, id).await {
        Err(StoreError::NotFound) => return Err(Problem::not_found()),
        changed => changed?,
    };
    if !already {
        state.events.publish(organization_id, Topic::Cards);
        auto_pay::default_card_changed(state, organization_id).await?;
    }
    Ok(show(&card))
}

/// Removes a card. Without the last one automatic payments are switched off in the same step.
pub(crate) async fn remove(state: &AppState, member: &Member, id: &str) -> Result<(), Problem> {
    let organization_id = &member.organization.id;
    let card = match state.store.card(organization_id, id).await {
        Err(StoreError::NotFound) => return Err(Problem::not_found()),
        found => found?,
    };
    auto_pay::before_card_goes(state, member, id).await?;
    state.store.remove_card(organization_id, id, state.clock.now()).await?;
    tell(state, organization_id);
    forget(state, &card).await;
    Ok(())
}

/// The provider may forget a card. By us it can no longer be charged in any case, so this may fail.
pub(crate) async fn forget(state: &AppState, card: &Card) {
    forget_ref(state, &card.organization_id, &card.provider_ref).await;
}

/// The same by the provider's name for it.
pub(crate) async fn forget_ref(state: &AppState, organization_id: &str, provider_ref: &str) {
    if let Err(error) = state.provider.forget_card(organization_id, provider_ref).await {
        tracing::warn!(organization = organization_id, %error, "the provider was not told that a card is gone");
    }
}

/// When a cardholder who has not confirmed is not waited for any more.
pub(crate) fn challenge_ends(setup: &CardSetup) -> Timestamp {
    setup.created_at.plus_seconds(ABANDONED_SECONDS)
}

/// As the page sees it.
pub(crate) fn show(card: &Card) -> Shown {
    Shown {
        id: card.id.clone(),
        brand: card.brand.clone(),
        last4: card.last4.clone(),
        exp_month: u8::try_from(card.exp_month).unwrap_or_default(),
        exp_year: u16::try_from(card.exp_year).unwrap_or_default(),
        is_default: card.is_default,
        created_at: card.created_at,
        removed: false,
    }
}

fn show_setup(setup: &CardSetup, card: Option<&Card>) -> ShownSetup {
    let expires_at = challenge_ends(setup);
    ShownSetup {
        id: setup.id.clone(),
        status: match setup.status {
            SetupStatus::Pending => CardSetupStatus::Pending,
            SetupStatus::ActionRequired => CardSetupStatus::ActionRequired,
            SetupStatus::Succeeded => CardSetupStatus::Succeeded,
            SetupStatus::Failed => CardSetupStatus::Failed,
        },
        next_action: setup
            .next_action
            .as_deref()
            .filter(|_| setup.status == SetupStatus::ActionRequired)
            .and_then(|action| top_ups::next_action(action, expires_at)),
        decline: setup.decline_code.filter(|_| setup.status == SetupStatus::Failed).map(top_ups::decline),
        card: card.map(show),
        wallet: None,
    }
}
