//! Brings an open card setup to the provider's truth, and what a connected card means for the wallet or its payment link.

pub(crate) mod hosted_page;
pub(crate) mod intent;

use billing_domain::charge::DeclineCode;
use billing_domain::{CardId, CardRef};
use billing_payments::{CardFacts, ProviderError, SetupAnswer, SetupOutcome};
use billing_store::{Card, CardSetup, LinkCharge, NewCard, SetupResult, SetupStatus};

use self::intent::SetupIntent;
use crate::deadlines::{ABANDONED_SECONDS, HANDOVER_SECONDS};
use crate::events::Topic;
use crate::problem::Problem;
use crate::reconcile::{ChargeId, Effect, ForgottenCard};
use crate::state::AppState;

/// Asks the provider once and applies its answer; a setup that is too old is closed. Safe to repeat and to race: the
/// provider knows the reference, and the store connects a card once.
pub(crate) async fn reconcile_setup(state: &AppState, setup: &CardSetup) -> Result<Vec<Effect>, Problem> {
    // From the first moment, not the last: whoever left the form open does not keep it open.
    let given_up = state.clock.now().seconds_since(setup.created_at) > ABANDONED_SECONDS;
    call_and_apply(state, setup, given_up).await
}

/// Closes the provider's page of a setup, if it has one; what was finished there before counts.
pub(crate) async fn close_hosted_page(state: &AppState, setup: &CardSetup) -> Result<Vec<Effect>, Problem> {
    if intent::has_hosted_page(setup) { call_and_apply(state, setup, true).await } else { Ok(Vec::new()) }
}

#[tracing::instrument(skip_all, fields(organization = %setup.organization_id, setup = %setup.id))]
async fn call_and_apply(state: &AppState, setup: &CardSetup, given_up: bool) -> Result<Vec<Effect>, Problem> {
    let SetupIntent { request, page, .. } = serde_json::from_str(&setup.request).map_err(Problem::internal)?;
    let answer = match page {
        Some(page) => hosted_page::ask_provider(state, setup, &request, &page, given_up).await,
        None if given_up => state.provider.cancel_setup(&request).await,
        // Idempotent: the first time it starts, later it says how it stands.
        None => state.provider.start_setup(&request).await,
    };
    match answer {
        Ok(answer) => apply_update(state, setup, &setup_update(state, setup, answer)?).await,
        Err(ProviderError::Refused(reason)) => {
            // Without a card in it the request itself is refused: wrong settings, not a wrong number.
            let code = if request.card.is_some() {
                tracing::info!(setup = %setup.id, reason, "the provider does not take this card");
                DeclineCode::IncorrectNumber
            } else {
                tracing::error!(
                    setup = %setup.id,
                    reason,
                    "the payment provider refuses our requests: check its settings"
                );
                DeclineCode::ProcessingError
            };
            apply_update(state, setup, &SetupResult::Failed { decline_code: Some(code) }).await
        }
        // Nothing is written: the same reference is asked about at the next turn.
        Err(error) => {
            tracing::warn!(setup = %setup.id, %error, "no answer about a card");
            Ok(Vec::new())
        }
    }
}

/// What the answer means for the row.
fn setup_update(state: &AppState, setup: &CardSetup, answer: SetupAnswer) -> Result<SetupResult, Problem> {
    let provider_ref = answer.provider_ref;
    Ok(match answer.outcome {
        SetupOutcome::ActionRequired(action) => SetupResult::ActionRequired {
            provider_ref,
            next_action: serde_json::to_string(&action).map_err(Problem::internal)?,
        },
        SetupOutcome::Connected(facts) => {
            SetupResult::Succeeded { provider_ref, card: new_card(state.new_id()?, &setup.provider, facts) }
        }
        SetupOutcome::Declined(decline) => SetupResult::Failed { decline_code: Some(decline.code) },
        SetupOutcome::Cancelled => SetupResult::Failed { decline_code: None },
    })
}

