//! Credit and corrections, for the operator's programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use billing_contract::credit::CreateCredit;
use billing_contract::transaction::Transaction;
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api_keys::{CreditsWrite, Scoped};
use crate::http::card_free::refuse_card_numbers;
use crate::http::extract::{Json, PathRef};
use crate::http::idempotency::{Repeatable, RequiredIdempotencyKey};
use crate::http::problem::Problem;
use crate::service::credits;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(give_credit)).layer(from_fn(refuse_card_numbers))
}

/// Give credit, or correct a balance
///
/// A promo adds money, and may end: usage consumes the credit that ends first, and what is left of it then is taken back.
/// An adjustment adds money or takes out what is available; it does not end. The wallet's owner sees the reason in the
/// history. At most one for an `Idempotency-Key`, which is known for ever.
#[utoipa::path(
    post, path = paths::ORGANIZATION_CREDITS, tag = "organizations", security(("service_key" = ["credits:write"])),
    params(
        ("id" = String, Path, description = "The organization's id, or `ext:` and your own"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 printable characters"),
    ),
    request_body = CreateCredit,
    responses(
        (status = 201, body = Transaction, headers(("Idempotency-Replayed", description = "true when the key had made it before"))),
        (status = 400, body = Document), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn give_credit(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<CreditsWrite>,
    PathRef(named): PathRef,
    RequiredIdempotencyKey(key): RequiredIdempotencyKey,
    Json(form): Json<CreateCredit>,
) -> Result<Repeatable<(StatusCode, Json<Transaction>)>, Problem> {
    let (line, replayed) = credits::give_credit(&state, &holder, key, &named, &form).await?;
    Ok(Repeatable { answer: (StatusCode::CREATED, Json(line)), replayed })
}
