//! What somebody without an account does with a payment link. The token is all the proof there is: it comes in bodies
//! only, and nothing but the link itself is shown for it.

use std::net::IpAddr;

use billing_contract::link::{AnswerAttempt, AskAttempt, CompleteLink, PayAttempt, PayPage, PayStatus, ResolveLink};
use billing_contract::top_up::CardSummary;
use billing_contract::{Entered, ProblemCode};
use billing_domain::charge::{DeclineCode, TopUpStatus};
use billing_domain::limits::AmountError;
use billing_domain::{CardSetupId, Currency, Money, Timestamp};
use billing_payments::{CardToken, NextAction, Reference, SetupRequest};
use billing_store::{
    CardSetup, Created, ExpectedCharge, IdempotencyKey, LinkRefusal, Organization, PaymentLink, SetupStatus,
    StoreError, TopUp,
};

use crate::auth::tokens::hash_token;
use crate::deadlines::{charge_challenge_ends, setup_challenge_ends};
use crate::effects::run_effects;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::message::decline::{advise_payer_of_fixed_amount, describe_decline};
use crate::problem::Problem;
use crate::reconcile::card_setup::close_hosted_page;
use crate::reconcile::card_setup::intent::{HostedPage, SetupIntent, has_hosted_page, page_address};
use crate::reconcile::organization_day;
use crate::service::cards;
use crate::service::charges::wait_for_charge;
use crate::service::fingerprint::request_fingerprint;
use crate::service::{auto_pay, organizations, receipts, top_ups};
use crate::state::AppState;
use crate::view::card::map_card_summary;
use crate::view::payment_link::map_link_settings;

/// What the page shows of a link that can be used. Writes down that somebody has seen it.
pub(crate) async fn resolve_link(state: &AppState, address: IpAddr, form: &ResolveLink) -> Result<PayPage, Problem> {
    let link = find_link(state, address, &form.token).await?;
    let now = state.clock.now();
    if !link.state(now).is_alive() {
        if link.expires_at <= now {
            remember_expired(state, now);
        }
        return Err(dead_link());
    }
    // Only the first opening is an event.
    if state.store.open_link(&link.id, now).await? {
        state.events.publish(&link.organization_id, Topic::Link(link.id.clone()));
    }
    let organization = open_organization(state, &link).await?;
    let today = organization_day(&organization, now);
    let charge_now = charge_due(state, &link, &organization).await?;
    Ok(PayPage {
        today,
        charge_now,
        organization: organization.name,
        requested_by: link.created_by_name,
        purpose: link.purpose,
        amount: link.amount,
        currency: link.currency,
        auto_pay: link.settings.map(map_link_settings),
        note: link.note,
        expires_at: link.expires_at,
        time_zone: organization.time_zone,
    })
}

/// Whose link it is; one of an organization that is closed is as dead as any.
async fn open_organization(state: &AppState, link: &PaymentLink) -> Result<Organization, Problem> {
    let organization = state.store.organization(&link.organization_id).await?;
    if organizations::require_open(&organization).is_ok() { Ok(organization) } else { Err(dead_link()) }
}

/// What the card is charged as soon as the link is used: what it asks for, or the first of the automatic payments that it
/// switches on.
async fn charge_due(
    state: &AppState,
    link: &PaymentLink,
    organization: &Organization,
) -> Result<Option<Money>, Problem> {
    match (link.amount, &link.settings) {
        (Some(amount), _) => Ok(Some(amount)),
        (None, Some(settings)) => auto_pay::first_payment(state, organization, settings).await,
        (None, None) => Ok(None),
    }
}

/// Writes down which links are over by now, so that a clock set back revives none. Not awaited: all dead links are
/// answered after the same statements, so that time says nothing about them.
fn remember_expired(state: &AppState, now: Timestamp) {
    let store = state.store.clone();
    state.tasks.spawn(async move {
        if let Err(error) = store.expire_links(now).await {
            tracing::warn!(%error, "it could not be written down which payment links are over");
        }
    });
}

