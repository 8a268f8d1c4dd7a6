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
use tracing::Instrument as _;

use crate::events::News;
use crate::state::AppState;

/// Starts them all; every worker adds one line. `news`: what the other servers are to be told.
pub(crate) fn start_workers(state: &AppState, news: UnboundedReceiver<News>) {
    state.tasks.spawn(auto_pay::serve_wake_queue(state.clone()));
    state.tasks.spawn(auto_pay::sweep_wallets(state.clone()));
    state.tasks.spawn(holds::expire_when_due(state.clone()));
    state.tasks.spawn(housekeeping::purge_regularly(state.clone()));
    state.tasks.spawn(notifications::deliver_when_due(state.clone()));
    state.tasks.spawn(notifications::sweep_balances(state.clone()));
    state.tasks.spawn(provider_events::poll_regularly(state.clone()));
    state.tasks.spawn(reconcile::reconcile_when_due(state.clone()));
    state.tasks.spawn(signals::exchange_signals(state.clone(), news));
}

/// Names the worker in the log lines of its turn.
async fn take_turn<T>(worker: &'static str, work: impl Future<Output = T>) -> T {
    work.instrument(tracing::info_span!("turn", worker)).await
}

/// Waits for the next turn, or until the workers are woken; `false` when the server stops.
async fn next_turn(state: &AppState, pause: Duration) -> bool {
    tokio::select! {
        () = state.shutdown.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
        () = state.worker_wake.notified() => true,
    }
}
