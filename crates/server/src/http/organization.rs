//! The organization's own data.

use axum::extract::State;
use billing_contract::organization::{Organization, PutOrganization};
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::{IfMatch, Json, Versioned};
use crate::http::identity::{Manager, SignedIn};
use crate::http::problem::Problem;
use crate::service;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_organization, put_organization))
}

/// The organization's data
#[utoipa::path(
    get, path = paths::ORGANIZATION, tag = "organization", security(("session" = [])),
    responses(
        (status = 200, body = Organization, headers(("ETag", description = "For If-Match"))),
        (status = 401, body = Document),
    ),
)]
async fn get_organization(SignedIn(member): SignedIn) -> Versioned<Organization> {
    let organization = service::organization::get_organization(&member);
    Versioned(organization.etag.clone(), organization)
}

/// Change the organization's data
///
/// Another time zone counts the days of the usage summary anew.
#[utoipa::path(
    put, path = paths::ORGANIZATION, tag = "organization", security(("session" = [])),
    params(("If-Match" = String, Header, description = "The version that is changed")),
    request_body = PutOrganization,
    responses(
        (status = 200, body = Organization, headers(("ETag", description = "For If-Match"))),
        (status = 401, body = Document), (status = 403, body = Document), (status = 412, body = Document),
        (status = 422, body = Document), (status = 428, body = Document),
    ),
)]
async fn put_organization(
    State(state): State<AppState>,
    Manager(member): Manager,
    version: IfMatch,
    Json(form): Json<PutOrganization>,
) -> Result<Versioned<Organization>, Problem> {
    // For a clear answer; the store compares the version again when it writes.
    version.check(&service::organization::get_organization(&member).etag)?;
    let organization = service::organization::change_organization(&state, &member, &form).await?;
    Ok(Versioned(organization.etag.clone(), organization))
}
