//! How long, how many and how large what is sent may be: named after the rules that refuse it, and put into the description.

use billing_contract::metering::MAX_EVENTS;
use billing_domain::decimal::MAX_TEXT_BYTES;
use billing_domain::free_text::{self, Purpose};
use billing_domain::link::{MAX_SECONDS, MIN_SECONDS};
use serde_json::{Value, json};

use crate::auth::passwords::MAX_PASSWORD;
use crate::message;
use crate::service::metering::authorization;
use crate::service::{cards, sessions};

/// Longer than any secret of a link.
const TOKEN: usize = 255;
/// Longer than any name of a time zone (IANA: 30).
const TIME_ZONE: usize = 64;

/// Puts them into a document made from the routes.
pub(super) fn add(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas") else { return };
    for (place, limits) in all() {
        let Some(target) = schemas.pointer_mut(&pointer(place)).and_then(Value::as_object_mut) else {
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
fn pointer(place: &str) -> String {
    format!("/{}", place.replace('.', "/properties/"))
}

fn text(most: usize) -> Value {
    json!({"maxLength": most})
}

fn some_text(most: usize) -> Value {
    json!({"minLength": 1, "maxLength": most})
}

/// Says of a text in somebody's own words what [`billing_domain::FreeText`] refuses in it.
fn free(purpose: Purpose) -> Value {
    let mut limits = if purpose.required { some_text(purpose.most) } else { text(purpose.most) };
    let lines = if purpose.lines { "line ends aside, " } else { "" };
    let refused = format!("Refused: {lines}control characters, characters that are not seen, and card numbers.");
    limits["description"] = json!(refused);
    limits
}

/// The same of what a program sends, which is masked.
fn masked(purpose: Purpose) -> Value {
    let mut limits = text(purpose.most);
    limits["description"] = json!(
        "For people. Of card numbers only the last four digits are kept, and characters that are not seen are left out."
    );
    limits
}

fn id() -> Value {
    json!({"format": "uuid", "maxLength": 36})
}

fn number(least: i64, most: i64) -> Value {
    json!({"minimum": least, "maximum": most})
}

/// A schema, or a field of one, and what is said of it.
fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("EnteredDecimal", some_text(MAX_TEXT_BYTES)),
        ("Message.code", json!({"enum": message::CODES})),
        ("SignIn.email", some_text(sessions::MAX_EMAIL)),
        ("SignIn.password", some_text(MAX_PASSWORD)),
        ("Confirm.password", some_text(MAX_PASSWORD)),
        ("CreateTopUp.card_id", id()),
        ("CreateTopUp.request_id", id()),
        ("CreateRefund.organization_id", id()),
        ("CreateRefund.top_up_id", id()),
        ("CreateRefund.reason", free(free_text::REFUND_REASON)),
        ("CreateFundsRequest.reason", free(free_text::REQUEST_REASON)),
        ("AnswerFundsRequest.answer", free(free_text::REQUEST_ANSWER)),
        ("PutOrganization.name", free(free_text::ORGANIZATION_NAME)),
        ("PutOrganization.address", free(free_text::ADDRESS)),
        ("PutOrganization.tax_id", free(free_text::TAX_ID)),
        ("PutOrganization.time_zone", some_text(TIME_ZONE)),
        ("CreatePaymentLink.note", free(free_text::LINK_NOTE)),
        ("CreatePaymentLink.expires_in_seconds", number(MIN_SECONDS, MAX_SECONDS)),
        ("ResolveLink.token", some_text(TOKEN)),
        ("CompleteLink.token", some_text(TOKEN)),
        ("CompleteLink.card_token", text(cards::TOKEN_CHARACTERS)),
        ("CompleteLink.exp_month", number(1, 12)),
        ("CompleteLink.exp_year", number(1, 9_999)),
        ("CompleteLink.consent", free(free_text::CONSENT)),
        ("AskAttempt.token", some_text(TOKEN)),
        ("AskAttempt.attempt_id", id()),
        ("AnswerAttempt.token", some_text(TOKEN)),
        ("AnswerAttempt.attempt_id", id()),
        ("CreateCardSetup.token", text(cards::TOKEN_CHARACTERS)),
        ("CreateCardSetup.exp_month", number(1, 12)),
        ("CreateCardSetup.exp_year", number(1, 9_999)),
        ("CreateCardSetup.consent", free(free_text::CONSENT)),
        ("PutAutoPay.card_id", id()),
        ("Authorize.organization_id", id()),
        ("Authorize.ttl_seconds", number(1, authorization::MAX_TTL_SECONDS)),
        ("Events.events", json!({"minItems": 1, "maxItems": MAX_EVENTS})),
        ("UsageEvent.id", some_text(free_text::USAGE_ID.most)),
        ("UsageEvent.organization_id", id()),
        ("UsageEvent.description", masked(free_text::USAGE_DESCRIPTION)),
        ("UsageEvent.source", masked(free_text::USAGE_SOURCE)),
        ("UsageEvent.hold_id", id()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::router::api;

    #[test]
    fn every_limit_finds_its_field() {
        let (_, document) = api().split_for_parts();
        let mut document = serde_json::to_value(document).unwrap();
        add(&mut document);
        for (place, limits) in all() {
            let found = document.pointer(&format!("/components/schemas{}", pointer(place)));
            let found = found.unwrap_or_else(|| panic!("there is no {place}"));
            for (keyword, value) in limits.as_object().unwrap() {
                assert_eq!(&found[keyword], value, "{place}");
            }
        }
    }
}
