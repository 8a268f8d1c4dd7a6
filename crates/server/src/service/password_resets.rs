//! Choosing a password by a link: the first one of somebody new, or another one of somebody who has forgotten theirs.

use billing_contract::ProblemCode;
use billing_contract::account::{CompletePasswordReset, RequestPasswordReset};
use billing_domain::UserId;
use billing_store::TokenPurpose;

use crate::auth::tokens::hash_token;
use crate::budgets::SignInOrigin;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem};
use crate::service::account_links::{AccountLink, RESET_SECONDS, link_gone};
use crate::service::account_mails::{self, AccountMail};
use crate::service::person_checks::check_password;
use crate::service::sessions::{Client, MAX_EMAIL, RETRY_SECONDS};
use crate::state::AppState;

/// Gives the link's person this password and ends all their sessions. The link is used up.
pub(crate) async fn complete_password_reset(
    state: &AppState,
    form: &CompletePasswordReset,
    client: &Client,
) -> Result<(), Problem> {
    check_password("/password", &form.password, "").map_err(|error| Problem::invalid(vec![error]))?;
    state.budgets.take_account_link(client.network)?;
    let token_hash = hash_token(&form.token);
    let user = state.store.find_password_token(&token_hash, state.clock.now()).await?.ok_or_else(link_gone)?;
    state.budgets.give_back_account_link(client.network);
    check_password("/password", &form.password, &user.email).map_err(|error| Problem::invalid(vec![error]))?;
    let password_hash = hash_password(state, client, &form.password).await?;
    let (now, address) = (state.clock.now(), client.address.to_string());
    let completed = state.store.complete_password_token(&token_hash, &password_hash, &address, now).await?;
    let (user, ended) = completed.ok_or_else(link_gone)?;
    tracing::warn!(target: "security", user = %user.id, sessions = ended.len(), "password set by a link");
    publish_ended(state, &user.id, &ended).await?;
    account_mails::spawn_mail(state, user.id, AccountMail::PasswordChanged);
    Ok(())
}

/// Tells open pages of a person that these sessions have ended.
pub(super) async fn publish_ended(state: &AppState, user_id: &UserId, ended: &[String]) -> Result<(), Problem> {
    if ended.is_empty() {
        return Ok(());
    }
    tracing::info!(target: "security", user = %user_id, sessions = ended.len(), "sessions ended");
    for membership in state.store.memberships(user_id).await? {
        for token_hash in ended {
            state.events.publish(&membership.organization_id, Topic::SessionEnded(token_hash.clone()));
        }
    }
    Ok(())
}

/// Sends a link to whoever has an account with this address. The answer is the same for everybody, and does not wait for
/// the look-up: neither what is said nor the time it takes tells who has an account.
pub(crate) fn request_password_reset(
    state: &AppState,
    form: &RequestPasswordReset,
    client: &Client,
) -> Result<(), Problem> {
    if form.email.len() > MAX_EMAIL {
        return Err(Problem::field("/email", "too_long", UserMessage::too_many_bytes(MAX_EMAIL)));
    }
    state.budgets.take_reset(client.network)?;
    let (later, email) = (state.clone(), form.email.trim().to_lowercase());
    state.tasks.spawn(async move {
        if let Err(problem) = send_reset_link(&later, &email).await {
            tracing::warn!(code = problem.document().code.as_str(), "a link to reset a password could not be sent");
        }
    });
    Ok(())
}

async fn send_reset_link(state: &AppState, email: &str) -> Result<(), Problem> {
    if !account_mails::can_send(state) || !state.budgets.take_account_mail(email) {
        return Ok(());
    }
    let Some(account) = state.store.account_by_email(email).await? else { return Ok(()) };
    let Some(origin) = state.origin() else { return Ok(()) };
    if account.locked_at.is_some() {
        return Ok(());
    }
    let now = state.clock.now();
    let link = AccountLink::new(TokenPurpose::ResetPassword, Some(account.id.clone()), RESET_SECONDS, now)
        .map_err(Problem::internal)?;
    state.store.create_user_token(&link.token, None, now).await?;
    let link = format!("{origin}{}", link.address);
    account_mails::spawn_mail(state, account.id, AccountMail::ResetPassword { link });
    Ok(())
}

/// Hashes a password in turn with those that are checked.
pub(super) async fn hash_password(state: &AppState, client: &Client, password: &str) -> Result<String, Problem> {
    let origin = SignInOrigin::Address(client.network);
    let hash = state.passwords.hash_in_turn(origin, password.to_owned()).await.map_err(|_| {
        let detail = "Too many people are signing in at this moment. Try again in a few seconds.";
        Problem::retry_later(ProblemCode::Unavailable, Detail::general(detail), RETRY_SECONDS)
    })?;
    hash.map_err(Problem::internal)
}
