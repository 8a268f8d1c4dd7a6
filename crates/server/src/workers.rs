//! What goes on without anybody asking: each worker is one task that ends when the server stops.

mod auto_pay;
mod holds;
mod housekeeping;
mod notifications;
mod provider_events;
mod reconcile;
mod signals;

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::events::News;
use crate::state::AppState;

/// Starts them all; every worker adds one line. `news`: what the other servers are to be told.
pub(crate) fn start(state: &AppState, news: UnboundedReceiver<News>) {
    state.tasks.spawn(auto_pay::look_when_nudged(state.clone()));
    state.tasks.spawn(auto_pay::look_at_all(state.clone()));
    state.tasks.spawn(holds::run(state.clone()));
    state.tasks.spawn(housekeeping::run(state.clone()));
    state.tasks.spawn(notifications::deliver(state.clone()));
    state.tasks.spawn(notifications::watch_all(state.clone()));
    state.tasks.spawn(provider_events::run(state.clone()));
    state.tasks.spawn(reconcile::run(state.clone()));
    state.tasks.spawn(signals::run(state.clone(), news));
}

/// Waits for the next turn, or until the bell is rung; `false` when the server stops.
async fn next_turn(state: &AppState, pause: Duration) -> bool {
    tokio::select! {
        () = state.shutdown.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
        () = state.worker_wake.notified() => true,
    }
}
