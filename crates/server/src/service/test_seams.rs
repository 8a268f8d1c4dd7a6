//! What tests may do that nobody else may: move the clock, script the sandbox bank, see both sides of the books.

use billing_payments::sandbox::{ChargeRecord, Scripted, UnknownBehaviour};
use billing_store::StoreError;
use serde::Serialize;

use crate::app::AppState;
use crate::problem::Problem;
use crate::service::transactions::on_the_wire;

/// Lines of the ledger read at a time.
const PAGE: u32 = 1_000;

/// Moves the clock, and lets the workers look at once.
pub(crate) fn advance_clock(state: &AppState, seconds: i64) {
    state.clock.advance(seconds);
    state.wake.notify_waiters();
}

/// Everything that a ledger holds, one JSON object a line, oldest first.
pub(crate) async fn ledger(state: &AppState, organization_id: &str) -> Result<String, Problem> {
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
            text.push_str(&serde_json::to_string(&on_the_wire(line)).map_err(Problem::internal)?);
            text.push('\n');
        }
    }
}

/// Says how the bank behaves at its next new charge; several are used up in order.
pub(crate) fn script(state: &AppState, next: &str) -> Result<(), Problem> {
    let Some(sandbox) = &state.sandbox else { return Err(Problem::not_found()) };
    let next: Scripted = next
        .parse()
        .map_err(|error: UnknownBehaviour| Problem::field("/next", "unknown_behaviour", error.to_string()))?;
    sandbox.script(next);
    Ok(())
}

/// What the bank did, in its own words and in the wallet's.
#[derive(Serialize)]
pub(crate) struct Charge {
    organization_id: String,
    reference: String,
    /// Decimal string.
    amount: Option<String>,
    /// Given back, minor units.
    refunded_minor: i64,
    #[serde(flatten)]
    record: ChargeRecord,
}

/// Every charge that the bank has heard of, oldest first.
pub(crate) async fn charges(state: &AppState) -> Result<Vec<Charge>, Problem> {
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
