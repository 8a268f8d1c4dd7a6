//! The monthly statement: opening balance, what moved, closing balance, and the proof that they fit together.

use std::collections::BTreeMap;

use billing_contract::statement::{Statement, StatementDay, StatementEntry, StatementOrganization, StatementSeller};
use billing_domain::{Date, Money, Month, Timestamp, TransactionKind};
use billing_store::{IssuedDocument, Organization, PaperKind, TransactionFilter};
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

    let mut spans = Vec::new();
    let (first, last_of_month) = (said.after, said.last);
    let mut after = first;
    for date in month.dates() {
        let last = if date == month.last_day() {
            last_of_month
        } else {
            let until = calendar.day_start(date.plus_days(1));
            // Clamped, since times of several servers may overlap by a moment: no line is counted in two days.
            last_seq_before(state, organization, until, last_of_month).await?.clamp(after, last_of_month)
        };
        if last > after {
            spans.push(DayLines { date, after, last });
            after = last;
        }
    }
    let single = single_entries(state, organization, first, after).await?;

    let opening_balance = balance_at(state, organization, first).await?;
    let mut totals = Totals { balance: opening_balance, money_in: Money::ZERO, money_out: Money::ZERO };
    let mut days = Vec::with_capacity(spans.len());
    for span in &spans {
        days.push(read_day(state, organization, *span, single.as_ref(), &mut totals).await?);
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
        lines: after - first,
        days,
        all_summed: single.is_none(),
    })
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

/// The balance after this line.
async fn balance_at(state: &AppState, organization: &Organization, seq: i64) -> Result<Money, Problem> {
    if seq == 0 {
        return Ok(Money::ZERO);
    }
    let line = state.store.costly().line(&organization.id, seq).await?;
    line.map(|line| line.line.balance_after).ok_or_else(|| Problem::internal(format!("line {seq} is missing")))
}

/// What is listed singly: everything but usage, by `seq`. `None` when there is too much of it.
type Singly = BTreeMap<i64, StatementEntry>;

async fn single_entries(
    state: &AppState,
    organization: &Organization,
    after: i64,
    last: i64,
) -> Result<Option<Singly>, Problem> {
    let kinds = TransactionKind::ALL.iter().copied().filter(|kind| kind.usage().is_none()).collect();
    let filter = TransactionFilter { kinds, ..TransactionFilter::default() };
    let newest =
        // One more than may be listed shows whether there are too many.
        state.store.costly().transactions(&organization.id, &filter, Some(last.saturating_add(1)), LISTED + 1).await?;
    let mut single = Singly::new();
    for line in newest.into_iter().filter(|line| line.line.seq > after) {
        let transaction = map_transaction(line);
        let (kind, amount) = (transaction.kind, transaction.amount);
        single.insert(transaction.seq, StatementEntry { kind, lines: 1, amount, transaction: Some(transaction) });
    }
    Ok((single.len() <= usize::try_from(LISTED).unwrap_or(usize::MAX)).then_some(single))
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

async fn read_day(
    state: &AppState,
    organization: &Organization,
    span: DayLines,
    single: Option<&Singly>,
    totals: &mut Totals,
) -> Result<StatementDay, Problem> {
    let mut entries = Vec::new();
    if let Some(single) = single {
        entries.extend(single.range(span.after + 1..=span.last).map(|(_, entry)| entry.clone()));
    }
    // Summed even where lines are listed: the totals are compared with the ledger's own balance below.
    for sum in state.store.costly().sums_by_kind(&organization.id, span.after, span.last).await? {
        totals.add(sum.amount, sum.money_in).ok_or_else(|| Problem::internal("the month's sums leave their range"))?;
        if sum.kind.usage().is_some() || single.is_none() {
            entries.push(StatementEntry { kind: sum.kind, lines: sum.lines, amount: sum.amount, transaction: None });
        }
    }
    let closing_balance = balance_at(state, organization, span.last).await?;
    if closing_balance != totals.balance {
        // Never a statement that does not add up.
        return Err(Problem::internal(format!("the lines of {} do not add up", span.date)));
    }
    Ok(StatementDay { date: span.date, entries, closing_balance })
}
