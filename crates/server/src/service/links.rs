//! Payment links as their makers see them. Using one is `pay`'s.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use billing_contract::ProblemCode;
use billing_contract::link::{
    CreatePaymentLink, CreatedPaymentLink, EnteredLinkSettings, PaymentLink as PaymentLinkView, PaymentLinkList,
};
use billing_domain::auto_pay::Settings;
use billing_domain::free_text::{FreeText, LINK_NOTE};
use billing_domain::limits::ChargeLimits;
use billing_domain::link::{DEFAULT_SECONDS, MAX_SECONDS, MIN_SECONDS};
use billing_domain::{LinkId, Money, OrganizationId, UserId};
use billing_store::{CardSetup, NewLink, PaymentLink, StoreError};

use crate::auth::tokens::hash_token;
use crate::effects::run_effects;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::message::amount::describe_in_range;
use crate::problem::{Detail, Problem, field_error};
use crate::reconcile::card_setup::close_hosted_page;
use crate::service::auto_pay;
use crate::service::organizations::require_open;
use crate::service::qr_code::draw_qr_code;
use crate::service::sessions::{SignedInMember, require_confirmation};
use crate::state::AppState;
use crate::view::payment_link::map_payment_link;

/// So many are listed of those that are over.
const LISTED: u32 = 50;

/// Every link that can be used and the latest others, newest first.
pub(crate) async fn list_links(state: &AppState, organization_id: &OrganizationId) -> Result<PaymentLinkList, Problem> {
    let now = state.clock.now();
    let links = state.store.links(organization_id, LISTED, now).await?;
    Ok(PaymentLinkList { items: links.iter().map(|link| map_payment_link(link, now)).collect() })
}

pub(crate) async fn get_link(
    state: &AppState,
    organization_id: &OrganizationId,
    id: &LinkId,
) -> Result<PaymentLinkView, Problem> {
    Ok(map_payment_link(&state.store.link(organization_id, id).await?, state.clock.now()))
}

/// Makes a link; `origin` is where the page is. The token is shown now and never again.
pub(crate) async fn create_link(
    state: &AppState,
    member: &SignedInMember,
    origin: &str,
    form: &CreatePaymentLink,
) -> Result<CreatedPaymentLink, Problem> {
    let organization = &member.organization;
    require_open(organization)?;
    let limits = state.config.limits(organization.currency);
    let now = state.clock.now();
    // Before the password is asked for: a form with a mistake needs no proof yet.
    let checked = check_form(form, &limits)?;
    require_confirmation(state, member)?;
    // 256 bits: it cannot be guessed, so its hash needs neither salt nor slowness.
    let mut token = [0; 32];
    getrandom::fill(&mut token).map_err(Problem::internal)?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(token);
    let new = NewLink {
        id: state.new_id()?,
        // Only the hash is kept: a stolen database opens no link.
        token_hash: hash_token(&token),
        purpose: form.purpose,
        amount: checked.amount,
        settings: checked.settings,
        note: checked.note,
        created_by: member.user.id.clone(),
        expires_at: now.plus_seconds(checked.seconds),
    };
    let created = state.store.create_link(&organization.id, &new, &member.actor(), now).await;
    let link = created.map_err(|error| match error {
        StoreError::LimitReached(most) => Problem::new(ProblemCode::Conflict, UserMessage::link_limit_reached(most)),
        other => Problem::from(other),
    })?;
    state.events.publish(&organization.id, Topic::Link(link.id.clone()));
    // Behind `#`, which browsers send to no server and no log sees.
    let url = format!("{origin}/pay#{token}");
    Ok(CreatedPaymentLink { link: map_payment_link(&link, now), qr: draw_qr_code(&url)?, url })
}

/// Takes a link back. One that is over already stays as it is, and is answered as it is.
pub(crate) async fn revoke_link(
    state: &AppState,
    member: &SignedInMember,
    id: &LinkId,
) -> Result<PaymentLinkView, Problem> {
    let (organization_id, now) = (&member.organization.id, state.clock.now());
    let link = state.store.revoke_link(organization_id, id, &member.actor(), now).await?;
    state.events.publish(organization_id, Topic::Link(link.id.clone()));
    close_page(state, &link);
    Ok(map_payment_link(&link, now))
}

