//! The people of the organization, and whom a member can ask.

use axum::extract::State;
use axum::http::StatusCode;
use billing_contract::member::{Member, MemberList, PutRole};
use billing_contract::session::Admins;
use billing_contract::{Problem as Document, paths};
use billing_domain::UserId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::{Json, PathId};
use crate::http::identity::{Owner, SignedIn};
use crate::http::problem::Problem;
use crate::service;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_members))
        .routes(routes!(put_member_role))
        .routes(routes!(remove_member))
        .routes(routes!(list_admins))
}

/// Everybody in the organization, by name
#[utoipa::path(
    get, path = paths::MEMBERS, tag = "organization", security(("session" = [])),
    responses((status = 200, body = MemberList), (status = 401, body = Document)),
)]
async fn list_members(State(state): State<AppState>, SignedIn(member): SignedIn) -> Result<Json<MemberList>, Problem> {
    service::members::list_members(&state, &member).await.map(Json)
}

/// Give somebody another role
///
/// Acts at once, also on their open pages. The last owner stays one.
#[utoipa::path(
    put, path = paths::MEMBER_ROLE, tag = "organization", security(("session" = [])),
    params(("id" = String, Path, description = "The person's id")), request_body = PutRole,
    responses(
        (status = 200, body = Member), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn put_member_role(
    State(state): State<AppState>,
    Owner(member): Owner,
    PathId(id): PathId<UserId>,
    Json(form): Json<PutRole>,
) -> Result<Json<Member>, Problem> {
    service::members::change_role(&state, &member, &id, form.role).await.map(Json)
}

/// Take somebody out, or leave
///
/// Owners take anybody out, everybody else themselves. Their sessions in this organization end at once, also on open pages,
/// and the payment links and invitations that they made are useless. The last owner stays. Needs the password again, as
/// roles do.
#[utoipa::path(
    delete, path = paths::MEMBER, tag = "organization", security(("session" = [])),
    params(("id" = String, Path, description = "The person's id")),
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document), (status = 404, body = Document),
        (status = 409, body = Document),
    ),
)]
async fn remove_member(
    State(state): State<AppState>,
    SignedIn(member): SignedIn,
    PathId(id): PathId<UserId>,
) -> Result<StatusCode, Problem> {
    service::members::remove_member(&state, &member, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The names of the people who manage billing
#[utoipa::path(
    get, path = paths::ADMINS, tag = "organization", security(("session" = [])),
    responses((status = 200, body = Admins), (status = 401, body = Document)),
)]
async fn list_admins(State(state): State<AppState>, SignedIn(member): SignedIn) -> Result<Json<Admins>, Problem> {
    service::members::list_admins(&state, &member).await.map(Json)
}
