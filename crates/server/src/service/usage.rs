//! The monthly summary: what was spent, on what, on which day, and which day stands out.

use std::collections::BTreeMap;

use billing_contract::usage::{ByKind, Day, OtherSources, SourceAmount, SourceCost, Spike, Usage};
use billing_domain::spending::{self, BURN_DAYS};
use billing_domain::{Date, Money, Month, OrganizationId, UsageKind, decimal, share};
use billing_store::{KindDay, Organization};

use crate::calendar::Calendar;
use crate::problem::{Detail, Problem};
use crate::state::AppState;

/// Sources that a spike names.
const SPIKE_SOURCES: usize = 5;
/// Sources that a month names.
const MONTH_SOURCES: u32 = 10;
/// Nobody was metered before; an older month is a slip of the keyboard.
const OLDEST_YEAR: u16 = 2000;

/// What was spent on each day of a span, and since when anything was spent at all.
#[derive(Clone, Debug)]
pub(crate) struct Spending {
    /// The first day with usage; `None` while there is none.
    first: Option<Date>,
    days: BTreeMap<Date, ByKind>,
}

impl Spending {
    /// Reads the days from `from` to `to`, both included.
    pub(crate) async fn read(
        state: &AppState,
        organization_id: &OrganizationId,
        from: Date,
        to: Date,
    ) -> Result<Self, Problem> {
        let (first, rows) = tokio::try_join!(
            state.store.first_usage_day(organization_id),
            state.store.usage_by_kind(organization_id, from, to),
        )?;
        Self::new(first, &rows)
    }

    fn new(first: Option<Date>, rows: &[KindDay]) -> Result<Self, Problem> {
        let mut days: BTreeMap<Date, ByKind> = BTreeMap::new();
        for row in rows {
            let amount = days.entry(row.day).or_default().of_mut(row.kind);
            *amount = amount.checked_add(row.amount).ok_or_else(too_large)?;
        }
        Ok(Self { first, days })
    }

    fn of(&self, date: Date) -> ByKind {
        self.days.get(&date).copied().unwrap_or_default()
    }

    fn total_of(&self, date: Date) -> Result<Money, Problem> {
        sum_days(&self.of(date))
    }

    /// One total a day from `from` up to the day before `until`, days without usage included, but none before the
    /// first day with usage: the wallet was not used yet.
    fn complete_days(&self, from: Date, until: Date) -> Result<Vec<Money>, Problem> {
        self.used_days(from, until).map(|date| self.total_of(date)).collect()
    }

    fn used_days(&self, from: Date, until: Date) -> impl Iterator<Item = Date> {
        dates_between(self.first.map_or(until, |first| first.max(from)), until)
    }

    /// The days that show what is usual for a day.
    fn days_before(&self, date: Date) -> impl Iterator<Item = Date> {
        let window = i32::try_from(spending::SPIKE_WINDOW_DAYS).unwrap_or(i32::MAX);
        self.used_days(date.plus_days(-window), date)
    }

    fn totals_before(&self, date: Date) -> Result<Vec<Money>, Problem> {
        self.days_before(date).map(|day| self.total_of(day)).collect()
    }

    /// What a day costs at the present pace; the span must reach back [`BURN_DAYS`] days before `today`.
    pub(crate) fn daily_burn(&self, today: Date) -> Result<Money, Problem> {
        let complete = self.complete_days(burn_start(today), today)?;
        Ok(spending::daily_burn(&complete, self.total_of(today)?))
    }
}

/// The first day that the present pace depends on.
pub(crate) fn burn_start(today: Date) -> Date {
    today.plus_days(-i32::try_from(BURN_DAYS).unwrap_or(i32::MAX))
}

/// The first day that the summary of a month depends on: the month before, which also covers the days that a spike is
/// compared with and the present pace.
pub(crate) fn summary_start(month: Month) -> Date {
    month.previous().first_day()
}

/// The month that was asked for (`YYYY-MM`), or the present one.
pub(crate) fn month_asked_for(asked: Option<&str>, today: Date) -> Result<Month, Problem> {
    let Some(text) = asked else { return Ok(today.month()) };
    let month: Month =
        text.parse().map_err(|_| month_error("not_a_month", "Write the month as year and month, like 2026-11."))?;
    // A month to come has no figures, and a page for it would only be empty.
    if month > today.month() {
        return Err(month_error("in_the_future", &format!("{month} has not begun yet.")));
    }
    if month.year() < OLDEST_YEAR {
        return Err(month_error("too_early", &format!("There is nothing before the year {OLDEST_YEAR}.")));
    }
    Ok(month)
}

fn month_error(code: &str, detail: &str) -> Problem {
    Problem::field("/month", code, Detail::general(detail))
}

pub(crate) async fn get_usage(
    state: &AppState,
    organization: &Organization,
    asked: Option<&str>,
) -> Result<Usage, Problem> {
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let today = calendar.date_of(state.clock.now());
    let month = month_asked_for(asked, today)?;
    let spending = Spending::read(state, &organization.id, summary_start(month), month.last_day().min(today)).await?;
    summarize_month(state, organization, &spending, month, today).await
}

