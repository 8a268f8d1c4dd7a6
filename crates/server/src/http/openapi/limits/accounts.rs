//! How long what people send about their accounts may be.

use billing_domain::free_text;
use serde_json::{Value, json};

use super::{TIME_ZONE, TOKEN, free_text_limit, id_limit, some_text};
use crate::auth::passwords::MAX_PASSWORD;
use crate::service::factor_codes::MAX_CODE;
use crate::service::person_checks::{MAX_LOCALE, MIN_PASSWORD};
use crate::service::sessions;

/// Of a password that is chosen.
fn password_limit() -> Value {
    json!({"minLength": MIN_PASSWORD, "maxLength": MAX_PASSWORD})
}

fn locale_limit() -> Value {
    json!({"minLength": 1, "maxLength": MAX_LOCALE, "pattern": "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$"})
}

/// A field, and what is said of it.
pub(super) fn account_limits() -> Vec<(&'static str, Value)> {
    vec![
        ("CompleteSetup.token", some_text(TOKEN)),
        ("CompleteSetup.organization", free_text_limit(free_text::ORGANIZATION_NAME)),
        ("CompleteSetup.name", free_text_limit(free_text::PERSON_NAME)),
        ("CompleteSetup.email", some_text(sessions::MAX_EMAIL)),
        ("CompleteSetup.password", password_limit()),
        ("CompleteSetup.time_zone", some_text(TIME_ZONE)),
        ("CompleteSetup.locale", locale_limit()),
        ("RequestPasswordReset.email", some_text(sessions::MAX_EMAIL)),
        ("PutProfile.name", free_text_limit(free_text::PERSON_NAME)),
        ("PutProfile.locale", locale_limit()),
        ("PutProfile.email", free_text_limit(free_text::EMAIL)),
        ("CompleteEmailChange.token", some_text(TOKEN)),
        ("ConfirmSecondFactor.code", some_text(MAX_CODE)),
        ("RemoveSecondFactor.password", some_text(MAX_PASSWORD)),
        ("RemoveSecondFactor.code", some_text(MAX_CODE)),
        ("AcceptInvitation.otp", some_text(MAX_CODE)),
        ("PutPassword.current", some_text(MAX_PASSWORD)),
        ("PutPassword.new", password_limit()),
        ("SwitchOrganization.organization_id", id_limit()),
        ("CreateInvitation.email", some_text(sessions::MAX_EMAIL)),
        ("ResolveInvitation.token", some_text(TOKEN)),
        ("AcceptInvitation.token", some_text(TOKEN)),
        ("AcceptInvitation.name", free_text_limit(free_text::PERSON_NAME)),
        ("AcceptInvitation.password", some_text(MAX_PASSWORD)),
        ("AcceptInvitation.locale", locale_limit()),
        ("CompletePasswordReset.token", some_text(TOKEN)),
        ("CompletePasswordReset.password", password_limit()),
    ]
}