/// Somebody has lost the role by which they made links: whoever watches sees those end, and pages that are open are closed.
pub(crate) async fn maker_demoted(
    state: &AppState,
    organization_id: &OrganizationId,
    user_id: &UserId,
) -> Result<(), Problem> {
    let now = state.clock.now();
    for link in state.store.links(organization_id, LISTED, now).await? {
        let ended = link.completed_at.is_none() && link.revoked_at.is_none() && !link.maker_manages;
        if ended && link.created_by == *user_id {
            state.events.publish(organization_id, Topic::Link(link.id.clone()));
            close_page(state, &link);
        }
    }
    Ok(())
}

/// Nobody shall enter a card on a page whose link is dead. Should that fail, the card is forgotten as soon as it is
/// reported.
fn close_page(state: &AppState, link: &PaymentLink) {
    let (state, link) = (state.clone(), link.clone());
    // Not awaited: revoking must not depend on the provider.
    state.tasks.clone().spawn(async move {
        let closed = match state.store.open_link_setup(&link).await {
            Ok(Some(setup)) => close_page_of(&state, &setup).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(problem) = closed {
            tracing::warn!(link = %link.id, problem = problem.document().detail, "a page could not be closed");
        }
    });
}

async fn close_page_of(state: &AppState, setup: &CardSetup) -> Result<(), Problem> {
    run_effects(state, close_hosted_page(state, setup).await?).await
}

struct Checked {
    amount: Option<Money>,
    settings: Option<Settings>,
    note: String,
    seconds: i64,
}

fn check_form(form: &CreatePaymentLink, limits: &ChargeLimits) -> Result<Checked, Problem> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: &str, code: &str, detail: Detail| errors.push(field_error(pointer, code, detail));
    let amount = match (form.purpose.pays(), &form.amount) {
        (false, None) => None,
        (true, None) => {
            wrong("/amount", "required", UserMessage::link_amount_missing().into());
            None
        }
        (false, Some(_)) => {
            wrong("/amount", "wrong_value", Detail::general("This link asks for a card, not for an amount."));
            None
        }
        (true, Some(amount)) => match limits.parse(amount.text()) {
            Ok(amount) => Some(amount.money()),
            Err(error) => {
                wrong("/amount", error.code(), describe_in_range(error, limits).into());
                None
            }
        },
    };
    let note = FreeText::parse(LINK_NOTE, form.note.as_deref().unwrap_or_default()).unwrap_or_else(|error| {
        wrong("/note", error.code(), UserMessage::from(error).into());
        FreeText::default()
    });
    let seconds = form.expires_in_seconds.unwrap_or(DEFAULT_SECONDS);
    if !(MIN_SECONDS..=MAX_SECONDS).contains(&seconds) {
        wrong("/expires_in_seconds", "wrong_value", Detail::general("A link lives one hour to seven days."));
    }
    if form.auto_pay.is_some() && !form.purpose.connects() {
        let detail = "Automatic payments need a card that stays connected.";
        wrong("/auto_pay", "wrong_value", Detail::general(detail));
    }
    let settings = match form.auto_pay.as_ref().map(|entered| read_settings(entered, limits)).transpose() {
        Ok(settings) => settings,
        Err(problem) => {
            errors.extend(problem.document().errors.iter().cloned());
            None
        }
    };
    if errors.is_empty() {
        Ok(Checked { amount, settings, note: note.into_string(), seconds })
    } else {
        Err(Problem::invalid(errors))
    }
}

fn read_settings(entered: &EnteredLinkSettings, limits: &ChargeLimits) -> Result<Settings, Problem> {
    auto_pay::parse_settings("/auto_pay", &entered.threshold, &entered.refill, &entered.monthly_cap, limits)
}
