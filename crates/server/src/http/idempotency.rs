//! The client's idempotency key.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use billing_contract::ProblemCode;

use crate::http::problem::Problem;

/// The header.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Says that an answer is a repetition.
pub(crate) const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";

/// A key of 1 to 255 printable ASCII characters, which the request must have.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey(pub(crate) String);

/// The same for requests that may come without one.
#[derive(Clone, Debug)]
pub(crate) struct OptionalIdempotencyKey(pub(crate) Option<String>);

/// `None` without the header.
fn read(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match value.to_str().map(str::trim) {
        Ok(key) if (1..=255).contains(&key.len()) && values.next().is_none() => Ok(Some(key.to_owned())),
        _ => Err(missing("The header Idempotency-Key must be one value of 1 to 255 printable characters.")),
    }
}

fn missing(detail: &str) -> Problem {
    Problem::new(ProblemCode::IdempotencyKeyMissing, detail)
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read(&parts.headers)?.map(Self).ok_or_else(|| {
            missing("Send the header Idempotency-Key with a value of your own, and the same one when you repeat this request.")
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OptionalIdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read(&parts.headers).map(Self)
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
        read(&headers).map_err(|problem| problem.document().code)
    }

    #[test]
    fn only_one_short_printable_key_is_a_key() {
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&[" a-1 "]), Ok(Some("a-1".to_owned())));
        assert_eq!(key(&[&"k".repeat(255)]).unwrap().map(|key| key.len()), Some(255));
        for wrong in [&[""][..], &[" "], &[&"k".repeat(256)], &["schlüssel"], &["a", "a"]] {
            assert_eq!(key(wrong), Err(ProblemCode::IdempotencyKeyMissing), "{wrong:?}");
        }
    }
}
