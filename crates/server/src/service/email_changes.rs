//! Another sign-in address: asked for with the password, and true once the link that was sent there is opened.

use billing_contract::ProblemCode;
use billing_domain::SessionKind;
use billing_store::TokenPurpose;

use crate::auth::tokens::hash_token;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem};
use crate::service::account_links::{AccountLink, NEW_EMAIL_SECONDS, link_gone};
use crate::service::account_mails::{self, AccountMail};
use crate::service::sessions::{Client, SignedInMember, require_confirmation};
use crate::state::AppState;

/// Whoever has got so many mails waits this long for the next one.
const MAIL_RETRY_SECONDS: u32 = 600;

/// Whether this member may ask for another address now.
pub(super) fn check_may_change(state: &AppState, member: &SignedInMember) -> Result<(), Problem> {
    if member.kind != SessionKind::Password {
        let detail = "You sign in elsewhere, and your address is changed there.";
        return Err(Problem::new(ProblemCode::Forbidden, Detail::general(detail)));
    }
    if !account_mails::can_send(state) || state.origin().is_none() {
        return Err(Problem::new(ProblemCode::Conflict, UserMessage::email_change_needs_mail()));
    }
    // Whoever changes the address can reset the password.
    require_confirmation(state, member)
}

/// Sends a link to the address, already checked. Whether somebody has an account of that address shows neither in the answer
/// nor in its time: then nothing is sent.
pub(super) async fn request_email_change(
    state: &AppState,
    member: &SignedInMember,
    email: &str,
) -> Result<(), Problem> {
    if !state.budgets.take_account_mail(&email.to_lowercase()) {
        let detail = "This address has got several mails already. Wait some minutes, then try again.";
        return Err(Problem::retry_later(ProblemCode::TooManyRequests, Detail::general(detail), MAIL_RETRY_SECONDS));
    }
    let (now, id) = (state.clock.now(), &member.user.id);
    let mut link = AccountLink::new(TokenPurpose::NewEmail, Some(id.clone()), NEW_EMAIL_SECONDS, now)
        .map_err(Problem::internal)?;
    email.clone_into(&mut link.token.detail);
    state.store.begin_email_change(&link.token, &member.actor(), now).await?;
    let (later, id, email) = (state.clone(), id.clone(), email.to_owned());
    state.tasks.spawn(async move {
        let taken = later.store.account_by_email(&email).await;
        let own = later.store.account(&id).await;
        let Some(origin) = later.origin() else { return };
        match (taken, own) {
            (Ok(taken), Ok(own)) if taken.as_ref().is_none_or(|taken| taken.id == own.id) => {
                let mail = AccountMail::ConfirmEmail { link: format!("{origin}{}", link.address) };
                let locale = account_mails::find_locale(&later, &own).await;
                account_mails::send(&later, &email, locale.as_deref(), &mail).await;
            }
            (Ok(_), Ok(_)) => {}
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "a link to a new address could not be sent");
            }
        }
    });
    Ok(())
}

/// Uses the link up: the address holds, and the old one gets a notice.
pub(crate) async fn complete_email_change(state: &AppState, token: &str, client: &Client) -> Result<(), Problem> {
    state.budgets.take_account_link(client.network)?;
    let address = client.address.to_string();
    let changed = state.store.complete_email_change(&hash_token(token), &address, state.clock.now()).await?;
    let changed = changed.ok_or_else(link_gone)?;
    state.budgets.give_back_account_link(client.network);
    let account = state.store.account(&changed.user.id).await?;
    tracing::warn!(target: "security", user = %account.id, "sign-in address changed");
    let locale = account_mails::find_locale(state, &account).await;
    let notice = AccountMail::EmailChanged { email: account.email };
    account_mails::spawn_mail_to(state, changed.before, locale, notice);
    Ok(())
}
