//! What a service answers when it cannot do what was asked; `http::problem` makes the response of it.

use billing_contract::top_up::Decline;
use billing_contract::{FieldError, ProblemCode};
use billing_domain::{FreeTextError, TopUpId};
use billing_store::StoreError;

use crate::message::UserMessage;

/// What a problem or a wrong field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// A sentence of the catalog, which the page shows in its language.
    Sentence(UserMessage),
    /// For programs and their developers: the page shows what the code alone means.
    General(String),
}

impl Detail {
    /// What concerns programs only, or says no more than its code.
    pub(crate) fn general(english: impl Into<String>) -> Self {
        Self::General(english.into())
    }

    fn on_the_wire(self) -> (String, Option<Box<billing_contract::Message>>) {
        match self {
            Self::Sentence(message) => (message.english(), Some(Box::new(message.on_the_wire()))),
            Self::General(english) => (english, None),
        }
    }
}

impl From<UserMessage> for Detail {
    fn from(message: UserMessage) -> Self {
        Self::Sentence(message)
    }
}

/// A problem document on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem(Box<billing_contract::Problem>);

impl Problem {
    /// A code and what happened, with what to do about it.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<Detail>) -> Self {
        let (detail, translation) = detail.into().on_the_wire();
        Self(Box::new(billing_contract::Problem { translation, ..billing_contract::Problem::new(code, detail) }))
    }

    /// One wrong field; `pointer` is a JSON pointer into the body.
    pub(crate) fn field(pointer: &str, code: &str, detail: impl Into<Detail>) -> Self {
        Self::invalid(vec![field_error(pointer, code, detail)])
    }

    /// A text that cannot be kept.
    pub(crate) fn text(pointer: &str, error: FreeTextError) -> Self {
        Self::invalid(vec![text_error(pointer, error)])
    }

    /// 422 with every wrong field at once, so that a form shows them all.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self(Box::new(billing_contract::Problem::invalid(errors)))
    }

    /// No such thing here, which is also the answer about things of another organization.
    pub(crate) fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, Detail::general("There is nothing at this address for you."))
    }

    /// The password was not given within the last minutes.
    pub(crate) fn unconfirmed() -> Self {
        let detail = Detail::general("This needs your password. Nothing was changed.");
        Self::new(ProblemCode::ConfirmationRequired, detail)
    }

    /// The change is based on a version that is no longer the present one.
    pub(crate) fn stale() -> Self {
        let detail = "Somebody changed this after you opened it. Load it again, then change it.";
        Self::new(ProblemCode::Stale, Detail::general(detail))
    }

    /// A fault of ours. `cause` goes to the log only.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        let detail = Detail::general("This was our fault and has been logged. Please try again.");
        Self::new(ProblemCode::Internal, detail)
    }

    /// Too fast, or too busy: come again after so many seconds (at least one).
    pub(crate) fn retry_later(code: ProblemCode, detail: impl Into<Detail>, seconds: u32) -> Self {
        let mut problem = Self::new(code, detail);
        problem.0.retry_after = Some(seconds.max(1));
        problem
    }

    /// The payment provider was asked and does not answer; to be repeated by whoever reported the event.
    pub(crate) fn provider_silent() -> Self {
        let detail = Detail::general("The payment provider does not answer. Send it again.");
        Self::retry_later(ProblemCode::Unavailable, detail, 30)
    }

    /// `card_declined`: why, and which top-up.
    pub(crate) fn declined(decline: &Decline, top_up_id: &TopUpId) -> Self {
        let mut problem = Self::new(ProblemCode::CardDeclined, Detail::general(decline.message.clone()));
        problem.0.translation.clone_from(&decline.translation);
        problem.0.decline_code = Some(decline.code.clone());
        problem.0.top_up_id = Some(top_up_id.to_string());
        problem
    }

    pub(crate) fn document(&self) -> &billing_contract::Problem {
        &self.0
    }
}

/// One wrong field; `pointer` is a JSON pointer into the body.
pub(crate) fn field_error(pointer: impl Into<String>, code: &str, detail: impl Into<Detail>) -> FieldError {
    let (detail, translation) = detail.into().on_the_wire();
    FieldError { translation, ..FieldError::new(pointer, code, detail) }
}

/// The same for what concerns programs only: `detail` is in English.
pub(crate) fn general_error(pointer: &str, code: &str, detail: impl Into<String>) -> FieldError {
    field_error(pointer, code, Detail::general(detail))
}

/// What is wrong with the text in a field.
pub(crate) fn text_error(pointer: &str, error: FreeTextError) -> FieldError {
    field_error(pointer, error.code(), UserMessage::from(error))
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Stale => Self::stale(),
            StoreError::Conflict(what) => {
                Self::new(ProblemCode::Conflict, Detail::general(format!("There is such a {what} already.")))
            }
            StoreError::LimitReached(most) => Self::new(ProblemCode::Conflict, UserMessage::limit_reached(most)),
            // Whoever knows the clock says when.
            StoreError::TooFast { .. } => {
                let detail = Detail::general("Too much in a short time. Try again later.");
                Self::retry_later(ProblemCode::TooManyRequests, detail, 60)
            }
            StoreError::Unconfirmed => Self::unconfirmed(),
            StoreError::Overflow => {
                let detail = Detail::general("The amount is larger than any ledger here can hold.");
                Self::new(ProblemCode::Invalid, detail)
            }
            StoreError::Unstorable => {
                let detail = Detail::general("A text holds a character that cannot be stored (U+0000). Remove it.");
                Self::new(ProblemCode::Invalid, detail)
            }
            StoreError::Unavailable(cause) | StoreError::Interrupted(cause) => {
                tracing::warn!(%cause, "the database is out of reach");
                let detail = Detail::general("The database does not answer. Please try again.");
                Self::retry_later(ProblemCode::Unavailable, detail, 2)
            }
            StoreError::TimedOut => Self::retry_later(
                ProblemCode::Unavailable,
                Detail::general(
                    "This took too long, so we stopped. Ask for less: another word, a shorter span, fewer kinds.",
                ),
                5,
            ),
            StoreError::Archive { .. } => {
                // The operator has to bring the file back; its name is for the log.
                tracing::error!(%error, "archived lines cannot be read");
                Self::new(
                    ProblemCode::Unavailable,
                    Detail::general("These lines are in the archive, which cannot be read."),
                )
            }
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
