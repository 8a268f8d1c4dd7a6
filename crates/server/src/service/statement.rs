//! The monthly statement: opening balance, what moved, closing balance, and the proof that they fit together.

use std::collections::BTreeMap;

use billing_contract::statement::{Statement, StatementDay, StatementEntry, StatementOrganization};
use billing_domain::{Date, Money, Timestamp, TransactionKind};
use billing_store::{Organization, TransactionFilter};

use super::transactions::on_the_wire;
use super::usage::month_asked_for;
use crate::app::AppState;
use crate::calendar::Calendar;
use crate::problem::Problem;

/// Lines that are listed singly; with more of them the month is summed throughout.
const LISTED: u32 = 1_000;

/// A day's lines: those above `after` up to `last`.
#[derive(Clone, Copy, Debug)]
struct Span {
    date: Date,
    after: i64,
    last: i64,
}

/// `GET /statement`.
pub(crate) async fn statement(
    state: &AppState,
    organization: &Organization,
    asked: Option<&str>,
) -> Result<Statement, Problem> {
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let now = state.clock.now();
    let month = month_asked_for(asked, calendar.date_of(now))?;
    let wallet = state.store.costly().wallet(&organization.id).await?;
    let end = calendar.month_start(month.next());

    let mut spans = Vec::new();
    let mut after = before(state, organization, calendar.month_start(month), wallet.last_seq).await?;
    let first = after;
    for date in month.dates() {
        let last = before(state, organization, calendar.day_start(date.plus_days(1)), wallet.last_seq).await?;
        if last > after {
            spans.push(Span { date, after, last });
            after = last;
        }
    }
    let single = singly(state, organization, first, after).await?;

    let opening_balance = balance(state, organization, first).await?;
    let mut totals = Totals { balance: opening_balance, money_in: Money::ZERO, money_out: Money::ZERO };
    let mut days = Vec::with_capacity(spans.len());
    for span in &spans {
        days.push(day(state, organization, *span, single.as_ref(), &mut totals).await?);
    }
    Ok(Statement {
        month,
        organization: StatementOrganization {
            name: organization.name.clone(),
            address: organization.address.clone(),
            tax_id: organization.tax_id.clone(),
            time_zone: organization.time_zone.clone(),
        },
        currency: organization.currency,
        until: end.min(now),
        is_final: end <= now,
        opening_balance,
        closing_balance: totals.balance,
        money_in: totals.money_in,
        money_out: totals.money_out,
        lines: after - first,
        days,
        all_summed: single.is_none(),
    })
}

async fn before(state: &AppState, organization: &Organization, at: Timestamp, last_seq: i64) -> Result<i64, Problem> {
    Ok(state.store.costly().seq_posted_before(&organization.id, at, last_seq).await?)
}

/// The balance after this line.
async fn balance(state: &AppState, organization: &Organization, seq: i64) -> Result<Money, Problem> {
    if seq == 0 {
        return Ok(Money::ZERO);
    }
    let line = state.store.costly().line(&organization.id, seq).await?;
    line.map(|line| line.line.balance_after).ok_or_else(|| Problem::internal(format!("line {seq} is missing")))
}

/// What is listed singly: everything but usage, by `seq`. `None` when there is too much of it.
type Singly = BTreeMap<i64, StatementEntry>;

async fn singly(
    state: &AppState,
    organization: &Organization,
    after: i64,
    last: i64,
) -> Result<Option<Singly>, Problem> {
    let kinds = TransactionKind::ALL.iter().copied().filter(|kind| kind.usage().is_none()).collect();
    let filter = TransactionFilter { kinds, ..TransactionFilter::default() };
    let newest =
        state.store.costly().transactions(&organization.id, &filter, Some(last.saturating_add(1)), LISTED + 1).await?;
    let mut single = Singly::new();
    for line in newest.into_iter().filter(|line| line.line.seq > after) {
        let transaction = on_the_wire(line);
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

async fn day(
    state: &AppState,
    organization: &Organization,
    span: Span,
    single: Option<&Singly>,
    totals: &mut Totals,
) -> Result<StatementDay, Problem> {
    let mut entries = Vec::new();
    if let Some(single) = single {
        entries.extend(single.range(span.after + 1..=span.last).map(|(_, entry)| entry.clone()));
    }
    for sum in state.store.costly().sums_by_kind(&organization.id, span.after, span.last).await? {
        totals.add(sum.amount, sum.money_in).ok_or_else(|| Problem::internal("the month's sums leave their range"))?;
        if sum.kind.usage().is_some() || single.is_none() {
            entries.push(StatementEntry { kind: sum.kind, lines: sum.lines, amount: sum.amount, transaction: None });
        }
    }
    let closing_balance = balance(state, organization, span.last).await?;
    if closing_balance != totals.balance {
        // Never a statement that does not add up.
        return Err(Problem::internal(format!("the lines of {} do not add up", span.date)));
    }
    Ok(StatementDay { date: span.date, entries, closing_balance })
}
