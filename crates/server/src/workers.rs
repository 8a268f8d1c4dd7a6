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
use tokio::sync::watch;
use tracing::Instrument as _;
use tracing::instrument::Instrumented;

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
fn take_turn<F: Future>(worker: &'static str, work: F) -> Instrumented<F> {
    work.instrument(tracing::info_span!("turn", worker))
}

/// Waits for the next turn, or until the workers are woken, also during the turn before; `false` when the server stops.
async fn next_turn(state: &AppState, wake: &mut watch::Receiver<()>, pause: Duration) -> bool {
    tokio::select! {
        () = state.shutdown.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
        Ok(()) = wake.changed() => true,
    }
}
