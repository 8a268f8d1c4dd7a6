//! Money back to the card, for the operator's programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use billing_contract::refund::{CreateRefund, Refund};
use billing_contract::{Problem as Document, paths};
use billing_domain::RefundId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api_keys::{RefundsWrite, Scoped};
use crate::http::card_free::refuse_card_numbers;
use crate::http::extract::{Json, PathId};
use crate::http::idempotency::{Repeatable, RequiredIdempotencyKey};
use crate::http::problem::Problem;
use crate::service::refunds;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create_refund)).routes(routes!(get_refund)).layer(from_fn(refuse_card_numbers))
}

/// Give a top-up back to its card
///
/// All of it or a part: never more than was paid and not given back yet, never more than the wallet has available. The
/// wallet is debited at once; a refund that fails is credited again. At most one for an `Idempotency-Key`,
/// which is known for ever.
#[utoipa::path(
    post, path = paths::REFUNDS, tag = "refunds", security(("service_key" = ["refunds:write"])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable characters")),
    request_body = CreateRefund,
    responses(
        (status = 201, body = Refund, headers(("Idempotency-Replayed", description = "true when the key had made it before"))),
        (status = 400, body = Document), (status = 401, body = Document), (status = 404, body = Document),
        (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn create_refund(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<RefundsWrite>,
    RequiredIdempotencyKey(key): RequiredIdempotencyKey,
    Json(form): Json<CreateRefund>,
) -> Result<Repeatable<(StatusCode, Json<Refund>)>, Problem> {
    let (refund, replayed) = refunds::create_refund(&state, &holder, key, &form).await?;
    Ok(Repeatable { answer: (StatusCode::CREATED, Json(refund)), replayed })
}

/// One refund
#[utoipa::path(
    get, path = paths::REFUND, tag = "refunds", security(("service_key" = ["refunds:write"])),
    params(("id" = String, Path, description = "The refund's id")),
    responses((status = 200, body = Refund), (status = 401, body = Document), (status = 404, body = Document)),
)]
async fn get_refund(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<RefundsWrite>,
    PathId(id): PathId<RefundId>,
) -> Result<Json<Refund>, Problem> {
    refunds::get_refund(&state, &holder, &id).await.map(Json)
}
