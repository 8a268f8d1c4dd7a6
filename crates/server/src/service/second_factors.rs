//! Switching a second factor on, by a secret for an app and a code of it, and off.
//! See docs/decisions/0093-second-factor.md.

use billing_contract::ProblemCode;
use billing_contract::second_factor::{ConfirmSecondFactor, NewSecondFactor, RecoveryCodes, RemoveSecondFactor};
use billing_domain::SessionKind;
use billing_store::StoreError;

use crate::auth::totp;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem};
use crate::service::account_mails::{self, AccountMail};
use crate::service::factor_codes::{
    FactorHolder, confirmed_factor, hash_recovery_code, open_secret, sealing_key, take_code,
};
use crate::service::qr_code::draw_qr_code;
use crate::service::sessions::{self, Client, SignedInMember, require_confirmation};
use crate::state::AppState;

/// Recovery codes of one person.
const RECOVERY_CODES: usize = 8;
/// Bytes of each: too many to be found by trying, also in a stolen database.
const RECOVERY_BYTES: usize = 10;
/// Characters of a recovery code between two hyphens.
const RECOVERY_GROUP: usize = 4;

/// Makes a secret for the member's app. It is asked for only once it is confirmed.
pub(crate) async fn begin_second_factor(state: &AppState, member: &SignedInMember) -> Result<NewSecondFactor, Problem> {
    check_has_password(member)?;
    let key = sealing_key(state).ok_or_else(|| {
        let detail = "This server has no key to seal second factors with. Its operator sets --secret-key \
            (NEXIS_BILLING_SECRET_KEY) or --secret-key-file.";
        Problem::new(ProblemCode::Conflict, Detail::general(detail))
    })?;
    require_confirmation(state, member)?;
    let mut secret = [0; totp::SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(Problem::internal)?;
    let sealed = key.seal(member.user.id.as_str(), &secret).map_err(Problem::internal)?;
    let begun = state.store.begin_second_factor(&member.user.id, &sealed, &member.actor(), state.clock.now()).await;
    begun.map_err(|error| match error {
        StoreError::Conflict(_) => Problem::new(ProblemCode::Conflict, UserMessage::second_factor_on_already()),
        other => Problem::from(other),
    })?;
    let secret = totp::encode_base32(&secret);
    let uri = write_uri(&state.config.brand.name, &member.user.email, &secret);
    Ok(NewSecondFactor { qr: draw_qr_code(&uri)?, secret, uri })
}

/// By a code of the app: from now on one is asked for. The recovery codes are shown this once.
pub(crate) async fn confirm_second_factor(
    state: &AppState,
    member: &SignedInMember,
    form: &ConfirmSecondFactor,
    client: &Client,
    device: Option<&str>,
) -> Result<RecoveryCodes, Problem> {
    check_has_password(member)?;
    let (id, now) = (&member.user.id, state.clock.now());
    let begun = state.store.second_factor(id).await?.filter(|factor| factor.confirmed_at.is_none());
    let factor = begun.ok_or_else(|| {
        let detail = "No second factor was begun, or it is confirmed already.";
        Problem::new(ProblemCode::Conflict, Detail::general(detail))
    })?;
    let origin = sessions::sign_in_origin(state, &member.user.email, client.network, device);
    let email = member.user.email.trim().to_lowercase();
    let attempt = state.budgets.take_factor_code(&origin, &email)?;
    let secret = open_secret(state, id, &factor);
    let Some(step) = secret.and_then(|secret| totp::find_step(&secret, &form.code, now)) else {
        return Err(wrong_code());
    };
    state.budgets.give_back_factor_code(attempt);
    let codes = new_recovery_codes()?;
    let hashes: Vec<_> = codes.iter().map(|code| hash_recovery_code(code)).collect();
    state.store.confirm_second_factor(id, &factor.sealed_secret, step, &hashes, &member.actor(), now).await?;
    tracing::warn!(target: "security", user = %id, "second factor switched on");
    account_mails::spawn_mail(state, id.clone(), AccountMail::SecondFactorOn);
    Ok(RecoveryCodes { codes })
}

/// Switches it off, on the word of the password and a code.
pub(crate) async fn remove_second_factor(
    state: &AppState,
    member: &SignedInMember,
    form: &RemoveSecondFactor,
    client: &Client,
    device: Option<&str>,
) -> Result<(), Problem> {
    check_has_password(member)?;
    sessions::check_current_password(state, member, "/password", &form.password, client.network, device).await?;
    let id = &member.user.id;
    let Some(factor) = confirmed_factor(state, id).await? else {
        let detail = "There is no second factor to switch off.";
        return Err(Problem::new(ProblemCode::Conflict, Detail::general(detail)));
    };
    let origin = sessions::sign_in_origin(state, &member.user.email, client.network, device);
    let (name, email) = (&member.user.name, &member.user.email);
    let holder = FactorHolder { id, name, email, origin: &origin, address: client.address };
    if !take_code(state, &holder, &factor, &form.code).await? {
        return Err(wrong_code());
    }
    state.store.remove_second_factor(id, &member.actor(), state.clock.now()).await?;
    tracing::warn!(target: "security", user = %id, "second factor switched off");
    account_mails::spawn_mail(state, id.clone(), AccountMail::SecondFactorOff);
    Ok(())
}

/// Whoever signs in elsewhere has their second factor there.
fn check_has_password(member: &SignedInMember) -> Result<(), Problem> {
    if member.kind == SessionKind::Password {
        return Ok(());
    }
    let detail = "You sign in elsewhere, and a second factor is asked for there.";
    Err(Problem::new(ProblemCode::Forbidden, Detail::general(detail)))
}

fn wrong_code() -> Problem {
    Problem::field("/code", "wrong_code", UserMessage::second_factor_wrong())
}

/// As apps read it: <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>
fn write_uri(product: &str, email: &str, secret: &str) -> String {
    let mut uri = "otpauth://totp/".to_owned();
    billing_contract::paths::push_encoded(&mut uri, product);
    uri.push(':');
    billing_contract::paths::push_encoded(&mut uri, email);
    uri.push_str("?secret=");
    uri.push_str(secret);
    uri.push_str("&issuer=");
    billing_contract::paths::push_encoded(&mut uri, product);
    uri
}

fn new_recovery_codes() -> Result<Vec<String>, Problem> {
    let mut random = [[0; RECOVERY_BYTES]; RECOVERY_CODES];
    getrandom::fill(random.as_flattened_mut()).map_err(Problem::internal)?;
    Ok(random.iter().map(|bytes| group_letters(&totp::encode_base32(bytes))).collect())
}

/// `ABCD-EFGH-…`, easier to copy.
fn group_letters(code: &str) -> String {
    let mut out = String::new();
    for (place, letter) in code.chars().enumerate() {
        if place > 0 && place % RECOVERY_GROUP == 0 {
            out.push('-');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_differ_and_are_read_however_they_are_typed() {
        let codes = new_recovery_codes().unwrap();
        let distinct: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!((codes.len(), distinct.len(), codes[0].len()), (8, 8, 19));
        let typed = codes[0].to_lowercase().replace('-', " ");
        assert_eq!(hash_recovery_code(&typed), hash_recovery_code(&codes[0]));
        assert!(!totp::is_code(&codes[0]));
    }

    #[test]
    fn the_address_for_apps_is_encoded() {
        let uri = write_uri("Nexis & Co", "a+b@c.test", "ABC");
        assert_eq!(uri, "otpauth://totp/Nexis%20%26%20Co:a%2Bb%40c.test?secret=ABC&issuer=Nexis%20%26%20Co");
    }
}
