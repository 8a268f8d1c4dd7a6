//! What can go wrong with a request, and the one place where that becomes a sentence.

use std::ops::Range;
use std::sync::Arc;

use billing_contract::{Message, Problem, ProblemCode};

use crate::platform::json::decode_json;
use crate::texts;

/// Why there is no answer to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ApiError {
    /// The server said no, and why.
    Problem(Arc<Problem>),
    /// No connection, or it broke.
    Network,
    /// No answer in time.
    Timeout,
    /// An answer that is not what was promised.
    Unreadable,
}

impl ApiError {
    /// What a failed answer says; `Unreadable` when it is no problem document.
    pub(crate) fn from_text(text: &str) -> Self {
        decode_json(text).map_or(Self::Unreadable, |problem| Self::Problem(Arc::new(problem)))
    }

    /// What happened and what to do, for a person.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Problem(problem) => match (problem.code, problem.retry_after) {
                (ProblemCode::TooManyRequests | ProblemCode::Unavailable, Some(seconds)) => {
                    texts::problem::pause(&seconds.to_string())
                }
                _ => in_page_language(
                    problem.translation.as_deref(),
                    (texts::PROBLEMS, problem.code.as_str()),
                    &problem.detail,
                ),
            },
            Self::Network => texts::problem::network().to_owned(),
            Self::Timeout => texts::problem::timeout().to_owned(),
            Self::Unreadable => texts::problem::unreadable().to_owned(),
        }
    }

    /// The problem's code, if the server gave one.
    pub(crate) fn code(&self) -> Option<ProblemCode> {
        self.problem().map(|problem| problem.code)
    }

    /// The problem document, if the server gave one.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// What is wrong with the field at this JSON pointer.
    pub(crate) fn field(&self, pointer: &str) -> Option<String> {
        let errors = &self.problem()?.errors;
        errors
            .iter()
            .find(|error| error.pointer == pointer)
            .map(|error| in_page_language(error.translation.as_deref(), (texts::FIELDS, &error.code), &error.detail))
    }

    /// The server itself says that it has the request and works on it. Nothing else is proof that it was ever sent.
    pub(crate) fn proves_receipt(&self) -> bool {
        matches!(self.code(), Some(ProblemCode::IdempotencyKeyInUse | ProblemCode::Timeout))
    }

    /// The request may have been carried out all the same: nobody can tell from this answer.
    pub(crate) fn leaves_outcome_open(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.status >= 500 || problem.code == ProblemCode::IdempotencyKeyInUse,
            Self::Network | Self::Timeout | Self::Unreadable => true,
        }
    }
}

/// What the server says, in the page's language: its very sentence where it is one of the catalog, else what its code
/// means.
fn in_page_language(translation: Option<&Message>, (codes, code): (Range<usize>, &str), english: &str) -> String {
    let general = || texts::of_code(codes, code).map(str::to_owned);
    texts::find_translation(translation).or_else(general).unwrap_or_else(|| sentence(english))
}

/// With a capital letter first and a full stop at the end.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let mut out: String = letters.next().map(|first| first.to_ascii_uppercase().into()).unwrap_or_default();
    out.push_str(letters.as_str());
    if !out.ends_with(['.', '!', '?']) && !out.is_empty() {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_becomes_its_sentence_and_its_field_errors() {
        let problem = Problem::field("/amount", "below_minimum", "the smallest amount is 10.00");
        let error = ApiError::from_text(&serde_json::to_string(&problem).unwrap());
        assert_eq!(error.sentence(), "The smallest amount is 10.00.");
        assert_eq!(error.field("/amount").as_deref(), Some("The smallest amount is 10.00."));
        assert_eq!(error.field("/card_id"), None);
        assert!(!error.leaves_outcome_open());
    }

    #[test]
    fn only_the_servers_own_word_proves_that_a_request_was_received() {
        let problem = |code| ApiError::Problem(Arc::new(Problem::new(code, "x")));
        for code in [ProblemCode::IdempotencyKeyInUse, ProblemCode::Timeout] {
            assert!(problem(code).proves_receipt(), "{code:?}");
        }
        for error in [ApiError::Network, ApiError::Timeout, ApiError::Unreadable, problem(ProblemCode::Unavailable)] {
            assert!(!error.proves_receipt(), "{error:?}");
        }
    }

    #[test]
    fn nobody_is_told_that_nothing_happened_when_nobody_knows() {
        for error in [
            ApiError::Network,
            ApiError::Timeout,
            ApiError::from_text("<html>502</html>"),
            ApiError::Problem(Arc::new(Problem::new(ProblemCode::Timeout, "x"))),
            ApiError::Problem(Arc::new(Problem::new(ProblemCode::IdempotencyKeyInUse, "x"))),
        ] {
            assert!(error.leaves_outcome_open(), "{error:?}");
        }
        let declined = ApiError::Problem(Arc::new(Problem::new(ProblemCode::CardDeclined, "x")));
        assert!(!declined.leaves_outcome_open());
    }
}
