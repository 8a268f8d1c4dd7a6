//! Usage summed by day, kind and source, kept in step with the ledger by every posting.

use billing_domain::{Date, Money, Timestamp, UsageKind};

use crate::{Result, Store};

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
        todo!()
    }

    /// The same without the sources: few rows, for sums, runway and spikes.
    pub async fn usage_by_kind(&self, organization_id: &str, from: Date, to: Date) -> Result<Vec<KindDay>> {
        todo!()
    }

    /// The first day with usage; `None` while there is none. For the pace of a young wallet and the oldest month.
    pub async fn first_usage_day(&self, organization_id: &str) -> Result<Option<Date>> {
        todo!()
    }

    /// Sums all usage anew after the organisation's zone has changed, in one transaction that keeps postings out.
    /// `day_of` says on which date an instant falls in the new zone. Returns the lines read.
    pub async fn rebuild_usage_days(
        &self,
        organization_id: &str,
        day_of: impl Fn(Timestamp) -> Date + Send + Sync,
    ) -> Result<i64> {
        todo!()
    }
}
