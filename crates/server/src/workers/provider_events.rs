//! Asks the provider what happened, for webhooks that never came: once an hour, by one of several servers.

use std::time::Duration;

use billing_contract::ProblemCode;
use billing_domain::Timestamp;

use super::repeat_turns;
use crate::problem::{Detail, Problem};
use crate::service::{unknown_payments, webhooks};
use crate::state::AppState;

/// How often it is looked whether it is time.
const PAUSE: Duration = Duration::from_secs(20);
/// How often the provider is asked.
const EVERY_SECONDS: i64 = 3_600;
/// Asked anew each time: clocks differ, and events come into the list a little late.
const OVERLAP_SECONDS: i64 = 3_600;
/// So much is read at a time.
const SPAN_SECONDS: i64 = 3_600;
/// Stripe keeps events for 30 days.
const KEPT_SECONDS: i64 = 30 * 24 * 3_600;
/// Longer than one turn takes; whoever dies in between is followed after this.
const LEASE_SECONDS: i64 = 300;
const LEASE: &str = "provider_events";
/// Up to when everything was handled; by provider.
const HANDLED_UNTIL: &str = "provider_events_until";

/// Runs until the server stops.
pub(super) async fn poll_regularly(state: AppState) {
    repeat_turns(state, "provider_events", PAUSE, |state| async move {
        if let Err(problem) = poll_if_due(&state).await {
            tracing::warn!(problem = problem.document().detail, "events of the payment provider could not be read");
        }
    })
    .await;
}

async fn poll_if_due(state: &AppState) -> Result<(), Problem> {
    let now = state.clock.now();
    let key = format!("{HANDLED_UNTIL}:{}", state.provider.name());
    let until = state.store.meta(&key).await?.and_then(|text| text.parse::<Timestamp>().ok());
    // Asked without the lease first: nearly always it is not time yet.
    if until.is_some_and(|until| now.seconds_since(until) < EVERY_SECONDS) {
        return Ok(());
    }
    let owner = state.new_id()?;
    // Of several servers one reads the events.
    if !state.store.acquire_lease(LEASE, &owner, now.plus_seconds(LEASE_SECONDS), now).await? {
        return Ok(());
    }
    let handled = match handle_all(state, &key, until, now).await {
        Ok(()) => unknown_payments::retry_unknown(state).await,
        failed => failed,
    };
    // Released whatever happened: the next turn may come sooner than the lease ends.
    state.store.release_lease(LEASE, &owner).await?;
    handled
}

/// Span by span, each noted when all of it is handled: what could not be is read again at the next turn. A database that
/// never asked before has nothing to ask about but what happened just now.
/// See docs/decisions/0020-webhooks-are-hints.md.
async fn handle_all(state: &AppState, key: &str, until: Option<Timestamp>, now: Timestamp) -> Result<(), Problem> {
    let oldest = now.plus_seconds(-KEPT_SECONDS);
    // Never further back than the provider keeps them.
    let mut from = until.unwrap_or(now).plus_seconds(-OVERLAP_SECONDS).max(oldest);
    while from < now {
        let to = from.plus_seconds(SPAN_SECONDS).min(now);
        let events = state.provider.events_between(from, to).await.map_err(|error| {
            tracing::warn!(%error, "the payment provider does not list its events");
            let detail = Detail::general("The payment provider does not list its events.");
            Problem::retry_later(ProblemCode::Unavailable, detail, 20)
        })?;
        for event in events {
            webhooks::handle_event(state, &event).await?;
        }
        // After the whole span: a crash repeats it, and every event is idempotent.
        state.store.set_meta(key, &to.to_string()).await?;
        from = to;
    }
    Ok(())
}
