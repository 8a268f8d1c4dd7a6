//! One charge of a card: the request under our own reference, and the provider's truthful answer.

use std::fmt;

use billing_domain::charge::{DeclineCode, Outcome};
use billing_domain::{CardRef, CheckoutRef, Currency, OrganizationId, PaymentRef, Timestamp};
use serde::{Deserialize, Serialize};

/// Our own name for one attempt, which doubles as the idempotency key at the provider: a new attempt has a new one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// The attempt (from 1) of a top-up.
    pub fn top_up(id: &str, attempt: i64) -> Self {
        Self(format!("topup:{id}:{attempt}"))
    }

    /// Connecting a card: a set-up has one attempt only.
    pub fn setup(id: &str) -> Self {
        Self(format!("setup:{id}"))
    }

    /// The attempt (from 1) of a refund.
    pub fn refund(id: &str, attempt: i64) -> Self {
        Self(format!("refund:{id}:{attempt}"))
    }

    /// As text, at most 255 characters for ids of ours.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A reference of ours that a provider gives back; `None` when it is none.
    pub fn read(text: &str) -> Option<Self> {
        let reference = Self(text.to_owned());
        // What others put into their marks on the same account is no reference of ours.
        reference.subject().is_some().then_some(reference)
    }

    /// What it stands for; `None` when it was not made by the functions above.
    pub fn subject(&self) -> Option<Subject<'_>> {
        let mut parts = self.0.split(':');
        let (kind, id, attempt) = (parts.next()?, parts.next()?, parts.next());
        // Bounded: it comes back from outside, and is looked up in the database.
        if id.is_empty() || id.len() > 100 || parts.next().is_some() {
            return None;
        }
        match (kind, attempt) {
            ("topup", Some(attempt)) => Some(Subject::TopUp { id, attempt: attempt.parse().ok()? }),
            ("refund", Some(attempt)) => Some(Subject::Refund { id, attempt: attempt.parse().ok()? }),
            ("setup", None) => Some(Subject::Setup { id }),
            _ => None,
        }
    }
}

/// What a reference stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// An attempt to charge for a top-up.
    TopUp {
        /// UUIDv7 of the top-up.
        id: &'a str,
        /// Counted from 1.
        attempt: i64,
    },
    /// Connecting a card; there is one attempt only.
    Setup {
        /// UUIDv7 of the set-up.
        id: &'a str,
    },
    /// An attempt to give money back.
    Refund {
        /// UUIDv7 of the refund.
        id: &'a str,
        /// Counted from 1.
        attempt: i64,
    },
}

impl AsRef<str> for Reference {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the cardholder is there to confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Somebody waits at the page: a 3-D Secure challenge can be answered.
    OnSession,
    /// Nobody is there: automatic payments. What the bank wants confirmed waits, as the same charge, until somebody comes.
    OffSession,
}

/// Charge a connected card. Written down by the caller before it is sent, so that it can be repeated word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRequest {
    /// Ours, new for each attempt: the same reference never charges twice.
    pub reference: Reference,
    /// The organization's id; a provider keys its customer objects by it.
    pub customer: OrganizationId,
    /// The card, as [`crate::CardFacts::provider_ref`] names it.
    pub card_ref: CardRef,
    /// Minor units (cents; whole yen), positive.
    pub amount_minor: i64,
    /// The wallet's currency; another one is never charged.
    pub currency: Currency,
    /// Whether the cardholder is there.
    pub presence: Presence,
    /// When the attempt was written down: where a look-up begins.
    pub created_at: Timestamp,
}

/// What the provider says about a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeAnswer {
    /// The provider's name for this charge; `None` where nothing was ever made of it.
    pub provider_ref: Option<PaymentRef>,
    /// What has become of the charge.
    pub outcome: ChargeOutcome,
}

/// The states of a charge at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// Accepted; the result comes later.
    Processing,
    /// The cardholder must confirm first.
    ActionRequired(NextAction),
    /// The money is ours.
    Settled {
        /// What was really received, minor units of the request's currency.
        received_minor: i64,
    },
    /// Refused; no money moved, and under this reference none ever will.
    Declined(Decline),
    /// Abandoned; no money moved, and under this reference none ever will.
    Cancelled,
}

impl ChargeOutcome {
    /// In the words of the top-up's state machine.
    pub const fn as_domain(&self) -> Outcome {
        match self {
            Self::Processing => Outcome::Accepted,
            Self::ActionRequired(_) => Outcome::ActionRequired,
            Self::Settled { .. } => Outcome::Settled,
            Self::Declined(_) => Outcome::Declined,
            // To the wallet the two are one: nobody finished it, and nothing was charged.
            Self::Cancelled => Outcome::Expired,
        }
    }
}

/// Why the bank refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// The reason; one that we do not know is read as [`DeclineCode::GenericDecline`].
    pub code: DeclineCode,
}

/// What the page has to do with the cardholder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NextAction {
    /// The sandbox bank asks for a yes or a no ([`crate::Sandbox::answer_charge`]).
    SandboxChallenge,
    /// The provider's script in the page takes over with this secret.
    BrowserScript {
        /// For the browser only; grants nothing but finishing this one step.
        client_secret: String,
        /// The charge was begun with nobody there: the script confirms it anew with this card, the provider's name for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_method: Option<CardRef>,
    },
    /// A page of the provider's own is open.
    HostedPage {
        /// Where the browser goes.
        url: String,
        /// The provider's name for the page, by which it is closed.
        page_ref: CheckoutRef,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_and_nothing_else_is_taken_for_one() {
        for reference in [Reference::top_up("a-1", 2), Reference::setup("b"), Reference::refund("c", 1)] {
            assert_eq!(Reference::read(reference.as_str()), Some(reference));
        }
        assert_eq!(Reference::top_up("a-1", 2).subject(), Some(Subject::TopUp { id: "a-1", attempt: 2 }));
        for wrong in ["", "topup:a", "topup::1", "setup:a:1", "topup:a:x", "refund:a:1:2", "other:a:1"] {
            assert_eq!(Reference::read(wrong), None, "{wrong}");
        }
    }
}
