//! What surrounds every handler, as one layer: each layer of its own would copy all of those within it for every request.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use crate::http::problem::Problem;
use crate::http::{identity, limits, metrics, security};
use crate::state::AppState;

/// Counts the request, refuses what is not for a handler, and puts the headers on the answer, whoever gave it.
/// See docs/decisions/0104-one-layer.md.
pub(crate) async fn surround_request(State(state): State<AppState>, request: Request, next: Next) -> Response {
    // First, so that what is refused is counted, too.
    let measured = metrics::begin_request(&request);
    let api = security::is_api(&request);
    let mut response = check_request(&state, request, next).await;
    security::set_headers(&state.config, api, &mut response);
    measured.end(&state.metrics, &response);
    response
}

async fn check_request(state: &AppState, request: Request, next: Next) -> Response {
    // Before host and origin are looked at: even refusals cost something.
    if let Err(problem) = limits::take_rate(state, &request)
        .and_then(|()| security::check_host(&state.config, &request))
        .and_then(|()| security::check_origin(&state.config, &request))
    {
        return problem.into_response();
    }
    let token = identity::session_token(request.headers(), &state.config);
    let mut response = limits::bodies::count_body(state, request, |request| run_handler(request, next)).await;
    identity::mark_ended_session(state, token, &mut response).await;
    response
}

/// A panic is answered as a problem, and the connection lives on. The panic itself is in the log by the panic hook.
async fn run_handler(request: Request, next: Next) -> Response {
    let answered = AssertUnwindSafe(limits::limit_time(request, next)).catch_unwind().await;
    answered.unwrap_or_else(|_| Problem::internal("a handler panicked").into_response())
}
