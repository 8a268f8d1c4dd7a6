//! Portal sessions: hosts ask for them, and a code buys one.

use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use billing_contract::portal::{ExchangeCode, ExchangedCode};
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::identity::{find_any, set_cookie};
use crate::http::limits::read_client;
use crate::http::problem::Problem;
use crate::service::portal::{self, OpenedPortal};
use crate::service::sessions;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(exchange_code))
}

/// Exchange a portal session's code for a session
///
/// A code works once and for 5 minutes. In a frame, said by `parent_origin`, the answer holds a token to be sent as
/// `Authorization: Bearer …`, and no cookie is set. In a tab of its own the session's cookie is set, and the session that
/// the browser had is over. The session lives an hour after its last use and as long as the host said at most; the role is read
/// on every request. Everything that the first screen shows is in the answer.
#[utoipa::path(
    post, path = paths::PORTAL_EXCHANGE, tag = "portal", request_body = ExchangeCode,
    responses((status = 200, body = ExchangedCode), (status = 410, body = Document), (status = 429, body = Document)),
)]
async fn exchange_code(
    State(state): State<AppState>,
    parts: Parts,
    Json(form): Json<ExchangeCode>,
) -> Result<Response, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    let OpenedPortal { answer, token, seconds } = portal::exchange_code(&state, &form, client).await?;
    if form.parent_origin.is_some() {
        return Ok(Json(ExchangedCode { token: Some(token), ..answer }).into_response());
    }
    // Whoever signs in anew in the same browser leaves the old session behind: nobody could end it any more.
    if let Some(old) = find_any(&parts, &state).await? {
        sessions::sign_out(&state, &old).await?;
    }
    let cookie = set_cookie(Some(&token), &state.config, seconds)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(answer)).into_response())
}
