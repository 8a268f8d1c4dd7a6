//! What people see to themselves: profile, password, sessions, organizations.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use billing_contract::account::{OwnOrganizations, Profile, PutPassword, PutProfile, SessionEntry, SwitchOrganization};
use billing_contract::session::Session;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::identity::{AccountHolder, device_cookie};
use crate::http::limits::read_client;
use crate::http::problem::Problem;
use crate::http::session::signed_in_response;
use crate::service::me;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_profile, put_profile))
        .routes(routes!(put_password))
        .routes(routes!(list_sessions, end_other_sessions))
        .routes(routes!(end_session))
        .routes(routes!(list_own_organizations))
        .routes(routes!(switch_organization))
}

/// Who I am
///
/// Not in a session that a host has opened for its user.
#[utoipa::path(
    get, path = paths::ME, tag = "accounts", security(("session" = [])),
    responses((status = 200, body = Profile), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn get_profile(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
) -> Result<Json<Profile>, Problem> {
    me::get_profile(&state, &member).await.map(Json)
}

/// Change my name, the language of my mails or my sign-in address
///
/// Another address gets a link that works once, for 30 minutes, and holds once that was opened; the answer is the same whoever
/// has an account with it. That needs the password again, and a server that sends mail.
#[utoipa::path(
    put, path = paths::ME, tag = "accounts", security(("session" = [])), request_body = PutProfile,
    responses(
        (status = 200, body = Profile), (status = 401, body = Document), (status = 403, body = Document),
        (status = 409, body = Document), (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn put_profile(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
    Json(form): Json<PutProfile>,
) -> Result<Json<Profile>, Problem> {
    me::put_profile(&state, &member, &form).await.map(Json)
}

/// Change my password
///
/// Tries of the present one count with those to sign in. Every other session of mine ends.
#[utoipa::path(
    put, path = paths::ME_PASSWORD, tag = "accounts", security(("session" = [])), request_body = PutPassword,
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document), (status = 422, body = Document),
        (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn put_password(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
    parts: Parts,
    Json(form): Json<PutPassword>,
) -> Result<StatusCode, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    me::put_password(&state, &member, &form, &client, device_cookie(&parts.headers, &state.config)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where I am signed in, the newest first
#[utoipa::path(
    get, path = paths::ME_SESSIONS, tag = "accounts", security(("session" = [])),
    responses((status = 200, body = [SessionEntry]), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn list_sessions(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
) -> Result<Json<Vec<SessionEntry>>, Problem> {
    me::list_sessions(&state, &member).await.map(Json)
}

/// End all my sessions but this one
#[utoipa::path(
    delete, path = paths::ME_SESSIONS, tag = "accounts", security(("session" = [])),
    responses((status = 204), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn end_other_sessions(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
) -> Result<StatusCode, Problem> {
    me::end_other_sessions(&state, &member).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of my sessions
#[utoipa::path(
    delete, path = paths::ME_SESSION, tag = "accounts", security(("session" = [])),
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document), (status = 404, body = Document),
    ),
)]
async fn end_session(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    me::end_session(&state, &member, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The organizations that I am in
#[utoipa::path(
    get, path = paths::ME_ORGANIZATIONS, tag = "accounts", security(("session" = [])),
    responses((status = 200, body = OwnOrganizations), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn list_own_organizations(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
) -> Result<Json<OwnOrganizations>, Problem> {
    me::list_organizations(&state, &member).await.map(Json)
}

/// Go on in another of my organizations
///
/// By a new session and cookie; the present session ends, so that no page that shows one wallet acts on another one.
#[utoipa::path(
    post, path = paths::SESSION_ORGANIZATION, tag = "accounts", security(("session" = [])),
    request_body = SwitchOrganization,
    responses(
        (status = 200, body = Session), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 422, body = Document),
    ),
)]
async fn switch_organization(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
    parts: Parts,
    Json(form): Json<SwitchOrganization>,
) -> Result<Response, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    let device = device_cookie(&parts.headers, &state.config);
    let new = me::switch_organization(&state, &member, &form.organization_id, client, device).await?;
    signed_in_response(&state, StatusCode::OK, &new).await
}