/// The sum that the payer saw, in whole coins of the link's currency.
fn seen_charge(link: &PaymentLink, text: Option<&str>) -> Result<Option<Money>, Problem> {
    let read = text.map(|text| Money::parse_payable(text, link.currency)).transpose();
    read.map_err(|error| {
        let error = AmountError::of(error, link.currency);
        Problem::field("/expected_charge", error.code(), UserMessage::from(error))
    })
}

/// How a link is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkUse<'a> {
    /// The client's address.
    pub(crate) address: IpAddr,
    /// Where our page is, to which a page of the provider's own leads back: `https://billing.example`.
    pub(crate) origin: &'a str,
    /// The client's idempotency key.
    pub(crate) key: &'a str,
}

/// Uses a link with a card, at most once for a key; whether the key had begun it before.
pub(crate) async fn complete_link(
    state: &AppState,
    LinkUse { address, origin, key }: LinkUse<'_>,
    form: &CompleteLink,
) -> Result<(PayAttempt, bool), Problem> {
    let link = find_link(state, address, &form.token).await?;
    let now = state.clock.now();
    let (validity, own_form) = ((form.exp_month, form.exp_year), state.sandbox.is_none());
    cards::refuse_problems("/card_token", &form.card_token, validity, &form.consent, own_form, now)?;
    let id: CardSetupId = state.new_id()?;
    let request = SetupRequest {
        reference: Reference::setup(id.as_str()),
        customer: link.organization_id.clone(),
        card: (!own_form).then(|| CardToken {
            token: form.card_token.clone(),
            exp_month: form.exp_month,
            exp_year: form.exp_year,
        }),
    };
    let page = own_form.then(|| HostedPage { return_address: format!("{origin}/pay") });
    let intent = SetupIntent { request, consent: form.consent.clone(), page };
    let new = cards::new_setup(state, id, None, &intent)?;
    let seen = form.expected_charge.as_ref().map(Entered::text);
    let valid_until = format!("{}-{}", form.exp_year, form.exp_month);
    let mut request_parts = vec!["POST /pay/complete", &form.card_token, &valid_until, &form.consent];
    request_parts.extend(seen);
    let key = IdempotencyKey {
        // The link's own room among the organization's keys.
        key: format!("link:{}:{key}", link.id),
        fingerprint: request_fingerprint(&request_parts),
    };
    let organization = open_organization(state, &link).await?;
    // An amount that the link itself names cannot change: whoever does not repeat it has seen it all the same.
    let charge = ExpectedCharge {
        seen: seen_charge(&link, seen)?.or(link.amount),
        due: charge_due(state, &link, &organization).await?,
    };
    let mut begun = state.store.begin_link_attempt(&link, &new, &key, charge, now).await?;
    // Once more and no further: whoever is really paying keeps the link.
    if matches!(begun, Err(LinkRefusal::Busy)) && free_link(state, &link).await? {
        begun = state.store.begin_link_attempt(&link, &new, &key, charge, now).await?;
    }
    match begun {
        Ok(Created::New(setup)) => {
            state.events.publish(&link.organization_id, Topic::Link(link.id.clone()));
            cards::start_reconciling(state, &setup).await?;
            Ok((describe_attempt(state, &link, &setup.id).await?, false))
        }
        Ok(Created::Replay(setup)) => Ok((describe_attempt(state, &link, &setup.id).await?, true)),
        Ok(Created::Reused | Created::Blocked) => Err(cards::key_reused()),
        Err(LinkRefusal::Dead) => Err(dead_link()),
        Err(LinkRefusal::ChargeChanged) => Err(charge_changed(charge, organization.currency)),
        Err(LinkRefusal::Busy) => Err(Problem::new(ProblemCode::Conflict, UserMessage::link_busy())),
    }
}

fn charge_changed(charge: ExpectedCharge, currency: Currency) -> Problem {
    let message = match charge.due {
        Some(amount) => UserMessage::charge_changed(amount.priced(currency), currency.code()),
        None => UserMessage::charge_dropped(),
    };
    Problem::new(ProblemCode::ChargeChanged, message)
}

