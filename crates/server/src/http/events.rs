//! The event stream (`text/event-stream`, WHATWG HTML "Server-sent events").

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use billing_contract::event::{self, HeartbeatEvent, SessionEvent};
use billing_contract::{Problem as Document, paths};
use serde::{Deserialize, Serialize};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Query;
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::problem::Detail;
use crate::state::AppState;
use crate::stream::organization::{self, Push, PushMessage};

/// Where a browser says what it has, when it comes back by itself.
const LAST_EVENT_ID: &str = "last-event-id";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stream_events))
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Position {
    /// The last `seq` that the client has; every line after it is sent.
    after: Option<String>,
    /// The session that the stream is for, by its `id`; where a header can be sent, `Nexis-Session` says it.
    #[expect(dead_code, reason = "read with the session, http::identity")]
    session: Option<String>,
}

/// What changes, as it changes
///
/// `transaction` (a ledger line), `wallet`, `auto_pay`, `top_up`, `card`, `request` and `link` (each the resource; a card that is
/// gone with `removed`), `session` (the stream ends), and `heartbeat`, which comes at the beginning and then at least every
/// `interval_seconds`: after twice as long without any event the stream is dead, whatever the connection says. The `id` is the last `seq` sent: with it as `Last-Event-ID` or `?after=` the stream goes on
/// without a gap and without repeating a line. Without either it begins with the wallet.
#[utoipa::path(
    get, path = paths::EVENTS, tag = "events", security(("session" = [])),
    params(Position, ("Last-Event-ID" = Option<String>, Header, description = "Wins over `after`")),
    responses(
        (status = 200, content_type = "text/event-stream", body = String), (status = 401, body = Document),
        (status = 403, body = Document), (status = 422, body = Document), (status = 429, body = Document),
    ),
)]
async fn stream_events(
    State(state): State<AppState>,
    Manager(member): Manager,
    headers: HeaderMap,
    Query(position): Query<Position>,
) -> Result<Response, Problem> {
    // The header wins: a browser that comes back by itself sends the newer position in it.
    let after = match headers.get(LAST_EVENT_ID) {
        Some(value) => Some(parse_seq(value.to_str().unwrap_or_default(), "/Last-Event-ID")?),
        None => position.after.as_deref().map(|text| parse_seq(text, "/after")).transpose()?,
    };
    // Before the stream is opened: ten tabs are many, a hundred are a fault.
    let slot = state.budgets.take_stream(&member.token_hash).await?;
    let messages = organization::open_stream(&state, member, after).await?;
    // Counted for as long as the stream is read: both go with the closure.
    let listening = state.metrics.listening();
    let stream = ReceiverStream::new(messages).map(move |message| {
        let _ = (&listening, &slot);
        Ok::<_, Infallible>(to_event(message))
    });
    let mut response = Sse::new(stream).into_response();
    // Reverse proxies that collect answers would hold the events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn parse_seq(text: &str, pointer: &str) -> Result<i64, Problem> {
    // `parse` alone would take `+5`.
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or_else(|| {
        Problem::field(
            pointer,
            "not_a_seq",
            Detail::general("Send the seq of the last line that you have, like 10432."),
        )
    })
}

fn to_event(PushMessage { seq, push }: PushMessage) -> Event {
    // The `seq` in every event, so that a browser that comes back names the last line that it has.
    let event = Event::default().id(seq.to_string());
    let (name, data) = match push {
        Push::Transaction(line) => return event.event(event::TRANSACTION).data(&line.text),
        Push::Wallet(text) => return event.event(event::WALLET).data(text),
        Push::AutoPay(text) => return event.event(event::AUTO_PAY).data(text),
        Push::TopUp(top_up) => (event::TOP_UP, to_json(&top_up)),
        Push::Card(card) => (event::CARD, to_json(&card)),
        Push::Request(request) => (event::REQUEST, to_json(&request)),
        Push::Link(link) => (event::LINK, to_json(&link)),
        Push::Session(state) => (event::SESSION, to_json(&SessionEvent { state })),
        Push::Heartbeat => (event::HEARTBEAT, to_json(&HeartbeatEvent { interval_seconds: event::HEARTBEAT_SECONDS })),
    };
    event.event(name).data(data)
}

/// Types of the contract have only keys that are text, so this cannot fail.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
