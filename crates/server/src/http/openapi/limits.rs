//! How long, how many and how large what is sent may be: named after the rules that refuse it, and put into the description.

mod accounts;

use billing_contract::metering::MAX_EVENTS;
use billing_domain::decimal::MAX_TEXT_BYTES;
use billing_domain::external_id::{EXTERNAL_PREFIX, MAX_EXTERNAL_ID};
use billing_domain::free_text::{self, Purpose};
use billing_domain::link::{MAX_SECONDS, MIN_SECONDS};
use billing_domain::{Capability, Scope};
use serde_json::{Value, json};

use crate::auth::passwords::MAX_PASSWORD;
use crate::message;
use crate::service::metering::authorization;
use crate::service::{cards, factor_codes, keys, organizations, person_checks, portal, sessions, theme};

/// Longer than any secret of a link.
const TOKEN: usize = 255;
/// Longer than any origin of a site (DNS: 253, and scheme and port).
const ORIGIN: usize = 270;
/// Longer than any name of a time zone (IANA: 30).
const TIME_ZONE: usize = 64;

/// Puts them into a document made from the routes.
pub(super) fn add_limits(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas") else { return };
    for (place, limits) in all_limits().into_iter().chain(accounts::account_limits()) {
        let Some(target) = schemas.pointer_mut(&pointer_to(place)).and_then(Value::as_object_mut) else {
            tracing::error!(place, "the description of the API has no such field");
            continue;
        };
        // A reference stands alone in its type's words; what is said beside it holds as well (JSON Schema 2020-12).
        if let Value::Object(limits) = limits {
            target.extend(limits);
        }
    }
}

/// `UsageEvent.id` → `/UsageEvent/properties/id`, `EnteredDecimal` → `/EnteredDecimal`.
fn pointer_to(place: &str) -> String {
    format!("/{}", place.replace('.', "/properties/"))
}

fn text_limit(most: usize) -> Value {
    json!({"maxLength": most})
}

fn some_text(most: usize) -> Value {
    json!({"minLength": 1, "maxLength": most})
}

/// Says of a text in somebody's own words what [`billing_domain::FreeText`] refuses in it.
fn free_text_limit(purpose: Purpose) -> Value {
    let mut limits = if purpose.required { some_text(purpose.most) } else { text_limit(purpose.most) };
    let lines = if purpose.lines { "line ends aside, " } else { "" };
    let refused = format!("Refused: {lines}control characters, characters that are not seen, and card numbers.");
    limits["description"] = json!(refused);
    limits
}

/// The same of what a program sends, which is masked.
fn masked_text_limit(purpose: Purpose) -> Value {
    let mut limits = text_limit(purpose.most);
    limits["description"] = json!(
        "For people. Of card numbers only the last four digits are kept, and characters that are not seen are left out."
    );
    limits
}

fn id_limit() -> Value {
    json!({"format": "uuid", "maxLength": 36})
}

/// An id of ours or of the host's.
fn reference_limit() -> Value {
    let mut limits = some_text(EXTERNAL_PREFIX.len() + MAX_EXTERNAL_ID);
    limits["description"] = json!("Its id, or `ext:` and the host's own id.");
    limits
}

fn color_limit() -> Value {
    json!({"pattern": "^#[0-9a-fA-F]{6}$", "maxLength": 7})
}

fn number_limit(least: i64, most: i64) -> Value {
    json!({"minimum": least, "maximum": most})
}

