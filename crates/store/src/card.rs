//! Connected cards: what may be kept of a card, and which one is charged.

use billing_domain::Timestamp;

use crate::{Result, Store};

/// A connected card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// UUIDv7.
    pub id: String,
    /// Whose.
    pub organization_id: String,
    /// `sandbox`, `stripe`.
    pub provider: String,
    /// The provider's name for it, which charges name.
    pub provider_ref: String,
    /// Scheme, lower case.
    pub brand: String,
    /// Last four digits.
    pub last4: String,
    /// 1 to 12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
    /// The provider's mark of the same plastic, if it has one.
    pub fingerprint: Option<String>,
    /// Charged unless another one is named.
    pub is_default: bool,
    /// When it was connected.
    pub created_at: Timestamp,
    /// When it was removed; [`Store::cards`] lists those without.
    pub removed_at: Option<Timestamp>,
}

/// A card to be connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCard {
    /// UUIDv7.
    pub id: String,
    /// `sandbox`, `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: String,
    /// Scheme, lower case.
    pub brand: String,
    /// Last four digits.
    pub last4: String,
    /// 1 to 12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
    /// The provider's mark of the same plastic.
    pub fingerprint: Option<String>,
}

impl Store {
    /// Connects a card; the first becomes the default. The same provider reference again answers the card that is there.
    pub async fn add_card(&self, organization_id: &str, new: &NewCard, now: Timestamp) -> Result<Card> {
        todo!()
    }

    /// The connected cards, default first, then oldest first.
    pub async fn cards(&self, organization_id: &str) -> Result<Vec<Card>> {
        todo!()
    }

    /// One connected card, or `NotFound` (also when it was removed).
    pub async fn card(&self, organization_id: &str, id: &str) -> Result<Card> {
        todo!()
    }

    /// Makes a connected card the default.
    pub async fn set_default_card(&self, organization_id: &str, id: &str) -> Result<Card> {
        todo!()
    }

    /// Removes a card; if it was the default, the oldest remaining one becomes it. Answers the default afterwards.
    /// Automatic payments that name the card keep naming it: the caller decides what becomes of them.
    pub async fn remove_card(&self, organization_id: &str, id: &str, now: Timestamp) -> Result<Option<Card>> {
        todo!()
    }
}
