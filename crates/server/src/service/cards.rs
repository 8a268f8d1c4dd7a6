//! Connected cards: connecting one through the provider, choosing the default, removing.

use billing_contract::ProblemCode;
use billing_contract::card::{Card as CardView, CardList, CardSetup as CardSetupView, CreateCardSetup};
use billing_domain::free_text::{CONSENT, FreeText, contains_card_number};
use billing_domain::{CardId, CardSetupId, FreeTextError, OrganizationId, Timestamp, UserId};
use billing_payments::{CardToken, Reference, SetupRequest};
use billing_store::{CardSetup, Created, IdempotencyKey, NewCardSetup, SetupStatus, StoreError};

use crate::deadlines::{ABANDONED_SECONDS, OUTCOME_PATIENCE};
use crate::effects::run_effects;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem, field_error};
use crate::reconcile::card_setup::intent::SetupIntent;
use crate::reconcile::card_setup::reconcile_setup;
use crate::reconcile::{Effect, ForgottenCard};
use crate::service::fingerprint::request_fingerprint;
use crate::service::organizations::require_open;
use crate::service::sessions::SignedInMember;
use crate::service::{auto_pay, top_ups};
use crate::state::AppState;
use crate::view::card::{map_card, map_card_setup};

/// Of what a form makes of a card's number.
pub(crate) const TOKEN_CHARACTERS: usize = 200;
/// No card is valid for longer than this.
const MAX_VALID_YEARS: u16 = 25;

/// The connected cards, the default first.
pub(crate) async fn list_cards(state: &AppState, organization_id: &OrganizationId) -> Result<CardList, Problem> {
    Ok(CardList { items: state.store.cards(organization_id).await?.iter().map(map_card).collect() })
}

/// Starts connecting a card, at most once for a key if there is one; whether the key had begun it before.
pub(crate) async fn start_setup(
    state: &AppState,
    member: &SignedInMember,
    key: Option<String>,
    form: &CreateCardSetup,
) -> Result<(CardSetupView, bool), Problem> {
    require_open(&member.organization)?;
    let (organization_id, now) = (&member.organization.id, state.clock.now());
    let own_form = state.sandbox.is_none();
    // Before anything is written: what can be refused without the provider costs no set-up.
    refuse_problems("/token", &form.token, (form.exp_month, form.exp_year), &form.consent, own_form, now)?;
    let id: CardSetupId = state.new_id()?;
    let request = SetupRequest {
        reference: Reference::setup(id.as_str()),
        customer: organization_id.clone(),
        // Without a token the provider's own form takes the card.
        card: (!form.token.is_empty()).then(|| CardToken {
            token: form.token.clone(),
            exp_month: form.exp_month,
            exp_year: form.exp_year,
        }),
    };
    let intent = SetupIntent { request, consent: form.consent.clone(), page: None };
    let new = new_setup(state, id, Some(member.user.id.clone()), &intent)?;
    let valid_until = format!("{}-{}", form.exp_year, form.exp_month);
    // With the token, which stands for the number: another card under the same key is another request.
    let fingerprint = request_fingerprint(&["POST /cards/setups", &form.token, &valid_until, &form.consent]);
    let key = key.map(|key| IdempotencyKey { key, fingerprint });
    let created = state.store.create_card_setup(organization_id, &new, key.as_ref(), now).await;
    let created = created.map_err(|error| match error {
        StoreError::TooFast { again_at } => top_ups::too_fast(UserMessage::card_pace(), again_at, now),
        other => Problem::from(other),
    })?;
    match created {
        Created::New(setup) => {
            // The intent is committed before the provider is asked: docs/decisions/0016-intent-before-charge.md.
            start_reconciling(state, &setup).await?;
            Ok((get_setup(state, organization_id, &setup.id).await?, false))
        }
        Created::Replay(setup) => Ok((get_setup(state, organization_id, &setup.id).await?, true)),
        Created::Reused | Created::Blocked => Err(key_reused()),
    }
}

