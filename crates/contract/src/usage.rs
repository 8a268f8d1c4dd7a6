//! The monthly summary.

use billing_domain::{Currency, Date, Money, Month, UsageKind};
use serde::{Deserialize, Serialize};

/// Spending by kind; positive amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ByKind {
    /// Calls that the AI placed.
    pub outbound_call: Money,
    /// Calls that the AI answered.
    pub inbound_call: Money,
    /// Paid functions that the AI called.
    pub ai_task: Money,
}

impl ByKind {
    /// The amount of one kind.
    pub const fn of(&self, kind: UsageKind) -> Money {
        match kind {
            UsageKind::OutboundCall => self.outbound_call,
            UsageKind::InboundCall => self.inbound_call,
            UsageKind::AiTask => self.ai_task,
        }
    }

    /// The amount of one kind, to change.
    pub const fn of_mut(&mut self, kind: UsageKind) -> &mut Money {
        match kind {
            UsageKind::OutboundCall => &mut self.outbound_call,
            UsageKind::InboundCall => &mut self.inbound_call,
            UsageKind::AiTask => &mut self.ai_task,
        }
    }
}

/// What one source cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceAmount {
    /// Agent or mechanism, as the platform names it.
    pub source: String,
    /// What it cost, positive.
    pub amount: Money,
}

/// What one source cost in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceCost {
    /// Agent or mechanism; empty when the platform named none.
    pub source: String,
    /// What it cost, positive or zero.
    pub amount: Money,
    /// How many ledger lines.
    pub lines: i64,
}

/// What all sources cost that are not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OtherSources {
    /// What they cost together, positive or zero.
    pub amount: Money,
    /// How many ledger lines; 0 when every source is named.
    pub lines: i64,
}

/// Why a day stands out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spike {
    /// Day ÷ usual with one digit, `3.2`; `None` when nothing is usual.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub factor: Option<String>,
    /// The median of the days before.
    pub usual: Money,
    /// The kind that rose most above its own usual amount.
    pub kind: UsageKind,
    /// The largest sources of that kind that day, largest first.
    pub sources: Vec<SourceAmount>,
}

/// What was used on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Day {
    /// In the organization's zone.
    pub date: Date,
    /// What the day cost, positive.
    pub total: Money,
    /// `total` split by kind.
    pub by_kind: ByKind,
    /// The median of the 14 complete days before; `None` with fewer than 5.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub usual: Option<Money>,
    /// Set when it is a spike.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub spike: Option<Spike>,
}

/// `GET /usage?month=`: one month's spending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// The month, in the organization's zone.
    pub month: Month,
    /// The wallet's currency.
    pub currency: Currency,
    /// The month so far, positive.
    pub total: Money,
    /// The previous month up to the same day.
    pub previous_same_day: Money,
    /// At the month's end; `None` for a month that is over or when nothing is known.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub projected: Option<Money>,
    /// What a day costs at the present pace, from which the projection is made; `None` like it.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub pace: Option<Money>,
    /// `total` split by kind.
    pub by_kind: ByKind,
    /// From the first to the last day, today at most.
    pub days: Vec<Day>,
    /// The total of each day of the month before, all of them.
    pub previous_days: Vec<Money>,
    /// The sources that cost most in the month, largest first; 10 at most.
    pub sources: Vec<SourceCost>,
    /// All further sources together. With the named ones they make up the month as it was when they were summed up, which
    /// may be a line ahead of `total`.
    pub other_sources: OtherSources,
    /// The oldest month with anything in it.
    pub first_month: Month,
}
