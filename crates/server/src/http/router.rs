//! The complete list of routes, and what surrounds them.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use billing_contract::{ProblemCode, paths};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::trace::TraceLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::http::problem::Problem;
use crate::http::trace::request_span;
use crate::http::{
    auto_pay, billing, bootstrap, cards, events, health, identity, keys, limits, links, me, members, metering, metrics,
    openapi, organization, organization_members, organizations, outbox, password_resets, pay, portal, refunds,
    requests, security, session, setup, statement, static_files, top_ups, transactions, usage, wallet, webhooks,
};
use crate::problem::Detail;
use crate::state::AppState;

/// Every resource adds one line.
fn resource_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(auto_pay::routes())
        .merge(billing::routes())
        .merge(bootstrap::routes())
        .merge(cards::routes())
        .merge(events::routes())
        .merge(keys::routes())
        .merge(links::routes())
        .merge(me::routes())
        .merge(members::routes())
        .merge(metering::routes())
        .merge(organization::routes())
        .merge(organization_members::routes())
        .merge(organizations::routes())
        .merge(password_resets::routes())
        .merge(pay::routes())
        .merge(portal::routes())
        .merge(refunds::routes())
        .merge(requests::routes())
        .merge(session::routes())
        .merge(setup::routes())
        .merge(statement::routes())
        .merge(top_ups::routes())
        .merge(transactions::routes())
        .merge(usage::routes())
        .merge(wallet::routes())
        .merge(webhooks::routes())
}

/// The API below its base path, with its description.
pub(crate) fn api_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::document_outline())
        .nest(paths::BASE, resource_routes())
        .merge(health::routes())
}

/// Everything, ready to serve. Layers run from the last to the first.
pub(crate) fn browser_router(state: AppState) -> Router {
    let (api, document) = api_routes().split_for_parts();
    // Only in builds with tests: the program that is delivered has no such routes.
    #[cfg(feature = "test-seams")]
    let api = api.nest(paths::BASE, crate::http::test_seams::routes());
    let all = api
        .merge(openapi::routes(&document))
        .route(outbox::PATH, get(outbox::get_outbox))
        // Last: whatever is no route is one of the page's files, or the page itself.
        .fallback(static_files::get_file);
    add_layers(all, state)
}

/// What the platform and the operator call with their keys, for an address that browsers do not reach.
pub(crate) fn platform_router(state: AppState) -> Router {
    let resources = OpenApiRouter::new()
        .merge(keys::routes())
        .merge(metering::routes())
        .merge(organization_members::routes())
        .merge(organizations::routes())
        .merge(portal::host_routes())
        .merge(refunds::routes());
    let (routes, _) = OpenApiRouter::new().nest(paths::BASE, resources).merge(health::routes()).split_for_parts();
    add_layers(routes.fallback(nothing_here), state)
}

/// Everything, with what surrounds it.
fn add_layers(routes: Router<AppState>, state: AppState) -> Router {
    let served = routes
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(limits::BODY))
        // Inside the compression and the headers, so that a time-out gets both.
        .layer(from_fn(limits::limit_time))
        .layer(from_fn_with_state(state.clone(), limits::bodies::count_body))
        // Inside the layers that follow: a panic is answered as a problem with their headers, and the connection
        // lives on.
        .layer(CatchPanicLayer::custom(|_| after_panic()))
        .layer(from_fn_with_state(state.clone(), identity::mark_ended_session))
        .layer(from_fn_with_state(state.clone(), security::same_origin))
        .layer(from_fn_with_state(state.clone(), security::known_host))
        // Before origin and host are looked at: even refusals cost something.
        .layer(from_fn_with_state(state.clone(), limits::limit_rate))
        // Quality 4 costs about as much as gzip and is smaller; files are packed at build time already.
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(4)))
        .layer(from_fn_with_state(state.clone(), security::set_headers))
        .layer(TraceLayer::new_for_http().make_span_with(request_span))
        // Outermost, so that what the other layers refuse is counted, too.
        .layer(from_fn_with_state(state.clone(), metrics::measure_request));
    #[cfg(feature = "test-seams")]
    let served = crate::http::answer_delay::delay_answer(served, state.config.answer_delay);
    served.with_state(state)
}

async fn wrong_method(request: Request) -> Problem {
    let detail = Detail::general(format!("{} is not possible at this address.", request.method()));
    Problem::new(ProblemCode::MethodNotAllowed, detail)
}

async fn nothing_here() -> Problem {
    Problem::not_found()
}

/// The panic itself is in the log by the panic hook.
fn after_panic() -> Response {
    Problem::internal("a handler panicked").into_response()
}
