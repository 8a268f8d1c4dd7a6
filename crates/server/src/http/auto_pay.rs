//! Automatic payments.

use axum::extract::State;
use axum::middleware::from_fn;
use billing_contract::auto_pay::{AutoPay, PutAutoPay};
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::card_free::refuse_card_numbers;
use crate::http::extract::{IfMatch, Json, Versioned};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::sessions::SignedInMember;
use crate::service::{auto_pay, wallet};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_auto_pay, put_auto_pay))
        .routes(routes!(resume_auto_pay))
        .layer(from_fn(refuse_card_numbers))
}

fn with_version(auto_pay: AutoPay) -> Versioned<AutoPay> {
    Versioned(auto_pay.etag.clone(), auto_pay)
}

/// The threshold is the wallet's low mark, and a charge may have begun.
async fn with_wallet(state: &AppState, member: &SignedInMember, auto_pay: AutoPay) -> Versioned<AutoPay> {
    with_version(AutoPay { wallet: wallet::wallet_afterwards(state, &member.organization).await, ..auto_pay })
}

/// Automatic payments: settings, health, this month
///
/// Until somebody sets them up the settings are proposals and `enabled` is false.
#[utoipa::path(
    get, path = paths::AUTO_PAY, tag = "auto-pay", security(("session" = [])),
    responses(
        (status = 200, body = AutoPay, headers(("ETag", description = "For If-Match"))),
        (status = 401, body = Document), (status = 403, body = Document),
    ),
)]
async fn get_auto_pay(State(state): State<AppState>, Manager(member): Manager) -> Result<Versioned<AutoPay>, Problem> {
    auto_pay::get_auto_pay(&state, &member.organization).await.map(with_version)
}

/// Change automatic payments
///
/// Every wrong field is named at once. Switching on needs a connected card, and charges at once if the wallet is at or
/// below the threshold already.
#[utoipa::path(
    put, path = paths::AUTO_PAY, tag = "auto-pay", security(("session" = [])),
    params(("If-Match" = String, Header, description = "The version that is changed")),
    request_body = PutAutoPay,
    responses(
        (status = 200, body = AutoPay, headers(("ETag", description = "For If-Match"))),
        (status = 401, body = Document), (status = 403, body = Document), (status = 409, body = Document),
        (status = 412, body = Document), (status = 422, body = Document), (status = 428, body = Document),
    ),
)]
async fn put_auto_pay(
    State(state): State<AppState>,
    Manager(member): Manager,
    version: IfMatch,
    Json(form): Json<PutAutoPay>,
) -> Result<Versioned<AutoPay>, Problem> {
    // The version is compared inside the service, with the row that is then changed.
    let after = auto_pay::put_auto_pay(&state, &member, |etag| version.check(etag), &form).await?;
    Ok(with_wallet(&state, &member, after).await)
}

/// Go on after a pause
///
/// Earlier declines no longer count; charges at once if it is time. 409 when switched off or without a card.
#[utoipa::path(
    post, path = paths::AUTO_PAY_RESUME, tag = "auto-pay", security(("session" = [])),
    responses(
        (status = 200, body = AutoPay, headers(("ETag", description = "For If-Match"))),
        (status = 401, body = Document), (status = 403, body = Document), (status = 409, body = Document),
        (status = 412, body = Document),
    ),
)]
async fn resume_auto_pay(
    State(state): State<AppState>,
    Manager(member): Manager,
) -> Result<Versioned<AutoPay>, Problem> {
    let after = auto_pay::resume_auto_pay(&state, &member).await?;
    Ok(with_wallet(&state, &member, after).await)
}
