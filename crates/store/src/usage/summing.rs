//! The sums as they are written: by every posting, and anew after a change of the zone.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use billing_domain::{Date, Money, OrganizationId, Timestamp, TransactionKind, UsageKind};
use sqlx::AssertSqlSafe;

use crate::db::{Arg, Tx, args, numbered_places, retrying, split_pieces};
use crate::references::RUN_LINES;
use crate::{PostedLine, Result, Store, StoreError, WalletId, wallet};

/// So many sources of a day and kind have a sum of their own. Later ones are in the sums of the day only, so that a
/// platform that sends a new source with every call cannot make the sums as long as the ledger.
/// See docs/decisions/0010-named-usage-sources.md.
pub const NAMED_SOURCES: usize = 200;

/// Spending as a positive amount, and the number of lines, by day, kind and source.
pub(crate) type Spent = BTreeMap<(Date, UsageKind, String), (Money, i64)>;

type OfDay = (Date, UsageKind);
/// What the named sources of a day and kind spent.
type Named<'s> = Vec<(OfDay, &'s str, (Money, i64))>;

/// Ledger lines read at once by a rebuild.
const LINES_AT_ONCE: u32 = 2000;
/// Sums that a rebuild keeps in memory.
const SUMS_AT_ONCE: usize = 50_000;

impl Store {
    /// Sums all usage anew after the organization's zone has changed, in one transaction that keeps postings out.
    /// `day_of` says on which date an instant falls in the new zone. Returns the lines read.
    pub async fn rebuild_usage_days(
        &self,
        organization_id: &OrganizationId,
        day_of: impl Fn(Timestamp) -> Date + Send + Sync,
    ) -> Result<i64> {
        retrying!("rebuild_usage_days", organization_id => self.rebuild_usage_days_once(organization_id, &day_of))
    }

    async fn rebuild_usage_days_once(
        &self,
        organization_id: &OrganizationId,
        day_of: &(impl Fn(Timestamp) -> Date + Send + Sync),
    ) -> Result<i64> {
        let mut tx = self.db.begin().await?;
        // Postings wait: a line that is added meanwhile would be in neither sum.
        let locked = wallet::lock_wallet(&mut tx, organization_id).await?;
        let (wallet, archived) = (locked.id, locked.archived_seq);
        // Anew, not by difference: lines move between days in both directions.
        tx.execute("DELETE FROM usage_days WHERE wallet_id = $1", args![wallet]).await?;
        tx.execute("DELETE FROM usage_totals WHERE wallet_id = $1", args![wallet]).await?;
        let (mut spent, mut after, mut read) = (Spent::new(), 0, 0);
        while after < archived {
            let until = archived.min(after.saturating_add(RUN_LINES));
            for PostedLine { line, .. } in self.archived_between(organization_id, after, until).await? {
                read += 1;
                let Some(kind) = line.kind.usage() else { continue };
                let day = day_of(line.occurred_at);
                count_line(&mut spent, day, kind, &line.source, line.amount).ok_or(StoreError::Overflow)?;
            }
            after = until;
            if spent.len() >= SUMS_AT_ONCE {
                add_sums(&mut tx, wallet, &std::mem::take(&mut spent)).await?;
            }
        }
        loop {
            let sql = "SELECT seq, kind, occurred_at, source, amount FROM ledger
                WHERE wallet_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
            let rows = tx.all(sql, args![wallet, after, LINES_AT_ONCE]).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                // A keyset: the ledger is read once, in its own order.
                after = row.get("seq")?;
                read += 1;
                let Some(kind) = row.get::<TransactionKind>("kind")?.usage() else { continue };
                let day = day_of(row.get("occurred_at")?);
                let source: String = row.get("source")?;
                count_line(&mut spent, day, kind, &source, row.get("amount")?).ok_or(StoreError::Overflow)?;
            }
            // Bounded, however many days and sources the ledger has.
            if spent.len() >= SUMS_AT_ONCE {
                add_sums(&mut tx, wallet, &std::mem::take(&mut spent)).await?;
            }
        }
        add_sums(&mut tx, wallet, &spent).await?;
        tx.commit().await?;
        Ok(read)
    }
}

/// Counts a usage line; `amount` is the line's, negative. `None`: a sum would leave its range.
pub(crate) fn count_line(spent: &mut Spent, day: Date, kind: UsageKind, source: &str, amount: Money) -> Option<()> {
    let entry = spent.entry((day, kind, source.to_owned())).or_insert((Money::ZERO, 0));
    *entry = (entry.0.checked_sub(amount)?, entry.1.checked_add(1)?);
    Some(())
}

