//! Recomputing a ledger from its lines, to show that nothing was altered.

use billing_domain::Money;
use billing_domain::ledger::Hash;

use crate::db::{Tx, args};
use crate::ledger::{ledger_columns, read_line};
use crate::wallet::wallet_columns;
use crate::{PostedLine, Result, Store, StoreError, Wallet};

/// Lines read at once.
const LINES_AT_ONCE: u32 = 2000;

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// At which line; the last one when the wallet disagrees with the whole.
    pub seq: i64,
    /// What, for the operator.
    pub reason: String,
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many lines are right, from the first.
    pub lines: i64,
    /// `None`: the whole ledger is right and agrees with wallet, holds, daily usage and steps.
    pub broken: Option<Broken>,
}

impl Store {
    /// Recomputes the chain, the balances and the sums of one organisation on one snapshot of the database.
    pub async fn verify(&self, organization_id: &str) -> Result<Verification> {
        let mut tx = self.db.snapshot().await?;
        let result = check(&mut tx, organization_id).await;
        tx.rollback().await?;
        result
    }
}

/// How far the chain was followed.
struct Chain {
    seq: i64,
    balance: Money,
    hash: Hash,
    spent: Money,
}

async fn check(tx: &mut Tx, organization_id: &str) -> Result<Verification> {
    let sql = concat!("SELECT ", wallet_columns!(), " FROM wallets WHERE organization_id = $1");
    let row = tx.first(sql, args![organization_id]).await?.ok_or(StoreError::NotFound)?;
    let wallet = match Wallet::read(&mut row.fields()) {
        Err(StoreError::Corrupt(reason)) => {
            let reason = format!("the wallet itself cannot be read: {reason}");
            return Ok(Verification { lines: 0, broken: Some(Broken { seq: 0, reason }) });
        }
        read => read?,
    };
    let mut chain = Chain { seq: 0, balance: Money::ZERO, hash: Hash::GENESIS, spent: Money::ZERO };
    loop {
        let sql = concat!(
            "SELECT seq, ",
            ledger_columns!(),
            " FROM ledger WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        );
        let rows = tx.all(sql, args![organization_id, chain.seq, LINES_AT_ONCE]).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let mut fields = row.fields();
            let seq = fields.int()?;
            let followed = match read_line(&mut fields) {
                Ok(posted) => chain.follow(&posted, &wallet),
                Err(StoreError::Corrupt(reason)) => Err(reason),
                Err(other) => return Err(other),
            };
            if let Err(reason) = followed {
                return Ok(Verification { lines: chain.seq, broken: Some(Broken { seq, reason }) });
            }
        }
    }
    let broken = whole(tx, &wallet, &chain).await?.map(|reason| Broken { seq: chain.seq, reason });
    Ok(Verification { lines: chain.seq, broken })
}

impl Chain {
    /// One line further, or what is wrong with it.
    fn follow(&mut self, posted: &PostedLine, wallet: &Wallet) -> std::result::Result<(), String> {
        let line = &posted.line;
        if self.seq.checked_add(1) != Some(line.seq) {
            return Err(format!("line {} follows line {}", line.seq, self.seq));
        }
        if line.currency != wallet.currency {
            return Err(format!("a line in {} in a wallet in {}", line.currency, wallet.currency));
        }
        let balance = self.balance.checked_add(line.amount).ok_or("the balance leaves its range")?;
        if balance != line.balance_after {
            return Err(format!("the balance should be {balance} and is written as {}", line.balance_after));
        }
        let hash = line.hash_after(self.hash);
        if hash != posted.hash {
            return Err("the contents do not fit the hash".to_owned());
        }
        if line.kind.usage().is_some() {
            self.spent = self.spent.checked_sub(line.amount).ok_or("the sum of usage leaves its range")?;
        }
        (self.seq, self.balance, self.hash) = (line.seq, balance, hash);
        Ok(())
    }
}

/// What is wrong with the sums beside the ledger.
async fn whole(tx: &mut Tx, wallet: &Wallet, chain: &Chain) -> Result<Option<String>> {
    if (wallet.last_seq, wallet.last_hash) != (chain.seq, chain.hash) {
        return Ok(Some(format!("the wallet stands at line {}, the ledger ends at {}", wallet.last_seq, chain.seq)));
    }
    if wallet.balance != chain.balance {
        return Ok(Some(format!("the wallet says {}, the ledger sums up to {}", wallet.balance, chain.balance)));
    }
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM holds
        WHERE organization_id = $1 AND state = 'open'";
    let held = sum(tx, sql, &wallet.organization_id).await?;
    if wallet.held != held {
        return Ok(Some(format!("the wallet says {} held, the open holds sum up to {held}", wallet.held)));
    }
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM usage_days WHERE organization_id = $1";
    let spent = sum(tx, sql, &wallet.organization_id).await?;
    if chain.spent != spent {
        return Ok(Some(format!("the days sum up to {spent} of usage, the ledger to {}", chain.spent)));
    }
    let sql = "SELECT CAST(COALESCE(SUM(by_hand + automatic - used), 0) AS BIGINT) FROM wallet_steps
        WHERE organization_id = $1";
    let moved = sum(tx, sql, &wallet.organization_id).await?;
    let sql = "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM wallet_steps WHERE organization_id = $1";
    let used = sum(tx, sql, &wallet.organization_id).await?;
    if (moved, used) != (chain.balance, chain.spent) {
        return Ok(Some(format!("the steps sum up to {moved} and {used} of usage, the ledger to {}", chain.balance)));
    }
    Ok(None)
}

async fn sum(tx: &mut Tx, sql: &'static str, organization_id: &str) -> Result<Money> {
    let row = tx.first(sql, args![organization_id]).await?.ok_or(StoreError::NotFound)?;
    row.fields().money()
}