/// A schema, or a field of one, and what is said of it.
fn all_limits() -> Vec<(&'static str, Value)> {
    vec![
        ("EnteredDecimal", some_text(MAX_TEXT_BYTES)),
        ("Message.code", json!({"enum": message::CODES})),
        ("SignIn.email", some_text(sessions::MAX_EMAIL)),
        ("SignIn.password", some_text(MAX_PASSWORD)),
        ("SignIn.otp", some_text(factor_codes::MAX_CODE)),
        ("Confirm.password", some_text(MAX_PASSWORD)),
        ("Confirm.code", some_text(TOKEN)),
        ("CreatePortalSession.organization", some_text(MAX_EXTERNAL_ID + EXTERNAL_PREFIX.len())),
        ("CreatePortalSession.locale", some_text(person_checks::MAX_LOCALE)),
        ("CreatePortalSession.return_url", some_text(portal::MAX_RETURN_URL)),
        ("CreatePortalSession.embed_origin", some_text(ORIGIN)),
        ("CreatePortalSession.session_seconds", number_limit(portal::MIN_SECONDS, portal::MAX_SECONDS)),
        ("CreatePortalSession.can", json!({"minItems": 1, "maxItems": Capability::ALL.len()})),
        ("CreatePortalSession.tag", some_text(MAX_EXTERNAL_ID)),
        ("PortalUser.external_id", some_text(MAX_EXTERNAL_ID)),
        ("PortalUser.email", free_text_limit(free_text::EMAIL)),
        ("PortalUser.name", free_text_limit(free_text::PERSON_NAME)),
        ("PortalTheme.accent", color_limit()),
        ("PortalTheme.surface", color_limit()),
        ("PortalTheme.text", color_limit()),
        ("PortalTheme.border", color_limit()),
        ("PortalTheme.radius", json!({"pattern": "^[0-9]{1,2}px$", "maxLength": 4})),
        ("PortalTheme.font", some_text(theme::MOST_FONT)),
        ("ExchangeCode.code", some_text(TOKEN)),
        ("ExchangeCode.parent_origin", text_limit(ORIGIN)),
        ("CreateTopUp.card_id", id_limit()),
        ("CreateTopUp.request_id", id_limit()),
        ("CreateRefund.organization_id", reference_limit()),
        ("CreateRefund.top_up_id", id_limit()),
        ("CreateRefund.reason", free_text_limit(free_text::REFUND_REASON)),
        (
            "CreateCredit.amount",
            json!({"pattern": "^-?[0-9]+(\\.[0-9]+)?$", "minLength": 1, "maxLength": MAX_TEXT_BYTES}),
        ),
        ("CreateCredit.reason", free_text_limit(free_text::CREDIT_REASON)),
        ("CreateFundsRequest.reason", free_text_limit(free_text::REQUEST_REASON)),
        ("AnswerFundsRequest.answer", free_text_limit(free_text::REQUEST_ANSWER)),
        ("PutOrganization.name", free_text_limit(free_text::ORGANIZATION_NAME)),
        ("PutOrganization.address", free_text_limit(free_text::ADDRESS)),
        ("PutOrganization.tax_id", free_text_limit(free_text::TAX_ID)),
        ("PutOrganization.time_zone", some_text(TIME_ZONE)),
        ("CreatePaymentLink.note", free_text_limit(free_text::LINK_NOTE)),
        ("CreatePaymentLink.expires_in_seconds", number_limit(MIN_SECONDS, MAX_SECONDS)),
        ("ResolveLink.token", some_text(TOKEN)),
        ("CompleteLink.token", some_text(TOKEN)),
        ("CompleteLink.card_token", text_limit(cards::TOKEN_CHARACTERS)),
        ("CompleteLink.exp_month", number_limit(1, 12)),
        ("CompleteLink.exp_year", number_limit(1, 9_999)),
        ("CompleteLink.consent", free_text_limit(free_text::CONSENT)),
        ("AskAttempt.token", some_text(TOKEN)),
        ("AskAttempt.attempt_id", id_limit()),
        ("AnswerAttempt.token", some_text(TOKEN)),
        ("AnswerAttempt.attempt_id", id_limit()),
        ("CreateCardSetup.token", text_limit(cards::TOKEN_CHARACTERS)),
        ("CreateCardSetup.exp_month", number_limit(1, 12)),
        ("CreateCardSetup.exp_year", number_limit(1, 9_999)),
        ("CreateCardSetup.consent", free_text_limit(free_text::CONSENT)),
        ("PutAutoPay.card_id", id_limit()),
        ("Authorize.organization_id", reference_limit()),
        ("Authorize.ttl_seconds", number_limit(1, authorization::MAX_TTL_SECONDS)),
        ("Events.events", json!({"minItems": 1, "maxItems": MAX_EVENTS})),
        ("UsageEvent.id", some_text(free_text::USAGE_ID.most)),
        ("UsageEvent.organization_id", reference_limit()),
        ("UsageEvent.description", masked_text_limit(free_text::USAGE_DESCRIPTION)),
        ("UsageEvent.source", masked_text_limit(free_text::USAGE_SOURCE)),
        ("UsageEvent.hold_id", id_limit()),
        ("CreateKey.name", free_text_limit(free_text::KEY_NAME)),
        ("CreateKey.scopes", json!({"minItems": 1, "maxItems": Scope::ALL.len()})),
        ("CreateKey.organization", reference_limit()),
        ("PutHostOrganization.name", free_text_limit(free_text::ORGANIZATION_NAME)),
        ("PutHostOrganization.time_zone", some_text(TIME_ZONE)),
        ("PutHostOrganization.locale", text_limit(person_checks::MAX_LOCALE)),
        ("PutHostOrganization.address", free_text_limit(free_text::ADDRESS)),
        ("PutHostOrganization.tax_id", free_text_limit(free_text::TAX_ID)),
        ("PutHostOrganization.plan", free_text_limit(free_text::PLAN)),
        ("PutHostOrganization.metadata", json!({"maxProperties": organizations::MAX_METADATA})),
        ("PutPolicy.grace_seconds", number_limit(0, organizations::MAX_GRACE_SECONDS)),
        ("ChangeStatus.reason", free_text_limit(free_text::STATUS_REASON)),
        ("PutHostMember.email", free_text_limit(free_text::EMAIL)),
        ("PutHostMember.name", free_text_limit(free_text::PERSON_NAME)),
        ("RotateKey.keep_old_seconds", number_limit(0, keys::MAX_KEEP_SECONDS)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::router::api_routes;

    #[test]
    fn every_limit_finds_its_field() {
        let (_, document) = api_routes().split_for_parts();
        let mut document = serde_json::to_value(document).unwrap();
        add_limits(&mut document);
        for (place, limits) in all_limits().into_iter().chain(accounts::account_limits()) {
            let found = document.pointer(&format!("/components/schemas{}", pointer_to(place)));
            let found = found.unwrap_or_else(|| panic!("there is no {place}"));
            for (keyword, value) in limits.as_object().unwrap() {
                assert_eq!(&found[keyword], value, "{place}");
            }
        }
    }
}
