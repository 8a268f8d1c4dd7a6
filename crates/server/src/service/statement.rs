//! The monthly statement: opening balance, what moved, closing balance, and the proof that they fit together.

use std::collections::BTreeMap;

use billing_contract::statement::{Statement, StatementDay, StatementEntry, StatementOrganization, StatementSeller};
use billing_domain::{Date, Money, Month, Timestamp};
use billing_store::{IssuedDocument, KindSum, Organization, PaperKind};
use serde::{Deserialize, Serialize};

use super::papers::{self, SellerFacts};
use super::usage::month_asked_for;
use crate::calendar::Calendar;
use crate::problem::Problem;
use crate::state::AppState;
use crate::view::transaction::map_transaction;

/// Lines that are listed singly; with more of them the month is summed throughout.
const LISTED: u32 = 1_000;

/// A day's lines: those above `after` up to `last`.
#[derive(Clone, Copy, Debug)]
struct DayLines {
    date: Date,
    after: i64,
    last: i64,
}

pub(crate) async fn get_statement(
    state: &AppState,
    organization: &Organization,
    asked: Option<&str>,
) -> Result<Statement, Problem> {
    let now = state.clock.now();
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let month = month_asked_for(asked, calendar.date_of(now))?;
    // By the costly connections, like everything below: a long month is a long read.
    let wallet = state.store.costly().wallet(&organization.id).await?;
    let issued = issued_facts(state, organization, month, &calendar, wallet.last_seq).await?;
    let (number, said) = match issued {
        Issue::Final(paper, said) => (Some((papers::paper_number(&paper), paper.issued_at)), said),
        Issue::Running(said) => (None, said),
    };
    // In the zone that was frozen with the statement, where one was issued.
    let calendar = Calendar::of(&said.organization.time_zone).map_err(Problem::internal)?;

    let (first, last) = (said.after, said.last);
    let spans = split_days(state, organization, month, &calendar, (first, last)).await?;
    let ends: Vec<_> = std::iter::once(first).chain(spans.iter().map(|span| span.last)).collect();
    let store = state.store.costly();
    let sums = store.sums_of_spans(&organization.id, &ends).await?;
    let single = if count_money_lines(&sums) > i64::from(LISTED) {
        None
    } else {
        Some(single_entries(state, organization, first, last).await?)
    };
    let balances = store.balances_after(&organization.id, &ends.iter().copied().collect()).await?;
    let balance_at =
        |seq| balances.get(&seq).copied().ok_or_else(|| Problem::internal(format!("line {seq} is missing")));

    let opening_balance = balance_at(first)?;
    let mut totals = Totals { balance: opening_balance, money_in: Money::ZERO, money_out: Money::ZERO };
    let mut days = Vec::with_capacity(spans.len());
    for (span, sums) in spans.iter().zip(sums) {
        let closing_balance = balance_at(span.last)?;
        days.push(sum_day(*span, sums, closing_balance, single.as_ref(), &mut totals)?);
    }
    Ok(Statement {
        month,
        issued_at: number.as_ref().map(|(_, at)| *at),
        is_final: number.is_some(),
        until: if number.is_some() { calendar.month_start(month.next()) } else { now },
        number: number.map(|(number, _)| number),
        seller: StatementSeller { name: said.seller.name, address: said.seller.address, tax_id: said.seller.tax_id },
        organization: said.organization,
        currency: organization.currency,
        opening_balance,
        closing_balance: totals.balance,
        money_in: totals.money_in,
        money_out: totals.money_out,
        lines: last - first,
        days,
        all_summed: single.is_none(),
    })
}

/// The lines above the first up to the second by the days on which they were posted; a day without any is left out.
async fn split_days(
    state: &AppState,
    organization: &Organization,
    month: Month,
    calendar: &Calendar,
    (mut after, last): (i64, i64),
) -> Result<Vec<DayLines>, Problem> {
    let dates: Vec<_> = month.dates().collect();
    let ends: Vec<_> = dates
        .iter()
        .filter(|date| **date != month.last_day())
        .map(|date| calendar.day_start(date.plus_days(1)))
        .collect();
    let found = state.store.costly().seqs_posted_before(&organization.id, &ends, last).await?;
    let mut spans = Vec::new();
    for (date, end) in dates.into_iter().zip(found.into_iter().chain([last])) {
        // Clamped, since times of several servers may overlap by a moment: no line is counted in two days.
        let end = end.clamp(after, last);
        if end > after {
            spans.push(DayLines { date, after, last: end });
            after = end;
        }
    }
    Ok(spans)
}

/// What is written down when a statement is issued; nothing changes it afterwards.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Said {
    organization: StatementOrganization,
    seller: SellerFacts,
    /// The month's lines are those above this one …
    after: i64,
    /// … up to this one.
    last: i64,
}

/// Where a month's statement stands.
enum Issue {
    /// Of a month that is over.
    Final(Box<IssuedDocument>, Said),
    /// The month goes on.
    Running(Said),
}

