//! Usage summed by day, kind and source, kept in step with the ledger by every posting.

use std::collections::BTreeMap;

use billing_domain::{Date, Money, Timestamp, TransactionKind, UsageKind};

use sqlx::AssertSqlSafe;

use crate::db::{Arg, Tx, args, pieces, places, retrying};
use crate::{Result, Store, StoreError, wallet};

/// What one source spent on one kind of work in one day of the organisation's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDay {
    /// In the organisation's zone.
    pub day: Date,
    /// The work.
    pub kind: UsageKind,
    /// Which agent or mechanism; may be empty.
    pub source: String,
    /// What it cost, as a positive amount.
    pub amount: Money,
    /// How many ledger lines.
    pub lines: i64,
}

/// What one kind of work cost in one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindDay {
    /// In the organisation's zone.
    pub day: Date,
    /// The work.
    pub kind: UsageKind,
    /// What it cost, as a positive amount.
    pub amount: Money,
}

impl Store {
    /// Usage from `from` to `to`, both included, by day, kind and source in that order.
    pub async fn usage(&self, organization_id: &str, from: Date, to: Date) -> Result<Vec<UsageDay>> {
        let sql = "SELECT day, kind, source, amount, lines FROM usage_days
            WHERE organization_id = $1 AND day >= $2 AND day <= $3";
        let rows = self.db.all(sql, args![organization_id, from, to]).await?;
        let mut days = rows
            .iter()
            .map(|row| {
                let mut fields = row.fields();
                Ok(UsageDay {
                    day: fields.date()?,
                    kind: fields.name()?,
                    source: fields.text()?,
                    amount: fields.money()?,
                    lines: fields.int()?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        // Not by the database: the two disagree about the order of letters.
        days.sort_by(|a, b| (a.day, a.kind, &a.source).cmp(&(b.day, b.kind, &b.source)));
        Ok(days)
    }

    /// The same without the sources: few rows, for sums, runway and spikes.
    pub async fn usage_by_kind(&self, organization_id: &str, from: Date, to: Date) -> Result<Vec<KindDay>> {
        let sql = "SELECT day, kind, CAST(SUM(amount) AS BIGINT) FROM usage_days
            WHERE organization_id = $1 AND day >= $2 AND day <= $3 GROUP BY day, kind";
        let rows = self.db.all(sql, args![organization_id, from, to]).await?;
        let mut days = rows
            .iter()
            .map(|row| {
                let mut fields = row.fields();
                Ok(KindDay { day: fields.date()?, kind: fields.name()?, amount: fields.money()? })
            })
            .collect::<Result<Vec<_>>>()?;
        days.sort_by_key(|day| (day.day, day.kind));
        Ok(days)
    }

    /// The first day with usage; `None` while there is none. For the pace of a young wallet and the oldest month.
    pub async fn first_usage_day(&self, organization_id: &str) -> Result<Option<Date>> {
        let sql = "SELECT day FROM usage_days WHERE organization_id = $1 ORDER BY day LIMIT 1";
        self.db.first(sql, args![organization_id]).await?.map(|row| row.fields().date()).transpose()
    }

    /// Sums all usage anew after the organisation's zone has changed, in one transaction that keeps postings out.
    /// `day_of` says on which date an instant falls in the new zone. Returns the lines read.
    pub async fn rebuild_usage_days(
        &self,
        organization_id: &str,
        day_of: impl Fn(Timestamp) -> Date + Send + Sync,
    ) -> Result<i64> {
        retrying!(self.rebuild_usage_days_once(organization_id, &day_of))
    }
}

/// Spending as a positive amount, and the number of lines, by day, kind and source.
pub(crate) type Spent = BTreeMap<(Date, UsageKind, String), (Money, i64)>;

const COLUMNS: usize = 6;
/// Ledger lines read at once by a rebuild.
const LINES_AT_ONCE: u32 = 2000;

/// Counts a usage line; `amount` is the line's, negative. `None`: a sum would leave its range.
pub(crate) fn count(spent: &mut Spent, day: Date, kind: UsageKind, source: &str, amount: Money) -> Option<()> {
    let entry = spent.entry((day, kind, source.to_owned())).or_insert((Money::ZERO, 0));
    *entry = (entry.0.checked_sub(amount)?, entry.1.checked_add(1)?);
    Some(())
}

/// Adds to the sums of the days.
pub(crate) async fn add(tx: &mut Tx, organization_id: &str, spent: &Spent) -> Result<()> {
    let rows: Vec<_> = spent.iter().collect();
    for chunk in pieces(&rows) {
        let sql = format!(
            "INSERT INTO usage_days (organization_id, day, kind, source, amount, lines) VALUES {}
            ON CONFLICT (organization_id, day, kind, source) DO UPDATE
            SET amount = usage_days.amount + excluded.amount, lines = usage_days.lines + excluded.lines",
            places(tx.is_postgres(), 1, chunk.len(), COLUMNS)
        );
        let mut args = Vec::with_capacity(chunk.len() * COLUMNS);
        for ((day, kind, source), (amount, lines)) in chunk {
            args.extend([Arg::from(organization_id), Arg::from(*day), Arg::from(kind.as_str()), Arg::from(source)]);
            args.extend([Arg::from(*amount), Arg::from(*lines)]);
        }
        tx.execute(AssertSqlSafe(sql), &args).await?;
    }
    Ok(())
}

impl Store {
    async fn rebuild_usage_days_once(
        &self,
        organization_id: &str,
        day_of: &(impl Fn(Timestamp) -> Date + Send + Sync),
    ) -> Result<i64> {
        let mut tx = self.db.begin().await?;
        wallet::lock(&mut tx, organization_id).await?;
        tx.execute("DELETE FROM usage_days WHERE organization_id = $1", args![organization_id]).await?;
        let (mut spent, mut after, mut read) = (Spent::new(), 0, 0);
        loop {
            let sql = "SELECT seq, kind, occurred_at, source, amount FROM ledger
                WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
            let rows = tx.all(sql, args![organization_id, after, LINES_AT_ONCE]).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let mut fields = row.fields();
                after = fields.int()?;
                read += 1;
                let Some(kind) = fields.name::<TransactionKind>()?.usage() else { continue };
                let day = day_of(fields.time()?);
                let source = fields.text()?;
                count(&mut spent, day, kind, &source, fields.money()?).ok_or(StoreError::Overflow)?;
            }
        }
        add(&mut tx, organization_id, &spent).await?;
        tx.commit().await?;
        Ok(read)
    }
}
