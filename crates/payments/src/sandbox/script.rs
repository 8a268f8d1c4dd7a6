//! The tests' way to say how the bank behaves at the next charges, whatever the card.

use std::collections::VecDeque;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use billing_domain::charge::DeclineCode;

/// How the bank treats one charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripted {
    /// `pass`: goes through, as without a script.
    Pass,
    /// `no_answer`: goes through, and the answer is lost.
    NoAnswer,
    /// `request_lost`: it never reaches the bank, and there is no answer.
    RequestLost,
    /// `slow`: goes through, and the answer takes long.
    Slow,
    /// `processing`: accepted; done when next looked up.
    Processing,
    /// `challenge`: the cardholder must confirm.
    Challenge,
    /// `busy`: turned away, nothing happened.
    Busy,
    /// `refused`: the request itself is refused, as with a wrong secret key.
    Refused,
    /// `decline:<code>`: refused with that decline code.
    Decline(DeclineCode),
}

/// The text names no behavior.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "say one of pass, no_answer, request_lost, slow, processing, challenge, busy, refused or decline:<decline code>"
)]
pub struct UnknownBehavior;

impl FromStr for Scripted {
    type Err = UnknownBehavior;

    fn from_str(text: &str) -> Result<Self, UnknownBehavior> {
        Ok(match text {
            "pass" => Self::Pass,
            "no_answer" => Self::NoAnswer,
            "request_lost" => Self::RequestLost,
            "slow" => Self::Slow,
            "processing" => Self::Processing,
            "challenge" => Self::Challenge,
            "busy" => Self::Busy,
            "refused" => Self::Refused,
            _ => {
                Self::Decline(text.strip_prefix("decline:").and_then(|code| code.parse().ok()).ok_or(UnknownBehavior)?)
            }
        })
    }
}

/// Behaviors waiting for their charge, first in first out.
#[derive(Debug, Default)]
pub(super) struct ChargeScript(Mutex<VecDeque<Scripted>>);

impl ChargeScript {
    pub(super) fn push(&self, next: Scripted) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(next);
    }

    pub(super) fn take(&self) -> Option<Scripted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// A charge that turned out to be a repetition gives its behavior back.
    pub(super) fn give_back(&self, unused: Option<Scripted>) {
        if let Some(unused) = unused {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push_front(unused);
        }
    }
}
