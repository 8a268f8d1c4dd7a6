//! What goes on without anybody asking: each worker is one task that ends when the server stops.

mod auto_pay;
mod credits;
mod holds;
mod housekeeping;
mod notifications;
mod provider_events;
mod reconcile;
mod segments;
mod signals;
mod watching;

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tracing::Instrument as _;
use tracing::instrument::Instrumented;

use crate::events::News;
use crate::state::AppState;

/// Starts them all; every worker adds one line. `news`: what is to be published to the other servers.
pub(crate) fn start_workers(state: &AppState, news: UnboundedReceiver<News>) {
    state.tasks.spawn(auto_pay::serve_wake_queue(state.clone()));
    state.tasks.spawn(auto_pay::sweep_wallets(state.clone()));
    state.tasks.spawn(credits::settle_when_due(state.clone()));
    state.tasks.spawn(holds::expire_when_due(state.clone()));
    state.tasks.spawn(housekeeping::purge_regularly(state.clone()));
    state.tasks.spawn(notifications::deliver_when_due(state.clone()));
    state.tasks.spawn(notifications::sweep_balances(state.clone()));
    state.tasks.spawn(provider_events::poll_regularly(state.clone()));
    state.tasks.spawn(reconcile::reconcile_when_due(state.clone()));
    state.tasks.spawn(segments::summarize_when_due(state.clone()));
    state.tasks.spawn(signals::exchange_signals(state.clone(), news));
    state.tasks.spawn(watching::watch_database(state.clone()));
}

/// Takes turns until the server stops: the first at once, each other one after the pause, or as soon as the workers are
/// woken, also during the turn before. The worker is named in the log lines of its turns.
async fn repeat_turns<F: Future<Output = ()>>(
    state: AppState,
    worker: &'static str,
    pause: Duration,
    turn: impl Fn(AppState) -> F,
) {
    let mut wake = state.worker_wake.subscribe();
    loop {
        take_turn(worker, turn(state.clone())).await;
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            // Also woken in the turn before: `changed` remembers it.
            Ok(()) = wake.changed() => {}
        }
    }
}

/// Names the worker in the log lines of its turn.
fn take_turn<F: Future>(worker: &'static str, work: F) -> Instrumented<F> {
    work.instrument(tracing::info_span!("turn", worker))
}
