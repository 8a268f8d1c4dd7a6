//! Lines on their way into a ledger: what a checked usage line is, and what becomes of it once it is posted.

pub(crate) mod group;

use billing_domain::kind::Unit;
use billing_domain::pricing::{self, Cost, PricingError};
use billing_domain::{HoldId, Money, OrganizationId, Timestamp, TransactionId, UsageKind};
use billing_store::{Batch, NewLine, Organization, Origin, StoreError};
use rust_decimal::Decimal;

use crate::calendar::Calendar;
use crate::events::Topic;
use crate::problem::Problem;
use crate::queue::postings::PostResult;
use crate::state::AppState;

/// A usage line that has passed every check, with its price worked out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsageLine {
    /// The platform's id, unique per organization for ever.
    pub(crate) reference: String,
    pub(crate) kind: UsageKind,
    /// Plain decimal, at most 9 digits behind the point.
    pub(crate) quantity: String,
    pub(crate) unit: Unit,
    /// Plain decimal, at most 18 digits behind the point.
    pub(crate) unit_price: String,
    pub(crate) cost: Cost,
    pub(crate) occurred_at: Timestamp,
    /// English, for people.
    pub(crate) description: String,
    /// Agent or mechanism; may be empty.
    pub(crate) source: String,
    /// The hold that it captures.
    pub(crate) hold_id: Option<HoldId>,
}

impl UsageLine {
    /// A line without a hold, priced now.
    #[expect(clippy::too_many_arguments, reason = "a line has that many facts, all of them needed")]
    pub(crate) fn priced(
        reference: String,
        kind: UsageKind,
        quantity: Decimal,
        unit: Unit,
        unit_price: Decimal,
        occurred_at: Timestamp,
        description: String,
        source: String,
    ) -> Result<Self, PricingError> {
        let cost = pricing::compute_cost(quantity, unit_price)?;
        // One spelling for one number: `95` and `95.0` are the same content when a line comes twice.
        let (quantity, unit_price) = (quantity.normalize().to_string(), unit_price.normalize().to_string());
        Ok(Self { reference, kind, quantity, unit, unit_price, cost, occurred_at, description, source, hold_id: None })
    }

    /// What it adds to the balance in whole micro-units: zero or negative.
    pub(crate) fn amount(&self) -> Money {
        // A cost is never negative, so it has an opposite.
        self.cost.whole.checked_neg().unwrap_or(Money::ZERO)
    }

    fn into_new_line(self, id: TransactionId, calendar: &Calendar) -> NewLine {
        NewLine {
            id,
            kind: self.kind.into(),
            origin: Origin::Usage,
            contra: format!("revenue:{}", self.kind),
            amount: self.amount(),
            part: self.cost.part,
            occurred_at: self.occurred_at,
            day: calendar.date_of(self.occurred_at),
            reference: self.reference,
            description: self.description,
            source: self.source,
            quantity: Some(self.quantity),
            unit: Some(self.unit),
            unit_price: Some(self.unit_price),
            corrects: None,
            details: self.hold_id.iter().map(|hold| ("hold_id".to_owned(), hold.to_string())).collect(),
            hold_id: self.hold_id,
        }
    }
}

/// The lines of one organization, in the order in which they get their `seq`.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) organization: Organization,
    pub(crate) lines: Vec<UsageLine>,
}

/// Posts the lines of several organizations in one transaction, captures their holds, then wakes everybody who
/// watches and lets automatic payments look at the new balances. One answer a line, in the order of the reports.
///
/// A batch that a ledger refuses as a whole (its balance would leave the range of 64 bits) is posted line by line: the
/// line at fault is refused, the others are posted.
pub(crate) async fn post_reports(state: &AppState, reports: Vec<Report>) -> Result<Vec<Vec<PostResult>>, Problem> {
    let batches = reports.into_iter().map(|report| prepare_batch(state, report)).collect::<Result<Vec<_>, _>>()?;
    post_batches(state, batches).await
}

async fn post_batches(state: &AppState, batches: Vec<Batch>) -> Result<Vec<Vec<PostResult>>, Problem> {
    let postings = state.store.post_many(&batches, state.clock.now()).await?;
    let mut answers = Vec::with_capacity(batches.len());
    for (batch, posting) in batches.into_iter().zip(postings) {
        let organization_id = batch.organization_id.clone();
        answers.push(match posting {
            Ok(posting) => posting.outcomes.into_iter().map(Ok).collect(),
            // The whole batch was refused for one line; posted one by one, only that line is.
            Err(StoreError::Overflow) if batch.lines.len() > 1 => one_by_one(state, batch).await?,
            Err(error) => refused_lines(batch.lines.len(), error)?,
        });
        publish_posting(state, &organization_id);
    }
    Ok(answers)
}

/// Whoever watches, and automatic payments: the balance is another one.
pub(crate) fn publish_posting(state: &AppState, organization_id: &OrganizationId) {
    // A wake-up without figures: docs/decisions/0044-wake-ups-without-data.md.
    state.events.publish(organization_id, Topic::Ledger);
    // Queued, not looked at here: a posting must not wait for a charge.
    state.wake_queue.add(organization_id);
}

fn prepare_batch(state: &AppState, report: Report) -> Result<Batch, Problem> {
    let calendar = Calendar::of(&report.organization.time_zone).map_err(Problem::internal)?;
    // All ids at once: one request for randomness for up to 1,000 lines.
    let ids = state.new_ids(report.lines.len())?;
    let lines = report.lines.into_iter().zip(ids).map(|(line, id)| line.into_new_line(id, &calendar)).collect();
    Ok(Batch { organization_id: report.organization.id, lines })
}

async fn one_by_one(state: &AppState, batch: Batch) -> Result<Vec<PostResult>, Problem> {
    let mut answers = Vec::with_capacity(batch.lines.len());
    for line in batch.lines {
        match state.store.post(&batch.organization_id, vec![line], state.clock.now()).await {
            Ok(posting) => answers.extend(posting.outcomes.into_iter().map(Ok)),
            // These are about this line alone; any other error concerns the database.
            Err(error @ (StoreError::Overflow | StoreError::NotFound)) => answers.push(Err(error)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(answers)
}

/// The same refusal for every line; anything but a refusal is a fault of the whole request.
fn refused_lines(lines: usize, error: StoreError) -> Result<Vec<PostResult>, Problem> {
    match error {
        StoreError::Overflow => Ok((0..lines).map(|_| Err(StoreError::Overflow)).collect()),
        StoreError::NotFound => Ok((0..lines).map(|_| Err(StoreError::NotFound)).collect()),
        other => Err(other.into()),
    }
}