/// Adds to the sums; the wallet must be locked.
pub(crate) async fn add_sums(tx: &mut Tx, wallet: WalletId, spent: &Spent) -> Result<()> {
    let mut totals: BTreeMap<OfDay, (Money, i64)> = BTreeMap::new();
    let mut sources: BTreeMap<OfDay, Named<'_>> = BTreeMap::new();
    for ((day, kind, source), (amount, lines)) in spent {
        let total = totals.entry((*day, *kind)).or_insert((Money::ZERO, 0));
        total.0 = total.0.checked_add(*amount).ok_or(StoreError::Overflow)?;
        total.1 = total.1.checked_add(*lines).ok_or(StoreError::Overflow)?;
        sources.entry((*day, *kind)).or_default().push(((*day, *kind), source, (*amount, *lines)));
    }
    let there = add_totals(tx, wallet, &totals).await?;
    let mut named = Named::new();
    for (of_day, wanted) in sources {
        // A day that is not in the answer is taken for full: then every source is looked up.
        let there = there.get(&of_day).copied().unwrap_or(NAMED_SOURCES);
        // Nearly always there is room for all, and no name has to be read.
        if there + wanted.len() <= NAMED_SOURCES {
            named.extend(wanted);
        } else {
            let known = source_names(tx, wallet, of_day).await?;
            named.extend(admit_sources(wanted, &known));
        }
    }
    add_sources(tx, wallet, &named).await
}

/// Those that have a sum already, and the largest others as long as there is room.
fn admit_sources<'s>(wanted: Named<'s>, known: &BTreeSet<String>) -> Named<'s> {
    let (mut named, mut others): (Named<'_>, Named<'_>) =
        wanted.into_iter().partition(|(_, source, _)| known.contains(*source));
    // The largest first, so that the names go to those that matter; by name among equals.
    others.sort_by_key(|(_, source, (amount, _))| (Reverse(*amount), *source));
    others.truncate(NAMED_SOURCES.saturating_sub(known.len()));
    named.append(&mut others);
    named
}

/// Returns how many sources of each day and kind have a sum of their own before this posting's are added.
async fn add_totals(
    tx: &mut Tx,
    wallet: WalletId,
    totals: &BTreeMap<OfDay, (Money, i64)>,
) -> Result<BTreeMap<OfDay, usize>> {
    const COLUMNS: usize = 5;
    let rows: Vec<_> = totals.iter().collect();
    let mut there = BTreeMap::new();
    for chunk in split_pieces(&rows) {
        // The count comes with the insert, so that room is known without another statement.
        let sql = format!(
            "INSERT INTO usage_totals (wallet_id, day, kind, amount, lines) VALUES {}
            ON CONFLICT (wallet_id, day, kind) DO UPDATE
            SET amount = usage_totals.amount + excluded.amount, lines = usage_totals.lines + excluded.lines
            RETURNING day, kind, (SELECT COUNT(*) FROM usage_days AS named
                WHERE named.wallet_id = usage_totals.wallet_id AND named.day = usage_totals.day
                AND named.kind = usage_totals.kind) AS sources",
            numbered_places(tx.is_postgres(), 1, chunk.len(), COLUMNS)
        );
        let mut args = Vec::with_capacity(chunk.len() * COLUMNS);
        for ((day, kind), (amount, lines)) in chunk {
            args.extend([Arg::from(wallet), Arg::from(*day), Arg::from(*kind)]);
            args.extend([Arg::from(*amount), Arg::from(*lines)]);
        }
        for row in tx.all(AssertSqlSafe(sql), &args).await? {
            let of_day = (row.get("day")?, row.get("kind")?);
            there.insert(of_day, usize::try_from(row.get::<i64>("sources")?).unwrap_or(NAMED_SOURCES));
        }
    }
    Ok(there)
}

async fn source_names(tx: &mut Tx, wallet: WalletId, (day, kind): OfDay) -> Result<BTreeSet<String>> {
    let sql = "SELECT source FROM usage_days WHERE wallet_id = $1 AND day = $2 AND kind = $3";
    let rows = tx.all(sql, args![wallet, day, kind]).await?;
    rows.iter().map(|row| row.get("source")).collect()
}

async fn add_sources(tx: &mut Tx, wallet: WalletId, named: &Named<'_>) -> Result<()> {
    const COLUMNS: usize = 6;
    for chunk in split_pieces(named) {
        let sql = format!(
            "INSERT INTO usage_days (wallet_id, day, kind, source, amount, lines) VALUES {}
            ON CONFLICT (wallet_id, day, kind, source) DO UPDATE
            SET amount = usage_days.amount + excluded.amount, lines = usage_days.lines + excluded.lines",
            numbered_places(tx.is_postgres(), 1, chunk.len(), COLUMNS)
        );
        let mut args = Vec::with_capacity(chunk.len() * COLUMNS);
        for ((day, kind), source, (amount, lines)) in chunk {
            args.extend([Arg::from(wallet), Arg::from(*day), Arg::from(*kind), Arg::from(*source)]);
            args.extend([Arg::from(*amount), Arg::from(*lines)]);
        }
        tx.execute(AssertSqlSafe(sql), &args).await?;
    }
    Ok(())
}
