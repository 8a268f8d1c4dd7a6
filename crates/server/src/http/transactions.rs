//! The ledger by pages.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use billing_contract::transaction::TransactionPage;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::http::extract::{Json, Query};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::transactions::{self, Search, export};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_transactions)).routes(routes!(export_transactions))
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

/// Ledger lines as a table, newest first
///
/// All lines that the filters of `GET /transactions` find, without paging (`cursor` and `limit` are refused). Amounts are
/// positive, `direction` says `in` or `out`; text that a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(
    get, path = paths::TRANSACTIONS_CSV, tag = "transactions", security(("session" = [])), params(Search),
    responses(
        (status = 200, content_type = "text/csv", body = String), (status = 401, body = Document),
        (status = 403, body = Document), (status = 422, body = Document),
    ),
)]
async fn export_transactions(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(search): Query<Search>,
) -> Result<Response, Problem> {
    let parts = export::export(&state, &member.organization, &search).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"transactions.csv\""),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}
