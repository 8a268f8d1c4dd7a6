//! The wallet's figures.

use axum::extract::State;
use billing_contract::wallet::Wallet;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::http::extract::Json;
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::wallet;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_wallet))
}

/// What is left, what it allows, how long it lasts
#[utoipa::path(
    get, path = paths::WALLET, tag = "wallet", security(("session" = [])),
    responses((status = 200, body = Wallet), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn get_wallet(State(state): State<AppState>, Manager(member): Manager) -> Result<Json<Wallet>, Problem> {
    wallet::wallet(&state, &member.organization).await.map(Json)
}
