//! Counts every request, and shows what was counted to the operator's monitoring, at an address of its own.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

use crate::metrics::Metrics;
use crate::service::health;
use crate::state::AppState;

/// What the page's files are counted as: their addresses are anybody's to choose.
const FILES: &str = "files";

/// What the operator's monitoring may read, and nothing else.
pub(crate) fn metrics_router(state: AppState) -> Router {
    Router::new().route("/metrics", get(get_metrics)).with_state(state)
}

async fn get_metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], health::render_metrics(&state).await)
}

/// Outside of every other layer, so that what they refuse is counted too.
pub(crate) async fn measure_request(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    // A label must not be anybody's to choose, or the number of series has no limit.
    let method = method_label(request.method());
    // The route's pattern, not its path: ids would make a series each.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or(FILES, MatchedPath::as_str);
    metrics.answered(method, route, response.status().as_u16(), started.elapsed());
    response
}

/// Anybody can make up a method.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    }
}
