//! Can this server do its work now?

use billing_contract::ProblemCode;

use crate::app::AppState;
use crate::problem::Problem;

/// The database answers, and nobody has asked the server to stop.
pub(crate) async fn check(state: &AppState) -> Result<(), Problem> {
    if state.shutdown.is_cancelled() {
        return Err(Problem::retry_later(ProblemCode::Unavailable, "The server is stopping.", 5));
    }
    state.store.ping().await.map_err(|error| {
        tracing::warn!(%error, "the database does not answer");
        Problem::retry_later(ProblemCode::Unavailable, "The database does not answer.", 5)
    })
}
