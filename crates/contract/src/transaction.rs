//! Ledger lines as people and programs read them.

use billing_domain::kind::Unit;
use billing_domain::ledger::{Hash, Line};
use billing_domain::{Currency, Money, OrganizationId, TextMap, Timestamp, TransactionId, TransactionKind};
use serde::{Deserialize, Serialize};

use crate::Message;

/// One line of the ledger. Everything that its hash covers is here or known to the reader (the organization's id).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transaction {
    /// Position, gapless from 1.
    pub seq: i64,
    /// UUIDv7, covered by the hash.
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
    /// When the usage or payment happened; `posted_at` may be much later.
    pub occurred_at: Timestamp,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// English, for people; `translation` has other languages.
    pub description: String,
    /// `description` for other languages than English, where the ledger itself has worded it. No part of the hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Box<Message>>,
    /// Which agent, person or mechanism.
    pub source: String,
    /// `source` for other languages than English, where it is a mechanism of the ledger. No part of the hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_translation: Option<Box<Message>>,
    /// Plain decimal, of usage only.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub quantity: Option<String>,
    /// What `quantity` counts, of usage only.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub unit: Option<Unit>,
    /// Price of one unit, plain decimal, of usage only.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub unit_price: Option<String>,
    /// The platform's event id, the top-up's id.
    pub reference: String,
    /// The `seq` that it corrects.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub corrects: Option<i64>,
    /// Further facts by name.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub details: TextMap,
    /// Hash of the previous line's hash and this line.
    pub hash: Hash,
}

impl Transaction {
    /// What its hash is made of, in the ledger of that organization.
    pub fn line(&self, organization_id: &str) -> Line {
        Line {
            organization_id: OrganizationId::from_trusted(organization_id),
            seq: self.seq,
            id: TransactionId::from_trusted(self.id.as_str()),
            kind: self.kind,
            contra: self.contra.clone(),
            amount: self.amount,
            balance_after: self.balance_after,
            currency: self.currency,
            occurred_at: self.occurred_at,
            posted_at: self.posted_at,
            description: self.description.clone(),
            source: self.source.clone(),
            quantity: self.quantity.clone(),
            unit: self.unit,
            unit_price: self.unit_price.clone(),
            reference: self.reference.clone(),
            corrects: self.corrects,
            details: self.details.clone(),
        }
    }
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

/// The next lines of the whole ledger, for whoever recomputes its hashes: `GET /transactions/chain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerRun {
    /// The lines behind the one that was named, oldest first, without what no hash covers; none when there are no more.
    pub items: Vec<Transaction>,
    /// The ledger's newest line before these were read: whoever has followed it up to here has seen all of it.
    pub last_seq: i64,
}

/// One line and what came of it: `GET /transactions/{seq}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransactionDetail {
    /// The line as the list shows it.
    pub transaction: Transaction,
    /// The `seq` of each line that corrects it, oldest first.
    pub corrected_by: Vec<i64>,
}

/// Where each page of a filtered list begins, so that any place of a long one can be gone to at once. With
/// `before_seq = starts[n] + 1` and `limit = every` the same filter answers page `n`. A long one comes in several answers,
/// the first of which is short; their pages follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransactionOutline {
    /// The newest line that was looked at, wanted or not.
    pub last_seq: i64,
    /// How many lines were found: all that are wanted, once `next_cursor` is absent in the last answer.
    pub count: i64,
    /// Lines of a page.
    pub every: i64,
    /// The `seq` of each page's first line, newest first.
    pub starts: Vec<i64>,
    /// There are older lines than can be counted: narrow the filter to see them.
    pub truncated: bool,
    /// Older lines may be wanted too: hand it back as `cursor` with the same filter.
    pub next_cursor: Option<String>,
}
