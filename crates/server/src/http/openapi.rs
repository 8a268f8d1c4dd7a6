//! The API's own description: made from the routes at the start, as JSON for programs and as a page for people.

mod complete;
mod limits;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document};

use self::complete::complete_document;
use crate::http::docs::{self, DOCS, DOCS_STYLE, DOCUMENT};
use crate::state::AppState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Nexis Billing",
        description = "The prepaid wallet: balance, top-ups, automatic payments, usage, ledger, metering. Amounts are \
            decimal strings in the resource's currency, times RFC 3339 UTC, ids UUIDv7. Errors are problem documents \
            (RFC 9457). Changes (POST, PUT, DELETE) by session need the header Origin with this server's address, and \
            JSON bodies. A request that names the session it is meant for in the header Nexis-Session, by the \
            `id` of GET /session, is refused with `session_changed` under any other. Unknown fields are refused.",
    ),
    components(schemas(billing_contract::Problem)),
    tags(
        (name = "session", description = "Who is signed in"),
        (name = "portal", description = "A host opens the portal for its people"),
        (name = "billing", description = "All that the Billing tab shows above the fold"),
        (name = "wallet", description = "What is left, and what it allows"),
        (name = "top-ups", description = "Money into the wallet"),
        (name = "refunds", description = "Money back to the card"),
        (name = "cards", description = "Connected cards"),
        (name = "payment-links", description = "Payment links: a colleague without an account pays or connects a card"),
        (name = "pay", description = "What the holder of a payment link may do; no session"),
        (name = "auto-pay", description = "Automatic payments"),
        (name = "transactions", description = "The ledger"),
        (name = "statement", description = "A month from its opening to its closing balance"),
        (name = "usage", description = "The monthly summary"),
        (name = "events", description = "What changes, as it changes"),
        (name = "requests", description = "Members ask for funds"),
        (name = "organization", description = "The organization and its people"),
        (name = "accounts", description = "The first run, and people's own accounts"),
        (name = "audit", description = "Who did what"),
        (name = "metering", description = "What the AI platform asks and reports"),
        (name = "keys", description = "What the host's programs may do, by keys with scopes"),
        (name = "organizations", description = "The host's customers and their people, by the host's own ids"),
        (name = "webhooks", description = "What the payment provider tells unasked"),
        (name = "health", description = "For load balancers"),
    ),
)]
struct OutlineDocument;

/// Everything but the routes.
pub(crate) fn document_outline() -> Document {
    let mut document = OutlineDocument::openapi();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            "nexis_session",
            "Set by POST /session; named __Host-nexis_session when the server is reached over https. In a \
             frame the session's token is sent instead: Authorization: Bearer nbs_….",
        ))),
    );
    components.add_security_scheme(
        "service_key",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("A key of POST /keys that has one of the scopes named with the operation, or the operator's service key, which has all of them."))
                .build(),
        ),
    );
    components.add_security_scheme(
        "stripe_signature",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
            "Stripe-Signature",
            "HMAC-SHA256 over the raw bytes, by a secret of the webhook endpoint.",
        ))),
    );
    document
}

/// Serves the document and the page, both made once.
pub(crate) fn routes(document: &Document) -> Router<AppState> {
    let mut json = serde_json::to_value(document).unwrap_or_default();
    complete_document(&mut json);
    limits::add_limits(&mut json);
    let page = docs::render_page(&json);
    let text = json.to_string();
    let answer = |content_type: &'static str, body: String| {
        // Made once and revalidated: a new version shows at once.
        get(move || async move { ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], body) })
    };
    Router::new()
        .route(DOCUMENT, answer("application/json", text))
        .route(DOCS, answer("text/html; charset=utf-8", page))
        .route(DOCS_STYLE, answer("text/css; charset=utf-8", docs::STYLE.to_owned()))
}
