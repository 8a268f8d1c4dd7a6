//! What goes on without anybody asking: each worker is one task that ends when the server stops.

mod housekeeping;

use crate::app::AppState;

/// Starts them all; every worker adds one line.
pub(crate) fn start(state: &AppState) {
    state.tasks.spawn(housekeeping::run(state.clone()));
}
