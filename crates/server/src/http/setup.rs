//! The first run.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use billing_contract::session::Session;
use billing_contract::setup::CompleteSetup;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::limits::read_client;
use crate::http::problem::Problem;
use crate::http::session::signed_in_response;
use crate::service;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(complete_setup))
}

/// Set up an empty database
///
/// Makes the first organization and its owner, who is signed in by the answer. Only with the token that a server on an empty
/// database has printed and logged when it started: it works once, for 24 hours.
#[utoipa::path(
    post, path = paths::SETUP, tag = "accounts", request_body = CompleteSetup,
    responses(
        (status = 201, body = Session), (status = 410, body = Document), (status = 422, body = Document),
        (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn complete_setup(
    State(state): State<AppState>,
    parts: Parts,
    Json(form): Json<CompleteSetup>,
) -> Result<Response, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    let new = service::setup::complete_setup(&state, &form, client).await?;
    signed_in_response(&state, StatusCode::CREATED, &new).await
}
