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

    /// One sentence for the person who pays: what happened and what to do. Lost, stolen and suspected cards get the
    /// neutral sentence, so that a thief learns nothing.
    /// See docs/decisions/0024-one-decline-message.md.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::GenericDecline | Self::LostCard | Self::StolenCard | Self::PickupCard | Self::Fraudulent => {
                "The bank refused this card without giving a reason. Use another card or call the bank."
            }
            Self::InsufficientFunds => "There is not enough money on this card. Use another card or a smaller amount.",
            Self::ExpiredCard => "This card has expired. Connect a card that is still valid.",
            Self::IncorrectCvc => "The security code is wrong. Check the digits on the card and connect it again.",
            Self::IncorrectNumber => "The card number is wrong. Check it and try again.",
            Self::ProcessingError | Self::TryAgainLater => {
                "The bank could not process the payment just now. Try again in a few minutes."
            }
            Self::AuthenticationRequired => "The bank wants the cardholder to confirm this payment.",
            Self::AuthenticationFailed => "The payment was not confirmed with the bank. Try again and confirm it.",
        }
    }

    /// The same for somebody who cannot choose the amount, as with a hand-over link.
    pub const fn sentence_for_fixed_amount(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "There is not enough money on this card. Use another card.",
            Self::ExpiredCard => "This card has expired. Use a card that is still valid.",
            Self::IncorrectCvc => "The security code is wrong. Check the digits on the card and enter it again.",
            _ => self.sentence(),
        }
    }

    /// What happened alone, for somebody who cannot try again: advice would only lead to a dead link.
    pub const fn sentence_without_advice(self) -> &'static str {
        match self {
            Self::GenericDecline | Self::LostCard | Self::StolenCard | Self::PickupCard | Self::Fraudulent => {
                "The bank refused this card without giving a reason."
            }
            Self::InsufficientFunds => "There is not enough money on this card.",
            Self::ExpiredCard => "This card has expired.",
            Self::IncorrectCvc => "The security code is wrong.",
            Self::IncorrectNumber => "The card number is wrong.",
            Self::ProcessingError | Self::TryAgainLater => "The bank could not process the payment.",
            Self::AuthenticationRequired | Self::AuthenticationFailed => "The payment was not confirmed with the bank.",
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

    #[test]
    fn nobody_is_advised_to_do_what_cannot_be_done() {
        for code in DeclineCode::ALL {
            let (fixed, last) = (code.sentence_for_fixed_amount(), code.sentence_without_advice());
            assert!(!fixed.contains("amount") && !fixed.contains("onnect"), "{code}: {fixed}");
            assert_eq!(last.matches('.').count(), 1, "{code}: one sentence, what happened: {last}");
            assert!(!["Use", "Try", "Check", "Connect"].iter().any(|word| last.contains(word)), "{code}: {last}");
        }
    }

    #[test]
    fn a_thief_learns_nothing_from_the_sentence() {
        for code in [DeclineCode::LostCard, DeclineCode::StolenCard, DeclineCode::Fraudulent] {
            assert_eq!(code.sentence(), DeclineCode::GenericDecline.sentence());
            assert_eq!(code.sentence_without_advice(), DeclineCode::GenericDecline.sentence_without_advice());
            assert_eq!(code.class(), DeclineClass::Hard);
        }
    }
}
