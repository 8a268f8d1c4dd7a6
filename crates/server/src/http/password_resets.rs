//! Choosing a password by a link.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use billing_contract::account::{CompletePasswordReset, RequestPasswordReset};
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::limits::read_client;
use crate::http::problem::Problem;
use crate::service::password_resets;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(request_password_reset)).routes(routes!(complete_password_reset))
}

/// Ask for a link to choose another password
///
/// The answer is the same whether or not somebody has an account with this address. The link is sent by mail and works once,
/// for 30 minutes; without an SMTP server nothing is sent.
#[utoipa::path(
    post, path = paths::PASSWORD_RESETS, tag = "accounts", request_body = RequestPasswordReset,
    responses((status = 202), (status = 422, body = Document), (status = 429, body = Document)),
)]
async fn request_password_reset(
    State(state): State<AppState>,
    parts: Parts,
    Json(form): Json<RequestPasswordReset>,
) -> Result<StatusCode, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    password_resets::request_password_reset(&state, &form, &client)?;
    Ok(StatusCode::ACCEPTED)
}

/// Choose a password by a link
///
/// The link is used up, and every session of the person ends, everywhere.
#[utoipa::path(
    post, path = paths::PASSWORD_RESET_COMPLETE, tag = "accounts", request_body = CompletePasswordReset,
    responses(
        (status = 204), (status = 410, body = Document), (status = 422, body = Document), (status = 429, body = Document),
        (status = 503, body = Document),
    ),
)]
async fn complete_password_reset(
    State(state): State<AppState>,
    parts: Parts,
    Json(form): Json<CompletePasswordReset>,
) -> Result<StatusCode, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    password_resets::complete_password_reset(&state, &form, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}
