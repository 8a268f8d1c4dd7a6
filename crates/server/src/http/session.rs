//! Signing in and out.

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use billing_contract::session::{Confirm, Session, SignIn};
use billing_contract::sign_in::SignedOut;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::identity::{SignedIn, device_cookie, find_any, set_cookie, set_device_cookie};
use crate::http::limits::{ClientAddress, read_client};
use crate::http::links::PageOrigin;
use crate::http::problem::Problem;
use crate::service::oidc;
use crate::service::sessions::{self, NewMember};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_session, create_session, delete_session)).routes(routes!(confirm_session))
}

/// Who is signed in
#[utoipa::path(
    get, path = paths::SESSION, tag = "session", security(("session" = [])),
    responses((status = 200, body = Session), (status = 401, body = Document)),
)]
async fn get_session(State(state): State<AppState>, SignedIn(member): SignedIn) -> Result<Json<Session>, Problem> {
    sessions::describe_session(&state, &member).await.map(Json)
}

/// Sign in
///
/// Sets the session's cookie: it lives 12 hours after its last use and 30 days at most. Failed tries are limited by
/// address and by e-mail. A second cookie marks the browser as one in which this person has signed in: it keeps its own
/// tries, whoever else guesses from wherever, and opens nothing.
#[utoipa::path(
    post, path = paths::SESSION, tag = "session", request_body = SignIn,
    responses(
        (status = 200, body = Session), (status = 401, body = Document), (status = 422, body = Document),
        (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn create_session(
    State(state): State<AppState>,
    parts: Parts,
    Json(form): Json<SignIn>,
) -> Result<Response, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    let device = device_cookie(&parts.headers, &state.config);
    let new = sessions::sign_in(&state, &form, client, device).await?;
    // Whoever signs in anew in the same browser leaves the old session behind: nobody could end it any more.
    if let Some(old) = find_any(&parts, &state).await? {
        sessions::sign_out(&state, &old).await?;
    }
    signed_in_response(&state, StatusCode::OK, &new).await
}

/// Hands a new session to the browser, with a cookie that marks it.
pub(crate) async fn signed_in_response(
    state: &AppState,
    status: StatusCode,
    new: &NewMember,
) -> Result<Response, Problem> {
    let cookies = AppendHeaders([
        (header::SET_COOKIE, set_cookie(Some(&new.token), &state.config, sessions::ABSOLUTE_SECONDS)?),
        (header::SET_COOKIE, set_device_cookie(&new.device, &state.config)?),
    ]);
    Ok((status, cookies, Json(sessions::describe_session(state, &new.member).await?)).into_response())
}

/// Prove once more who you are
///
/// By the password, or in a session that a host opened by a fresh `code` of a portal session for the same person. Needed within the last 5 minutes, by this or by signing in (for a host's session: since the host asked for its code), where power over money changes hands: a large top-up, switching
/// automatic payments on or raising them, roles, payment links. Those answer `confirmation_required` without it, and have
/// done nothing; afterwards the same request, with the same idempotency key, goes through.
#[utoipa::path(
    post, path = paths::SESSION_CONFIRMATION, tag = "session", security(("session" = [])), request_body = Confirm,
    responses(
        (status = 204), (status = 401, body = Document), (status = 422, body = Document), (status = 429, body = Document),
        (status = 503, body = Document),
    ),
)]
async fn confirm_session(
    State(state): State<AppState>,
    SignedIn(member): SignedIn,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(form): Json<Confirm>,
) -> Result<StatusCode, Problem> {
    sessions::confirm_identity(&state, &member, &form, address, device_cookie(&headers, &state.config)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out
///
/// Ends the session wherever its cookie is used, open event streams included. Of a session that an identity provider opened,
/// the answer says where the browser goes to sign out there too, if the provider has such a place.
#[utoipa::path(
    delete, path = paths::SESSION, tag = "session", security(("session" = [])),
    responses((status = 200, body = SignedOut), (status = 204), (status = 401, body = Document)),
)]
async fn delete_session(
    State(state): State<AppState>,
    SignedIn(member): SignedIn,
    PageOrigin(origin): PageOrigin,
) -> Result<Response, Problem> {
    sessions::sign_out(&state, &member).await?;
    let cookie = [(header::SET_COOKIE, set_cookie(None, &state.config, 0)?)];
    let end_session_url = oidc::end_session_url(&state, &member, &origin).await;
    Ok(match end_session_url {
        None => (StatusCode::NO_CONTENT, cookie).into_response(),
        end_session_url => (StatusCode::OK, cookie, Json(SignedOut { end_session_url })).into_response(),
    })
}
