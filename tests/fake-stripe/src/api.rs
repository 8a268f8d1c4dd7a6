//! Which request means what, which parameters it takes, and what it answers.

mod checkout;
mod confirming;
mod customers;
mod disputes;
mod fraud;
mod lists;
mod methods;
mod outcomes;
mod payments;
mod refunds;
mod setups;

use serde_json::{Value, json};

use crate::answer::{Answer, Outcome, invalid, refusal};
use crate::bank::Bank;
use crate::form::Form;

pub(crate) use checkout::{Submitted, submit as submit_checkout};
pub(crate) use confirming::{authenticate, confirm_again, confirm_in_browser};
pub(crate) use disputes::{dispute, move_dispute};
pub(crate) use fraud::{renew_card, warn};
pub(crate) use refunds::{create_in_dashboard as refund_in_dashboard, finish as finish_refund};

/// Parameters that every request takes.
const ALWAYS: &[&str] = &["expand"];

/// One request, already let in.
pub(crate) fn answer(bank: &mut Bank, origin: &str, method: &str, path: &str, form: &Form) -> Answer {
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    let outcome = match (method, parts.as_slice()) {
        ("GET", ["account"]) => Ok(json!({
            "id": crate::ACCOUNT, "object": "account", "charges_enabled": true, "payouts_enabled": true,
            "country": "US", "default_currency": "usd", "details_submitted": true,
        })),
        ("GET", ["balance"]) => Ok(json!({"object": "balance", "livemode": false, "available": [], "pending": []})),
        ("POST", ["customers"]) => checked(form, customers::FIELDS).map(|()| customers::create(bank, form)),
        ("POST", ["payment_intents"]) => checked(form, payments::FIELDS).and_then(|()| payments::create(bank, form)),
        ("POST", ["payment_intents", id]) => {
            checked(form, &["metadata", "description"]).and_then(|()| payments::update(bank, id, form))
        }
        ("POST", ["payment_intents", id, "cancel"]) => {
            checked(form, &["cancellation_reason"]).and_then(|()| payments::cancel(bank, id))
        }
        ("POST", ["setup_intents"]) => checked(form, setups::FIELDS).and_then(|()| setups::create(bank, form)),
        ("POST", ["setup_intents", id]) => {
            checked(form, &["metadata", "description"]).and_then(|()| setups::update(bank, id, form))
        }
        ("POST", ["setup_intents", id, "cancel"]) => {
            checked(form, &["cancellation_reason"]).and_then(|()| setups::cancel(bank, id))
        }
        ("POST", ["payment_methods", id, "detach"]) => checked(form, &[]).and_then(|()| methods::detach(bank, id)),
        ("POST", ["refunds"]) => checked(form, refunds::FIELDS).and_then(|()| refunds::create(bank, form)),
        ("POST", ["checkout", "sessions"]) => {
            checked(form, checkout::FIELDS).and_then(|()| checkout::create(bank, origin, form))
        }
        ("POST", ["checkout", "sessions", id, "expire"]) => {
            checked(form, &[]).and_then(|()| checkout::expire(bank, id))
        }
        ("GET", parts) => lists::get(bank, parts, form),
        _ => Err(refusal(404, "invalid_request_error", "", &format!("Unrecognized request URL ({method}: {path})."))),
    };
    Answer::of(outcome.map(|object| lists::expanded(bank, object, form)))
}

/// Refuses parameters that the endpoint does not know, and the one that this version no longer takes.
fn checked(form: &Form, known: &[&str]) -> Result<(), Answer> {
    if form.0.iter().any(|(name, _)| name.starts_with("payment_method_types")) {
        return Err(invalid(
            "payment_method_types_no_longer_supported",
            "`payment_method_types` is no longer supported. Use `allowed_payment_method_types` instead.",
        ));
    }
    match form.unknown(&[known, ALWAYS].concat()) {
        Some(name) => Err(invalid("parameter_unknown", &format!("Received unknown parameter: {name}"))),
        None => Ok(()),
    }
}

/// A required parameter.
fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, Answer> {
    form.get(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| invalid("parameter_missing", &format!("Missing required param: {name}.")))
}

/// The customer that a request names, if it names one.
fn customer(bank: &Bank, form: &Form) -> Result<Value, Answer> {
    match form.get("customer") {
        None => Ok(Value::Null),
        Some(id) if bank.get("customer", id).is_some() => Ok(json!(id)),
        Some(id) => Err(invalid("resource_missing", &format!("No such customer: '{id}'"))),
    }
}

/// `allowed_payment_method_types` must be cards alone here.
fn cards_only(form: &Form) -> Result<(), Answer> {
    match form.all("allowed_payment_method_types").as_slice() {
        ["card"] => Ok(()),
        other => Err(invalid("parameter_invalid_string", &format!("allowed_payment_method_types: {other:?}"))),
    }
}

/// Merges what a request says into an object's metadata.
fn with_metadata(object: &Value, form: &Form) -> Value {
    let mut metadata = object["metadata"].as_object().cloned().unwrap_or_default();
    metadata.extend(form.map("metadata"));
    Value::Object(metadata)
}

/// The outcome of an object that was found, or 404.
fn found(bank: &Bank, kind: &str, id: &str) -> Outcome {
    bank.get(kind, id).cloned().ok_or_else(|| crate::answer::missing(kind, id))
}
