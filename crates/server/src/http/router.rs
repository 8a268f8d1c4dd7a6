//! The complete list of routes, and what surrounds them.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use billing_contract::{ProblemCode, paths};
use tower::ServiceBuilder;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::trace::TraceLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::http::problem::Problem;
use crate::http::surroundings::surround_request;
use crate::http::trace::request_span;
use crate::http::{
    audit, auto_pay, billing, bootstrap, cards, credits, email_changes, events, health, invitations, keys, limits,
    links, me, members, metering, oidc, openapi, organization, organization_members, organizations, outbox,
    password_resets, pay, portal, refunds, requests, second_factors, session, setup, statement, static_files, top_ups,
    transactions, usage, wallet, webhooks,
};
use crate::problem::Detail;
use crate::state::AppState;

/// Every resource adds one line.
fn resource_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(audit::routes())
        .merge(auto_pay::routes())
        .merge(billing::routes())
        .merge(bootstrap::routes())
        .merge(cards::routes())
        .merge(credits::routes())
        .merge(email_changes::routes())
        .merge(events::routes())
        .merge(invitations::routes())
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
        .merge(second_factors::routes())
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
        .merge(oidc::routes())
        .merge(health::routes())
}

/// Everything, ready to serve.
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
        .merge(audit::routes())
        .merge(credits::routes())
        .merge(keys::routes())
        .merge(metering::routes())
        .merge(organization_members::routes())
        .merge(organizations::routes())
        .merge(portal::host_routes())
        .merge(refunds::routes());
    let (routes, _) = OpenApiRouter::new().nest(paths::BASE, resources).merge(health::routes()).split_for_parts();
    add_layers(routes.fallback(nothing_here), state)
}

/// Everything, with what surrounds it, the outermost first.
fn add_layers(routes: Router<AppState>, state: AppState) -> Router {
    let layers = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http().make_span_with(request_span))
        .layer(from_fn_with_state(state.clone(), surround_request))
        // Quality 4 costs about as much as gzip and is smaller; files are packed at build time already.
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(4)))
        .layer(DefaultBodyLimit::max(limits::BODY));
    let served = routes.method_not_allowed_fallback(wrong_method).layer(layers);
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
