//! Manual top-ups.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use billing_contract::top_up::{ChallengeAnswer, CreateTopUp, TopUp};
use billing_contract::{Problem as Document, paths};
use billing_domain::TopUpId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::card_free::refuse_card_numbers;
use crate::http::extract::{Json, PathId, Query};
use crate::http::idempotency::{Repeatable, RequiredIdempotencyKey};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::receipts::{self, Print};
use crate::service::sessions::SignedInMember;
use crate::service::top_ups::{self, CreatedTopUp};
use crate::service::wallet;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_top_up))
        .routes(routes!(get_top_up))
        .routes(routes!(get_top_up_receipt))
        .routes(routes!(check_top_up))
        .routes(routes!(answer_top_up_challenge))
        .routes(routes!(cancel_top_up))
        .layer(from_fn(refuse_card_numbers))
}

/// Charge a card for the wallet
///
/// At most once for an `Idempotency-Key`, which is known for ever: keep it through time-outs and retries, and use a new
/// one only after a known decline or for another amount. The same key and body answers the same top-up in its
/// present state. Waits a few seconds for the outcome; `processing` and `unknown` are settled later by themselves.
#[utoipa::path(
    post, path = paths::TOP_UPS, tag = "top-ups", security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable characters")),
    request_body = CreateTopUp,
    responses(
        (status = 201, body = TopUp, headers(("Idempotency-Replayed", description = "true when the key had made it before"))),
        (status = 400, body = Document), (status = 401, body = Document), (status = 402, body = Document),
        (status = 403, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn create_top_up(
    State(state): State<AppState>,
    Manager(member): Manager,
    RequiredIdempotencyKey(key): RequiredIdempotencyKey,
    Json(form): Json<CreateTopUp>,
) -> Result<Repeatable<Result<(StatusCode, Json<TopUp>), Problem>>, Problem> {
    let CreatedTopUp { outcome, replayed } = top_ups::create_top_up(&state, &member, key, &form).await?;
    let answer = match outcome {
        Ok(top_up) => Ok((StatusCode::CREATED, with_wallet(&state, &member, top_up).await)),
        Err(problem) => Err(problem),
    };
    Ok(Repeatable { answer, replayed })
}

/// Whoever has paid gets the wallet as it is then, whether or not events reach them.
async fn with_wallet(state: &AppState, member: &SignedInMember, top_up: TopUp) -> Json<TopUp> {
    Json(TopUp { wallet: wallet::wallet_afterwards(state, &member.organization).await, ..top_up })
}

/// One top-up
#[utoipa::path(
    get, path = paths::TOP_UP, tag = "top-ups", security(("session" = [])),
    params(("id" = String, Path, description = "The top-up's id")),
    responses(
        (status = 200, body = TopUp), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn get_top_up(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<TopUpId>,
) -> Result<Json<TopUp>, Problem> {
    let top_up = top_ups::get_top_up(&state, &member.organization.id, &id).await?;
    Ok(with_wallet(&state, &member, top_up).await)
}

/// The receipt of a top-up, as a PDF
///
/// Of one that is paid; 409 before. It is issued when it is first asked for: from then on its number, which follows on the
/// seller's last one without a gap, and what it says of buyer, seller, date, zone and payment stay as they are. What was
/// given back since then is added. `paper`: `a4` or `letter`; where it is left out, what is usual in its time zone.
#[utoipa::path(
    get, path = paths::TOP_UP_RECEIPT, tag = "top-ups", security(("session" = [])),
    params(("id" = String, Path, description = "The top-up's id"), Print),
    responses(
        (status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 401, body = Document),
        (status = 403, body = Document), (status = 404, body = Document), (status = 409, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn get_top_up_receipt(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<TopUpId>,
    Query(print): Query<Print>,
) -> Result<Response, Problem> {
    let (pdf, number) = receipts::render_receipt(&state, &member.organization.id, &id, print.paper).await?;
    // Saved rather than shown: the viewers of some browsers do not run under our content policy.
    let name = format!("attachment; filename=\"receipt-{number}.pdf\"");
    let headers = [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, pdf).into_response())
}

/// Ask the bank what became of a top-up
///
/// Never charges again. The bank is asked anyway after a while; this asks now.
#[utoipa::path(
    post, path = paths::TOP_UP_CHECK, tag = "top-ups", security(("session" = [])),
    params(("id" = String, Path, description = "The top-up's id")),
    responses(
        (status = 200, body = TopUp), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn check_top_up(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<TopUpId>,
) -> Result<Json<TopUp>, Problem> {
    let top_up = top_ups::check_top_up(&state, &member.organization.id, &id).await?;
    Ok(with_wallet(&state, &member, top_up).await)
}

/// Answer the sandbox bank's challenge
///
/// What the cardholder would do in the bank's own dialog (3-D Secure). Only with the sandbox; 409 when nothing waits.
#[utoipa::path(
    post, path = paths::TOP_UP_CHALLENGE, tag = "top-ups", security(("session" = [])),
    params(("id" = String, Path, description = "The top-up's id")), request_body = ChallengeAnswer,
    responses(
        (status = 200, body = TopUp), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn answer_top_up_challenge(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<TopUpId>,
    Json(form): Json<ChallengeAnswer>,
) -> Result<Json<TopUp>, Problem> {
    let top_up = top_ups::answer_challenge(&state, &member.organization.id, &id, form.approve).await?;
    Ok(with_wallet(&state, &member, top_up).await)
}

/// Give up a top-up that waits for the cardholder
///
/// It is closed at the bank before it is called expired; if it was paid just before, it is credited. 409 when nothing waits,
/// 503 when the bank cannot be reached: then it still waits.
#[utoipa::path(
    post, path = paths::TOP_UP_CANCEL, tag = "top-ups", security(("session" = [])),
    params(("id" = String, Path, description = "The top-up's id")),
    responses(
        (status = 200, body = TopUp), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 503, body = Document),
    ),
)]
async fn cancel_top_up(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<TopUpId>,
) -> Result<Json<TopUp>, Problem> {
    let top_up = top_ups::cancel_top_up(&state, &member.organization.id, &id).await?;
    Ok(with_wallet(&state, &member, top_up).await)
}
