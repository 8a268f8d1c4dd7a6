//! Problem documents (RFC 9457) and the closed list of their codes.

use serde::{Deserialize, Serialize};

use crate::Message;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// What a problem's `type` begins with; the code follows.
pub const TYPE_BASE: &str = "https://nexis-billing.example/problems/";

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $text:literal, $status:literal, $title:literal;)+) => {
        /// What went wrong, for programs. The HTTP status belongs to the code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $($(#[$meta])* #[serde(rename = $text)] $variant),+
        }

        impl ProblemCode {
            /// Every code; the OpenAPI schema lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// A short sentence that is the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    /// The request cannot be read at all.
    Malformed = "malformed", 400, "The request could not be read";
    /// `Idempotency-Key` is missing or unusable.
    IdempotencyKeyMissing = "idempotency_key_missing", 400, "An idempotency key is needed";
    /// Nobody is signed in.
    Unauthenticated = "unauthenticated", 401, "Sign in first";
    /// The password is right, and the second factor is missing or wrong.
    SecondFactorRequired = "second_factor_required", 401, "Give your second factor too";
    /// The bank refused the card.
    CardDeclined = "card_declined", 402, "The card was declined";
    /// The role does not allow it, or the request came from another site.
    Forbidden = "forbidden", 403, "Not allowed";
    /// The person has to give the password again first: `POST /session/confirmation`, then the same request once more.
    ConfirmationRequired = "confirmation_required", 403, "Confirm that it is you";
    /// There is no such thing, or it is not yours.
    NotFound = "not_found", 404, "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This method is not allowed here";
    /// The same key is still being worked on.
    IdempotencyKeyInUse = "idempotency_key_in_use", 409, "The same request is still running";
    /// A card has to be connected first.
    CardRequired = "card_required", 409, "Connect a card first";
    /// Another sum than the one that was seen would be charged.
    ChargeChanged = "charge_changed", 409, "The amount to be charged has changed";
    /// Another change came first, or the thing is no longer in a state that allows this.
    Conflict = "conflict", 409, "This is not possible any more";
    /// The organization already has lines or payments in its currency.
    CurrencyLocked = "currency_locked", 409, "The currency cannot change any more";
    /// The operator has suspended or closed the organization.
    Suspended = "organization_suspended", 409, "The organization is suspended";
    /// The request names another session than the one it came under.
    SessionChanged = "session_changed", 409, "This page belongs to another session";
    /// It existed and is used up, revoked or expired.
    Gone = "gone", 410, "No longer available";
    /// `If-Match` does not match.
    Stale = "stale", 412, "Somebody changed this meanwhile";
    /// The body is too large.
    TooLarge = "too_large", 413, "The request is too large";
    /// The body is not JSON.
    UnsupportedMediaType = "unsupported_media_type", 415, "Send JSON";
    /// The host that was asked is not this server's.
    Misdirected = "misdirected", 421, "Not the address of this server";
    /// Fields are wrong; `errors` says which.
    Invalid = "invalid", 422, "Some fields need attention";
    /// The key was used with another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "This idempotency key belongs to another request";
    /// `If-Match` is missing.
    PreconditionRequired = "precondition_required", 428, "Say which version you are changing";
    /// Slow down; `Retry-After` says how long.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// A fault of ours.
    Internal = "internal", 500, "Something went wrong on our side";
    /// Overloaded, starting or stopping.
    Unavailable = "unavailable", 503, "Temporarily unavailable";
    /// The body did not arrive in time.
    RequestTimeout = "request_timeout", 408, "The request took too long to arrive";
    /// It took too long.
    Timeout = "timeout", 504, "This took too long";
}

// Derived, it would list the variants' names of Rust.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ProblemCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        let codes = Self::ALL.iter().map(|code| code.as_str());
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes));
        utoipa::openapi::RefOr::T(schema.description(Some("What went wrong, for programs")).build().into())
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ProblemCode {}

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// JSON pointer into the request's body.
    pub pointer: String,
    /// What is wrong with the field, for programs.
    pub code: String,
    /// For people: what is wrong and how to fix it.
    pub detail: String,
    /// `detail` for other languages than English; left out where `code` says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Box<Message>>,
}

/// A problem document (RFC 9457), the body of every error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// [`TYPE_BASE`] and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What went wrong, for programs; `type` ends with it.
    pub code: ProblemCode,
    /// The code's sentence, the same for every occurrence.
    pub title: String,
    /// What happened here, and what to do.
    pub detail: String,
    /// `detail` for other languages than English; left out where `code` says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Box<Message>>,
    /// The HTTP status again.
    pub status: u16,
    /// Each wrong field; empty where no field is at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With `card_declined`: a decline code by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_code: Option<String>,
    /// With `card_declined`: the top-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_up_id: Option<String>,
    /// With `too_many_requests` and `unavailable`: seconds to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl FieldError {
    /// A wrong field whose code says it all.
    pub fn new(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: detail.into(), translation: None }
    }
}

impl Problem {
    /// A problem with nothing but a code and what happened.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPE_BASE}{}", code.as_str()),
            code,
            title: code.title().to_owned(),
            detail: detail.into(),
            translation: None,
            status: code.status(),
            errors: Vec::new(),
            decline_code: None,
            top_up_id: None,
            retry_after: None,
        }
    }

    /// `invalid` with its fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let first = errors.first();
        let detail = first.map_or_else(|| ProblemCode::Invalid.title().to_owned(), |error| error.detail.clone());
        let translation = first.and_then(|error| error.translation.clone());
        Self { translation, errors, ..Self::new(ProblemCode::Invalid, detail) }
    }

    /// `invalid` with one field.
    pub fn field(pointer: &str, code: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code, detail)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_serialize_as_written() {
        for (index, code) in ProblemCode::ALL.iter().enumerate() {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{}\"", code.as_str()));
            assert!((400..600).contains(&code.status()));
            assert!(ProblemCode::ALL[..index].iter().all(|other| other.as_str() != code.as_str()));
        }
    }

    #[test]
    fn a_field_error_has_the_fixed_shape() {
        let problem = Problem::field("/amount", "below_minimum", "The smallest amount is 10.00.");
        let json: serde_json::Value = serde_json::to_value(problem).unwrap();
        assert_eq!(json["type"], "https://nexis-billing.example/problems/invalid");
        assert_eq!(json["status"], 422);
        assert_eq!(json["errors"][0]["pointer"], "/amount");
        assert!(json.get("decline_code").is_none() && json.get("translation").is_none());
    }
}
