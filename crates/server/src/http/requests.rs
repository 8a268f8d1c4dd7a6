//! A member asks for funds, an admin answers.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use billing_contract::event::{self, HeartbeatEvent, SessionEvent};
use billing_contract::request::{AnswerFundsRequest, CreateFundsRequest, FundsRequest, FundsRequestList};
use billing_contract::{Problem as Document, paths};
use billing_domain::RequestId;
use serde::Deserialize;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::{Json, PathId, Query};
use crate::http::identity::{Manager, SignedIn};
use crate::http::problem::Problem;
use crate::service::requests::{self, Verdict};
use crate::state::AppState;
use crate::stream::requests::{PULSE_SECONDS, RequestPush, open_stream};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_requests, create_request))
        .routes(routes!(stream_requests))
        .routes(routes!(approve_request))
        .routes(routes!(decline_request))
}

/// Requests for funds, newest first
///
/// All of the organization for owners and admins, one's own for members; at most 100.
#[utoipa::path(
    get, path = paths::REQUESTS, tag = "requests", security(("session" = [])),
    responses((status = 200, body = FundsRequestList), (status = 401, body = Document)),
)]
async fn list_requests(
    State(state): State<AppState>,
    SignedIn(member): SignedIn,
) -> Result<Json<FundsRequestList>, Problem> {
    requests::list_requests(&state, &member).await.map(Json)
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DrawnFor {
    /// The session that the stream is for, by its `id`; where a header can be sent, `Nexis-Session` says it.
    #[expect(dead_code, reason = "read with the session, http::identity")]
    session: Option<String>,
}

/// What is asked and answered, as it happens
///
/// `request` (each request that the list shows, first all of them, then each as it changes), `session` (the stream
/// ends) and `heartbeat` (as in `GET /events`). For members too: nothing of the wallet is in it.
#[utoipa::path(
    get, path = paths::REQUEST_EVENTS, tag = "requests", security(("session" = [])), params(DrawnFor),
    responses(
        (status = 200, content_type = "text/event-stream", body = String), (status = 401, body = Document),
        (status = 429, body = Document),
    ),
)]
async fn stream_requests(
    State(state): State<AppState>,
    SignedIn(member): SignedIn,
    Query(_drawn_for): Query<DrawnFor>,
) -> Result<Response, Problem> {
    // One budget for both kinds of streams.
    let slot = state.budgets.take_stream(&member.token_hash).await?;
    let pushes = ReceiverStream::new(open_stream(&state, member)).map(move |push| {
        let _ = &slot;
        Ok::<_, Infallible>(to_event(push))
    });
    let mut response = Sse::new(pushes).into_response();
    // Reverse proxies that collect answers would hold the events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn to_event(push: RequestPush) -> Event {
    // Types of the contract have only keys that are text, so writing cannot fail.
    match push {
        RequestPush::Request(request) => {
            Event::default().event(event::REQUEST).data(serde_json::to_string(&request).unwrap_or_default())
        }
        RequestPush::Session(state) => Event::default()
            .event(event::SESSION)
            .data(serde_json::to_string(&SessionEvent { state }).unwrap_or_default()),
        RequestPush::Heartbeat => Event::default()
            .event(event::HEARTBEAT)
            .data(serde_json::to_string(&HeartbeatEvent { interval_seconds: PULSE_SECONDS }).unwrap_or_default()),
    }
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
    let request = requests::create_request(&state, &member, &form).await?;
    Ok((StatusCode::CREATED, Json(request)))
}

/// Say yes to a request
///
/// Moves no money: whoever says yes tops the wallet up. A top-up that names the request (`request_id`) approves it by
/// itself once it has arrived.
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
    PathId(id): PathId<RequestId>,
    form: Option<Json<AnswerFundsRequest>>,
) -> Result<Json<FundsRequest>, Problem> {
    let answer = form.and_then(|Json(form)| form.answer);
    requests::answer_request(&state, &member, &id, Verdict::Approve, answer).await.map(Json)
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
    PathId(id): PathId<RequestId>,
    form: Option<Json<AnswerFundsRequest>>,
) -> Result<Json<FundsRequest>, Problem> {
    let answer = form.and_then(|Json(form)| form.answer);
    requests::answer_request(&state, &member, &id, Verdict::Decline, answer).await.map(Json)
}
