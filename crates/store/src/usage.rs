//! Usage summed by day and kind, and by source, kept in step with the ledger by every posting.

use billing_domain::{Date, Money, OrganizationId, UsageKind};

use crate::db::{Row, args, columns};
use crate::wallet::of_wallet;
use crate::{Result, Store};

mod summing;

pub use summing::NAMED_SOURCES;
pub(crate) use summing::{Spent, add_sums, count_line};

/// What one source spent on one kind of work in one day of the organization's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDay {
    /// In the organization's zone.
    pub day: Date,
    /// The kind of work that it paid for.
    pub kind: UsageKind,
    /// Which agent or mechanism; may be empty.
    pub source: String,
    /// What it cost, as a positive amount.
    pub amount: Money,
    /// How many ledger lines.
    pub lines: i64,
}

/// What one source spent in a span of days, on all kinds of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSum {
    /// Which agent or mechanism; may be empty.
    pub source: String,
    /// What it cost, as a positive amount.
    pub amount: Money,
    /// How many ledger lines.
    pub lines: i64,
}

/// The largest sources of a span of days, and all of it, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Largest first, as many as were asked for.
    pub largest: Vec<SourceSum>,
    /// What everything cost, these sources included.
    pub amount: Money,
    /// How many ledger lines everything is.
    pub lines: i64,
}

/// What one kind of work cost in one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindDay {
    /// In the organization's zone.
    pub day: Date,
    /// The kind of work that it paid for.
    pub kind: UsageKind,
    /// What it cost, as a positive amount.
    pub amount: Money,
}

columns!(day_columns, UsageDay { day, kind, source, amount, lines });

columns!(total_columns, KindDay { day, kind, amount });

impl SourceSum {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self { source: row.get("source")?, amount: row.get("amount")?, lines: row.get("lines")? })
    }
}

impl Store {
    /// Usage from `from` to `to`, both included, by day, kind and source in that order. Of each day and kind at most
    /// [`NAMED_SOURCES`] are there.
    pub async fn usage(&self, organization_id: &OrganizationId, from: Date, to: Date) -> Result<Vec<UsageDay>> {
        let sql =
            concat!("SELECT ", day_columns!(), " FROM usage_days WHERE ", of_wallet!(), " AND day >= $2 AND day <= $3");
        let rows = self.db.all(sql, args![organization_id, from, to]).await?;
        let mut days = rows.iter().map(UsageDay::read).collect::<Result<Vec<_>>>()?;
        // Not by the database: the two disagree about the order of letters.
        days.sort_by(|a, b| (a.day, a.kind, &a.source).cmp(&(b.day, b.kind, &b.source)));
        Ok(days)
    }

    /// The sums of all sources, named or not: few rows, for totals, runway and spikes.
    pub async fn usage_by_kind(&self, organization_id: &OrganizationId, from: Date, to: Date) -> Result<Vec<KindDay>> {
        let sql = concat!(
            "SELECT ",
            total_columns!(),
            " FROM usage_totals WHERE ",
            of_wallet!(),
            " AND day >= $2 AND day <= $3"
        );
        let rows = self.db.all(sql, args![organization_id, from, to]).await?;
        let mut days = rows.iter().map(KindDay::read).collect::<Result<Vec<_>>>()?;
        days.sort_by_key(|day| (day.day, day.kind));
        Ok(days)
    }

    /// The sources that cost most from `from` to `to`, both included, at most `limit`; which of equals are among them is
    /// the database's choice.
    pub async fn largest_sources(
        &self,
        organization_id: &OrganizationId,
        from: Date,
        to: Date,
        limit: u32,
    ) -> Result<Sources> {
        // One statement, so that the parts are of the same moment as the whole.
        let sql = concat!(
            "SELECT CAST(0 AS BIGINT) AS is_source, CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount,
                CAST(COALESCE(SUM(lines), 0) AS BIGINT) AS lines, '' AS source
            FROM usage_totals WHERE ",
            of_wallet!(),
            " AND day >= $2 AND day <= $3
            UNION ALL SELECT CAST(1 AS BIGINT), amount, lines, source FROM (
                SELECT CAST(SUM(amount) AS BIGINT) AS amount, CAST(SUM(lines) AS BIGINT) AS lines, source FROM usage_days
                WHERE ",
            of_wallet!(),
            " AND day >= $2 AND day <= $3
                GROUP BY source ORDER BY 1 DESC, 2 DESC, 3 LIMIT $4
            ) AS largest"
        );
        let rows = self.db.all(sql, args![organization_id, from, to, limit]).await?;
        let mut sources = Sources { largest: Vec::with_capacity(rows.len()), amount: Money::ZERO, lines: 0 };
        for row in &rows {
            let sum = SourceSum::read(row)?;
            if row.get("is_source")? {
                sources.largest.push(sum);
            } else {
                (sources.amount, sources.lines) = (sum.amount, sum.lines);
            }
        }
        // Not by the database: the two disagree about the order of letters.
        sources.largest.sort_by(|a, b| (b.amount, b.lines, &a.source).cmp(&(a.amount, a.lines, &b.source)));
        Ok(sources)
    }

    /// The first day with usage; `None` while there is none. For the pace of a young wallet and the oldest month.
    pub async fn first_usage_day(&self, organization_id: &OrganizationId) -> Result<Option<Date>> {
        let sql = concat!("SELECT day FROM usage_totals WHERE ", of_wallet!(), " ORDER BY day LIMIT 1");
        self.db.first(sql, args![organization_id]).await?.map(|row| row.get("day")).transpose()
    }
}
