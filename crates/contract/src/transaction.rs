//! Ledger lines as people and programs read them.

use std::collections::BTreeMap;

use billing_domain::kind::Unit;
use billing_domain::ledger::Hash;
use billing_domain::{Currency, Money, Timestamp, TransactionKind};
use serde::{Deserialize, Serialize};

/// One line of the ledger. Everything that its hash covers is here or known to the reader (the organisation's id).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transaction {
    /// Position, gapless from 1.
    pub seq: i64,
    /// UUIDv7.
    pub id: String,
    /// Why money moved.
    pub kind: TransactionKind,
    /// The account on the other side.
    pub contra: String,
    /// Positive into the wallet.
    pub amount: Money,
    /// The balance after it.
    pub balance_after: Money,
    /// The wallet's currency.
    pub currency: Currency,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// For people.
    pub description: String,
    /// Which agent, person or mechanism.
    pub source: String,
    /// Plain decimal.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub quantity: Option<String>,
    /// What is counted.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub unit: Option<Unit>,
    /// Plain decimal.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub unit_price: Option<String>,
    /// The platform's event id, the top-up's id.
    pub reference: String,
    /// The `seq` that it corrects.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub corrects: Option<i64>,
    /// Further facts by name.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
    /// Hash of the previous line's hash and this line.
    pub hash: Hash,
}

/// A keyset page, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransactionPage {
    /// At most `limit` lines.
    pub items: Vec<Transaction>,
    /// Hand it back for the following page; `None` on the last one.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}
