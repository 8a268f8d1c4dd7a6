//! Another sign-in address holds, by the link that was sent there.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use billing_contract::account::CompleteEmailChange;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::limits::read_client;
use crate::http::problem::Problem;
use crate::service::email_changes;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(complete_email_change))
}

/// Confirm a new sign-in address
///
/// By the link that was sent there, which is used up. The old address gets a notice, and no link that was sent to it works any
/// more.
#[utoipa::path(
    post, path = paths::EMAIL_CHANGE_COMPLETE, tag = "accounts", request_body = CompleteEmailChange,
    responses((status = 204), (status = 410, body = Document), (status = 422, body = Document), (status = 429, body = Document)),
)]
async fn complete_email_change(
    State(state): State<AppState>,
    parts: Parts,
    Json(form): Json<CompleteEmailChange>,
) -> Result<StatusCode, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    email_changes::complete_email_change(&state, &form.token, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}
