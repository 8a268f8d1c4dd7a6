//! What a browser sees: a `stripe.js` of the stand-in's own with its form in a frame, and the Checkout page.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{self, Submitted};
use crate::cards::by_number;
use crate::form::Form;
use crate::{Shared, webhooks};

const SCRIPT: &str = include_str!("browser/stripe.js");
const FRAME: &str = include_str!("browser/frame.html");
const FRAME_SCRIPT: &str = include_str!("browser/frame.js");
const CHECKOUT: &str = include_str!("browser/checkout.html");
const OVER: &str = "<!doctype html><link rel='icon' href='data:,'><p>This page is over.</p>";

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/endive/stripe.js", get(|| async { text("text/javascript", SCRIPT) }))
        .route("/frame", get(|| async { text("text/html", FRAME) }))
        .route("/frame.js", get(|| async { text("text/javascript", FRAME_SCRIPT) }))
        .route("/_fake/browser/confirm", post(confirm))
        .route("/_fake/browser/authenticate", post(authenticate))
        .route("/_fake/browser/intent", post(intent))
        .route("/checkout/{id}", get(show_checkout).post(submit_checkout))
        .route("/checkout/{id}/challenge", post(answer_checkout))
}

fn text(kind: &'static str, body: &'static str) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    // The page that loads it may isolate itself.
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".to_owned()),
    ];
    (headers, body).into_response()
}

#[derive(Deserialize)]
struct Confirm {
    client_secret: String,
    /// Typed into the form.
    #[serde(default)]
    number: String,
    /// Instead of a number: a card that is there already.
    payment_method: Option<String>,
}

async fn confirm(State(shared): State<Shared>, Json(form): Json<Confirm>) -> Json<Value> {
    let outcome = match (&form.payment_method, by_number(&form.number)) {
        (Some(method), _) => api::confirm_again(&mut shared.bank(), &form.client_secret, method),
        (None, Some(card)) => api::confirm_in_browser(&mut shared.bank(), &form.client_secret, card.token),
        (None, None) => {
            Err(json!({"type": "card_error", "code": "incorrect_number", "message": "Your card number is incorrect."}))
        }
    };
    told(&shared, outcome)
}

#[derive(Deserialize)]
struct Authenticate {
    client_secret: String,
    approve: bool,
}

async fn authenticate(State(shared): State<Shared>, Json(form): Json<Authenticate>) -> Json<Value> {
    let outcome = api::authenticate(&mut shared.bank(), &form.client_secret, form.approve);
    told(&shared, outcome)
}

#[derive(Deserialize)]
struct Secret {
    client_secret: String,
}

async fn intent(State(shared): State<Shared>, Json(form): Json<Secret>) -> Json<Value> {
    let bank = shared.bank();
    let id = form.client_secret.split("_secret_").next().unwrap_or_default();
    let found = bank.any(id).filter(|intent| intent["client_secret"] == form.client_secret.as_str());
    Json(found.map_or_else(|| json!({"error": {"type": "invalid_request_error"}}), |intent| json!({"intent": intent})))
}

fn told(shared: &Shared, outcome: Result<Value, Value>) -> Json<Value> {
    webhooks::send(shared);
    Json(outcome.map_or_else(|error| json!({"error": error}), |intent| json!({"intent": intent})))
}

fn page(status: StatusCode, id: &str, notice: &str, challenge: bool) -> Response {
    let html = CHECKOUT
        .replace("{{id}}", id)
        .replace("{{notice}}", notice)
        .replace("{{form}}", if challenge { "hidden" } else { "" })
        .replace("{{challenge}}", if challenge { "" } else { "hidden" });
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

async fn show_checkout(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let open = shared.bank().get("checkout.session", &id).is_some_and(|session| session["status"] == "open");
    if open { page(StatusCode::OK, &id, "", false) } else { over() }
}

async fn submit_checkout(State(shared): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let form = Form::read(&body);
    let Some(card) = form.get("number").and_then(by_number) else {
        return page(StatusCode::OK, &id, "Your card number is incorrect.", false);
    };
    let submitted = api::submit_checkout(&mut shared.bank(), &id, Some(card));
    after(&shared, &id, submitted)
}

async fn answer_checkout(State(shared): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let approve = Form::read(&body).is_true("approve");
    let submitted = {
        let mut bank = shared.bank();
        match api::submit_checkout(&mut bank, &id, None) {
            Submitted::Challenge(secret) => match api::authenticate(&mut bank, &secret, approve) {
                Ok(_) => api::submit_checkout(&mut bank, &id, None),
                Err(_) => Submitted::Refused,
            },
            other => other,
        }
    };
    after(&shared, &id, submitted)
}

fn after(shared: &Shared, id: &str, submitted: Submitted) -> Response {
    webhooks::send(shared);
    match submitted {
        Submitted::Done(url) => Redirect::to(&url).into_response(),
        Submitted::Challenge(_) => page(StatusCode::OK, id, "Your bank asks you to confirm.", true),
        Submitted::Refused => page(StatusCode::OK, id, "Your card was declined.", false),
        Submitted::Over => over(),
    }
}

fn over() -> Response {
    (StatusCode::GONE, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], OVER).into_response()
}
