//! The life of one charge as a state machine, and what a decline code means for the next attempt.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::named;

named! {
    /// Where a top-up stands.
    TopUpStatus {
        /// The intent is written; the provider has not been called.
        Created = "created",
        /// The provider is working on it.
        Processing = "processing",
        /// The cardholder has to confirm (3-D Secure).
        ActionRequired = "action_required",
        /// Paid and credited.
        Succeeded = "succeeded",
        /// The card was refused; nothing was charged.
        Declined = "declined",
        /// Nobody confirmed in time; nothing was charged.
        Expired = "expired",
        /// The provider did not answer: it may or may not have charged.
        Unknown = "unknown",
    }
}

named! {
    /// Where a refund stands.
    RefundStatus {
        /// The wallet is debited; the provider has not been called.
        Created = "created",
        /// The provider is working on it.
        Processing = "processing",
        /// The card's bank has it.
        Succeeded = "succeeded",
        /// It did not happen; the wallet is credited again.
        Failed = "failed",
        /// The provider did not answer.
        Unknown = "unknown",
    }
}

impl RefundStatus {
    /// Nothing can change it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

impl TopUpStatus {
    /// Nothing can change it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Declined | Self::Expired)
    }

    /// Money may still arrive from it.
    pub const fn is_open(self) -> bool {
        !self.is_final()
    }

    /// The state after the provider's word, or `None` when the word comes too late to matter or contradicts a final
    /// state. A settled charge stays settled, whatever is heard afterwards.
    pub const fn after(self, outcome: Outcome) -> Option<Self> {
        if self.is_final() {
            return None;
        }
        Some(match outcome {
            Outcome::Accepted => Self::Processing,
            Outcome::ActionRequired => Self::ActionRequired,
            Outcome::Settled => Self::Succeeded,
            Outcome::Declined => Self::Declined,
            Outcome::Expired => Self::Expired,
            Outcome::NoAnswer => Self::Unknown,
        })
    }
}

/// What was heard of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider works on it.
    Accepted,
    /// The cardholder must confirm.
    ActionRequired,
    /// The money is ours.
    Settled,
    /// Refused, for good.
    Declined,
    /// Abandoned, for good.
    Expired,
    /// No word, or none that could be read.
    NoAnswer,
}

/// Whether trying the same card again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclineClass {
    /// Later it may work.
    Soft,
    /// Never with this card.
    Hard,
    /// Only with the cardholder present.
    NeedsPerson,
}

named! {
    /// Why a card was refused, under the decline codes of card networks.
    DeclineCode {
        /// No reason given.
        GenericDecline = "generic_decline",
        /// Not enough money.
        InsufficientFunds = "insufficient_funds",
        /// Reported lost.
        LostCard = "lost_card",
        /// Reported stolen.
        StolenCard = "stolen_card",
        /// The bank wants the card back.
        PickupCard = "pickup_card",
        /// Taken for fraud.
        Fraudulent = "fraudulent",
        /// Past its date.
        ExpiredCard = "expired_card",
        /// Wrong security code.
        IncorrectCvc = "incorrect_cvc",
        /// Wrong number.
        IncorrectNumber = "incorrect_number",
        /// The network failed.
        ProcessingError = "processing_error",
        /// Busy.
        TryAgainLater = "try_again_later",
        /// The cardholder must confirm, and is not there.
        AuthenticationRequired = "authentication_required",
        /// The cardholder did not confirm.
        AuthenticationFailed = "authentication_failed",
    }
}

impl DeclineCode {
    /// What it means for another attempt.
    pub const fn class(self) -> DeclineClass {
        match self {
            Self::GenericDecline | Self::InsufficientFunds | Self::ProcessingError | Self::TryAgainLater => {
                DeclineClass::Soft
            }
            Self::AuthenticationRequired | Self::AuthenticationFailed => DeclineClass::NeedsPerson,
            _ => DeclineClass::Hard,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: [Outcome; 6] = [
        Outcome::Accepted,
        Outcome::ActionRequired,
        Outcome::Settled,
        Outcome::Declined,
        Outcome::Expired,
        Outcome::NoAnswer,
    ];

    #[test]
    fn a_final_state_never_changes_and_an_open_one_always_hears() {
        for state in TopUpStatus::ALL {
            for outcome in OUTCOMES {
                assert_eq!(state.after(outcome).is_none(), state.is_final(), "{state} {outcome:?}");
            }
        }
    }

    #[test]
    fn silence_is_never_read_as_failure_or_success() {
        for state in TopUpStatus::ALL.iter().filter(|state| state.is_open()) {
            assert_eq!(state.after(Outcome::NoAnswer), Some(TopUpStatus::Unknown));
        }
    }
}
