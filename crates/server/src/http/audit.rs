//! The audit log: for owners their organization's, for programs by their key.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use billing_contract::audit::AuditPage;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api_keys::{AuditRead, Scoped};
use crate::http::bearer::bearer_token;
use crate::http::extract::{Json, Query};
use crate::http::identity::{Owner, frame_token};
use crate::http::problem::Problem;
use crate::http::table::send_table;
use crate::service::audit::{self, AuditReader, Search, TableSearch};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit)).routes(routes!(export_audit))
}

/// A key where one is sent, and a session otherwise.
impl FromRequestParts<AppState> for AuditReader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        if bearer_token(&parts.headers).is_some() && frame_token(&parts.headers).is_none() {
            let Scoped(holder, PhantomData) = Scoped::<AuditRead>::from_request_parts(parts, state).await?;
            return Ok(Self::Program(holder));
        }
        let Owner(member) = Owner::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self::Owner(Box::new(member)))
    }
}

/// Who did what, newest first
///
/// For owners: what was done in their organization. For programs: the same of each organization that the key sees, and
/// where it sees all, what concerns the installation itself (`organization_id` is null). Hand `next_cursor` back with
/// the same `organization` for the following page.
#[utoipa::path(
    get, path = paths::AUDIT, tag = "audit", security(("session" = []), ("service_key" = ["organizations:read"])),
    params(Search),
    responses(
        (status = 200, body = AuditPage), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn list_audit(
    State(state): State<AppState>,
    reader: AuditReader,
    Query(search): Query<Search>,
) -> Result<Json<AuditPage>, Problem> {
    audit::list_page(&state, &reader, &search).await.map(Json)
}

/// Who did what as a table, newest first
///
/// The whole log of the organization, or of all, without paging. What changed stands in `before` and `after` as JSON;
/// text that a spreadsheet would take for a formula begins with an apostrophe. UTF-8 with its mark.
#[utoipa::path(
    get, path = paths::AUDIT_CSV, tag = "audit", security(("session" = []), ("service_key" = ["organizations:read"])),
    params(TableSearch),
    responses(
        (status = 200, content_type = "text/csv", body = String), (status = 401, body = Document),
        (status = 403, body = Document), (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn export_audit(
    State(state): State<AppState>,
    reader: AuditReader,
    Query(search): Query<TableSearch>,
) -> Result<Response, Problem> {
    let (name, parts) = audit::export_audit(&state, reader, &search).await?;
    Ok(send_table(&name, parts))
}
