//! Is the process alive, and can it work: for load balancers and start scripts.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::service::health;
use crate::state::AppState;

/// Where it is asked whether the process answers.
pub(crate) const ALIVE: &str = "/healthz";
/// Where it is asked whether it can work.
pub(crate) const READY: &str = "/readyz";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_health)).routes(routes!(get_readiness))
}

/// All is well.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Liveness {
    /// `ok`.
    status: &'static str,
}

const OK: Json<Liveness> = Json(Liveness { status: "ok" });

/// The process answers
#[utoipa::path(get, path = ALIVE, tag = "health", responses((status = 200, body = Liveness)))]
async fn get_health() -> Json<Liveness> {
    OK
}

/// The process can work: the database answers and takes writes, and it is not stopping
#[utoipa::path(get, path = READY, tag = "health", responses((status = 200, body = Liveness), (status = 503, body = billing_contract::Problem)))]
async fn get_readiness(State(state): State<AppState>) -> Result<Json<Liveness>, Problem> {
    health::check_readiness(&state).await.map(|()| OK)
}
