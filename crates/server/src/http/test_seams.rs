//! Routes for tests only, in builds with the feature `test-seams`. Everywhere else they do not exist.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::{get, post};
use billing_domain::OrganizationId;
use serde::Deserialize;

use crate::http::extract::{Json, PathId};
use crate::http::problem::Problem;
use crate::service::test_seams::{self, Charge};
use crate::state::AppState;

/// Not part of the API's description.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/test/clock", post(advance_clock))
        .route("/test/ledger/{organization_id}", get(get_ledger))
        .route("/test/ledger/{organization_id}/lines", post(fill_ledger))
        .route("/test/sandbox", post(script_sandbox))
        .route("/test/sandbox/charges", get(list_charges))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

async fn advance_clock(State(state): State<AppState>, Json(form): Json<Advance>) -> StatusCode {
    test_seams::advance_clock(&state, form.advance_seconds);
    StatusCode::NO_CONTENT
}

async fn get_ledger(
    State(state): State<AppState>,
    PathId(id): PathId<OrganizationId>,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    Ok(([(header::CONTENT_TYPE, "application/jsonl")], test_seams::dump_ledger(&state, &id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fill {
    lines: u32,
    from_days_ago: u32,
    to_days_ago: u32,
}

async fn fill_ledger(
    State(state): State<AppState>,
    PathId(id): PathId<OrganizationId>,
    Json(form): Json<Fill>,
) -> Result<StatusCode, Problem> {
    test_seams::fill_ledger(&state, &id, form.lines, form.from_days_ago, form.to_days_ago).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptForm {
    next: String,
}

async fn script_sandbox(State(state): State<AppState>, Json(form): Json<ScriptForm>) -> Result<StatusCode, Problem> {
    test_seams::script_bank(&state, &form.next)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_charges(State(state): State<AppState>) -> Result<Json<Vec<Charge>>, Problem> {
    test_seams::list_charges(&state).await.map(Json)
}
