//! The people of the host's customers.

use axum::extract::State;
use axum::http::StatusCode;
use billing_contract::host_member::{HostMember, HostMemberList, PutHostMember};
use billing_contract::{Problem as Document, paths};
use billing_domain::UserRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api_keys::{MembersRead, MembersWrite, Scoped};
use crate::http::extract::{Json, PathRef, PathRefs};
use crate::http::problem::Problem;
use crate::service::{host_members, organization_refs};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_organization_members))
        .routes(routes!(put_organization_member, remove_organization_member))
}

/// The members of an organization, by name
#[utoipa::path(
    get, path = paths::ORGANIZATION_MEMBERS, tag = "organizations",
    security(("service_key" = ["organizations:read", "members:write"])),
    params(("id" = String, Path, description = "The organization's id, or `ext:` and your own")),
    responses(
        (status = 200, body = HostMemberList), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn list_organization_members(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<MembersRead>,
    PathRef(named): PathRef,
) -> Result<Json<HostMemberList>, Problem> {
    let organization = organization_refs::get_organization(&state.store, &holder, &named).await?;
    host_members::list_members(&state, &organization.id).await.map(Json)
}

/// Put somebody into an organization
///
/// With `ext:` and your own id they need no account here: they come by portal sessions. The same again changes nothing.
/// Another role acts at once, also on their open pages. People with an account of their own are not changed: 409.
#[utoipa::path(
    put, path = paths::ORGANIZATION_MEMBER, tag = "organizations", security(("service_key" = ["members:write"])),
    params(
        ("id" = String, Path, description = "The organization's id, or `ext:` and your own"),
        ("user" = String, Path, description = "The person's id, or `ext:` and your own"),
    ),
    request_body = PutHostMember,
    responses(
        (status = 200, body = HostMember), (status = 201, body = HostMember), (status = 401, body = Document),
        (status = 403, body = Document), (status = 404, body = Document), (status = 409, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn put_organization_member(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<MembersWrite>,
    PathRefs(named, user): PathRefs<UserRef>,
    Json(form): Json<PutHostMember>,
) -> Result<(StatusCode, Json<HostMember>), Problem> {
    let organization = organization_refs::get_organization(&state.store, &holder, &named).await?;
    let (member, created) = host_members::put_member(&state, &holder, &organization.id, &user, &form).await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(member)))
}

/// Take somebody out of an organization
///
/// Their sessions there are over at once. You may take out the last owner.
#[utoipa::path(
    delete, path = paths::ORGANIZATION_MEMBER, tag = "organizations", security(("service_key" = ["members:write"])),
    params(
        ("id" = String, Path, description = "The organization's id, or `ext:` and your own"),
        ("user" = String, Path, description = "The person's id, or `ext:` and your own"),
    ),
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document), (status = 404, body = Document),
    ),
)]
async fn remove_organization_member(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<MembersWrite>,
    PathRefs(named, user): PathRefs<UserRef>,
) -> Result<StatusCode, Problem> {
    let organization = organization_refs::get_organization(&state.store, &holder, &named).await?;
    host_members::remove_member(&state, &holder, &organization.id, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
