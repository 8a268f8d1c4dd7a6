//! The client's idempotency key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use billing_contract::ProblemCode;
use billing_domain::free_text::{self, FreeText, FreeTextError};

use crate::http::problem::Problem;
use crate::problem::Detail;

pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Says that an answer is a repetition.
pub(crate) const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";

/// A key of 1 to 255 printable ASCII characters, which the request must have.
#[derive(Clone, Debug)]
pub(crate) struct RequiredIdempotencyKey(pub(crate) String);

/// The same for requests that may come without one.
#[derive(Clone, Debug)]
pub(crate) struct OptionalIdempotencyKey(pub(crate) Option<String>);

/// `None` without the header.
fn read_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    // Only ASCII is text in a header.
    match value.to_str().map(|key| FreeText::parse(free_text::IDEMPOTENCY_KEY, key)) {
        // A key is stored, so it must not be a card's number either.
        Ok(Err(FreeTextError::CardNumber)) => Err(Problem::new(
            ProblemCode::Invalid,
            Detail::general("The header Idempotency-Key looks like a card number. Use a random value, like a UUID."),
        )),
        // Two headers would leave open which of them counts.
        Ok(Ok(key)) if values.next().is_none() => Ok(Some(key.into_string())),
        _ => Err(missing_key("The header Idempotency-Key must be one value of 1 to 255 printable characters.")),
    }
}

/// An answer that says so when it is a repetition: the key had brought it about before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeatable<T> {
    pub(crate) answer: T,
    /// It is a repetition.
    pub(crate) replayed: bool,
}

impl<T: IntoResponse> IntoResponse for Repeatable<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if self.replayed {
            response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

fn missing_key(detail: &str) -> Problem {
    Problem::new(ProblemCode::IdempotencyKeyMissing, Detail::general(detail))
}

impl<S: Send + Sync> FromRequestParts<S> for RequiredIdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read_key(&parts.headers)?.map(Self).ok_or_else(|| {
            missing_key("Send the header Idempotency-Key with a value of your own, and the same one when you repeat this request.")
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OptionalIdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read_key(&parts.headers).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[&str]) -> Result<Option<String>, ProblemCode> {
        let headers = values.iter().map(|value| (IDEMPOTENCY_KEY.parse().unwrap(), value.parse().unwrap())).fold(
            HeaderMap::new(),
            |mut headers, (name, value): (axum::http::HeaderName, axum::http::HeaderValue)| {
                headers.append(name, value);
                headers
            },
        );
        read_key(&headers).map_err(|problem| problem.document().code)
    }

    #[test]
    fn only_one_short_printable_key_is_a_key() {
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&[" a-1 "]), Ok(Some("a-1".to_owned())));
        assert_eq!(key(&[&"k".repeat(255)]).unwrap().map(|key| key.len()), Some(255));
        for wrong in [&[""][..], &[" "], &[&"k".repeat(256)], &["schlüssel"], &["a\tb"], &["a", "a"]] {
            assert_eq!(key(wrong), Err(ProblemCode::IdempotencyKeyMissing), "{wrong:?}");
        }
        assert_eq!(key(&["4242424242424242"]), Err(ProblemCode::Invalid));
    }
}
