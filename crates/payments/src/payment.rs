//! A payment as the provider reports it by itself, for a database that does not know it: restored from a backup, say.

use billing_domain::{Currency, OrganizationMark, PaymentRef, Timestamp};

use crate::card::CardFacts;
use crate::charge::Reference;

/// A payment that has arrived under a mark of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedPayment {
    /// The provider's name for it.
    pub provider_ref: PaymentRef,
    /// The charge that its mark names.
    pub reference: Reference,
    /// Whose it is by its mark.
    pub organization: Option<OrganizationMark>,
    /// Whether the provider's customer that paid says the same, which makes the owner certain.
    pub owner_is_certain: bool,
    /// What was asked for, minor units.
    pub amount_minor: i64,
    /// What was received, minor units.
    pub received_minor: i64,
    /// ISO 4217, upper case.
    pub currency_code: String,
    /// The same, if wallets can have it.
    pub currency: Option<Currency>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// What was charged, if it is a card.
    pub card: Option<CardFacts>,
}
