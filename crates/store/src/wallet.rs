//! The wallet's figures, which only postings and holds change.

use billing_domain::ledger::Hash;
use billing_domain::{Currency, Money, OrganizationId, Timestamp};

use crate::db::{Arg, Tx, args, columns, numbered_places};
use crate::wallet_id::WalletId;
use crate::{Result, Store, StoreError};

columns!(wallet_columns, Wallet {
    id = "wallet_id",
    organization_id,
    currency,
    balance,
    held,
    last_seq,
    last_hash,
    exhausted_since,
    access_version,
    archived_seq,
    card_connected = "CAST(CASE WHEN EXISTS (SELECT 1 FROM cards
        WHERE cards.organization_id = wallets.organization_id AND cards.removed_at IS NULL)
        THEN 1 ELSE 0 END AS BIGINT)",
});
#[expect(clippy::single_component_path_imports, reason = "the macro is made by a macro")]
pub(crate) use wallet_columns;

/// The wallet of the organization `$1`.
pub(crate) const SELECT_WALLET: &str =
    concat!("SELECT ", wallet_columns!(), " FROM wallets WHERE organization_id = $1");

/// As the wallet's rows are found in a statement whose `$1` is the organization.
macro_rules! of_wallet {
    () => {
        "wallet_id = (SELECT wallet_id FROM wallets WHERE organization_id = $1)"
    };
}
pub(crate) use of_wallet;

/// A wallet at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Its rows carry this number.
    pub id: WalletId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
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
    /// One more with whatever ends or changes somebody's access to it: open pages compare it twice a second.
    pub access_version: i64,
    /// Usage up to this line is in files alone; 0 while there are none.
    pub archived_seq: i64,
    /// The organization has a connected card.
    pub card_connected: bool,
}

impl Wallet {
    /// Balance − open holds; stays at the end of the range.
    pub const fn available(&self) -> Money {
        // Saturating, because a figure at the end of its range is still a figure to show, and an error is not.
        Money::from_micros(self.balance.micros().saturating_sub(self.held.micros()))
    }
}

impl Wallet {
    /// The wallet with `amount` set aside, if balance − held − amount stays at or above `floor`; `None`: there is not
    /// enough.
    pub(crate) fn with_hold(&self, amount: Money, floor: Money, now: Timestamp) -> Option<Self> {
        let held = self.held.checked_add(amount)?;
        let left = self.balance.checked_sub(held)?;
        if left < floor {
            return None;
        }
        let exhausted_since = if left.is_positive() {
            None
        } else if self.available().is_positive() {
            // The moment of exhaustion is kept while it lasts: grace is counted from it.
            Some(now)
        } else {
            self.exhausted_since
        };
        Some(Self { held, exhausted_since, ..self.clone() })
    }
}

impl Store {
    /// The wallet, or `NotFound`.
    pub async fn wallet(&self, organization_id: &OrganizationId) -> Result<Wallet> {
        let row = self.db.first(SELECT_WALLET, args![organization_id]).await?;
        Wallet::read(&row.ok_or(StoreError::NotFound)?)
    }
}

impl Store {
    /// The number that changes with whatever ends or changes somebody's access to this wallet, or `NotFound`.
    pub async fn access_version(&self, organization_id: &OrganizationId) -> Result<i64> {
        let sql = "SELECT access_version FROM wallets WHERE organization_id = $1";
        self.db.first(sql, args![organization_id]).await?.ok_or(StoreError::NotFound)?.get("access_version")
    }
}

/// Takes the wallet's row until the end of the transaction. Whatever changes several rows of an organization does this
/// first, so that such transactions wait for each other in one order and cannot deadlock.
/// See docs/decisions/0003-balance-under-the-wallet-lock.md.
pub(crate) async fn lock_wallet(tx: &mut Tx, organization_id: &OrganizationId) -> Result<Wallet> {
    let sql = if tx.is_postgres() {
        concat!("SELECT ", wallet_columns!(), " FROM wallets WHERE organization_id = $1 FOR UPDATE OF wallets")
    } else {
        // An immediate transaction holds the whole database.
        SELECT_WALLET
    };
    let row = tx.first(sql, args![organization_id]).await?;
    Wallet::read(&row.ok_or(StoreError::NotFound)?)
}

/// What a posting does to the wallet.
pub(crate) struct Movement {
    /// Sum of the lines.
    pub(crate) amount: Money,
    /// Sum of the captured holds.
    pub(crate) captured: Money,
    /// How many lines the posting has.
    pub(crate) lines: i64,
    /// Hash of the last one.
    pub(crate) last_hash: Hash,
}

/// Moves the balance: one statement, conditional on the figures that the lines were computed from.
/// See docs/decisions/0003-balance-under-the-wallet-lock.md.
pub(crate) async fn settle_wallet(tx: &mut Tx, before: &Wallet, movement: &Movement, now: Timestamp) -> Result<Wallet> {
    // Conditional even under the lock: if anything writes without it, nothing is posted on old figures.
    let row = tx
        .first(
            concat!(
                "UPDATE wallets SET balance = balance + $2, held = held - $3, last_seq = last_seq + $4, last_hash = $5,
                    exhausted_since = CASE
                        WHEN (balance + $2) - (held - $3) > 0 THEN NULL
                        WHEN balance - held > 0 THEN $6
                        ELSE exhausted_since END
                WHERE wallet_id = $1 AND last_seq = $7 AND balance = $8 RETURNING ",
                wallet_columns!()
            ),
            args![
                before.id,
                movement.amount,
                movement.captured,
                movement.lines,
                movement.last_hash,
                now,
                before.last_seq,
                before.balance
            ],
        )
        .await?;
    let row = row.ok_or_else(|| StoreError::Corrupt("the wallet changed under its lock".to_owned()))?;
    Wallet::read(&row)
}

/// Writes down what was set aside in wallets, from what they were to what they are: conditional on the figures that it was
/// decided on, with places from `first` on for [`set_aside_args`] of so many. As many rows as wallets must change.
pub(crate) fn set_aside_sql(postgres: bool, first: usize, wallets: usize) -> String {
    // The names of the columns of VALUES are the same on both databases.
    format!(
        "UPDATE wallets SET held = moved.column2, exhausted_since = moved.column3 FROM (VALUES {}) AS moved
        WHERE wallets.wallet_id = moved.column1 AND wallets.balance = moved.column4 AND wallets.held = moved.column5",
        numbered_places(postgres, first, wallets, 5)
    )
}

/// What [`set_aside_sql`] takes.
pub(crate) fn set_aside_args(moved: &[(Wallet, Wallet)]) -> Vec<Arg<'_>> {
    let args = moved.iter().flat_map(|(before, after)| {
        [
            Arg::from(before.id),
            Arg::from(after.held),
            Arg::from(after.exhausted_since),
            Arg::from(before.balance),
            Arg::from(before.held),
        ]
    });
    args.collect()
}

/// Gives money back that was set aside.
pub(crate) async fn give_back(tx: &mut Tx, wallet: WalletId, amount: Money) -> Result<Wallet> {
    let row = tx
        .first(
            concat!(
                "UPDATE wallets SET held = held - $2,
                    exhausted_since = CASE WHEN balance - (held - $2) > 0 THEN NULL ELSE exhausted_since END
                WHERE wallet_id = $1 RETURNING ",
                wallet_columns!()
            ),
            args![wallet, amount],
        )
        .await?;
    Wallet::read(&row.ok_or(StoreError::NotFound)?)
}
