//! Recomputing a ledger from its lines, to show that nothing was altered.

use billing_domain::ledger::Chain;
use billing_domain::{Date, Money, OrganizationId};

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
    /// Recomputes the chain, the balances and the sums of one organization on one snapshot of the database.
    pub async fn verify(&self, organization_id: &OrganizationId) -> Result<Verification> {
        let mut tx = self.db.snapshot().await?;
        // On one snapshot, so that postings meanwhile look like no fault.
        let result = check_wallet(&mut tx, organization_id).await;
        tx.rollback().await?;
        result
    }
}

/// How far the ledger was followed.
struct Followed {
    chain: Chain,
    spent: Money,
}

async fn check_wallet(tx: &mut Tx, organization_id: &OrganizationId) -> Result<Verification> {
    let sql = concat!("SELECT ", wallet_columns!(), " FROM wallets WHERE organization_id = $1");
    let row = tx.first(sql, args![organization_id]).await?.ok_or(StoreError::NotFound)?;
    // A wallet that cannot be read is a finding of the verification, not a failure of it.
    let wallet = match Wallet::read(&row) {
        Err(StoreError::Corrupt(reason)) => {
            let reason = format!("the wallet itself cannot be read: {reason}");
            return Ok(Verification { lines: 0, broken: Some(Broken { seq: 0, reason }) });
        }
        read => read?,
    };
    let mut so_far = Followed { chain: Chain::BEGINNING, spent: Money::ZERO };
    loop {
        let sql = concat!(
            "SELECT ",
            ledger_columns!(),
            " FROM ledger WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        );
        // In pieces, so that a ledger of a million lines does not have to fit into memory.
        let rows = tx.all(sql, args![organization_id, so_far.chain.seq, LINES_AT_ONCE]).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let seq = row.get("seq")?;
            let followed = match read_line(row) {
                Ok(posted) => so_far.follow(&posted, &wallet),
                // What the database holds is wrong: that is the answer.
                Err(StoreError::Corrupt(reason)) => Err(reason),
                // What the database could not answer is no finding about the ledger.
                Err(other) => return Err(other),
            };
            if let Err(reason) = followed {
                return Ok(Verification { lines: so_far.chain.seq, broken: Some(Broken { seq, reason }) });
            }
        }
    }
    let seq = so_far.chain.seq;
    let broken = check_sums(tx, &wallet, &so_far).await?.map(|reason| Broken { seq, reason });
    Ok(Verification { lines: seq, broken })
}

impl Followed {
    /// One line further, or what is wrong with it.
    fn follow(&mut self, posted: &PostedLine, wallet: &Wallet) -> std::result::Result<(), String> {
        let line = &posted.line;
        if line.currency != wallet.currency {
            return Err(format!("a line in {} in a wallet in {}", line.currency, wallet.currency));
        }
        self.chain.follow(line, posted.hash).map_err(|fault| fault.to_string())?;
        if line.kind.usage().is_some() {
            self.spent = self.spent.checked_sub(line.amount).ok_or("the sum of usage leaves its range")?;
        }
        Ok(())
    }
}

/// What is wrong with the sums beside the ledger.
async fn check_sums(tx: &mut Tx, wallet: &Wallet, followed: &Followed) -> Result<Option<String>> {
    let chain = &followed.chain;
    // Before the sums: a missing last line explains whatever else differs.
    if (wallet.last_seq, wallet.last_hash) != (chain.seq, chain.hash) {
        return Ok(Some(format!("the wallet stands at line {}, the ledger ends at {}", wallet.last_seq, chain.seq)));
    }
    if wallet.balance != chain.balance {
        return Ok(Some(format!("the wallet says {}, the ledger sums up to {}", wallet.balance, chain.balance)));
    }
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS total FROM holds
        WHERE organization_id = $1 AND state = 'open'";
    let held = sum_column(tx, sql, &wallet.organization_id).await?;
    if wallet.held != held {
        return Ok(Some(format!("the wallet says {} held, the open holds sum up to {held}", wallet.held)));
    }
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS total FROM usage_totals WHERE organization_id = $1";
    let spent = sum_column(tx, sql, &wallet.organization_id).await?;
    if followed.spent != spent {
        return Ok(Some(format!("the days sum up to {spent} of usage, the ledger to {}", followed.spent)));
    }
    // Where every line is a named source's, the sources are all of the day.
    let sql = "SELECT totals.day FROM usage_totals AS totals JOIN (
            SELECT day, kind, SUM(amount) AS amount, SUM(lines) AS lines FROM usage_days
            WHERE organization_id = $1 GROUP BY day, kind
        ) AS named ON named.day = totals.day AND named.kind = totals.kind
        WHERE totals.organization_id = $1 AND (named.lines > totals.lines
            OR (named.lines = totals.lines AND named.amount <> totals.amount)) ORDER BY 1 LIMIT 1";
    if let Some(row) = tx.first(sql, args![&wallet.organization_id]).await? {
        return Ok(Some(format!("the sources of {} do not sum up to what the days say", row.get::<Date>("day")?)));
    }
    let sql = "SELECT CAST(COALESCE(SUM(by_hand + automatic - used), 0) AS BIGINT) AS moved,
        CAST(COALESCE(SUM(used), 0) AS BIGINT) AS used FROM wallet_steps WHERE organization_id = $1";
    let row = tx.first(sql, args![&wallet.organization_id]).await?.ok_or(StoreError::NotFound)?;
    let (moved, used): (Money, Money) = (row.get("moved")?, row.get("used")?);
    if (moved, used) != (chain.balance, followed.spent) {
        return Ok(Some(format!("the steps sum up to {moved} and {used} of usage, the ledger to {}", chain.balance)));
    }
    Ok(None)
}

async fn sum_column(tx: &mut Tx, sql: &'static str, organization_id: &OrganizationId) -> Result<Money> {
    let row = tx.first(sql, args![organization_id]).await?.ok_or(StoreError::NotFound)?;
    row.get("total")
}
