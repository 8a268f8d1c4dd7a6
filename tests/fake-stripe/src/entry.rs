//! The way in: who asks, under which key, and how the answer travels back.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::{Value, json};

use crate::answer::{Answer, invalid, refusal};
use crate::bank::{Bank, Recorded};
use crate::cards::{SILENT, SLOW};
use crate::faults::Fault;
use crate::form::Form;
use crate::keys::Claim;
use crate::{API_VERSION, Shared, api, browser, control, webhooks};

/// How long an answer about the slow card takes.
const SLOW_TIME: Duration = Duration::from_secs(5);
/// What scripted troubles of the line are for: requests that make something which moves money.
const RISKY: [&str; 4] = ["/v1/payment_intents", "/v1/setup_intents", "/v1/refunds", "/v1/checkout/sessions"];

pub(crate) fn routes(shared: Shared) -> Router {
    Router::new().route("/v1/{*rest}", any(enter)).merge(control::routes()).merge(browser::routes()).with_state(shared)
}

async fn enter(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    // A client that hangs up must not undo what it asked for.
    let work = tokio::spawn(async move { serve(&shared, &method, &uri, &headers, &body).await });
    work.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn serve(shared: &Shared, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
    if let Err(answer) = let_in(headers) {
        return respond(&answer, false);
    }
    let path = uri.path();
    if *method != Method::POST {
        let form = Form::read(uri.query().unwrap_or_default().as_bytes());
        let answer = api::answer(&mut shared.bank(), shared.origin(), method.as_str(), path, &form);
        webhooks::send(shared);
        return respond(&answer, false);
    }
    let form = Form::read(body);
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    if key.as_ref().is_some_and(|key| key.len() > 255) {
        return respond(&invalid("", "The idempotency key is longer than 255 characters."), false);
    }
    let begun = begin(&mut shared.bank(), shared.origin(), path, &form, key.as_deref());
    let (answer, fault) = match begun {
        Begun::Reply(answer, replayed) => return respond(&answer, replayed),
        Begun::Executed(answer, fault) => (answer, fault),
        Begun::Broken => return broken(),
    };
    webhooks::send(shared);
    let stored = if fault == Some(Fault::ActThenFail) { failure(true) } else { answer };
    if let Some(Fault::Stall(time)) = fault {
        tokio::time::sleep(time).await;
    }
    if let Some(key) = &key {
        shared.bank().keys.finish(key, stored.begun.then(|| stored.clone()));
    }
    match fault {
        Some(Fault::ActThenDrop) => broken(),
        Some(Fault::Garbage) => (StatusCode::OK, "<html>a proxy's page</html>").into_response(),
        Some(Fault::Lie(field)) => respond(&lie(stored, &field), false),
        _ => respond(&stored, false),
    }
}

fn let_in(headers: &HeaderMap) -> Result<(), Answer> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = authorization.strip_prefix("Bearer ").unwrap_or_default();
    if !(key.starts_with("sk_test_") || key.starts_with("rk_test_")) || key.contains("wrong") {
        return Err(refusal(401, "invalid_request_error", "", &format!("Invalid API Key provided: {key}")));
    }
    if headers.get("stripe-version").is_none_or(|version| version != API_VERSION) {
        return Err(invalid("", "This stand-in speaks one version only."));
    }
    Ok(())
}

/// What became of a changing request.
enum Begun {
    /// Nothing new happens; and whether it is a stored reply.
    Reply(Answer, bool),
    /// It was executed; what happens to its answer.
    Executed(Answer, Option<Fault>),
    /// The line broke first.
    Broken,
}

fn begin(bank: &mut Bank, origin: &str, path: &str, form: &Form, key: Option<&str>) -> Begun {
    let claim = key.map_or(Claim::New, |key| bank.keys.claim(key, path, form));
    match claim {
        Claim::New => {}
        Claim::Stored(answer) => return Begun::Reply(answer, true),
        Claim::AtWork => {
            let message = "There is currently another in-progress request using this Idempotent Key.";
            return Begun::Reply(refusal(409, "idempotency_error", "idempotency_key_in_use", message), false);
        }
        Claim::Mismatch => {
            let message =
                "Keys for idempotent requests can only be used with the same parameters they were first used with.";
            return Begun::Reply(refusal(400, "idempotency_error", "", message), false);
        }
    }
    let fault = if RISKY.contains(&path) { bank.faults.line(path) } else { None };
    let nothing = |bank: &mut Bank, begun: Begun| {
        if let Some(key) = key {
            bank.keys.finish(key, None);
        }
        begun
    };
    match fault {
        Some(Fault::Drop) => return nothing(bank, Begun::Broken),
        Some(Fault::Busy) => {
            let busy =
                refusal(429, "invalid_request_error", "lock_timeout", "This object cannot be accessed right now.");
            return nothing(bank, Begun::Reply(busy, false));
        }
        Some(Fault::Refuse) => {
            let refused = crate::answer::wrong_state("", "The request was refused after it began.");
            if let Some(key) = key {
                bank.keys.finish(key, Some(refused.clone()));
            }
            return Begun::Reply(refused, false);
        }
        Some(Fault::Fail) => return nothing(bank, Begun::Reply(failure(false), false)),
        _ => {}
    }
    bank.recorded.push(Recorded { path: template(path), parameters: form.0.clone(), key: key.map(str::to_owned) });
    let answer = api::answer(bank, origin, "POST", path, form);
    let by_card = match bank.tokens.get(form.get("payment_method").unwrap_or_default()).copied() {
        Some(SLOW) => Some(Fault::Stall(SLOW_TIME)),
        Some(SILENT) => Some(Fault::ActThenDrop),
        _ => None,
    };
    Begun::Executed(answer, fault.or(by_card))
}

fn failure(begun: bool) -> Answer {
    Answer { begun, ..refusal(500, "api_error", "", "An unknown error occurred") }
}

/// Says something else in one field than what happened.
fn lie(mut answer: Answer, field: &str) -> Answer {
    let other = match field {
        "amount" | "amount_received" => json!(999_999),
        "currency" => json!("xxx"),
        "livemode" => json!(true),
        "metadata" => json!({}),
        _ => json!("cus_somebody_else"),
    };
    if let Value::Object(body) = &mut answer.body {
        body.insert(field.to_owned(), other);
    }
    answer
}

fn respond(answer: &Answer, replayed: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = answer.body.clone();
    if let Value::Object(fields) = &mut body {
        fields.retain(|name, _| !name.starts_with('_'));
    }
    let mut response = (status, axum::Json(body)).into_response();
    if replayed {
        response.headers_mut().insert("idempotent-replayed", header::HeaderValue::from_static("true"));
    }
    response
}

/// An answer whose body breaks off before it began.
fn broken() -> Response {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("the line broke")) });
    Response::new(Body::from_stream(broken))
}

/// `/v1/payment_intents/pi_1/cancel` → `/v1/payment_intents/{id}/cancel`.
fn template(path: &str) -> String {
    let part = |part: &str| if part.contains("_fake") { "{id}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
