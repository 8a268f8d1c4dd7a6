//! Can this server do its work now, and how does it do it?

use billing_contract::ProblemCode;
use billing_store::Backlog;

use crate::problem::{Detail, Problem};
use crate::state::AppState;

/// The database answers and takes writes, and nobody has asked the server to stop.
pub(crate) async fn check_readiness(state: &AppState) -> Result<(), Problem> {
    // Not ready as soon as it is asked to stop, so that the proxy sends nothing more.
    if state.shutdown.is_cancelled() {
        return Err(Problem::retry_later(ProblemCode::Unavailable, Detail::general("The server is stopping."), 5));
    }
    state.store.ping().await.map_err(|error| {
        tracing::warn!(%error, "the database does not answer");
        Problem::retry_later(ProblemCode::Unavailable, Detail::general("The database does not answer."), 5)
    })?;
    // Reading alone is not enough: a full disk answers every read.
    state.store.check_writes(state.clock.now()).await.map_err(|error| {
        tracing::warn!(%error, "the database takes no writes");
        Problem::retry_later(ProblemCode::Unavailable, Detail::general("The database takes no writes."), 5)
    })
}

/// What is counted, with what waits in the database at this moment, for the operator's monitoring.
pub(crate) async fn render_metrics(state: &AppState) -> String {
    // Metrics without the backlog are better than none while the database is away.
    let backlog = state.store.backlog().await.inspect_err(|error| {
        tracing::warn!(%error, "what waits could not be counted");
    });
    let now = state.clock.now();
    let aged = |waits: Backlog| {
        // A clock behind another server's would make it negative.
        let age = now.seconds_since(waits.since).max(0);
        (waits, age)
    };
    state.metrics.text(backlog.ok().map(|backlog| backlog.into_iter().map(aged).collect()))
}
