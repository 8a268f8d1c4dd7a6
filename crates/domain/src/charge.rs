//! The life of one charge as a state machine, and what a decline code means for the next attempt.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::{TransactionKind, named};

named! {
    /// Where a top-up stands.
    TopUpStatus {
        /// The intent is written; the provider has not been called.
        Created = "created",
        /// The provider is working on it.
        Processing = "processing",
        /// The cardholder has to confirm (3-D Secure).
        ActionRequired = "action_required",
        /// Paid and credited; a refund or dispute does not change it.
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

named! {
    /// Who began a top-up.
    TopUpKind {
        /// A person, in the tab or by a payment link.
        Manual = "manual",
        /// The worker of automatic payments, with nobody present.
        Auto = "auto",
    }
}

named! {
    /// Where the money of a dispute is; it only ever moves down this list.
    DisputeState {
        /// Known, and no money was moved.
        Noted = "noted",
        /// Taken from the wallet.
        Withdrawn = "withdrawn",
        /// Taken, and given back.
        Returned = "returned",
    }
}

/// What the wallet has to do after an update about a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisputeTransition {
    /// The disputed amount is debited now.
    pub withdraws: bool,
    /// It is credited again now.
    pub returns: bool,
}

impl DisputeState {
    /// What follows when the provider reports a state, of which `before` was the last; `None` when it is old news. A dispute
    /// whose first report is that the money came back is taken and returned at once, so that the ledger shows both.
    pub fn apply(before: Option<Self>, reported: Self) -> Option<DisputeTransition> {
        if before.is_some_and(|before| before >= reported) {
            return None;
        }
        let is_withdrawn = before.is_some_and(|before| before >= Self::Withdrawn);
        Some(DisputeTransition {
            withdraws: reported >= Self::Withdrawn && !is_withdrawn,
            returns: reported == Self::Returned,
        })
    }
}

impl TopUpKind {
    /// What its credit is in the ledger.
    pub const fn transaction(self) -> TransactionKind {
        match self {
            Self::Manual => TransactionKind::TopUp,
            Self::Auto => TransactionKind::AutoTopUp,
        }
    }
}

impl RefundStatus {
    /// Nothing can change it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// The state after the provider has reported one, or `None` when that comes too late to matter. No report makes a
    /// refund one that the provider has not been asked for.
    pub const fn apply(self, reported: Self) -> Option<Self> {
        match (self, reported) {
            (Self::Succeeded | Self::Failed, _) | (_, Self::Created) => None,
            (Self::Created | Self::Processing | Self::Unknown, reported) => Some(reported),
        }
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

    /// The state after an outcome, or `None` when that comes too late to matter or contradicts a final state. A settled
    /// charge stays settled, whatever is reported afterwards.
    pub const fn apply(self, outcome: Outcome) -> Option<Self> {
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

/// What the provider reports of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider works on it.
    Accepted,
    /// The cardholder must confirm.
    ActionRequired,
    /// The money is ours.
    Settled,
    /// Refused; under this reference no money ever moves.
    Declined,
    /// Abandoned; under this reference no money ever moves.
    Expired,
    /// No answer, or none that could be read.
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
        /// The bank gave no reason, or one that we do not know.
        GenericDecline = "generic_decline",
        /// The account has not enough money; it may have tomorrow.
        InsufficientFunds = "insufficient_funds",
        /// The cardholder reported the card lost; never shown as such.
        LostCard = "lost_card",
        /// The cardholder reported the card stolen; never shown as such.
        StolenCard = "stolen_card",
        /// The bank wants the card back.
        PickupCard = "pickup_card",
        /// The network or the bank suspects fraud; never shown as such.
        Fraudulent = "fraudulent",
        /// The card's expiry date has passed.
        ExpiredCard = "expired_card",
        /// The security code (CVC) is wrong.
        IncorrectCvc = "incorrect_cvc",
        /// The card number is wrong.
        IncorrectNumber = "incorrect_number",
        /// The network failed, not the card.
        ProcessingError = "processing_error",
        /// The bank is busy, or asks for another try.
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
    fn a_final_state_never_changes_and_an_open_one_always_does() {
        for state in TopUpStatus::ALL {
            for outcome in OUTCOMES {
                assert_eq!(state.apply(outcome).is_none(), state.is_final(), "{state} {outcome:?}");
            }
        }
    }

    #[test]
    fn a_refund_that_is_over_stays_so_and_none_goes_back_to_its_beginning() {
        for state in RefundStatus::ALL {
            for reported in RefundStatus::ALL {
                let after = state.apply(*reported);
                assert_eq!(
                    after.is_none(),
                    state.is_final() || *reported == RefundStatus::Created,
                    "{state} {reported}"
                );
                assert!(after.is_none_or(|after| after == *reported), "{state} {reported}");
            }
        }
    }

    #[test]
    fn disputed_money_is_taken_once_and_returned_once_whatever_order_reports_come_in() {
        let states = DisputeState::ALL;
        for first in states {
            for second in states {
                for third in states {
                    let (mut known, mut taken, mut returned) = (None, 0, 0);
                    for reported in [first, second, third] {
                        let Some(next) = DisputeState::apply(known, *reported) else { continue };
                        known = Some(*reported);
                        taken += u32::from(next.withdraws);
                        returned += u32::from(next.returns);
                        assert!(returned <= taken, "{first} {second} {third}");
                    }
                    let last = *first.max(second).max(third);
                    assert_eq!(known, Some(last));
                    assert_eq!(taken == 1, last >= DisputeState::Withdrawn, "{first} {second} {third}");
                    assert_eq!(returned == 1, last == DisputeState::Returned, "{first} {second} {third}");
                }
            }
        }
    }

    #[test]
    fn silence_is_never_read_as_failure_or_success() {
        for state in TopUpStatus::ALL.iter().filter(|state| state.is_open()) {
            assert_eq!(state.apply(Outcome::NoAnswer), Some(TopUpStatus::Unknown));
        }
    }
}
