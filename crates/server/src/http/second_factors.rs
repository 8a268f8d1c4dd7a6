//! The second factor of the person who is signed in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use billing_contract::second_factor::{ConfirmSecondFactor, NewSecondFactor, RecoveryCodes, RemoveSecondFactor};
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::identity::{AccountHolder, device_cookie};
use crate::http::limits::read_client;
use crate::http::problem::Problem;
use crate::service::second_factors;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(begin_second_factor, remove_second_factor))
        .routes(routes!(confirm_second_factor))
}

/// Begin a second factor
///
/// A secret for an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds), shown this once. Nothing is asked for before it
/// is confirmed; begun again, the one before is replaced. Needs the password again. A server without `--secret-key` answers
/// `conflict`.
#[utoipa::path(
    post, path = paths::ME_SECOND_FACTOR, tag = "accounts", security(("session" = [])),
    responses(
        (status = 201, body = NewSecondFactor), (status = 401, body = Document), (status = 403, body = Document),
        (status = 409, body = Document),
    ),
)]
async fn begin_second_factor(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
) -> Result<(StatusCode, Json<NewSecondFactor>), Problem> {
    let begun = second_factors::begin_second_factor(&state, &member).await?;
    Ok((StatusCode::CREATED, Json(begun)))
}

/// Confirm a second factor by a code of it
///
/// From now on a code is asked for when I sign in. The answer has eight recovery codes, shown this once, each of which stands
/// in for a code once. Wrong codes count with the tries to sign in.
#[utoipa::path(
    post, path = paths::ME_SECOND_FACTOR_CONFIRM, tag = "accounts", security(("session" = [])),
    request_body = ConfirmSecondFactor,
    responses(
        (status = 200, body = RecoveryCodes), (status = 401, body = Document), (status = 403, body = Document),
        (status = 409, body = Document), (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn confirm_second_factor(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
    parts: Parts,
    Json(form): Json<ConfirmSecondFactor>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    let device = device_cookie(&parts.headers, &state.config);
    second_factors::confirm_second_factor(&state, &member, &form, &client, device).await.map(Json)
}

/// Switch my second factor off
///
/// On the word of the password and of a code, or a recovery code. Wrong ones count with the tries to sign in.
#[utoipa::path(
    delete, path = paths::ME_SECOND_FACTOR, tag = "accounts", security(("session" = [])),
    request_body = RemoveSecondFactor,
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document), (status = 409, body = Document),
        (status = 422, body = Document), (status = 429, body = Document), (status = 503, body = Document),
    ),
)]
async fn remove_second_factor(
    State(state): State<AppState>,
    AccountHolder(member): AccountHolder,
    parts: Parts,
    Json(form): Json<RemoveSecondFactor>,
) -> Result<StatusCode, Problem> {
    let client = read_client(&parts, state.config.behind_proxy);
    let device = device_cookie(&parts.headers, &state.config);
    second_factors::remove_second_factor(&state, &member, &form, &client, device).await?;
    Ok(StatusCode::NO_CONTENT)
}
