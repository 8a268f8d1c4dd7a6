//! Connecting a card: what is asked of the provider, and what may be kept about a card afterwards.

use billing_domain::{CardRef, OrganizationId, SetupRef};
use serde::{Deserialize, Serialize};

use crate::charge::{Decline, NextAction, Reference};

/// A card as the provider's form in the browser handed it over: never the number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardToken {
    /// The provider's token, such as `pm_card_visa`.
    pub token: String,
    /// 1 to 12, as entered.
    pub exp_month: u8,
    /// Four digits, such as 2027.
    pub exp_year: u16,
}

/// Start connecting a card for later charges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupRequest {
    /// Ours, unique for ever: the same reference never connects twice.
    pub reference: Reference,
    /// The organization's id. A provider with customer objects of its own keys them by it.
    pub customer: OrganizationId,
    /// Where the browser already holds a token (sandbox; a payment method of Stripe's). `None` where the provider's own
    /// form takes the card after this call: the answer then carries the secret for that form, and stays
    /// [`SetupOutcome::ActionRequired`] through refused cards, since the person may try another one in the same form.
    pub card: Option<CardToken>,
}

/// What the provider says about a set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupAnswer {
    /// The provider's name for this set-up; `None` where nothing was ever made of it.
    pub provider_ref: Option<SetupRef>,
    /// What has become of the set-up.
    pub outcome: SetupOutcome,
}

/// The states of a set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupOutcome {
    /// The person has to do something in the browser first.
    ActionRequired(NextAction),
    /// The card can be charged from now on, also without the person.
    Connected(CardFacts),
    /// The bank refused the card.
    Declined(Decline),
    /// Abandoned; no card was connected.
    Cancelled,
}

/// All that may be stored about a card (PCI DSS: no number, no security code).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardFacts {
    /// The name under which charges of this card are made.
    pub provider_ref: CardRef,
    /// Scheme, lower case: `visa`, `mastercard`, `amex` …
    pub brand: String,
    /// Last four digits, zeros kept.
    pub last4: String,
    /// 1 to 12; the card is good to the end of that month.
    pub exp_month: u8,
    /// Four digits, such as 2027.
    pub exp_year: u16,
    /// The same for the same card, however often it is connected; not reversible.
    pub fingerprint: String,
}
