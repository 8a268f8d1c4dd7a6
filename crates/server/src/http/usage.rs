//! The monthly summary.

use axum::extract::State;
use billing_contract::usage::Usage;
use billing_contract::{Problem as Document, paths};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::{Json, Query};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::usage;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_usage))
}

/// Which month.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MonthAsked {
    /// Year and month, `2026-11`; the present month when left out.
    pub(super) month: Option<String>,
}

/// A month's usage by kind and day
///
/// Days are counted in the organization's time zone, up to today. Usage counts on the day on which it happened, however late
/// it was reported; `GET /statement` counts by when it was posted. A day that cost three times as much as usual says why.
#[utoipa::path(
    get, path = paths::USAGE, tag = "usage", security(("session" = [])), params(MonthAsked),
    responses(
        (status = 200, body = Usage), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn get_usage(
    State(state): State<AppState>,
    Manager(member): Manager,
    Query(asked): Query<MonthAsked>,
) -> Result<Json<Usage>, Problem> {
    usage::get_usage(&state, &member.organization, asked.month.as_deref()).await.map(Json)
}
