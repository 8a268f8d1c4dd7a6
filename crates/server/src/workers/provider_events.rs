//! Asks the provider what happened, for webhooks that never came: once an hour, by one of several servers.

use std::time::Duration;

use billing_domain::Timestamp;

use super::next_turn;
use crate::app::AppState;
use crate::problem::Problem;
use crate::service::webhooks;

/// How often it is looked whether it is time.
const PAUSE: Duration = Duration::from_secs(20);
/// How often the provider is asked.
const EVERY_SECONDS: i64 = 3_600;
/// Asked anew each time: clocks differ, and events come into the list a little late.
const OVERLAP_SECONDS: i64 = 3_600;
/// Stripe keeps events for 30 days.
const KEPT_SECONDS: i64 = 30 * 24 * 3_600;
/// Longer than one turn takes; whoever dies in between is followed after this.
const LEASE_SECONDS: i64 = 300;
const LEASE: &str = "provider_events";
/// Up to when everything was handled; by provider.
const HANDLED_UNTIL: &str = "provider_events_until";

/// Runs until the server stops.
pub(super) async fn run(state: AppState) {
    loop {
        if let Err(problem) = look(&state).await {
            tracing::warn!(problem = problem.document().detail, "events of the payment provider could not be read");
        }
        if !next_turn(&state, PAUSE).await {
            return;
        }
    }
}

async fn look(state: &AppState) -> Result<(), Problem> {
    let now = state.clock.now();
    let key = format!("{HANDLED_UNTIL}:{}", state.provider.name());
    let until = state.store.meta(&key).await?.and_then(|text| text.parse::<Timestamp>().ok());
    if until.is_some_and(|until| now.seconds_since(until) < EVERY_SECONDS) {
        return Ok(());
    }
    let owner = state.new_id()?;
    if !state.store.acquire_lease(LEASE, &owner, now.plus_seconds(LEASE_SECONDS), now).await? {
        return Ok(());
    }
    let handled = handle_since(state, until, now).await;
    if handled.is_ok() {
        state.store.set_meta(&key, &now.to_string()).await?;
    }
    state.store.release_lease(LEASE, &owner).await?;
    handled
}

/// All or nothing: what could not be handled is read again at the next turn.
async fn handle_since(state: &AppState, until: Option<Timestamp>, now: Timestamp) -> Result<(), Problem> {
    let oldest = now.plus_seconds(-KEPT_SECONDS);
    let since = until.map_or(oldest, |until| until.plus_seconds(-OVERLAP_SECONDS).max(oldest));
    let events = state.provider.events_since(since).await.map_err(Problem::internal)?;
    for event in events {
        webhooks::handle(state, &event).await?;
    }
    Ok(())
}
