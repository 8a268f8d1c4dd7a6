//! The wallet's figures, which only postings and holds change.

use billing_domain::ledger::Hash;
use billing_domain::{Currency, Money, Timestamp};

use crate::{Result, Store};

/// A wallet at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Whose.
    pub organization_id: String,
    /// Of all its amounts.
    pub currency: Currency,
    /// Sum of the ledger.
    pub balance: Money,
    /// Sum of the open holds, zero or positive.
    pub held: Money,
    /// `seq` of the last ledger line; 0 while there is none.
    pub last_seq: i64,
    /// Hash of the last ledger line; [`Hash::GENESIS`] while there is none.
    pub last_hash: Hash,
    /// When the available amount last fell to zero or below; `None` while it is above, and for a wallet that never had
    /// money.
    pub exhausted_since: Option<Timestamp>,
    /// The organisation has a connected card.
    pub card_connected: bool,
}

impl Wallet {
    /// Balance − open holds; stays at the end of the range.
    pub const fn available(&self) -> Money {
        Money::from_micros(self.balance.micros().saturating_sub(self.held.micros()))
    }
}

impl Store {
    /// The wallet, or `NotFound`.
    pub async fn wallet(&self, organization_id: &str) -> Result<Wallet> {
        todo!()
    }
}