/// A page that is merely open does not keep others from a link: it is closed. Whether nobody is at it any more.
/// See docs/decisions/0028-abandoned-attempts.md.
async fn free_link(state: &AppState, link: &PaymentLink) -> Result<bool, Problem> {
    let Some(setup) = state.store.open_link_setup(link).await?.filter(has_hosted_page) else { return Ok(false) };
    run_effects(state, close_hosted_page(state, &setup).await?).await?;
    Ok(state.store.open_link_setup(link).await?.is_none())
}

/// Where an attempt stands. Answered for a link that is over too: whoever paid may see that it arrived.
pub(crate) async fn attempt_status(
    state: &AppState,
    address: IpAddr,
    form: &AskAttempt,
) -> Result<PayAttempt, Problem> {
    let link = find_link(state, address, &form.token).await?;
    let setup = named_setup(state, &link, &form.attempt_id).await?;
    if let Err(problem) = ask_provider(state, &setup).await {
        // The row says how it stood; it is asked again by the next question or by a worker.
        tracing::warn!(setup = %setup.id, problem = problem.document().detail, "no news of an attempt");
    }
    describe_attempt(state, &link, &setup.id).await
}

/// What was done on the provider's page or through its script is known there first.
/// See docs/decisions/0016-intent-before-charge.md.
async fn ask_provider(state: &AppState, setup: &CardSetup) -> Result<(), Problem> {
    if state.sandbox.is_some() {
        return Ok(());
    }
    if matches!(setup.status, SetupStatus::Pending | SetupStatus::ActionRequired) {
        return cards::check_setup(state, &setup.organization_id, &setup.id).await.map(drop);
    }
    match state.store.top_up_of_setup(setup).await? {
        Some(top_up) if top_up.status == TopUpStatus::ActionRequired => {
            wait_for_charge(state, &setup.organization_id, &top_up.id).await;
        }
        _ => {}
    }
    Ok(())
}

/// The receipt of a paid attempt, as a PDF, and its number.
pub(crate) async fn attempt_receipt(
    state: &AppState,
    address: IpAddr,
    form: &AskAttempt,
) -> Result<(Vec<u8>, String), Problem> {
    // By the link's token, not by a session: the payer has no account.
    let link = find_link(state, address, &form.token).await?;
    let setup = named_setup(state, &link, &form.attempt_id).await?;
    let top_up = state.store.top_up_of_setup(&setup).await?.ok_or_else(Problem::not_found)?;
    // No paper size: the payer's own is not known.
    receipts::render_receipt(state, &link.organization_id, &top_up.id, None).await
}

/// The cardholder's answer to the sandbox bank's challenge, for the card or for the payment.
pub(crate) async fn answer_attempt(
    state: &AppState,
    address: IpAddr,
    form: &AnswerAttempt,
) -> Result<PayAttempt, Problem> {
    let link = find_link(state, address, &form.token).await?;
    let setup = named_setup(state, &link, &form.attempt_id).await?;
    // Card first, then payment: only one of them can be waiting.
    if setup.status == SetupStatus::ActionRequired {
        cards::answer_challenge(state, &link.organization_id, &setup.id, form.approve).await?;
    } else if let Some(top_up) = state.store.top_up_of_setup(&setup).await? {
        top_ups::answer_challenge(state, &link.organization_id, &top_up.id, form.approve).await?;
    } else {
        return Err(Problem::new(ProblemCode::Conflict, UserMessage::link_confirmation_over()));
    }
    describe_attempt(state, &link, &setup.id).await
}

async fn find_link(state: &AppState, address: IpAddr, token: &str) -> Result<PaymentLink, Problem> {
    // Counted before the look-up and given back if there is such a link: only guessing uses the budget up.
    state.budgets.take_link(address)?;
    let found = state.store.link_by_token(&hash_token(token)).await;
    if !matches!(found, Err(StoreError::NotFound)) {
        state.budgets.give_back_link(address);
    }
    found.map_err(|error| match error {
        StoreError::NotFound => Problem::new(ProblemCode::NotFound, UserMessage::link_unknown()),
        other => other.into(),
    })
}

/// The same sentence however it ended, and nothing of the organization.
/// See docs/decisions/0032-dead-links-look-alike.md.
fn dead_link() -> Problem {
    Problem::new(ProblemCode::Gone, UserMessage::link_gone())
}