async fn apply_update(state: &AppState, setup: &CardSetup, update: &SetupResult) -> Result<Vec<Effect>, Problem> {
    if setup.link_id.is_some() {
        return apply_link_update(state, setup, update).await;
    }
    let organization_id = &setup.organization_id;
    let (after, card) = state.store.apply_card_setup(organization_id, &setup.id, update, state.clock.now()).await?;
    let Some(card) = card.filter(|_| after.status == SetupStatus::Succeeded) else { return Ok(Vec::new()) };
    let mut effects = Effect::cards_changed(organization_id).to_vec();
    if card.is_default {
        effects.push(Effect::DefaultCardChanged(organization_id.clone()));
    }
    Ok(effects)
}

/// The card of an attempt to use a payment link, which may go on with the charge that the link asks for.
async fn apply_link_update(state: &AppState, setup: &CardSetup, update: &SetupResult) -> Result<Vec<Effect>, Problem> {
    let (organization_id, now) = (&setup.organization_id, state.clock.now());
    // Made even if no charge follows: whether it does is decided under the wallet's lock.
    let charge = LinkCharge { top_up_id: state.new_id()?, next_check_at: now.plus_seconds(HANDOVER_SECONDS) };
    let applied = state.store.apply_link_setup(organization_id, &setup.id, update, &charge, now).await?;
    let mut effects = Vec::new();
    if let Some(link_id) = &applied.setup.link_id {
        effects.push(Effect::publish(organization_id, Topic::Link(link_id.clone())));
    }
    if let Some(card) = &applied.forget {
        effects.push(Effect::ForgetCard(ForgottenCard::of(card)));
    }
    if let Some(card) = &applied.connected {
        effects.extend(connected_effects(card));
    }
    if let Some(top_up) = &applied.top_up {
        effects.push(Effect::publish(organization_id, Topic::TopUp(top_up.id.clone())));
        effects.push(Effect::publish(organization_id, Topic::Wallet));
        effects.push(Effect::ReconcileCharge(ChargeId::of(top_up)));
    }
    Ok(effects)
}

/// A card is connected through a link, and automatic payments may have been switched on with it.
pub(super) fn connected_effects(card: &Card) -> Vec<Effect> {
    let id = &card.organization_id;
    // Either way automatic payments are looked at; a new default may also end a pause.
    let review =
        if card.is_default { Effect::DefaultCardChanged(id.clone()) } else { Effect::ReviewAutoPay(id.clone()) };
    Effect::cards_changed(id).into_iter().chain([review]).collect()
}

/// The provider has new facts of a card: it is asked, and what changed is taken over. A card that is not connected here, or
/// not any more, is no concern.
pub(crate) async fn refresh_card(state: &AppState, card_ref: &CardRef) -> Result<Vec<Effect>, Problem> {
    let provider = state.provider.name();
    let Some(organization_id) = state.store.card_owner(provider, card_ref).await? else { return Ok(Vec::new()) };
    let known = state.provider.look_up_card(&organization_id, card_ref).await.map_err(|error| {
        tracing::warn!(%error, "new facts of a card could not be looked up");
        Problem::provider_silent()
    })?;
    let Some(facts) = known else { return Ok(Vec::new()) };
    let facts = new_card(state.new_id()?, provider, facts);
    // Nothing differs: no event, since a provider repeats what it knows.
    let changed = state.store.refresh_card(&organization_id, &facts).await?.is_some();
    Ok(changed.then(|| Effect::publish(&organization_id, Topic::Cards)).into_iter().collect())
}

/// A card's facts, to be stored under this id.
pub(crate) fn new_card(id: CardId, provider: &str, facts: CardFacts) -> NewCard {
    NewCard {
        id,
        provider: provider.to_owned(),
        provider_ref: facts.provider_ref,
        brand: facts.brand,
        last4: facts.last4,
        exp_month: i64::from(facts.exp_month),
        exp_year: i64::from(facts.exp_year),
        // Recognizes the same plastic when it is connected again.
        fingerprint: Some(facts.fingerprint),
    }
}