/// A set-up to be begun by this person, or by whoever holds a link.
pub(crate) fn new_setup(
    state: &AppState,
    id: CardSetupId,
    user_id: Option<UserId>,
    intent: &SetupIntent,
) -> Result<NewCardSetup, Problem> {
    Ok(NewCardSetup {
        id,
        user_id,
        provider: state.provider.name().to_owned(),
        request: serde_json::to_string(intent).map_err(Problem::internal)?,
    })
}

/// The key belongs to another card.
pub(crate) fn key_reused() -> Problem {
    Problem::new(
        ProblemCode::IdempotencyKeyReused,
        Detail::general("This idempotency key was used for another request. Use a new key for another card."),
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
    // All wrong fields at once, so that a person corrects the form once.
    let mut wrong = |pointer: &str, code: &str, detail: Detail| errors.push(field_error(pointer, code, detail));
    match FreeText::parse(CONSENT, consent) {
        Ok(_) => {}
        Err(FreeTextError::Required) => {
            wrong("/consent", "required", Detail::general("Say which wording of the consent was shown."));
        }
        Err(error) => wrong("/consent", error.code(), UserMessage::from(error).into()),
    }
    if own_form {
        if !token.is_empty() {
            wrong(
                pointer,
                "wrong_value",
                Detail::general("Leave the token out: the card is entered in the payment provider's own form."),
            );
        }
        // What follows concerns a token, and there is none.
        return if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) };
    }
    // Escapes in the JSON can hide a number from the look at the raw bytes, so the token is looked at again.
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if token.is_empty() || token.len() > TOKEN_CHARACTERS || !plain || contains_card_number(token) {
        wrong(pointer, "wrong_value", Detail::general("This is no card token."));
    }
    // A card is valid to the end of its month, wherever on Earth that ends last; so the date of UTC is close enough.
    let today = now.utc_date().month();
    if !(1..=12).contains(&exp_month) {
        wrong("/exp_month", "wrong_value", UserMessage::card_month_wrong().into());
    } else if (exp_year, exp_month) < (today.year(), today.number()) {
        wrong("/exp_year", "card_expired", UserMessage::card_expired().into());
    }
    if exp_year > today.year().saturating_add(MAX_VALID_YEARS) {
        wrong("/exp_year", "wrong_value", UserMessage::card_year_too_late().into());
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

/// Asks the provider in a task of its own, which a dropped request does not stop, and waits a while for it.
pub(crate) async fn start_reconciling(state: &AppState, setup: &CardSetup) -> Result<(), Problem> {
    let (state, setup) = (state.clone(), setup.clone());
    // Spawned on the tracker, so that stopping the server waits for it.
    let task = state.tasks.clone().spawn(async move { reconcile_now(&state, &setup).await });
    match tokio::time::timeout(OUTCOME_PATIENCE, task).await {
        Ok(Ok(outcome)) => outcome,
        // Late: the row says how it stands, and the worker goes on with it.
        Ok(Err(_)) | Err(_) => Ok(()),
    }
}

/// Reconciles what was left behind by a crash or by somebody who went away.
pub(crate) async fn reconcile_abandoned(state: &AppState, limit: u32) -> Result<(), Problem> {
    // A minute's head start for whoever began it and is still asking.
    let before = state.clock.now().plus_seconds(-60);
    for setup in state.store.open_card_setups(before, limit).await? {
        // One set-up that cannot be reconciled must not keep the others waiting.
        if let Err(problem) = reconcile_now(state, &setup).await {
            tracing::warn!(setup = %setup.id, problem = problem.document().detail, "a card could not be set up");
        }
    }
    Ok(())
}

async fn reconcile_now(state: &AppState, setup: &CardSetup) -> Result<(), Problem> {
    run_effects(state, reconcile_setup(state, setup).await?).await
}

pub(crate) async fn get_setup(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &CardSetupId,
) -> Result<CardSetupView, Problem> {
    let setup = find_setup(state, organization_id, id).await?;
    let card = match &setup.card_id {
        // It may have been removed meanwhile.
        Some(card_id) => state.store.card(organization_id, card_id).await.ok(),
        None => None,
    };
    Ok(map_card_setup(&setup, card.as_ref()))
}

async fn find_setup(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &CardSetupId,
) -> Result<CardSetup, Problem> {
    match state.store.card_setup(organization_id, id).await {
        Err(StoreError::NotFound) => Err(Problem::not_found()),
        found => Ok(found?),
    }
}

/// Asks the provider where connecting stands, unless that is final.
/// See docs/decisions/0016-intent-before-charge.md.
pub(crate) async fn check_setup(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &CardSetupId,
) -> Result<CardSetupView, Problem> {
    let setup = find_setup(state, organization_id, id).await?;
    // A final one is not asked about again: nothing changes it.
    if matches!(setup.status, SetupStatus::Pending | SetupStatus::ActionRequired) {
        reconcile_now(state, &setup).await?;
    }
    get_setup(state, organization_id, id).await
}

/// The cardholder's answer to the sandbox bank's challenge. Afterwards the bank is asked, not the browser believed.
pub(crate) async fn answer_challenge(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &CardSetupId,
    approve: bool,
) -> Result<CardSetupView, Problem> {
    let setup = find_setup(state, organization_id, id).await?;
    let Some(sandbox) = &state.sandbox else { return Err(Problem::not_found()) };
    // An answer that comes too late must not look like one that counted.
    if setup.status != SetupStatus::ActionRequired {
        return Err(Problem::new(ProblemCode::Conflict, UserMessage::card_confirmation_over()));
    }
    // After that time no answer is passed on: the bank is only asked where the set-up stands.
    if state.clock.now().seconds_since(setup.created_at) <= ABANDONED_SECONDS {
        sandbox
            .answer_setup(&Reference::setup(setup.id.as_str()), approve)
            .await
            .map_err(top_ups::challenge_unanswered)?;
    }
    reconcile_now(state, &setup).await?;
    get_setup(state, organization_id, id).await
}

/// Makes a card the one that is charged when none is named.
pub(crate) async fn make_default(state: &AppState, member: &SignedInMember, id: &CardId) -> Result<CardView, Problem> {
    let organization_id = &member.organization.id;
    // Read before the change, since the effects are for a real change only.
    let already = state.store.cards(organization_id).await?.iter().any(|card| card.is_default && card.id == *id);
    let card = match state.store.set_default_card(organization_id, id, &member.actor(), state.clock.now()).await {
        Err(StoreError::NotFound) => return Err(Problem::not_found()),
        changed => changed?,
    };
    if !already {
        let changed = Effect::DefaultCardChanged(organization_id.to_owned());
        run_effects(state, vec![Effect::publish(organization_id, Topic::Cards), changed]).await?;
    }
    Ok(map_card(&card))
}

/// Removes a card. Without the last one automatic payments are switched off in the same step.
pub(crate) async fn remove_card(state: &AppState, member: &SignedInMember, id: &CardId) -> Result<(), Problem> {
    let organization_id = &member.organization.id;
    let card = match state.store.card(organization_id, id).await {
        Err(StoreError::NotFound) => return Err(Problem::not_found()),
        found => found?,
    };
    // Automatic payments first: see `before_card_goes`.
    auto_pay::before_card_goes(state, member, id).await?;
    state.store.remove_card(organization_id, id, &member.actor(), state.clock.now()).await?;
    // Last: were it forgotten first, a crash would leave a connected card that nothing can charge.
    let forget = Effect::ForgetCard(ForgottenCard::of(&card));
    run_effects(state, Effect::cards_changed(organization_id).into_iter().chain([forget]).collect()).await
}
