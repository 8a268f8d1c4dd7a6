//! Codes of second factors, as they are asked for at the door: each counts once, and wrong ones are counted.
//! See docs/decisions/0093-second-factor.md.

use std::net::IpAddr;

use billing_contract::ProblemCode;
use billing_domain::UserId;
use billing_store::{Actor, SecondFactor};

use crate::auth::sealing::SealingKey;
use crate::auth::tokens::hash_token;
use crate::auth::totp;
use crate::budgets::SignInOrigin;
use crate::message::UserMessage;
use crate::problem::Problem;
use crate::state::AppState;

/// Longest code that is read, bytes.
pub(crate) const MAX_CODE: usize = 64;

/// Whoever has to bring a code.
#[derive(Clone, Copy, Debug)]
pub(super) struct FactorHolder<'a> {
    pub(super) id: &'a UserId,
    pub(super) name: &'a str,
    /// The sign-in address.
    pub(super) email: &'a str,
    /// Where the code comes from, as tries are counted.
    pub(super) origin: &'a SignInOrigin,
    /// The same as the audit log has it.
    pub(super) address: IpAddr,
}

/// Of whoever has just given the right password: refused without a code that is right, if they have a second factor.
pub(super) async fn check_second_factor(
    state: &AppState,
    holder: &FactorHolder<'_>,
    code: Option<&str>,
) -> Result<(), Problem> {
    let Some(factor) = confirmed_factor(state, holder.id).await? else { return Ok(()) };
    let refuse = |message| Err(Problem::new(ProblemCode::SecondFactorRequired, message));
    match code.map(str::trim).filter(|code| !code.is_empty()) {
        None => refuse(UserMessage::second_factor_asked()),
        Some(code) if take_code(state, holder, &factor, code).await? => Ok(()),
        Some(_) => refuse(UserMessage::second_factor_wrong()),
    }
}

/// Whether a code is asked for when this person signs in.
pub(super) async fn has_second_factor(state: &AppState, id: &UserId) -> Result<bool, Problem> {
    Ok(confirmed_factor(state, id).await?.is_some())
}

/// Uses a code up: six digits of the app, else a recovery code. Wrong ones count with the tries to sign in.
pub(super) async fn take_code(
    state: &AppState,
    holder: &FactorHolder<'_>,
    factor: &SecondFactor,
    code: &str,
) -> Result<bool, Problem> {
    let attempt = state.budgets.take_factor_code(holder.origin, &holder.email.trim().to_lowercase())?;
    let now = state.clock.now();
    let taken = if totp::is_code(code) {
        let secret = open_secret(state, holder.id, factor);
        match secret.and_then(|secret| totp::find_step(&secret, code, now)) {
            Some(step) => state.store.take_factor_step(holder.id, step).await?,
            None => false,
        }
    } else {
        let by = Actor { address: holder.address.to_string(), ..Actor::user(holder.id, holder.name) };
        state.store.use_recovery_code(holder.id, &hash_recovery_code(code), &by, now).await?
    };
    if taken {
        state.budgets.give_back_factor_code(attempt);
    } else {
        tracing::warn!(target: "security", user = %holder.id, address = %holder.address, "second factor refused");
    }
    Ok(taken)
}

pub(super) async fn confirmed_factor(state: &AppState, id: &UserId) -> Result<Option<SecondFactor>, Problem> {
    let factor = state.store.reserved().second_factor(id).await?;
    Ok(factor.filter(|factor| factor.confirmed_at.is_some()))
}

/// `None` without the operator's setting.
pub(super) fn sealing_key(state: &AppState) -> Option<SealingKey> {
    SealingKey::new(state.config.secret_key.as_ref()?.reveal())
}

/// `None` without the key that it was sealed with: then only recovery codes let anybody in, and the log says why.
pub(super) fn open_secret(state: &AppState, id: &UserId, factor: &SecondFactor) -> Option<Vec<u8>> {
    let opened = sealing_key(state).map(|key| key.open(id.as_str(), &factor.sealed_secret));
    if let Some(Ok(secret)) = opened {
        return Some(secret);
    }
    tracing::error!(user = %id, "secret_key is not the one with which second factors were sealed");
    None
}

/// However it was typed.
pub(super) fn hash_recovery_code(code: &str) -> String {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    hash_token(&letters)
}