/// A month's statement as it was issued, or is now. It begins where that of the month before has ended and ends where that
/// of the next one begins, also if the organization has moved to another zone in between.
/// See docs/decisions/0011-statement-by-posting-date.md.
async fn issued_facts(
    state: &AppState,
    organization: &Organization,
    month: Month,
    calendar: &Calendar,
    last_seq: i64,
) -> Result<Issue, Problem> {
    let (start, end) = (calendar.month_start(month), calendar.month_start(month.next()));
    // Neighbors that were issued already fix where this month begins and ends.
    let after = match find_issued(state, organization, month.previous()).await? {
        Some((_, previous)) => previous.last,
        None => last_seq_before(state, organization, start, last_seq).await?,
    };
    let last = match find_issued(state, organization, month.next()).await? {
        Some((_, next)) => next.after,
        None => last_seq_before(state, organization, end, last_seq).await?,
    };
    let present = Said {
        organization: StatementOrganization {
            name: organization.name.clone(),
            address: organization.address.clone(),
            tax_id: organization.tax_id.clone(),
            time_zone: organization.time_zone.clone(),
        },
        seller: SellerFacts::of(&state.config.seller),
        after,
        // Never backwards: an empty month ends where it begins.
        last: last.max(after),
    };
    // Issued already: the figures of then, whatever is configured now.
    if let Some((paper, said)) = find_issued(state, organization, month).await? {
        return Ok(Issue::Final(Box::new(paper), said));
    }
    // A month that is not over gets no number.
    if state.clock.now() < end {
        return Ok(Issue::Running(present));
    }
    let subject = month.to_string();
    let (paper, said) = papers::issued(state, &organization.id, PaperKind::Statement, &subject, &present).await?;
    Ok(Issue::Final(Box::new(paper), said))
}

async fn find_issued(
    state: &AppState,
    organization: &Organization,
    month: Month,
) -> Result<Option<(IssuedDocument, Said)>, Problem> {
    let Some(paper) = state.store.paper(&organization.id, PaperKind::Statement, &month.to_string()).await? else {
        return Ok(None);
    };
    let said = serde_json::from_str(&paper.facts).map_err(Problem::internal)?;
    Ok(Some((paper, said)))
}

async fn last_seq_before(
    state: &AppState,
    organization: &Organization,
    at: Timestamp,
    last_seq: i64,
) -> Result<i64, Problem> {
    Ok(state.store.costly().seq_posted_before(&organization.id, at, last_seq).await?)
}

/// What is listed singly: everything but usage, by `seq`.
type Singly = BTreeMap<i64, StatementEntry>;

async fn single_entries(
    state: &AppState,
    organization: &Organization,
    after: i64,
    last: i64,
) -> Result<Singly, Problem> {
    let lines = state.store.costly().money_lines(&organization.id, after, last, LISTED).await?;
    let entries = lines.into_iter().map(map_transaction).map(|transaction| {
        let (kind, amount) = (transaction.kind, transaction.amount);
        (transaction.seq, StatementEntry { kind, lines: 1, amount, transaction: Some(transaction) })
    });
    Ok(entries.collect())
}

fn count_money_lines(days: &[Vec<KindSum>]) -> i64 {
    days.iter().flatten().filter(|sum| sum.kind.usage().is_none()).map(|sum| sum.lines).sum()
}

/// What has been counted up to some day.
struct Totals {
    balance: Money,
    money_in: Money,
    money_out: Money,
}

impl Totals {
    /// A day's sum of one kind, of which `money_in` came in.
    fn add(&mut self, amount: Money, money_in: Money) -> Option<()> {
        self.balance = self.balance.checked_add(amount)?;
        self.money_in = self.money_in.checked_add(money_in)?;
        self.money_out = self.money_out.checked_add(money_in.checked_sub(amount)?)?;
        Some(())
    }
}

fn sum_day(
    span: DayLines,
    sums: Vec<KindSum>,
    closing_balance: Money,
    single: Option<&Singly>,
    totals: &mut Totals,
) -> Result<StatementDay, Problem> {
    let mut entries = Vec::new();
    if let Some(single) = single {
        entries.extend(single.range(span.after + 1..=span.last).map(|(_, entry)| entry.clone()));
    }
    // Summed even where lines are listed: the totals are compared with the ledger's own balance below.
    for sum in sums {
        totals.add(sum.amount, sum.money_in).ok_or_else(|| Problem::internal("the month's sums leave their range"))?;
        if sum.kind.usage().is_some() || single.is_none() {
            entries.push(StatementEntry { kind: sum.kind, lines: sum.lines, amount: sum.amount, transaction: None });
        }
    }
    if closing_balance != totals.balance {
        // Never a statement that does not add up.
        return Err(Problem::internal(format!("the lines of {} do not add up", span.date)));
    }
    Ok(StatementDay { date: span.date, entries, closing_balance })
}
