//! The ledger by pages.

use axum::extract::{Path, State};
use axum::response::Response;
use billing_contract::transaction::{LedgerRun, TransactionDetail, TransactionOutline, TransactionPage};
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::{Json, Query};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::http::table::send_table;
use crate::service::transactions::chain::{self, ChainPlace};
use crate::service::transactions::{self, Search, export, outline};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_transactions))
        .routes(routes!(export_transactions))
        .routes(routes!(outline_transactions))
        .routes(routes!(read_chain))
        .routes(routes!(get_transaction))
}

/// Ledger lines, newest first
///
/// Hand `next_cursor` back with the same filters for the following page: no line is missed or seen twice, however many
/// are posted meanwhile.
#[utoipa::path(
    get, path = paths::TRANSACTIONS, tag = "transactions", security(("session" = [])), params(Search),
    responses(
        (status = 200, body = TransactionPage), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document), (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn list_transactions(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(search): Query<Search>,
) -> Result<Json<TransactionPage>, Problem> {
    let _turn = if search.is_costly() {
        Some(state.budgets.take_costly_read(&member.token_hash, &member.organization.id).await?)
    } else {
        None
    };
    transactions::list_page(&state, &member.organization, &search).await.map(Json)
}

/// Ledger lines as a table, newest first
///
/// All lines that the filters of `GET /transactions` find, without paging (`cursor`, `before_seq`, `at` and `limit` are refused). Amounts are
/// positive, `direction` says `in` or `out`; text that a spreadsheet would take for a formula begins with an apostrophe.
/// UTF-8 with its mark; the file is named by organization and month.
#[utoipa::path(
    get, path = paths::TRANSACTIONS_CSV, tag = "transactions", security(("session" = [])), params(Search),
    responses(
        (status = 200, content_type = "text/csv", body = String), (status = 401, body = Document),
        (status = 403, body = Document), (status = 422, body = Document), (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn export_transactions(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(search): Query<Search>,
) -> Result<Response, Problem> {
    let (name, parts) = export::export_transactions(&state, &member, &search).await?;
    Ok(send_table(&name, parts))
}

/// Where each page of a filtered list begins
///
/// For lists that are gone through by a scroll bar: how many lines the filters of `GET /transactions` find, and the first
/// `seq` of each page of them, newest first (`cursor`, `before_seq`, `at` and `limit` are refused). Without a filter there
/// is no need to ask: `seq` is gapless.
#[utoipa::path(
    get, path = paths::TRANSACTIONS_OUTLINE, tag = "transactions", security(("session" = [])), params(Search),
    responses(
        (status = 200, body = TransactionOutline), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document), (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn outline_transactions(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(search): Query<Search>,
) -> Result<Json<TransactionOutline>, Problem> {
    let _turn = state.budgets.take_costly_read(&member.token_hash, &member.organization.id).await?;
    outline::get_outline(&state, &member.organization, &search).await.map(Json)
}

/// The next lines of the whole ledger, oldest first
///
/// For whoever recomputes every hash: up to a thousand lines behind `after`, with all that their hashes cover and nothing
/// else. Go on with the `seq` of the last one until `last_seq` is reached.
#[utoipa::path(
    get, path = paths::TRANSACTIONS_CHAIN, tag = "transactions", security(("session" = [])), params(ChainPlace),
    responses(
        (status = 200, body = LedgerRun), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document), (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn read_chain(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(place): Query<ChainPlace>,
) -> Result<Json<LedgerRun>, Problem> {
    let _turn = state.budgets.take_costly_read(&member.token_hash, &member.organization.id).await?;
    chain::read_run(&state, &member.organization, &place).await.map(Json)
}

/// One ledger line, with what corrects it
#[utoipa::path(
    get, path = paths::TRANSACTION, tag = "transactions", security(("session" = [])),
    params(("id" = String, Path, description = "The line's seq")),
    responses(
        (status = 200, body = TransactionDetail), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn get_transaction(
    State(state): State<AppState>,
    Manager(member): Manager,
    Path(seq): Path<String>,
) -> Result<Json<TransactionDetail>, Problem> {
    transactions::get_detail(&state, &member.organization, &seq).await.map(Json)
}
