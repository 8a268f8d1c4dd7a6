//! Is the process alive, and can it work: for load balancers and start scripts.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::service::health;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_health)).routes(routes!(get_readiness))
}

/// All is well.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// The process answers
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
async fn get_health() -> Json<Health> {
    OK
}

/// The process can work: the database answers, and it is not stopping
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = Health), (status = 503, body = billing_contract::Problem)))]
async fn get_readiness(State(state): State<AppState>) -> Result<Json<Health>, Problem> {
    health::check(&state).await.map(|()| OK)
}
