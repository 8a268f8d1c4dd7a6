//! What the payment provider reports unasked.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::read_body;
use crate::http::limits::WEBHOOK_BODY;
use crate::http::problem::Problem;
use crate::service::webhooks;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(receive_stripe_webhook)).layer(DefaultBodyLimit::max(WEBHOOK_BODY))
}

/// Stripe's webhooks
///
/// Signed over the raw bytes (`Stripe-Signature`). Answered once its effect is in the database; whatever it says is looked
/// up at Stripe before it is believed. 404 with another payment provider.
#[utoipa::path(
    post, path = paths::WEBHOOKS_STRIPE, tag = "webhooks", security(("stripe_signature" = [])),
    request_body(content = String, content_type = "application/json", description = "An event of Stripe's"),
    responses(
        (status = 204), (status = 400, body = Document), (status = 401, body = Document), (status = 404, body = Document),
        (status = 503, body = Document),
    ),
)]
async fn receive_stripe_webhook(State(state): State<AppState>, request: Request) -> Result<StatusCode, Problem> {
    let signature = request.headers().get("stripe-signature").and_then(|value| value.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let bytes = read_body(request, &()).await?;
    webhooks::receive_stripe(&state, &signature, &bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}