/// By the id that whoever holds the link sends.
async fn named_setup(state: &AppState, link: &PaymentLink, id: &str) -> Result<CardSetup, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    setup_of(state, link, &id).await
}

async fn setup_of(state: &AppState, link: &PaymentLink, id: &CardSetupId) -> Result<CardSetup, Problem> {
    let setup = state.store.card_setup(&link.organization_id, id).await?;
    // An id of another link is not found: the token opens its own attempts only.
    if setup.link_id.as_ref() == Some(&link.id) { Ok(setup) } else { Err(Problem::not_found()) }
}

async fn describe_attempt(state: &AppState, link: &PaymentLink, id: &CardSetupId) -> Result<PayAttempt, Problem> {
    let setup = setup_of(state, link, id).await?;
    // Read again: the attempt may just have ended it.
    let link = state.store.link(&link.organization_id, &link.id).await?;
    let top_up = state.store.top_up_of_setup(&setup).await?;
    let mut shown = PayAttempt {
        id: setup.id.to_string(),
        status: PayStatus::Processing,
        reason: None,
        translation: None,
        redirect: None,
        client_secret: None,
        challenge_until: None,
        amount: None,
        card: None,
        settled_at: None,
        // Of the link as it is now, not as it was when the attempt began.
        may_try_again: link.state(state.clock.now()).is_alive(),
    };
    match (setup.status, &top_up) {
        (SetupStatus::Pending, _) => {}
        (SetupStatus::ActionRequired, _) => {
            shown.status = PayStatus::ActionRequired;
            shown.challenge_until = Some(setup_challenge_ends(&setup));
            shown.redirect = page_address(&setup);
        }
        (SetupStatus::Failed, _) => match setup.decline_code {
            Some(code) => describe_refusal(&mut shown, code),
            None => shown.status = PayStatus::Expired,
        },
        (SetupStatus::Succeeded, None) => {
            shown.status = PayStatus::Succeeded;
            shown.settled_at = Some(setup.updated_at);
            if let Some(card_id) = &setup.card_id {
                // It may have been removed meanwhile.
                let card = state.store.card(&setup.organization_id, card_id).await.ok();
                shown.card = card.map(|card| map_card_summary(&card));
            }
        }
        (SetupStatus::Succeeded, Some(top_up)) => describe_charge(&mut shown, top_up),
    }
    Ok(shown)
}

fn describe_charge(shown: &mut PayAttempt, top_up: &TopUp) {
    shown.amount = Some(top_up.amount);
    shown.card = Some(CardSummary { brand: top_up.card_brand.clone(), last4: top_up.card_last4.clone() });
    match top_up.status {
        TopUpStatus::Created | TopUpStatus::Processing => {}
        TopUpStatus::ActionRequired => {
            shown.status = PayStatus::ActionRequired;
            shown.challenge_until = Some(charge_challenge_ends(top_up));
            shown.client_secret = client_secret(top_up);
        }
        TopUpStatus::Succeeded => {
            shown.status = PayStatus::Succeeded;
            shown.settled_at = top_up.settled_at;
        }
        TopUpStatus::Declined => {
            describe_refusal(shown, top_up.decline_code.unwrap_or(DeclineCode::GenericDecline));
        }
        TopUpStatus::Expired => shown.status = PayStatus::Expired,
        TopUpStatus::Unknown => shown.status = PayStatus::Unknown,
    }
}

/// With which the provider's script in the page asks the cardholder about the payment.
fn client_secret(top_up: &TopUp) -> Option<String> {
    match serde_json::from_str(top_up.next_action.as_deref()?).ok()? {
        NextAction::BrowserScript { client_secret, .. } => Some(client_secret),
        NextAction::SandboxChallenge | NextAction::HostedPage { .. } => None,
    }
}

fn describe_refusal(shown: &mut PayAttempt, code: DeclineCode) {
    // A link that cannot be used again needs no advice to try another card.
    let reason = if shown.may_try_again { advise_payer_of_fixed_amount(code) } else { describe_decline(code) };
    shown.status = PayStatus::Declined;
    shown.reason = Some(reason.english());
    shown.translation = Some(Box::new(reason.on_the_wire()));
}