/// The summary of a month whose days have been read from [`summary_start`] on.
pub(crate) async fn summarize_month(
    state: &AppState,
    organization: &Organization,
    spending: &Spending,
    month: Month,
    today: Date,
) -> Result<Usage, Problem> {
    let last = month.last_day().min(today);
    let mut days = Vec::new();
    let mut by_kind = ByKind::default();
    for date in dates_between(month.first_day(), last.plus_days(1)) {
        let of_day = spending.of(date);
        for kind in UsageKind::ALL {
            let sum = by_kind.of_mut(*kind);
            *sum = sum.checked_add(of_day.of(*kind)).ok_or_else(too_large)?;
        }
        let spike = find_spike(state, &organization.id, spending, date).await?;
        let usual = spending::usual_day(&spending.totals_before(date)?);
        days.push(Day { date, total: sum_days(&of_day)?, by_kind: of_day, usual, spike });
    }
    let so_far: Vec<_> = days.iter().map(|day| day.total).collect();
    let pace = match spending.first {
        // A projection is made for the running month only.
        Some(_) if month == today.month() => Some(spending.daily_burn(today)?),
        _ => None,
    };
    let projected = pace.and_then(|pace| spending::projected_month(&so_far, pace, today));
    let (sources, other_sources) = largest_sources(state, &organization.id, month.first_day(), last).await?;
    Ok(Usage {
        month,
        currency: organization.currency,
        total: sum_days(&by_kind)?,
        previous_same_day: previous_same_day(spending, month, today)?,
        projected,
        // Without a projection the pace says nothing.
        pace: projected.and(pace),
        by_kind,
        days,
        previous_days: previous_days(spending, month)?,
        sources,
        other_sources,
        first_month: spending.first.map_or(today.month(), |first| first.month().min(today.month())),
    })
}

fn previous_days(spending: &Spending, month: Month) -> Result<Vec<Money>, Problem> {
    dates_between(month.previous().first_day(), month.first_day()).map(|date| spending.total_of(date)).collect()
}

/// The month before up to the same day, or as a whole once this month is over. Its last day is a day like any other.
/// See docs/decisions/0007-spending-figures.md.
fn previous_same_day(spending: &Spending, month: Month, today: Date) -> Result<Money, Problem> {
    let previous = month.previous();
    let same = if month < today.month() { previous.length() } else { today.day().min(previous.length()) };
    let until = previous.first_day().plus_days(i32::from(same));
    let totals: Result<Vec<_>, _> =
        dates_between(previous.first_day(), until).map(|date| spending.total_of(date)).collect();
    Money::checked_sum(totals?).ok_or_else(too_large)
}

async fn find_spike(
    state: &AppState,
    organization_id: &OrganizationId,
    spending: &Spending,
    date: Date,
) -> Result<Option<Spike>, Problem> {
    // Sources are read for spikes only: few days have one.
    let Some(found) = spending::detect_spike(spending.total_of(date)?, &spending.totals_before(date)?) else {
        return Ok(None);
    };
    let kind = sources_behind(spending, date);
    let rows = state.store.usage(organization_id, date, date).await?;
    let mut sources: Vec<_> = rows
        .into_iter()
        .filter(|row| row.kind == kind && row.amount.is_positive())
        .map(|row| SourceAmount { source: row.source, amount: row.amount })
        .collect();
    // By name among equals, so that the order does not change from one reading to the next.
    sources.sort_by(|one, other| other.amount.cmp(&one.amount).then_with(|| one.source.cmp(&other.source)));
    sources.truncate(SPIKE_SOURCES);
    Ok(Some(Spike { factor: found.factor_tenths.map(one_digit), usual: found.usual, kind, sources }))
}

/// The kind that rose most above what is usual for it.
fn sources_behind(spending: &Spending, date: Date) -> UsageKind {
    let of = |date: Date, kind: UsageKind| spending.of(date).of(kind);
    let usual = |kind: UsageKind| {
        let before: Vec<_> = spending.days_before(date).map(|day| of(day, kind)).collect();
        spending::median_amount(&before).unwrap_or(Money::ZERO)
    };
    let now: Vec<_> = UsageKind::ALL.iter().map(|kind| of(date, *kind)).collect();
    let usual: Vec<_> = UsageKind::ALL.iter().map(|kind| usual(*kind)).collect();
    let index = share::largest_rise(&now, &usual).unwrap_or_default();
    UsageKind::ALL.get(index).copied().unwrap_or(UsageKind::OutboundCall)
}

/// The month's largest sources, and all others together.
async fn largest_sources(
    state: &AppState,
    organization_id: &OrganizationId,
    from: Date,
    to: Date,
) -> Result<(Vec<SourceCost>, OtherSources), Problem> {
    let found = state.store.largest_sources(organization_id, from, to, MONTH_SOURCES).await?;
    let mut others = OtherSources { amount: found.amount, lines: found.lines };
    let mut named = Vec::with_capacity(found.largest.len());
    for source in found.largest {
        others.amount = others.amount.checked_sub(source.amount).ok_or_else(too_large)?;
        others.lines -= source.lines;
        named.push(SourceCost { source: source.source, amount: source.amount, lines: source.lines });
    }
    Ok((named, others))
}

