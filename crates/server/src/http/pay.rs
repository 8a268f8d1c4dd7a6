//! What the holder of a payment link may do, without an account. Every request is a POST with the token in its body:
//! an address would be written into logs, histories and previews.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use billing_contract::link::{AnswerAttempt, AskAttempt, CompleteLink, PayAttempt, PayPage, ResolveLink};
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::card_free::refuse_card_numbers;
use crate::http::extract::Json;
use crate::http::idempotency::{Repeatable, RequiredIdempotencyKey};
use crate::http::limits::ClientAddress;
use crate::http::links::PageOrigin;
use crate::http::problem::Problem;
use crate::service::pay::{self, LinkUse};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(resolve_link))
        .routes(routes!(complete_link))
        .routes(routes!(get_pay_attempt))
        .routes(routes!(get_pay_receipt))
        .routes(routes!(answer_pay_challenge))
        .layer(from_fn(refuse_card_numbers))
}

/// What a payment link asks for
///
/// 410 when it has been used, has expired or was taken back; 404 when there never was such a link.
#[utoipa::path(
    post, path = paths::PAY_RESOLVE, tag = "pay", request_body = ResolveLink,
    responses(
        (status = 200, body = PayPage), (status = 404, body = Document), (status = 410, body = Document),
        (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn resolve_link(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    Json(form): Json<ResolveLink>,
) -> Result<Json<PayPage>, Problem> {
    pay::resolve_link(&state, address, &form).await.map(Json)
}

/// Use a payment link with a card
///
/// Takes the token that the sandbox's form made of the number; a body that holds a card number is refused. Where the
/// provider has a page of its own, no token is sent: the attempt is `action_required`, `redirect` says where the card is
/// entered, and beginning anew closes that page. At most once for an `Idempotency-Key`; 409 while somebody else is using the link,
/// and `charge_changed` when another sum than `expected_charge` would be charged at once. The answer says where the attempt stands:
/// a refused card is `declined` with the reason, and another one may be tried.
#[utoipa::path(
    post, path = paths::PAY_COMPLETE, tag = "pay",
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable characters, new for each try")),
    request_body = CompleteLink,
    responses(
        (status = 201, body = PayAttempt, headers(("Idempotency-Replayed", description = "true when the key had begun it before"))),
        (status = 400, body = Document), (status = 404, body = Document), (status = 409, body = Document),
        (status = 410, body = Document), (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn complete_link(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    PageOrigin(origin): PageOrigin,
    RequiredIdempotencyKey(key): RequiredIdempotencyKey,
    Json(form): Json<CompleteLink>,
) -> Result<Repeatable<(StatusCode, Json<PayAttempt>)>, Problem> {
    let (attempt, replayed) =
        pay::complete_link(&state, LinkUse { address, origin: &origin, key: &key }, &form).await?;
    Ok(Repeatable { answer: (StatusCode::CREATED, Json(attempt)), replayed })
}

/// Where an attempt to use a link stands
///
/// Also for a link that is over: whoever paid may see that the money arrived.
#[utoipa::path(
    post, path = paths::PAY_STATUS, tag = "pay", request_body = AskAttempt,
    responses(
        (status = 200, body = PayAttempt), (status = 404, body = Document), (status = 422, body = Document),
        (status = 429, body = Document),
    ),
)]
async fn get_pay_attempt(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    Json(form): Json<AskAttempt>,
) -> Result<Json<PayAttempt>, Problem> {
    pay::attempt_status(&state, address, &form).await.map(Json)
}

/// The receipt of a paid attempt, as a PDF
#[utoipa::path(
    post, path = paths::PAY_RECEIPT, tag = "pay", request_body = AskAttempt,
    responses(
        (status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 404, body = Document),
        (status = 409, body = Document), (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn get_pay_receipt(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    Json(form): Json<AskAttempt>,
) -> Result<impl IntoResponse, Problem> {
    let (pdf, number) = pay::attempt_receipt(&state, address, &form).await?;
    // To be saved, with the receipt's number as its name.
    let name = format!("attachment; filename=\"receipt-{number}.pdf\"");
    Ok(([(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)], pdf))
}

/// Answer the sandbox bank's challenge of an attempt
#[utoipa::path(
    post, path = paths::PAY_CHALLENGE, tag = "pay", request_body = AnswerAttempt,
    responses(
        (status = 200, body = PayAttempt), (status = 404, body = Document), (status = 409, body = Document),
        (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn answer_pay_challenge(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    Json(form): Json<AnswerAttempt>,
) -> Result<Json<PayAttempt>, Problem> {
    pay::answer_attempt(&state, address, &form).await.map(Json)
}
