//! What the AI platform reports: each item read, checked and answered by itself, all of them posted together.

pub(crate) mod authorization;
pub(crate) mod item;

use std::collections::HashMap;

use billing_contract::FieldError;
use billing_contract::metering::{UsageEvent, UsageResult, UsageResultStatus};
use billing_domain::OrganizationId;
use billing_domain::decimal::DecimalError;
use billing_store::{LineOutcome, StoreError};

use crate::auth::keys::KeyHolder;
use crate::problem::{Problem, general_error};
use crate::queue::postings::PostResult;
use crate::service::organization_refs::unknown_organization;
use crate::service::organizations;
use crate::service::postings::group::post_together;
use crate::service::postings::{Report, UsageLine};
use crate::state::AppState;

/// An item of a report as far as it could be read.
pub(crate) type Item = Result<UsageEvent, Unread>;

/// An item that is no usage event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Its id as far as it could be read.
    pub(crate) id: String,
    /// What is wrong; `pointer` within the item.
    pub(crate) error: FieldError,
}

/// `POST /metering/events`: the answers in the order of the items.
///
/// A line is accepted however late it comes (back to the year 2000, also from before the wallet existed): what was
/// used is owed, and the summary counts it on the day on which it happened. A line from the future is refused.
pub(crate) async fn report_usage(
    state: &AppState,
    holder: &KeyHolder,
    items: Vec<Item>,
) -> Result<Vec<UsageResult>, Problem> {
    let now = state.clock.now();
    // The answer, or the id of an item that waits for its posting.
    let mut results: Vec<Result<UsageResult, String>> = Vec::with_capacity(items.len());
    let mut reports: Vec<(Report, Vec<usize>)> = Vec::new();
    // Where an organization's report is, by whatever it is named; `None`: there is no such organization.
    let mut places: HashMap<String, Option<usize>> = HashMap::new();
    // One report each, however many names it has: its lines are chained in one order.
    let mut place_of: HashMap<OrganizationId, usize> = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let checked = match item {
            Ok(mut event) => {
                let organization_id = std::mem::take(&mut event.organization_id);
                item::check_item(event, now).map(|line| (organization_id, line))
            }
            Err(unread) => Err((unread.id, unread.error)),
        };
        let (organization_id, line) = match checked {
            Ok(line) => line,
            Err((id, error)) => {
                results.push(Ok(rejected_result(id, index, error)));
                continue;
            }
        };
        // Looked up once per organization, found or not.
        let place = if let Some(place) = places.get(&organization_id) {
            *place
        } else {
            let found = organizations::find_or_create_organization(state, holder, &organization_id).await?;
            let place = found.map(|organization| {
                *place_of.entry(organization.id.clone()).or_insert_with(|| {
                    reports.push((Report { organization, lines: Vec::new() }, Vec::new()));
                    reports.len() - 1
                })
            });
            places.insert(organization_id, place);
            place
        };
        let id = line.reference.clone();
        let Some((report, indexes)) = place.and_then(|place| reports.get_mut(place)) else {
            results.push(Ok(rejected_result(id, index, unknown_organization("/organization_id"))));
            continue;
        };
        let reference = state.reference_mask.of(&state.store, &report.organization.id, line.reference).await?;
        indexes.push(index);
        results.push(Err(id));
        report.lines.push(UsageLine { reference, ..line });
    }
    let (reports, indexes): (Vec<_>, Vec<_>) = reports.into_iter().unzip();
    let answers = post_together(state, reports).await?;
    // The indexes went along in the order of the lines, which is the order of the answers.
    for (posted, index) in answers.into_iter().flatten().zip(indexes.into_iter().flatten()) {
        if let Some(result) = results.get_mut(index)
            && let Err(id) = result
        {
            *result = Ok(answer_item(std::mem::take(id), index, posted));
        }
    }
    let results = results.into_iter().collect::<Result<Vec<_>, _>>();
    let results = results.map_err(|id| Problem::internal(format!("item {id} of a report has no answer")))?;
    // Once a report and not once a line: this is the busiest route.
    for (status, name) in [
        (UsageResultStatus::Posted, "posted"),
        (UsageResultStatus::Duplicate, "duplicate"),
        (UsageResultStatus::Rejected, "rejected"),
    ] {
        state.metrics.used(name, results.iter().map(|result| u64::from(result.status == status)).sum());
    }
    Ok(results)
}

fn answer_item(id: String, index: usize, posted: PostResult) -> UsageResult {
    match posted {
        Ok(LineOutcome::Posted(line)) => UsageResult {
            id,
            status: UsageResultStatus::Posted,
            seq: Some(line.line.seq),
            amount: Some(line.line.amount),
            error: None,
        },
        Ok(LineOutcome::Duplicate { seq, amount }) => {
            UsageResult { id, status: UsageResultStatus::Duplicate, seq: Some(seq), amount: Some(amount), error: None }
        }
        Ok(LineOutcome::Conflict { seq }) => {
            let detail = format!("Line {seq} was posted under this id with another content.");
            rejected_result(id, index, general_error("/id", "conflict", detail))
        }
        Err(StoreError::NotFound) => rejected_result(id, index, unknown_organization("/organization_id")),
        Err(_) => rejected_result(
            id,
            index,
            general_error("/quantity", "too_large", "The balance would leave the range of the ledger."),
        ),
    }
}

fn rejected_result(id: String, index: usize, error: FieldError) -> UsageResult {
    // The pointer leads to the item in the request as it was sent.
    let error = FieldError { pointer: format!("/events/{index}{}", error.pointer), ..error };
    UsageResult { id, status: UsageResultStatus::Rejected, seq: None, amount: None, error: Some(error) }
}

const fn decimal_code(error: DecimalError) -> &'static str {
    match error {
        DecimalError::Empty => "required",
        DecimalError::TooLarge => "too_large",
        DecimalError::Malformed => "not_a_decimal",
        DecimalError::TooPrecise => "too_precise",
    }
}
