//! What tests may do over HTTP that Stripe does not offer.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::{Fake, Shared, api, webhooks};

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_fake/next", post(next))
        .route("/_fake/copies", post(copy))
        .route("/_fake/clock", post(clock))
        .route("/_fake/webhook", post(webhook))
        .route("/_fake/disputes", post(open_dispute))
        .route("/_fake/disputes/{id}", post(move_dispute))
        .route("/_fake/refunds", post(refund_in_dashboard))
        .route("/_fake/refunds/{id}", post(finish_refund))
        .route("/_fake/taken/{reference}", get(taken))
        .route("/_fake/recorded", get(recorded))
}

#[derive(Deserialize)]
struct Next {
    fault: String,
    /// It waits for a request to this path, `/v1/payment_intents`; else for the first that fits.
    path: Option<String>,
}

async fn next(State(shared): State<Shared>, Json(form): Json<Next>) -> Response {
    match form.fault.parse::<Fault>() {
        Ok(fault) => {
            shared.bank().faults.push(fault, form.path);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error).into_response(),
    }
}

/// Leaves a copy of the present books running at an address of its own, until the program ends.
async fn copy(State(shared): State<Shared>) -> Response {
    match Fake::copy(&shared).await {
        Ok(copy) => {
            let origin = copy.origin().to_owned();
            std::mem::forget(copy);
            Json(json!({"origin": origin})).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
struct Advance {
    advance_seconds: i64,
}

async fn clock(State(shared): State<Shared>, Json(form): Json<Advance>) -> StatusCode {
    shared.bank().advance(form.advance_seconds);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Webhook {
    url: Option<String>,
}

async fn webhook(State(shared): State<Shared>, Json(form): Json<Webhook>) -> StatusCode {
    shared.bank().webhook_url = form.url;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct NewDispute {
    payment_intent: String,
    amount: Option<i64>,
    #[serde(default)]
    inquiry: bool,
}

async fn open_dispute(State(shared): State<Shared>, Json(form): Json<NewDispute>) -> Response {
    let opened = {
        let mut bank = shared.bank();
        let intent = bank.get("payment_intent", &form.payment_intent).cloned();
        intent.map(|intent| api::dispute(&mut bank, &intent, form.amount, form.inquiry))
    };
    told(&shared, opened)
}

#[derive(Deserialize)]
struct Status {
    status: String,
}

async fn move_dispute(State(shared): State<Shared>, Path(id): Path<String>, Json(form): Json<Status>) -> Response {
    let moved = api::move_dispute(&mut shared.bank(), &id, &form.status);
    told(&shared, moved)
}

async fn finish_refund(State(shared): State<Shared>, Path(id): Path<String>, Json(form): Json<Status>) -> Response {
    let finished = api::finish_refund(&mut shared.bank(), &id, &form.status);
    told(&shared, finished)
}

#[derive(Deserialize)]
struct DashboardRefund {
    payment_intent: String,
    amount: Option<i64>,
}

async fn refund_in_dashboard(State(shared): State<Shared>, Json(form): Json<DashboardRefund>) -> Response {
    let refund = api::refund_in_dashboard(&mut shared.bank(), &form.payment_intent, form.amount).ok();
    told(&shared, refund)
}

fn told(shared: &Shared, object: Option<Value>) -> Response {
    webhooks::send(shared);
    object.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |object| Json(object).into_response())
}

async fn taken(State(shared): State<Shared>, Path(reference): Path<String>) -> Json<Value> {
    let (minor, charges) = shared.bank().taken(&reference);
    Json(json!({"minor": minor, "charges": charges}))
}

async fn recorded(State(shared): State<Shared>) -> Json<Value> {
    let bank = shared.bank();
    let all = bank.recorded.iter().map(|r| json!({"path": r.path, "parameters": r.parameters, "key": r.key}));
    Json(all.collect())
}