/// 32 tenths are `3.2`.
fn one_digit(tenths: i64) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = decimal::write_scaled(&mut text, tenths, 1, 1);
    text
}

fn sum_days(by_kind: &ByKind) -> Result<Money, Problem> {
    Money::checked_sum(UsageKind::ALL.iter().map(|kind| by_kind.of(*kind))).ok_or_else(too_large)
}

fn too_large() -> Problem {
    Problem::internal("the sum of the usage leaves the range of the ledger")
}

/// From `from` up to the day before `until`.
fn dates_between(from: Date, until: Date) -> impl Iterator<Item = Date> {
    (from.days()..until.days()).map(Date::from_days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn spending(first: &str, totals: &[i32]) -> Spending {
        let first = date(first);
        let rows: Vec<_> = (0..)
            .zip(totals)
            .map(|(offset, dollars)| KindDay {
                day: first.plus_days(offset),
                kind: UsageKind::OutboundCall,
                amount: Money::from_major(*dollars),
            })
            .collect();
        Spending::new(Some(first), &rows).unwrap()
    }

    fn code(asked: &str) -> String {
        let problem = month_asked_for(Some(asked), date("2026-11-24")).unwrap_err();
        assert_eq!(problem.document().errors[0].pointer, "/month");
        problem.document().errors[0].code.clone()
    }

    #[test]
    fn only_months_that_have_begun_can_be_asked_for() {
        let today = date("2026-11-24");
        assert_eq!(month_asked_for(None, today).unwrap().to_string(), "2026-11");
        assert_eq!(month_asked_for(Some("2026-11"), today).unwrap().to_string(), "2026-11");
        assert_eq!(month_asked_for(Some("2000-01"), today).unwrap().to_string(), "2000-01");
        for (asked, expected) in [
            ("", "not_a_month"),
            ("2026-13", "not_a_month"),
            ("2026-1", "not_a_month"),
            ("november", "not_a_month"),
            ("2026-11-01", "not_a_month"),
            ("2026-12", "in_the_future"),
            ("9999-12", "in_the_future"),
            ("1999-12", "too_early"),
            ("0001-01", "too_early"),
        ] {
            assert_eq!(code(asked), expected, "{asked}");
        }
    }

    #[test]
    fn days_before_the_first_use_are_no_cheap_days() {
        let young = spending("2026-11-20", &[6, 0, 3, 9]);
        assert_eq!(young.daily_burn(date("2026-11-23")).unwrap(), Money::from_major(3));
        let unused = Spending::new(None, &[]).unwrap();
        assert_eq!(unused.daily_burn(date("2026-11-23")).unwrap(), Money::ZERO);
        let since_today = spending("2026-11-23", &[4]);
        assert_eq!(since_today.daily_burn(date("2026-11-23")).unwrap(), Money::from_major(4));
    }

    #[test]
    fn the_month_before_is_compared_up_to_the_same_day() {
        let february = spending("2026-02-01", &[1; 28 + 31]);
        let until = |month: &str, today| previous_same_day(&february, month.parse().unwrap(), date(today)).unwrap();
        assert_eq!(until("2026-03", "2026-03-05"), Money::from_major(5));
        assert_eq!(until("2026-03", "2026-03-30"), Money::from_major(28));
        assert_eq!(until("2026-03", "2026-03-31"), Money::from_major(28));
        let april = spending("2026-03-01", &[1; 31]);
        let until = |today| previous_same_day(&april, "2026-04".parse().unwrap(), date(today)).unwrap();
        assert_eq!(until("2026-04-30"), Money::from_major(30), "the same days, also on the last one");
        assert_eq!(until("2026-05-01"), Money::from_major(31), "a month that is over is compared with the whole one");
    }

    #[test]
    fn the_kind_that_rose_most_is_behind_a_spike_not_the_one_that_always_costs_most() {
        let first = date("2026-11-01");
        let row =
            |day: i32, kind, dollars| KindDay { day: first.plus_days(day), kind, amount: Money::from_major(dollars) };
        let mut rows: Vec<_> =
            (0..14).flat_map(|day| [row(day, UsageKind::OutboundCall, 10), row(day, UsageKind::AiTask, 1)]).collect();
        rows.extend([row(14, UsageKind::OutboundCall, 18), row(14, UsageKind::AiTask, 16)]);
        let spending = Spending::new(Some(first), &rows).unwrap();
        assert_eq!(sources_behind(&spending, first.plus_days(14)), UsageKind::AiTask);
    }

    #[test]
    fn factors_are_shown_with_one_digit() {
        assert_eq!([one_digit(32), one_digit(30), one_digit(105)], ["3.2", "3.0", "10.5"]);
    }
}
