//! The append-only, hash-chained ledger: the only way in which a balance changes.

use std::sync::Arc;

use billing_domain::kind::Unit;
use billing_domain::ledger::{Hash, Line};
use billing_domain::pricing::Remainder;
use billing_domain::{Date, HoldId, Money, OrganizationId, TextMap, Timestamp, TransactionId, TransactionKind};

use crate::db::{retrying, stored_code};
use crate::{Result, Store, StoreError, Wallet};

mod archived;
mod posting;
mod remainder;
mod rows;

pub(crate) use archived::{Stub, insert_stubs, is_archived};
pub(crate) use posting::post_in;
pub(crate) use rows::{find_usage_line, ledger_columns, line_columns, read_line, read_line_in};

/// The name space of references: within one organization and origin a reference posts once, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A metering event, by the platform's id.
    Usage,
    /// A top-up, by its id.
    TopUp,
    /// A refund, by its id.
    Refund,
    /// A dispute, by its id.
    Dispute,
    /// Credit given by the operator.
    Promo,
    /// A correction by the operator.
    Adjustment,
}

/// A line that is to be posted. `seq`, `balance_after`, `posted_at` and hash are given out by the posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// UUIDv7, made by the caller; part of the hash.
    pub id: TransactionId,
    /// Why money moves.
    pub kind: TransactionKind,
    /// Name space of `reference`.
    pub origin: Origin,
    /// Unique for its origin in the organization, for ever.
    pub reference: String,
    /// The other side, as in [`Line::contra`].
    pub contra: String,
    /// Positive into the wallet, negative out of it. Usage is priced to the whole micro-unit below: the posting takes one
    /// more where `part` and what was carried come to it ([`billing_domain::pricing::Cost::round`]).
    pub amount: Money,
    /// What usage costs beyond `amount`; zero for everything else.
    pub part: Remainder,
    /// When the usage or payment happened, not when it is posted.
    pub occurred_at: Timestamp,
    /// The date of `occurred_at` in the organization's zone; usage is summed by it.
    pub day: Date,
    /// English, for people; part of the hash.
    pub description: String,
    /// Which agent, person or mechanism caused it; may be empty.
    pub source: String,
    /// How much was used, plain decimal.
    pub quantity: Option<String>,
    /// What `quantity` counts, of usage only.
    pub unit: Option<Unit>,
    /// Price of one unit, plain decimal.
    pub unit_price: Option<String>,
    /// The `seq` of the line that this one corrects.
    pub corrects: Option<i64>,
    /// Further facts by name; part of the hash.
    pub details: TextMap,
    /// Captured with the posting if it is still open; the line is posted in any case.
    pub hold_id: Option<HoldId>,
}

/// A line in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedLine {
    /// All that its hash covers.
    pub line: Line,
    /// Its hash, over the contents and the hash before.
    pub hash: Hash,
}

/// What became of one line of a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineOutcome {
    /// It is in the ledger.
    Posted(Arc<PostedLine>),
    /// The same line was posted before; nothing was written.
    Duplicate {
        /// Position of the line that stands there.
        seq: i64,
        /// The signed amount of that line.
        amount: Money,
    },
    /// Another content was posted under this reference before; nothing was written.
    Conflict {
        /// Position of the line that stands there.
        seq: i64,
    },
}

/// What a committed posting has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// One outcome a line, in the order of the request.
    pub outcomes: Vec<LineOutcome>,
    /// The wallet after it.
    pub wallet: Wallet,
}

/// The lines of one organization in [`Store::post_many`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose ledger and wallet change.
    pub organization_id: OrganizationId,
    /// In the order in which they get their `seq`.
    pub lines: Vec<NewLine>,
}

impl Store {
    /// Posts lines to one ledger: all of them in one transaction with the balance, the captured holds and the daily
    /// usage. Returns after commit. `Overflow` when the balance would leave its range, `NotFound` without a wallet.
    pub async fn post(&self, organization_id: &OrganizationId, lines: Vec<NewLine>, now: Timestamp) -> Result<Posting> {
        let batches = [Batch { organization_id: organization_id.to_owned(), lines }];
        let mut results = retrying!("post", self.post_once(&batches, now))?;
        results.pop().unwrap_or(Err(StoreError::NotFound))
    }

    /// Posts to several ledgers in one transaction (group commit). The answers are in the order of the request; a
    /// ledger that refuses (`Overflow`, `NotFound`) does not hinder the others.
    pub async fn post_many(&self, batches: &[Batch], now: Timestamp) -> Result<Vec<Result<Posting>>> {
        retrying!("post", self.post_once(batches, now))
    }
}

impl Store {
    async fn post_once(&self, batches: &[Batch], now: Timestamp) -> Result<Vec<Result<Posting>>> {
        // Wallets are locked in one order, whatever the order of the request: no two postings wait for each other.
        let mut order: Vec<usize> = (0..batches.len()).collect();
        order.sort_by_key(|index| &batches[*index].organization_id);
        let mut results: Vec<_> = batches.iter().map(|_| Err(StoreError::NotFound)).collect();
        let mut tx = self.db.begin().await?;
        for index in order {
            let batch = &batches[index];
            results[index] = post_in(&mut tx, &batch.organization_id, &batch.lines, now).await?;
        }
        tx.commit().await?;
        Ok(results)
    }
}

stored_code!(Origin { Usage = 1, TopUp = 2, Refund = 3, Dispute = 4, Promo = 5, Adjustment = 6 });
