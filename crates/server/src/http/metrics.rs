//! Counts every request, and shows what was counted to the operator's monitoring, at an address of its own.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

use crate::metrics::{Metrics, RouteLabel};
use crate::service::health;
use crate::state::AppState;

/// What the operator's monitoring may read, and nothing else.
pub(crate) fn metrics_router(state: AppState) -> Router {
    Router::new().route("/metrics", get(get_metrics)).with_state(state)
}

async fn get_metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], health::render_metrics(&state).await)
}

/// A request that is being answered.
pub(crate) struct MeasuredRequest {
    started: Instant,
    method: &'static str,
    route: RouteLabel,
}

/// Begins before anything else is done, so that what is refused is counted too.
pub(crate) fn begin_request(request: &Request) -> MeasuredRequest {
    // The route's pattern, not its path: ids would make a series each.
    let route = request.extensions().get::<MatchedPath>().cloned().map_or(RouteLabel::Files, RouteLabel::Matched);
    // A label must not be anybody's to choose, or the number of series has no limit.
    MeasuredRequest { started: Instant::now(), method: method_label(request.method()), route }
}

impl MeasuredRequest {
    /// It is answered.
    pub(crate) fn end(self, metrics: &Metrics, response: &Response) {
        metrics.answered(self.method, self.route, response.status().as_u16(), self.started.elapsed());
    }
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
