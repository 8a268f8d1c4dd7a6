//! Forgets what is over: sessions, expired idempotency keys, rate limits of whoever has been quiet.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::take_turn;
use crate::state::AppState;

const PAUSE: Duration = Duration::from_mins(1);
/// How long idempotency keys that moved no money are kept; clients may count on 24 hours.
const KEYS_SECONDS: i64 = 48 * 3600;
/// How long portal sessions are kept: far longer than any session that one of them buys.
const PORTAL_SECONDS: i64 = 7 * 24 * 3600;
/// How long invitations whose time has run out can still be seen and sent again.
const INVITATIONS_SECONDS: i64 = 30 * 24 * 3600;
/// How long handled events are remembered: longer than the provider lists them.
const EVENTS_SECONDS: i64 = 35 * 24 * 3600;

/// Runs until the server stops.
pub(super) async fn purge_regularly(state: AppState) {
    let mut ticks = interval(PAUSE);
    // After a pause of the machine not all missed ticks at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while state.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        take_turn("housekeeping", purge_all(&state)).await;
    }
}

async fn purge_all(state: &AppState) {
    state.budgets.tidy();
    state.keys.tidy();
    let now = state.clock.now();
    if let Err(error) = state.store.purge_sessions(now).await {
        // Not fatal: every look-up compares the time itself.
        tracing::warn!(%error, "old sessions could not be forgotten; they stay refused");
    }
    if let Err(error) = state.store.purge_portal_sessions(now.plus_seconds(-PORTAL_SECONDS)).await {
        tracing::warn!(%error, "old portal sessions could not be forgotten; their codes stay refused");
    }
    if let Err(error) = state.store.purge_user_tokens(now).await {
        tracing::warn!(%error, "old links could not be forgotten; they stay refused");
    }
    if let Err(error) = state.store.purge_oidc(now).await {
        tracing::warn!(%error, "logins that nobody came back from could not be forgotten; they stay refused");
    }
    if let Err(error) = state.store.purge_invitations(now.plus_seconds(-INVITATIONS_SECONDS)).await {
        tracing::warn!(%error, "old invitations could not be forgotten; they stay refused");
    }
    if let Err(error) = state.store.purge_idempotency_keys(now.plus_seconds(-KEYS_SECONDS)).await {
        tracing::warn!(%error, "old idempotency keys could not be forgotten");
    }
    if let Err(error) = state.store.purge_provider_events(now.plus_seconds(-EVENTS_SECONDS)).await {
        tracing::warn!(%error, "old events of the payment provider could not be forgotten");
    }
}
