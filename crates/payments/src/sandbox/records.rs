//! What the sandbox bank writes into its books.

use billing_domain::{Money, OrganizationId, PaymentRef, RefundRef, SetupRef};
use serde::{Deserialize, Serialize};

use crate::card::{CardFacts, SetupAnswer, SetupOutcome, SetupRequest};
use crate::charge::{ChargeAnswer, ChargeOutcome, ChargeRequest, Decline, NextAction, Reference};
use crate::refund::{RefundAnswer, RefundOutcome};

/// A card that the bank has given out to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRecord {
    /// The organization that may charge it.
    pub customer: OrganizationId,
    /// Which of the bank's cards: decides how it behaves.
    pub token: String,
    /// What the wallet may know.
    pub facts: CardFacts,
    /// May no longer be charged.
    pub forgotten: bool,
}

/// The state of a charge or a set-up in the bank's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    /// Accepted; becomes done when it is next looked up.
    Processing,
    /// Waits for the cardholder.
    ActionRequired {
        /// What follows even if the cardholder confirms.
        then: Option<Decline>,
    },
    /// Money moved; for a set-up: the card is connected.
    Done,
    /// Refused for good, with this code.
    Declined(Decline),
    /// Abandoned before anything happened.
    Cancelled,
}

impl State {
    /// Nothing changes it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Declined(_) | Self::Cancelled)
    }
}

/// A refund of a charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRecord {
    /// The wallet's name for it.
    pub reference: Reference,
    /// Minor units (cents; whole yen), positive.
    pub amount_minor: i64,
    /// What has become of it at the bank.
    pub outcome: RefundOutcome,
}

/// A charge in the bank's books, with its refunds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRecord {
    /// The bank's name for it.
    pub provider_ref: PaymentRef,
    /// As it was asked for.
    pub request: ChargeRequest,
    /// Where it stands in the bank's books.
    #[serde(flatten)]
    pub state: State,
    /// The cardholder will dispute it.
    pub disputed: bool,
    /// What has been given back of it, failed refunds included.
    pub refunds: Vec<RefundRecord>,
}

impl ChargeRecord {
    /// Whether a repetition asks for the same charge. The time of writing is no part of it.
    pub fn repeats(&self, request: &ChargeRequest) -> bool {
        // All fields are named: a new one must be compared or left out on purpose.
        let ChargeRequest { reference, customer, card_ref, amount_minor, currency, presence, created_at: _ } =
            &self.request;
        *reference == request.reference
            && *customer == request.customer
            && *card_ref == request.card_ref
            && *amount_minor == request.amount_minor
            && *currency == request.currency
            && *presence == request.presence
    }

    /// As the provider's trait answers it.
    pub fn answer(&self) -> ChargeAnswer {
        let outcome = match self.state {
            State::Processing => ChargeOutcome::Processing,
            State::ActionRequired { .. } => ChargeOutcome::ActionRequired(NextAction::SandboxChallenge),
            State::Done => ChargeOutcome::Settled { received_minor: self.request.amount_minor },
            State::Declined(decline) => ChargeOutcome::Declined(decline),
            State::Cancelled => ChargeOutcome::Cancelled,
        };
        ChargeAnswer { provider_ref: Some(self.provider_ref.clone()), outcome }
    }

    /// What has been given back, minor units.
    pub fn refunded_minor(&self) -> i64 {
        // Pending ones count: their money is on its way.
        self.refunds.iter().filter(|refund| refund.outcome != RefundOutcome::Failed).map(|r| r.amount_minor).sum()
    }

    /// The charged amount as money; `None` outside the range of the ledger.
    pub fn amount(&self) -> Option<Money> {
        Money::from_minor(self.request.amount_minor, self.request.currency)
    }
}

impl RefundRecord {
    /// As the provider's trait answers it.
    pub fn answer(&self, provider_ref: RefundRef) -> RefundAnswer {
        RefundAnswer { provider_ref, outcome: self.outcome }
    }
}

/// A set-up in the bank's books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupRecord {
    /// The bank's name for it.
    pub provider_ref: SetupRef,
    /// As it was asked for.
    pub request: SetupRequest,
    /// The card that comes of it.
    pub facts: CardFacts,
    /// Where it stands in the bank's books.
    #[serde(flatten)]
    pub state: State,
}

impl SetupRecord {
    /// As the provider's trait answers it.
    pub fn answer(&self) -> SetupAnswer {
        let outcome = match self.state {
            State::Processing | State::ActionRequired { .. } => {
                SetupOutcome::ActionRequired(NextAction::SandboxChallenge)
            }
            State::Done => SetupOutcome::Connected(self.facts.clone()),
            State::Declined(decline) => SetupOutcome::Declined(decline),
            State::Cancelled => SetupOutcome::Cancelled,
        };
        SetupAnswer { provider_ref: Some(self.provider_ref.clone()), outcome }
    }
}
