//! Recomputing a ledger from its lines, to show that nothing was altered.

use std::sync::Arc;

use billing_domain::ledger::Chain;
use billing_domain::{Date, Money, OrganizationId};

use crate::db::{Row, Tx, args};
use crate::ledger::{ledger_columns, line_columns, read_line, read_line_in};
use crate::references::{RUN_LINES, digest_reference};
use crate::wallet::{SELECT_WALLET, of_wallet};
use crate::{Archive, PostedLine, Result, Store, StoreError, Wallet, WalletId};

/// Lines read at once. Two such runs are in memory: one is followed while the next is read.
const LINES_AT_ONCE: u32 = 4_000;

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

/// Called with how many lines of a ledger have been followed, now and then.
type OnProgress<'a> = &'a mut (dyn FnMut(i64) + Send);

impl Store {
    /// Recomputes the chain, the balances and the sums of one organization on one snapshot of the database.
    pub async fn verify(&self, organization_id: &OrganizationId) -> Result<Verification> {
        self.verify_with_progress(organization_id, &mut |_| {}).await
    }

    /// [`Store::verify`], which says every few thousand lines how many have been followed.
    pub async fn verify_with_progress(
        &self,
        organization_id: &OrganizationId,
        on_progress: OnProgress<'_>,
    ) -> Result<Verification> {
        let mut tx = self.db.snapshot().await?;
        // On one snapshot, so that postings meanwhile look like no fault.
        let result = check_wallet(self, &mut tx, organization_id, on_progress).await;
        tx.rollback().await?;
        result
    }

    /// How many lines all ledgers together have.
    pub async fn count_ledger_lines(&self) -> Result<i64> {
        let sql = "SELECT CAST(COALESCE(SUM(last_seq), 0) AS BIGINT) AS total FROM wallets";
        let row = self.db.first(sql, args![]).await?.ok_or(StoreError::NotFound)?;
        row.get("total")
    }
}

/// How far the ledger was followed.
struct Followed {
    chain: Chain,
    spent: Money,
    /// Of the references of usage, with their lines: eight bytes and eight a line.
    digests: Vec<(i64, i64)>,
}

async fn check_wallet(
    store: &Store,
    tx: &mut Tx,
    organization_id: &OrganizationId,
    on_progress: OnProgress<'_>,
) -> Result<Verification> {
    let row = tx.first(SELECT_WALLET, args![organization_id]).await?.ok_or(StoreError::NotFound)?;
    // A wallet that cannot be read is a finding of the verification, not a failure of it.
    let wallet = match Wallet::read(&row) {
        Err(StoreError::Corrupt(reason)) => {
            let reason = format!("the wallet itself cannot be read: {reason}");
            return Ok(Verification { lines: 0, broken: Some(Broken { seq: 0, reason }) });
        }
        read => Arc::new(read?),
    };
    let mut so_far = Followed { chain: Chain::BEGINNING, spent: Money::ZERO, digests: Vec::new() };
    let damaged = follow_archives(store, tx, &wallet, &mut so_far).await?;
    let mut rows = read_run(tx, wallet.id, so_far.chain.seq).await?;
    while let Some(last) = rows.last() {
        let after = last.get("seq")?;
        let of_wallet = Arc::clone(&wallet);
        // Hashing takes as long as reading: each has a processor.
        let following = tokio::task::spawn_blocking(move || so_far.follow_rows(&rows, &of_wallet));
        rows = read_run(tx, wallet.id, after).await?;
        let broken;
        (so_far, broken) = following.await.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        on_progress(so_far.chain.seq);
        if let Some(Broken { seq, reason }) = broken {
            return Ok(match damaged {
                Some(Broken { seq: first, reason: file }) => {
                    let reason = format!("{file}; and line {seq}: {reason}");
                    Verification { lines: first - 1, broken: Some(Broken { seq: first, reason }) }
                }
                None => Verification { lines: so_far.chain.seq, broken: Some(Broken { seq, reason }) },
            });
        }
    }
    if let Some(broken) = damaged {
        // Without those lines there are no sums to compare.
        return Ok(Verification { lines: broken.seq - 1, broken: Some(broken) });
    }
    let seq = so_far.chain.seq;
    if let Some(broken) = find_repeated(store, tx, organization_id, std::mem::take(&mut so_far.digests)).await? {
        return Ok(Verification { lines: broken.seq - 1, broken: Some(broken) });
    }
    let broken = check_sums(tx, &wallet, &so_far).await?.map(|reason| Broken { seq, reason });
    Ok(Verification { lines: seq, broken })
}

