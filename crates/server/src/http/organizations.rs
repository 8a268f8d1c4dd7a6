//! The host's customers, by its own ids.

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use billing_contract::host_organization::{ChangeStatus, HostOrganization, HostOrganizationPage, PutHostOrganization};
use billing_contract::wallet::Wallet;
use billing_contract::{Problem as Document, paths};
use billing_domain::OrganizationRef;
use billing_domain::status::OrganizationStatus;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::keys::KeyHolder;
use crate::events::Topic;
use crate::http::api_keys::{OrganizationsRead, OrganizationsWrite, Scoped, WalletsRead};
use crate::http::card_free::refuse_card_numbers;
use crate::http::extract::{Json, PathRef, Query};
use crate::http::problem::Problem;
use crate::http::trace::record_organization;
use crate::service::organizations::{self, Search};
use crate::service::{organization_refs, wallet};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_organizations))
        .routes(routes!(get_host_organization, put_host_organization))
        .routes(routes!(suspend_organization))
        .routes(routes!(resume_organization))
        .routes(routes!(close_organization))
        .routes(routes!(get_organization_wallet))
        .layer(from_fn(refuse_card_numbers))
}

/// Organizations, oldest first
#[utoipa::path(
    get, path = paths::ORGANIZATIONS, tag = "organizations",
    security(("service_key" = ["organizations:read", "organizations:write"])), params(Search),
    responses(
        (status = 200, body = HostOrganizationPage), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn list_organizations(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<OrganizationsRead>,
    Query(search): Query<Search>,
) -> Result<Json<HostOrganizationPage>, Problem> {
    organizations::list_page(&state, &holder, &search).await.map(Json)
}

/// One organization, with its wallet
#[utoipa::path(
    get, path = paths::ORGANIZATION_OF, tag = "organizations",
    security(("service_key" = ["organizations:read", "organizations:write"])),
    params(("id" = String, Path, description = "Its id, or `ext:` and your own")),
    responses(
        (status = 200, body = HostOrganization), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn get_host_organization(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<OrganizationsRead>,
    PathRef(named): PathRef,
) -> Result<Json<HostOrganization>, Problem> {
    let organization = organization_refs::get_organization(&state.store, &holder, &named).await?;
    record_organization(&organization.id);
    organizations::view_organization(&state, organization).await.map(Json)
}

/// Make or change an organization
///
/// Under `ext:` and your own id it is made if it is not there: once, however often you put it and however many do so at
/// the same time. The same again changes nothing. What the body leaves out stays as it is. The currency cannot change
/// once the wallet has a line, a payment or a setting in it: 409 `currency_locked`.
#[utoipa::path(
    put, path = paths::ORGANIZATION_OF, tag = "organizations", security(("service_key" = ["organizations:write"])),
    params(("id" = String, Path, description = "Its id, or `ext:` and your own")), request_body = PutHostOrganization,
    responses(
        (status = 200, body = HostOrganization), (status = 201, body = HostOrganization),
        (status = 401, body = Document), (status = 403, body = Document), (status = 404, body = Document),
        (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn put_host_organization(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<OrganizationsWrite>,
    PathRef(named): PathRef,
    Json(form): Json<PutHostOrganization>,
) -> Result<(StatusCode, Json<HostOrganization>), Problem> {
    let reference: OrganizationRef = named.parse().map_err(|_| Problem::not_found())?;
    let may_create = organization_refs::may_create(&holder);
    if !may_create {
        organization_refs::get_organization(&state.store, &holder, &named).await?;
    }
    let context = state.operation_by(holder.actor());
    let (answer, topics) =
        organizations::put_organization(&context, &state.config, &reference, &form, may_create).await?;
    let id = answer.organization.id.clone();
    record_organization(&id);
    for topic in topics {
        state.events.publish(&id, topic);
    }
    let status = if answer.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(organizations::view_organization(&state, answer.organization).await?)))
}

async fn change_status(
    state: &AppState,
    holder: &KeyHolder,
    named: &str,
    status: OrganizationStatus,
    form: Option<Json<ChangeStatus>>,
) -> Result<Json<HostOrganization>, Problem> {
    let organization = organization_refs::get_organization(&state.store, holder, named).await?;
    record_organization(&organization.id);
    let Json(ChangeStatus { reason }) = form.unwrap_or(Json(ChangeStatus::default()));
    let context = state.operation_by(holder.actor());
    let changed = organizations::change_status(&context, &organization, status, &reason).await?;
    for topic in [Topic::Organization, Topic::Wallet] {
        state.events.publish(&changed.id, topic);
    }
    // Automatic payments that rested go on.
    state.wake_queue.add(&changed.id);
    organizations::view_organization(state, changed).await.map(Json)
}

/// Refuse new work of an organization
///
/// Authorizations are refused with the reason `suspended`, and automatic payments rest. Usage that is reported is posted,
/// people read and pay as before.
#[utoipa::path(
    post, path = paths::ORGANIZATION_SUSPEND, tag = "organizations", security(("service_key" = ["organizations:write"])),
    params(("id" = String, Path, description = "Its id, or `ext:` and your own")), request_body = ChangeStatus,
    responses(
        (status = 200, body = HostOrganization), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn suspend_organization(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<OrganizationsWrite>,
    PathRef(named): PathRef,
    form: Option<Json<ChangeStatus>>,
) -> Result<Json<HostOrganization>, Problem> {
    change_status(&state, &holder, &named, OrganizationStatus::Suspended, form).await
}

/// Admit work of a suspended organization again
#[utoipa::path(
    post, path = paths::ORGANIZATION_RESUME, tag = "organizations", security(("service_key" = ["organizations:write"])),
    params(("id" = String, Path, description = "Its id, or `ext:` and your own")), request_body = ChangeStatus,
    responses(
        (status = 200, body = HostOrganization), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn resume_organization(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<OrganizationsWrite>,
    PathRef(named): PathRef,
    form: Option<Json<ChangeStatus>>,
) -> Result<Json<HostOrganization>, Problem> {
    change_status(&state, &holder, &named, OrganizationStatus::Active, form).await
}

/// Close an organization, for good
///
/// As suspended; nor are top-ups and payment links begun. What it has can be read, usage that is reported is posted, and
/// payments are refunded.
#[utoipa::path(
    post, path = paths::ORGANIZATION_CLOSE, tag = "organizations", security(("service_key" = ["organizations:write"])),
    params(("id" = String, Path, description = "Its id, or `ext:` and your own")), request_body = ChangeStatus,
    responses(
        (status = 200, body = HostOrganization), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 422, body = Document),
    ),
)]
async fn close_organization(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<OrganizationsWrite>,
    PathRef(named): PathRef,
    form: Option<Json<ChangeStatus>>,
) -> Result<Json<HostOrganization>, Problem> {
    change_status(&state, &holder, &named, OrganizationStatus::Closed, form).await
}

/// An organization's wallet
#[utoipa::path(
    get, path = paths::ORGANIZATION_WALLET, tag = "organizations", security(("service_key" = ["wallets:read"])),
    params(("id" = String, Path, description = "The organization's id, or `ext:` and your own")),
    responses(
        (status = 200, body = Wallet), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn get_organization_wallet(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<WalletsRead>,
    PathRef(named): PathRef,
) -> Result<Json<Wallet>, Problem> {
    let organization = organization_refs::get_organization(&state.store, &holder, &named).await?;
    record_organization(&organization.id);
    wallet::get_wallet(&state, &organization).await.map(Json)
}
