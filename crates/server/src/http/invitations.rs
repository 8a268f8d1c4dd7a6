//! Inviting people, and coming in by an invitation.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use billing_contract::invitation::{
    AcceptInvitation, CreateInvitation, Invitation, InvitationList, ResolveInvitation, ResolvedInvitation,
};
use billing_contract::session::Session;
use billing_contract::{Problem as Document, paths};
use billing_domain::InvitationId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::{Json, PathId};
use crate::http::identity::{Manager, device_cookie, find_any};
use crate::http::limits::read_client;
use crate::http::problem::Problem;
use crate::http::session::signed_in_response;
use crate::service::{invitations, sessions};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(revoke_invitation))
        .routes(routes!(resend_invitation))
        .routes(routes!(resolve_invitation))
        .routes(routes!(accept_invitation))
}

/// Open invitations, the newest first
///
/// Those that nobody has used or withdrawn, also with a link that has expired.
#[utoipa::path(
    get, path = paths::INVITATIONS, tag = "accounts", security(("session" = [])),
    responses((status = 200, body = InvitationList), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn list_invitations(
    State(state): State<AppState>,
    Manager(member): Manager,
) -> Result<Json<InvitationList>, Problem> {
    invitations::list_invitations(&state, &member).await.map(Json)
}

/// Invite somebody
///
/// By a mail with a link that works once, for 7 days; a server without SMTP answers with the link instead, this once. An open
/// invitation to the same address is withdrawn. It holds as long as whoever sent it may still send it. Needs the password
/// again, as roles do; owners are invited by owners alone, and nobody from a session that a host has opened.
#[utoipa::path(
    post, path = paths::INVITATIONS, tag = "accounts", security(("session" = [])), request_body = CreateInvitation,
    responses(
        (status = 201, body = Invitation), (status = 401, body = Document), (status = 403, body = Document),
        (status = 409, body = Document), (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn create_invitation(
    State(state): State<AppState>,
    Manager(member): Manager,
    Json(form): Json<CreateInvitation>,
) -> Result<(StatusCode, Json<Invitation>), Problem> {
    let created = invitations::create_invitation(&state, &member, &form).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Withdraw an invitation
#[utoipa::path(
    delete, path = paths::INVITATION, tag = "accounts", security(("session" = [])),
    params(("id" = String, Path, description = "The invitation's id")),
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document), (status = 404, body = Document),
    ),
)]
async fn revoke_invitation(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<InvitationId>,
) -> Result<StatusCode, Problem> {
    invitations::revoke_invitation(&state, &member, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send an invitation again
///
/// By another link, for 7 days from now; the old one is useless. Whoever sends it again answers for it from now on.
#[utoipa::path(
    post, path = paths::INVITATION_RESEND, tag = "accounts", security(("session" = [])),
    params(("id" = String, Path, description = "The invitation's id")),
    responses(
        (status = 200, body = Invitation), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 429, body = Document),
    ),
)]
async fn resend_invitation(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<InvitationId>,
) -> Result<Json<Invitation>, Problem> {
    invitations::resend_invitation(&state, &member, &id).await.map(Json)
}

/// What a link invites to
///
/// Nothing is used up.
#[utoipa::path(
    post, path = paths::INVITATION_RESOLVE, tag = "accounts", request_body = ResolveInvitation,
    responses(
        (status = 200, body = ResolvedInvitation), (status = 410, body = Document), (status = 422, body = Document),
        (status = 429, body = Document),
    ),
)]
async fn resolve_invitation(
    State(state): State<AppState>,
    parts: Parts,
    Json(form): Json<ResolveInvitation>,
) -> Result<Json<ResolvedInvitation>, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    invitations::resolve_invitation(&state, &form.token, &client).await.map(Json)
}

/// Come in by an invitation
///
/// With the account of the address that was invited, on the word of its password (tries count with those to sign in), or else
/// with a new one. Whoever comes in is signed in by the answer, and the link is used up.
#[utoipa::path(
    post, path = paths::INVITATION_ACCEPT, tag = "accounts", request_body = AcceptInvitation,
    responses(
        (status = 201, body = Session), (status = 409, body = Document), (status = 410, body = Document),
        (status = 422, body = Document), (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn accept_invitation(
    State(state): State<AppState>,
    parts: Parts,
    Json(form): Json<AcceptInvitation>,
) -> Result<Response, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    let device = device_cookie(&parts.headers, &state.config);
    let new = invitations::accept_invitation(&state, &form, client, device).await?;
    // As by signing in anew: nobody could end the old session of this browser any more.
    if let Some(old) = find_any(&parts, &state).await? {
        sessions::sign_out(&state, &old).await?;
    }
    signed_in_response(&state, StatusCode::CREATED, &new).await
}
