//! A member asks for funds, an admin answers.

use axum::extract::State;
use axum::http::StatusCode;
use billing_contract::request::{AnswerFundsRequest, CreateFundsRequest, FundsRequest, FundsRequestList};
use billing_contract::{Problem as Document, paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::http::extract::{Id, Json};
use crate::http::identity::{Manager, SignedIn};
use crate::http::problem::Problem;
use crate::service::requests::{self, Verdict};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_requests, create_request))
        .routes(routes!(approve_request))
        .routes(routes!(decline_request))
}

/// Requests for funds, newest first
///
/// All of the organisation for owners and admins, one's own for members; at most 100.
#[utoipa::path(
    get, path = paths::REQUESTS, tag = "requests", security(("session" = [])),
    responses((status = 200, body = FundsRequestList), (status = 401, body = Document)),
)]
async fn list_requests(
    State(state): State<AppState>,
    SignedIn(member): SignedIn,
) -> Result<Json<FundsRequestList>, Problem> {
    requests::list(&state, &member).await.map(Json)
}

/// Ask for funds
#[utoipa::path(
    post, path = paths::REQUESTS, tag = "requests", security(("session" = [])), request_body = CreateFundsRequest,
    responses(
        (status = 201, body = FundsRequest), (status = 401, body = Document), (status = 409, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn create_request(
    State(state): State<AppState>,
    SignedIn(member): SignedIn,
    Json(form): Json<CreateFundsRequest>,
) -> Result<(StatusCode, Json<FundsRequest>), Problem> {
    let request = requests::create(&state, &member, &form).await?;
    Ok((StatusCode::CREATED, Json(request)))
}

/// Say yes to a request
///
/// Moves no money: whoever says yes tops the wallet up.
#[utoipa::path(
    post, path = paths::REQUEST_APPROVE, tag = "requests", security(("session" = [])),
    params(("id" = String, Path, description = "The request's id")), request_body = Option<AnswerFundsRequest>,
    responses(
        (status = 200, body = FundsRequest), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn approve_request(
    State(state): State<AppState>,
    Manager(member): Manager,
    Id(id): Id,
    form: Option<Json<AnswerFundsRequest>>,
) -> Result<Json<FundsRequest>, Problem> {
    let answer = form.and_then(|Json(form)| form.answer);
    requests::answer(&state, &member, &id, Verdict::Approve, answer).await.map(Json)
}

/// Say no to a request
#[utoipa::path(
    post, path = paths::REQUEST_DECLINE, tag = "requests", security(("session" = [])),
    params(("id" = String, Path, description = "The request's id")), request_body = Option<AnswerFundsRequest>,
    responses(
        (status = 200, body = FundsRequest), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn decline_request(
    State(state): State<AppState>,
    Manager(member): Manager,
    Id(id): Id,
    form: Option<Json<AnswerFundsRequest>>,
) -> Result<Json<FundsRequest>, Problem> {
    let answer = form.and_then(|Json(form)| form.answer);
    requests::answer(&state, &member, &id, Verdict::Decline, answer).await.map(Json)
}
