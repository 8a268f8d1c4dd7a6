//! Answers in Stripe's shape.

use serde_json::{Value, json};

/// Status and body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// Execution began: the reply is stored under the request's key.
    pub(crate) begun: bool,
}

/// An object, or an error as an answer.
pub(crate) type Outcome = Result<Value, Answer>;

impl Answer {
    pub(crate) fn of(outcome: Outcome) -> Self {
        outcome.map_or_else(|error| error, |body| Self { status: 200, body, begun: true })
    }
}

/// An error that was found before anything began.
pub(crate) fn refusal(status: u16, kind: &str, code: &str, message: &str) -> Answer {
    let error = json!({"type": kind, "code": code, "message": message});
    Answer { status, body: json!({"error": error}), begun: false }
}

/// 400.
pub(crate) fn invalid(code: &str, message: &str) -> Answer {
    refusal(400, "invalid_request_error", code, message)
}

/// 404.
pub(crate) fn missing(what: &str, id: &str) -> Answer {
    refusal(404, "invalid_request_error", "resource_missing", &format!("No such {what}: '{id}'"))
}

/// 400 about the state of something that is there: executed, so it is stored.
pub(crate) fn wrong_state(code: &str, message: &str) -> Answer {
    Answer { begun: true, ..invalid(code, message) }
}
