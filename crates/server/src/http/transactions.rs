//! The ledger by pages.

use axum::extract::State;
use billing_contract::transaction::TransactionPage;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::http::extract::{Json, Query};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::transactions::{self, Search};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_transactions))
}

/// Ledger lines, newest first
///
/// Hand `next_cursor` back with the same filters for the following page: no line is missed or seen twice, however many
/// are posted meanwhile.
#[utoipa::path(
    get, path = paths::TRANSACTIONS, tag = "transactions", security(("session" = [])), params(Search),
    responses(
        (status = 200, body = TransactionPage), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn list_transactions(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(search): Query<Search>,
) -> Result<Json<TransactionPage>, Problem> {
    transactions::page(&state, &member.organization, &search).await.map(Json)
}
