//! Credit that has ended is taken back.

use std::time::Duration;

use super::repeat_turns;
use crate::service::credits::settle_due_credits;
use crate::state::AppState;

const PAUSE: Duration = Duration::from_secs(30);

/// Runs until the server stops. Servers that do so at the same time settle each credit once.
pub(super) async fn settle_when_due(state: AppState) {
    repeat_turns(state, "credits", PAUSE, |state| async move {
        loop {
            match settle_due_credits(&state).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(problem) => {
                    tracing::warn!(problem = problem.document().detail, "credits that are over could not be read");
                    return;
                }
            }
        }
    })
    .await;
}
