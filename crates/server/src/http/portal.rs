//! Portal sessions: hosts ask for them, and a code buys one.

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use billing_contract::portal::{CreatePortalSession, ExchangeCode, ExchangedCode, PortalSession};
use billing_contract::{Problem as Document, paths};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api_keys::{PortalWrite, Scoped};
use crate::http::extract::{Json, Query};
use crate::http::identity::{find_any, set_cookie};
use crate::http::limits::read_client;
use crate::http::links::PageOrigin;
use crate::http::problem::Problem;
use crate::service::portal::{self, OpenedPortal};
use crate::service::sessions;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    host_routes().routes(routes!(exchange_code))
}

/// Those that hosts call by their keys.
pub(crate) fn host_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create_portal_session, end_portal_sessions))
}

/// Open the portal for a person
///
/// The person is a member from then on, with this role: it is the upper bound, read on every request, and what a later request
/// says of it acts on open pages at once. `can` only narrows it. The answer's code buys one session, once, within 5 minutes; it
/// stands behind `#` in the addresses, so that no log and no other site sees it. With `organizations:write` too, an organization
/// that is named by `ext:` is made on first use.
#[utoipa::path(
    post, path = paths::PORTAL_SESSIONS, tag = "portal", security(("service_key" = ["portal:write"])),
    request_body = CreatePortalSession,
    responses(
        (status = 201, body = PortalSession), (status = 401, body = Document), (status = 403, body = Document),
        (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn create_portal_session(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<PortalWrite>,
    PageOrigin(origin): PageOrigin,
    Json(form): Json<CreatePortalSession>,
) -> Result<(StatusCode, Json<PortalSession>), Problem> {
    let created = portal::create_portal_session(&state, &holder, &form, &origin).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Which portal sessions.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Of this organization: its id, or `ext:` and your own.
    organization: Option<String>,
    /// Of this person: their id, or `ext:` and your own.
    user: Option<String>,
    /// Of this tag.
    tag: Option<String>,
}

/// End portal sessions
///
/// Codes are dead, sessions over, and open pages notified at once, on every server. At least `organization` or `tag`; all that
/// is named must fit.
#[utoipa::path(
    delete, path = paths::PORTAL_SESSIONS, tag = "portal", security(("service_key" = ["portal:write"])), params(Which),
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document), (status = 422, body = Document),
    ),
)]
async fn end_portal_sessions(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<PortalWrite>,
    Query(Which { organization, user, tag }): Query<Which>,
) -> Result<StatusCode, Problem> {
    let (organization, user, tag) = (organization.as_deref(), user.as_deref(), tag.as_deref());
    portal::end_portal_sessions(&state, &holder, organization, user, tag).await?;
    Ok(StatusCode::NO_CONTENT)
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
