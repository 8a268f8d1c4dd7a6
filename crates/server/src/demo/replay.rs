//! Tells the demo's story: each event through the service that would have done it, on a clock that stands at its time.

use billing_contract::Entered;
use billing_contract::top_up::CreateTopUp;
use billing_domain::charge::TopUpStatus;
use billing_domain::{Money, TextMap, Timestamp, TransactionId, TransactionKind};
use billing_store::{LineOutcome, NewLine, Organization, Origin};

use super::history::{HistoryEntry, HistoryEvent};
use super::lease::Lease;
use super::{DemoError, state_at};
use crate::calendar::Calendar;
use crate::service::postings::{self, Report, UsageLine};
use crate::service::sessions::SignedInMember;
use crate::service::top_ups;
use crate::state::AppState;

/// The platform of the story reports every three hours: few commits, so that the demo is there at once.
const REPORT_SECONDS: i64 = 3 * 3600;

/// Tells the story: events in their order, the work between two other events in reports of its platform.
pub(super) async fn replay_history(
    state: &AppState,
    organization: &Organization,
    people: &[SignedInMember],
    calendar: &Calendar,
    events: &[HistoryEvent],
    lease: &mut Lease,
) -> Result<(), DemoError> {
    let mut waiting: Vec<UsageLine> = Vec::new();
    for (position, event) in events.iter().enumerate() {
        lease.keep(state).await?;
        let report_is_due =
            waiting.first().is_some_and(|first| event.at.seconds_since(first.occurred_at) >= REPORT_SECONDS);
        if report_is_due || !matches!(event.entry, HistoryEntry::Usage(_)) {
            report_usage(state, organization, std::mem::take(&mut waiting)).await?;
        }
        match &event.entry {
            HistoryEntry::Usage(line) => waiting.push(line.clone()),
            HistoryEntry::TopUp(amount) => top_up(&state_at(state, event.at), people, position, *amount).await?,
            HistoryEntry::Promo(amount, text) => {
                let line = credit_line(TransactionKind::Promo, Origin::Promo, *amount, event.at, calendar);
                let reference = format!("demo-promo-{position}");
                let line = NewLine { reference, description: (*text).to_owned(), contra: "promo".to_owned(), ..line };
                post_line(&state_at(state, event.at), organization, line).await?;
            }
            HistoryEntry::Correction { amount, corrects, reference, source } => {
                let line = credit_line(TransactionKind::Adjustment, Origin::Adjustment, *amount, event.at, calendar);
                let line = NewLine {
                    reference: format!("demo-correction-{position}"),
                    description: format!("Credit: {reference} was cut off by the carrier"),
                    source: source.clone(),
                    contra: "adjustment".to_owned(),
                    corrects: Some(*corrects),
                    ..line
                };
                post_line(&state_at(state, event.at), organization, line).await?;
            }
        }
    }
    report_usage(state, organization, waiting).await
}

async fn report_usage(state: &AppState, organization: &Organization, lines: Vec<UsageLine>) -> Result<(), DemoError> {
    let Some(last) = lines.last() else { return Ok(()) };
    let past = state_at(state, last.occurred_at);
    let report = Report { organization: organization.clone(), lines };
    for posted in postings::post_reports(&past, vec![report]).await?.into_iter().flatten() {
        expect_same(&posted?)?;
    }
    Ok(())
}

async fn top_up(past: &AppState, people: &[SignedInMember], position: usize, amount: Money) -> Result<(), DemoError> {
    // The owner and the admin take turns.
    let payers: Vec<_> = people.iter().filter(|person| person.role.manages_billing()).collect();
    let Some(payer) = payers.get((position + 1) % payers.len().max(1)) else { return Ok(()) };
    let form = CreateTopUp { amount: Entered(Some(amount.to_string())), card_id: None, request_id: None };
    let answer = top_ups::create_top_up(past, payer, format!("demo-top-up-{position}"), &form).await?;
    if answer.outcome?.status == TopUpStatus::Succeeded {
        Ok(())
    } else {
        Err(DemoError::Service("the sandbox bank has not settled a top-up; start again to go on".to_owned()))
    }
}

fn credit_line(kind: TransactionKind, origin: Origin, amount: Money, at: Timestamp, calendar: &Calendar) -> NewLine {
    NewLine {
        id: TransactionId::from_trusted(""),
        kind,
        origin,
        reference: String::new(),
        contra: String::new(),
        amount,
        part: billing_domain::pricing::Remainder::ZERO,
        occurred_at: at,
        day: calendar.date_of(at),
        description: String::new(),
        source: "Nexis".to_owned(),
        quantity: None,
        unit: None,
        unit_price: None,
        corrects: None,
        details: TextMap::default(),
        hold_id: None,
    }
}

async fn post_line(past: &AppState, organization: &Organization, line: NewLine) -> Result<(), DemoError> {
    let line = NewLine { id: past.new_id()?, ..line };
    let posting = past.store.post(&organization.id, vec![line], past.clock.now()).await?;
    posting.outcomes.iter().try_for_each(expect_same)
}

/// Posted now, or by the start that was interrupted.
fn expect_same(outcome: &LineOutcome) -> Result<(), DemoError> {
    match outcome {
        LineOutcome::Posted(_) | LineOutcome::Duplicate { .. } => Ok(()),
        LineOutcome::Conflict { seq } => {
            Err(DemoError::Service(format!("line {seq} tells another story; use a new database for the demo")))
        }
    }
}
