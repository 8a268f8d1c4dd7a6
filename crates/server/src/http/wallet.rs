//! The wallet's figures.

use axum::extract::State;
use billing_contract::history::WalletHistory;
use billing_contract::wallet::Wallet;
use billing_contract::{Problem as Document, paths};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::{Json, Query, RenderedJson};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::{history, wallet};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_wallet)).routes(routes!(get_wallet_history))
}

/// What is left, what it allows, how long it lasts
#[utoipa::path(
    get, path = paths::WALLET, tag = "wallet", security(("session" = [])),
    responses((status = 200, body = Wallet), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn get_wallet(State(state): State<AppState>, Manager(member): Manager) -> Result<RenderedJson, Problem> {
    wallet::render_wallet(&state, &member).await.map(RenderedJson)
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StepSpan {
    /// How many days back from now, 1 to 92; 30 when left out.
    days: Option<String>,
}

/// What moved the wallet, in steps of five minutes
///
/// Complete steps up to now, by when lines were posted, and the balance where they begin. Steps in which nothing moved
/// are left out, and so are amounts of zero. Never more than one row a step is read, however many lines the ledger has.
#[utoipa::path(
    get, path = paths::WALLET_HISTORY, tag = "wallet", security(("session" = [])), params(StepSpan),
    responses(
        (status = 200, body = WalletHistory), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn get_wallet_history(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(span): Query<StepSpan>,
) -> Result<Json<WalletHistory>, Problem> {
    history::get_history(&state, &member.organization, span.days.as_deref()).await.map(Json)
}