/// The next lines behind this `seq`.
async fn read_run(tx: &mut Tx, wallet: WalletId, after: i64) -> Result<Vec<Row>> {
    let sql =
        concat!("SELECT ", line_columns!(), " FROM ledger WHERE wallet_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
    tx.all(sql, args![wallet, after, LINES_AT_ONCE]).await
}

/// The first usage line whose reference an earlier one has too: no index forbids it.
/// See docs/decisions/0097-reference-filters.md.
async fn find_repeated(
    store: &Store,
    tx: &mut Tx,
    organization_id: &OrganizationId,
    mut digests: Vec<(i64, i64)>,
) -> Result<Option<Broken>> {
    digests.sort_unstable();
    let mut suspects: Vec<_> = digests.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
    suspects.sort_unstable_by_key(|pair| pair[1].1);
    for pair in suspects {
        let (earlier, seq) = (pair[0].1, pair[1].1);
        let first = read_reference(store, tx, organization_id, earlier).await?;
        // Two references may share a digest.
        if first == read_reference(store, tx, organization_id, seq).await? {
            return Ok(Some(Broken { seq, reason: format!("its reference was posted before, as line {earlier}") }));
        }
    }
    Ok(None)
}

async fn read_reference(store: &Store, tx: &mut Tx, organization_id: &OrganizationId, seq: i64) -> Result<String> {
    let sql = concat!("SELECT reference FROM ledger WHERE ", of_wallet!(), " AND seq = $2");
    if let Some(row) = tx.first(sql, args![organization_id, seq]).await? {
        return row.get("reference");
    }
    let archived = store.archived_line(organization_id, seq).await?;
    archived.map(|posted| posted.line.reference).ok_or(StoreError::NotFound)
}

/// The lines that are in files alone, file by file; what the database has kept of them must be the same. What is wrong with
/// the first file that is missing or altered, and with how many more: the others are followed all the same.
async fn follow_archives(store: &Store, tx: &mut Tx, wallet: &Wallet, so_far: &mut Followed) -> Result<Option<Broken>> {
    let (mut damaged, mut known) = (None::<Broken>, 0);
    for archive in store.archives(&wallet.organization_id).await? {
        known = archive.last_seq;
        let after = so_far.chain.seq;
        let followed = match follow_archive(store, tx, wallet, &archive, so_far).await {
            Err(error @ StoreError::Archive { .. }) => Err(error.to_string()),
            other => other?,
        };
        let Err(reason) = followed else { continue };
        match &mut damaged {
            Some(first) => first.reason = format!("{}; {reason}", first.reason),
            None => damaged = Some(Broken { seq: after + 1, reason }),
        }
        // The next file follows on what this one ended with.
        so_far.chain = archive.chain_after();
    }
    if damaged.is_none() && known < wallet.archived_seq {
        damaged = Some(Broken { seq: known + 1, reason: format!("no file is known of the lines after {known}") });
    }
    if damaged.is_some() && wallet.archived_seq > 0 {
        so_far.chain = chain_behind_archive(tx, wallet).await?;
    }
    Ok(damaged)
}

/// The inner error says what is wrong with the file.
async fn follow_archive(
    store: &Store,
    tx: &mut Tx,
    wallet: &Wallet,
    archive: &Archive,
    so_far: &mut Followed,
) -> Result<std::result::Result<(), String>> {
    let organization_id = &wallet.organization_id;
    store.check_archive(organization_id, archive).await?;
    let last = archive.last_seq.min(wallet.archived_seq);
    while so_far.chain.seq < last {
        let after = so_far.chain.seq;
        let until = last.min(after.saturating_add(i64::from(LINES_AT_ONCE)));
        let lines = store.archived_between(organization_id, after, until).await?;
        for posted in &lines {
            if let Err(reason) = so_far.follow(posted, wallet) {
                return Ok(Err(format!("the archive file {}: line {}: {reason}", archive.file, posted.line.seq)));
            }
        }
        if so_far.chain.seq != until {
            return Ok(Err(format!("the archive file {}: line {} is missing", archive.file, so_far.chain.seq + 1)));
        }
        let sql =
            concat!("SELECT ", ledger_columns!(), " FROM ledger WHERE ", of_wallet!(), " AND seq > $2 AND seq <= $3");
        for row in tx.all(sql, args![organization_id, after, until]).await? {
            let seq: i64 = row.get("seq")?;
            let place = lines.binary_search_by_key(&seq, |posted| posted.line.seq).ok();
            // What cannot be read is another line in any case.
            let kept = read_line(&row, organization_id).ok();
            if kept.as_ref() != place.and_then(|place| lines.get(place)) {
                return Ok(Err(format!(
                    "the archive file {}: line {seq} is another one in the database",
                    archive.file
                )));
            }
        }
    }
    Ok(Ok(()))
}

/// Where the chain stands behind the archived lines, without reading them.
async fn chain_behind_archive(tx: &mut Tx, wallet: &Wallet) -> Result<Chain> {
    let seq = wallet.archived_seq;
    let sql = "SELECT hash FROM ledger_segments WHERE wallet_id = $1 AND segment = $2";
    let row = tx.first(sql, args![wallet.id, seq / RUN_LINES - 1]).await?.ok_or(StoreError::NotFound)?;
    let sql = "SELECT amount, balance_after FROM ledger WHERE wallet_id = $1 AND seq = $2";
    let next = tx.first(sql, args![wallet.id, seq + 1]).await?.ok_or(StoreError::NotFound)?;
    let balance = next.get::<Money>("balance_after")?.checked_sub(next.get("amount")?).ok_or(StoreError::Overflow)?;
    Ok(Chain { seq, balance, hash: row.get("hash")? })
}

impl Followed {
    /// So many lines further, or up to the first that is wrong.
    fn follow_rows(mut self, rows: &[Row], wallet: &Wallet) -> Result<(Self, Option<Broken>)> {
        for row in rows {
            let followed = match read_line_in(row, &wallet.organization_id, wallet.currency) {
                Ok(posted) => self.follow(&posted, wallet),
                // What the database holds is wrong: that is the answer.
                Err(StoreError::Corrupt(reason)) => Err(reason),
                // What the database could not answer is no finding about the ledger.
                Err(other) => return Err(other),
            };
            if let Err(reason) = followed {
                let seq = row.get("seq")?;
                return Ok((self, Some(Broken { seq, reason })));
            }
        }
        Ok((self, None))
    }

    /// One line further, or what is wrong with it.
    fn follow(&mut self, posted: &PostedLine, wallet: &Wallet) -> std::result::Result<(), String> {
        let line = &posted.line;
        if line.currency != wallet.currency {
            return Err(format!("a line in {} in a wallet in {}", line.currency, wallet.currency));
        }
        self.chain.follow(line, posted.hash).map_err(|fault| fault.to_string())?;
        if line.kind.usage().is_some() {
            self.digests.push((digest_reference(&line.reference), line.seq));
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
        WHERE wallet_id = $1 AND state = 0";
    let held = sum_column(tx, sql, wallet.id).await?;
    if wallet.held != held {
        return Ok(Some(format!("the wallet says {} held, the open holds sum up to {held}", wallet.held)));
    }
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS total FROM usage_totals WHERE wallet_id = $1";
    let spent = sum_column(tx, sql, wallet.id).await?;
    if followed.spent != spent {
        return Ok(Some(format!("the days sum up to {spent} of usage, the ledger to {}", followed.spent)));
    }
    // Where every line is a named source's, the sources are all of the day.
    let sql = "SELECT totals.day FROM usage_totals AS totals JOIN (
            SELECT day, kind, SUM(amount) AS amount, SUM(lines) AS lines FROM usage_days
            WHERE wallet_id = $1 GROUP BY day, kind
        ) AS named ON named.day = totals.day AND named.kind = totals.kind
        WHERE totals.wallet_id = $1 AND (named.lines > totals.lines
            OR (named.lines = totals.lines AND named.amount <> totals.amount)) ORDER BY 1 LIMIT 1";
    if let Some(row) = tx.first(sql, args![wallet.id]).await? {
        return Ok(Some(format!("the sources of {} do not sum up to what the days say", row.get::<Date>("day")?)));
    }
    let sql = "SELECT CAST(COALESCE(SUM(by_hand + automatic - used), 0) AS BIGINT) AS moved,
        CAST(COALESCE(SUM(used), 0) AS BIGINT) AS used FROM wallet_steps WHERE wallet_id = $1";
    let row = tx.first(sql, args![wallet.id]).await?.ok_or(StoreError::NotFound)?;
    let (moved, used): (Money, Money) = (row.get("moved")?, row.get("used")?);
    if (moved, used) != (chain.balance, followed.spent) {
        return Ok(Some(format!("the steps sum up to {moved} and {used} of usage, the ledger to {}", chain.balance)));
    }
    Ok(None)
}

async fn sum_column(tx: &mut Tx, sql: &'static str, wallet: WalletId) -> Result<Money> {
    let row = tx.first(sql, args![wallet]).await?.ok_or(StoreError::NotFound)?;
    row.get("total")
}
