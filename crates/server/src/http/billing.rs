//! The Billing tab above the fold, in one answer.

use axum::extract::State;
use billing_contract::billing::Billing;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::RenderedJson;
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::billing;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_billing))
}

/// All that the Billing tab shows above the fold
///
/// `transactions` ends at `wallet.last_seq`: an event stream that is resumed from there goes on without a gap.
#[utoipa::path(
    get, path = paths::BILLING, tag = "billing", security(("session" = [])),
    responses((status = 200, body = Billing), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn get_billing(State(state): State<AppState>, Manager(member): Manager) -> Result<RenderedJson, Problem> {
    billing::render_billing(&state, &member).await.map(RenderedJson)
}
