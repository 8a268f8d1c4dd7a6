//! Keeps card numbers out: a body of the card and payment routes that holds one is refused before it is acted on, and never
//! logged.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use billing_contract::ProblemCode;
use billing_domain::FreeTextError;
use billing_domain::free_text::contains_card_number;
use serde_json::Value;

use crate::http::extract::read_body;
use crate::http::problem::Problem;
use crate::problem::Detail;

const DETAIL: &str =
    "This looks like a card number. Card numbers must never be sent to this server; it takes tokens only.";

/// To be laid around every route that has to do with cards or payments.
/// See docs/decisions/0026-no-card-numbers.md.
pub(crate) async fn refuse_card_numbers(request: Request, next: Next) -> Response {
    let (parts, content) = request.into_parts();
    // The whole body is read here, within the limit of the router, and handed on as it was.
    let bytes = match read_body(Request::from_parts(parts.clone(), content), &()).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    if let Some(problem) = card_refusal(&bytes) {
        return problem.into_response();
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// JSON is looked at as what it means: escapes hide nothing. Anything else is looked at as it is.
fn card_refusal(bytes: &[u8]) -> Option<Problem> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        let found = contains_card_number(&String::from_utf8_lossy(bytes));
        return found.then(|| Problem::new(ProblemCode::Invalid, Detail::general(DETAIL)));
    };
    let pointer = find_number(&value, String::new())?;
    Some(Problem::field(&pointer, FreeTextError::CardNumber.code(), Detail::general(DETAIL)))
}

/// JSON pointer of the first card number; a key that is one is not repeated.
fn find_number(value: &Value, pointer: String) -> Option<String> {
    match value {
        Value::String(text) => contains_card_number(text).then_some(pointer),
        Value::Number(number) => contains_card_number(&number.to_string()).then_some(pointer),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| find_number(item, format!("{pointer}/{index}")))
        }
        Value::Object(fields) => fields.iter().find_map(|(key, item)| {
            // The pointer of the object, not of the key: the key is the number.
            if contains_card_number(key) {
                return Some(pointer.clone());
            }
            find_number(item, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")))
        }),
        Value::Null | Value::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(body: &str) -> Option<String> {
        let problem = card_refusal(body.as_bytes())?;
        Some(problem.document().errors.first().map(|error| error.pointer.clone()).unwrap_or_default())
    }

    #[test]
    fn the_field_is_named_and_the_number_is_not_repeated() {
        assert_eq!(pointer(r#"{"a":[{"b/c":"4242 4242 4242 4242"}]}"#).as_deref(), Some("/a/0/b~1c"));
        assert_eq!(pointer(r#"{"token":"\u0034242424242424242"}"#).as_deref(), Some("/token"));
        assert_eq!(pointer(r#"{"token":4242424242424242}"#).as_deref(), Some("/token"));
        assert_eq!(pointer(r#"{"a":{"4242424242424242":1}}"#).as_deref(), Some("/a"));
        assert_eq!(pointer("card=4242424242424242").as_deref(), Some(""));
        assert_eq!(pointer(r#"{"amount":"100.00","card_id":"01923456-1234-7123-8123-123456789012"}"#), None);
    }
}
