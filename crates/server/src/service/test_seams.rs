//! What tests may do that nobody else may: move the clock, script the sandbox bank, see both sides of the books.

use billing_domain::kind::Unit;
use billing_domain::time::MICROS_PER_SECOND;
use billing_domain::{Money, OrganizationId, TextMap, Timestamp, TransactionId, TransactionKind};
use billing_payments::sandbox::{ChargeRecord, Scripted, UnknownBehavior};
use billing_store::{NewLine, Origin, StoreError};
use serde::Serialize;

use crate::calendar::Calendar;
use crate::problem::{Detail, Problem};
use crate::state::AppState;
use crate::view::transaction::map_transaction;

/// Lines of the ledger read at a time.
const PAGE: u32 = 1_000;
/// Lines of the ledger posted at a time.
const FILLED_AT_ONCE: u32 = 2_000;
const DAY_SECONDS: i64 = 86_400;

/// Moves the clock, and lets the workers look at once.
pub(crate) fn advance_clock(state: &AppState, seconds: i64) {
    state.clock.advance(seconds);
    // The workers sleep by the real clock, which has not moved.
    state.worker_wake.send_replace(());
}

/// Everything that a ledger holds, one JSON object a line, oldest first.
pub(crate) async fn dump_ledger(state: &AppState, organization_id: &OrganizationId) -> Result<String, Problem> {
    match state.store.organization(organization_id).await {
        Err(StoreError::NotFound) => return Err(Problem::not_found()),
        found => found?,
    };
    let (mut text, mut after) = (String::new(), 0);
    loop {
        let lines = state.store.lines_after(organization_id, after, PAGE).await?;
        let Some(last) = lines.last() else { return Ok(text) };
        after = last.line.seq;
        for line in lines {
            text.push_str(&serde_json::to_string(&map_transaction(line)).map_err(Problem::internal)?);
            text.push('\n');
        }
    }
}

/// Posts so many lines, spread evenly between two days: a credit, then calls and tasks at a cent each, with a smaller
/// credit now and then.
pub(crate) async fn fill_ledger(
    state: &AppState,
    organization_id: &OrganizationId,
    lines: u32,
    from_days_ago: u32,
    to_days_ago: u32,
) -> Result<(), Problem> {
    let organization = match state.store.organization(organization_id).await {
        Err(StoreError::NotFound) => return Err(Problem::not_found()),
        found => found?,
    };
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let before = u32::try_from(state.store.wallet(organization_id).await?.last_seq).map_err(Problem::internal)?;
    let start = state.clock.now().plus_seconds(-i64::from(from_days_ago) * DAY_SECONDS);
    let span = i64::from(from_days_ago.saturating_sub(to_days_ago)) * DAY_SECONDS * MICROS_PER_SECOND;
    let at = |number: u32| start.micros() + span / i64::from(lines.max(1)) * i64::from(number);
    let at = |number: u32| Timestamp::from_micros(at(number));
    // What is posted at once has one posting day.
    let a_day = lines / from_days_ago.saturating_sub(to_days_ago).max(1);
    let at_once = a_day.clamp(1, FILLED_AT_ONCE);
    for first in (0..lines).step_by(at_once as usize) {
        let numbers = first..lines.min(first.saturating_add(at_once));
        let posted_at = at(numbers.start);
        let posted = numbers.map(|number| Ok(made_up(state.new_id()?, before + number, at(number), &calendar)));
        let posted = posted.collect::<Result<Vec<_>, Problem>>()?;
        state.store.post(organization_id, posted, posted_at).await?;
    }
    Ok(())
}

fn made_up(id: TransactionId, number: u32, occurred_at: Timestamp, calendar: &Calendar) -> NewLine {
    let (kind, source) = match number % 6 {
        _ if number.is_multiple_of(1_000) => (TransactionKind::Promo, "Operator"),
        0 | 2 | 4 => (TransactionKind::OutboundCall, "Agent Ava"),
        1 | 3 => (TransactionKind::InboundCall, "Agent Bo"),
        _ => (TransactionKind::AiTask, "Agent Zoë"),
    };
    let usage = kind.usage();
    let credit = if number == 0 { 1_000_000 } else { 5 };
    NewLine {
        id,
        kind,
        origin: if usage.is_some() { Origin::Usage } else { Origin::Promo },
        reference: format!("made-{number}"),
        contra: usage.map_or_else(|| "promo".to_owned(), |kind| format!("revenue:{kind}")),
        amount: if usage.is_some() { Money::from_micros(-10_000) } else { Money::from_major(credit) },
        part: billing_domain::pricing::Remainder::ZERO,
        occurred_at,
        day: calendar.date_of(occurred_at),
        description: format!("{} {number}", if usage.is_some() { "Patient" } else { "Credit" }),
        source: source.to_owned(),
        quantity: usage.map(|_| "10".to_owned()),
        unit: usage.map(|_| Unit::Second),
        unit_price: usage.map(|_| "0.001".to_owned()),
        corrects: None,
        details: TextMap::default(),
        hold_id: None,
    }
}

/// Says how the bank behaves at its next new charge; several are used up in order.
pub(crate) fn script_bank(state: &AppState, next: &str) -> Result<(), Problem> {
    let Some(sandbox) = &state.sandbox else { return Err(Problem::not_found()) };
    let next: Scripted = next.parse().map_err(|error: UnknownBehavior| {
        Problem::field("/next", "unknown_behavior", Detail::general(error.to_string()))
    })?;
    sandbox.script(next);
    Ok(())
}

/// What the bank did, in its own words and in the wallet's.
#[derive(Serialize)]
pub(crate) struct Charge {
    organization_id: OrganizationId,
    reference: String,
    /// Decimal string.
    amount: Option<String>,
    /// Given back, minor units.
    refunded_minor: i64,
    #[serde(flatten)]
    record: ChargeRecord,
}

/// Every charge that the bank has received, oldest first.
pub(crate) async fn list_charges(state: &AppState) -> Result<Vec<Charge>, Problem> {
    let Some(sandbox) = &state.sandbox else { return Err(Problem::not_found()) };
    let charges = sandbox.charges().await.map_err(Problem::internal)?;
    Ok(charges
        .into_iter()
        .map(|record| Charge {
            organization_id: record.request.customer.clone(),
            reference: record.request.reference.to_string(),
            amount: record.amount().map(|amount| amount.to_string()),
            refunded_minor: record.refunded_minor(),
            record,
        })
        .collect())
}
