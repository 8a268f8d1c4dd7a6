//! What a service answers when it cannot do what was asked; `http::problem` makes the response of it.

use billing_contract::{FieldError, ProblemCode};
use billing_domain::{FreeTextError, TopUpId};
use billing_store::StoreError;

/// A problem document on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem(Box<billing_contract::Problem>);

impl Problem {
    /// A code and what happened, with what to do about it.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Box::new(billing_contract::Problem::new(code, detail)))
    }

    /// One wrong field; `pointer` is a JSON pointer into the body.
    pub(crate) fn field(pointer: &str, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(billing_contract::Problem::field(pointer, code, detail)))
    }

    /// A text that cannot be kept.
    pub(crate) fn text(pointer: &str, error: FreeTextError) -> Self {
        Self::invalid(vec![text_error(pointer, error)])
    }

    /// Several wrong fields.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self(Box::new(billing_contract::Problem::invalid(errors)))
    }

    /// No such thing here, which is also the answer about things of another organisation.
    pub(crate) fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "There is nothing at this address for you.")
    }

    /// The password was not given within the last minutes.
    pub(crate) fn unconfirmed() -> Self {
        Self::new(ProblemCode::ConfirmationRequired, "This needs your password. Nothing was changed.")
    }

    /// The change is based on a version that is no longer the present one.
    pub(crate) fn stale() -> Self {
        Self::new(ProblemCode::Stale, "Somebody changed this after you opened it. Load it again, then change it.")
    }

    /// A fault of ours. `cause` goes to the log only.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(ProblemCode::Internal, "This was our fault and has been logged. Please try again.")
    }

    /// Too fast, or too busy: come again after so many seconds (at least one).
    pub(crate) fn retry_later(code: ProblemCode, detail: impl Into<String>, seconds: u32) -> Self {
        let mut problem = Self::new(code, detail);
        problem.0.retry_after = Some(seconds.max(1));
        problem
    }

    /// `card_declined`: why, and which top-up.
    pub(crate) fn declined(detail: impl Into<String>, decline_code: &str, top_up_id: &TopUpId) -> Self {
        let mut problem = Self::new(ProblemCode::CardDeclined, detail);
        problem.0.decline_code = Some(decline_code.to_owned());
        problem.0.top_up_id = Some(top_up_id.to_string());
        problem
    }

    /// The document.
    pub(crate) fn document(&self) -> &billing_contract::Problem {
        &self.0
    }
}

/// What is wrong with the text in a field.
pub(crate) fn text_error(pointer: &str, error: FreeTextError) -> FieldError {
    FieldError { pointer: pointer.to_owned(), code: error.code().to_owned(), detail: error.to_string() }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Stale => Self::stale(),
            StoreError::Conflict(what) => Self::new(ProblemCode::Conflict, format!("There is such a {what} already.")),
            StoreError::LimitReached(most) => Self::new(
                ProblemCode::Conflict,
                format!("There are {most} of them already, and no more may be made at a time."),
            ),
            // Whoever knows the clock says when.
            StoreError::TooFast { .. } => {
                Self::retry_later(ProblemCode::TooManyRequests, "Too much in a short time. Try again later.", 60)
            }
            StoreError::Unconfirmed => Self::unconfirmed(),
            StoreError::Overflow => {
                Self::new(ProblemCode::Invalid, "The amount is larger than any ledger here can hold.")
            }
            StoreError::Unstorable => {
                Self::new(ProblemCode::Invalid, "A text holds a character that cannot be stored (U+0000). Remove it.")
            }
            StoreError::Unavailable(cause) | StoreError::Interrupted(cause) => {
                tracing::warn!(%cause, "the database is out of reach");
                Self::retry_later(ProblemCode::Unavailable, "The database does not answer. Please try again.", 2)
            }
            StoreError::TimedOut => Self::retry_later(
                ProblemCode::Unavailable,
                "This took too long, so we stopped. Ask for less: another word, a shorter span, fewer kinds.",
                5,
            ),
            StoreError::Corrupt(_)
            | StoreError::UnknownScheme(_)
            | StoreError::NotThere(_)
            | StoreError::Plaintext(_)
            | StoreError::NotOnPostgres
            | StoreError::Schema(_)
            | StoreError::Database(_) => Self::internal(error),
        }
    }
}
