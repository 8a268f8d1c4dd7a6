//! The monthly statement.

use axum::extract::State;
use billing_contract::statement::Statement;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::{Json, Query};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::http::usage::MonthAsked;
use crate::service::statement;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_statement))
}

/// A month from its opening to its closing balance
///
/// Usage is summed by day and kind; everything else is listed line by line, unless that would be more than a thousand
/// lines. A line belongs to the day and month in which it was posted, in the organization's time zone; `GET /usage` counts
/// usage on the day on which it happened, so the two differ where a call was reported later. The statement of a month that
/// is over is issued when it is first asked for: number, organization, seller and zone stay as they are from then on.
#[utoipa::path(
    get, path = paths::STATEMENT, tag = "statement", security(("session" = [])), params(MonthAsked),
    responses(
        (status = 200, body = Statement), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document), (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn get_statement(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(asked): Query<MonthAsked>,
) -> Result<Json<Statement>, Problem> {
    let _turn = state.budgets.take_costly_read(&member.token_hash, &member.organization.id).await?;
    statement::get_statement(&state, &member.organization, asked.month.as_deref()).await.map(Json)
}
