//! Checkout Sessions: a page of the stand-in's own.

use serde_json::{Value, json};

use super::{cards_only, confirming, customer, found, methods, payments, required, setups};
use crate::answer::{Outcome, invalid, wrong_state};
use crate::bank::Bank;
use crate::cards::Card;
use crate::form::Form;

pub(super) const FIELDS: &[&str] = &[
    "mode",
    "customer",
    "allowed_payment_method_types",
    "client_reference_id",
    "metadata",
    "setup_intent_data",
    "payment_intent_data",
    "line_items",
    "success_url",
    "cancel_url",
    "expires_at",
    "wallet_options",
];

pub(super) fn create(bank: &mut Bank, origin: &str, form: &Form) -> Outcome {
    cards_only(form)?;
    let mode = required(form, "mode")?.to_owned();
    required(form, "success_url")?;
    let customer = customer(bank, form)?;
    let now = bank.now();
    let expires_at = form.integer("expires_at").unwrap_or(now + 24 * 3600);
    // Stripe: 30 minutes to 24 hours from now.
    if !(now + 30 * 60 - 60..=now + 24 * 3600 + 60).contains(&expires_at) {
        return Err(invalid("", "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."));
    }
    let (setup, amount, currency) = match mode.as_str() {
        "setup" => {
            let intent = setups::make(bank, &customer, "off_session", &form.map("setup_intent_data[metadata]").into());
            (intent["id"].clone(), Value::Null, Value::Null)
        }
        "payment" => {
            let amount = form.integer("line_items[0][price_data][unit_amount]").filter(|amount| *amount >= 50);
            let amount = amount.ok_or_else(|| invalid("amount_too_small", "The amount is missing or too small."))?;
            let currency = required(form, "line_items[0][price_data][currency]")?;
            (Value::Null, json!(amount), json!(currency))
        }
        other => return Err(invalid("", &format!("Invalid mode: {other}"))),
    };
    let id = bank.new_id("cs_test");
    Ok(bank.insert(json!({
        "id": id, "object": "checkout.session", "mode": mode, "customer": customer, "status": "open",
        "payment_status": if mode == "setup" { "no_payment_required" } else { "unpaid" },
        "client_reference_id": form.get("client_reference_id"), "metadata": form.map("metadata"),
        "setup_intent": setup, "payment_intent": Value::Null, "amount_total": amount, "currency": currency,
        "success_url": form.get("success_url"), "cancel_url": form.get("cancel_url"), "expires_at": expires_at,
        "url": format!("{origin}/checkout/{id}"),
        "_intent_metadata": form.map("payment_intent_data[metadata]"),
        "_future_usage": form.get("payment_intent_data[setup_future_usage]"),
    })))
}

pub(super) fn expire(bank: &mut Bank, id: &str) -> Outcome {
    let session = found(bank, "checkout.session", id)?;
    if session["status"] != "open" {
        return Err(wrong_state("", "Only Checkout Sessions with a status in [\"open\"] can be expired."));
    }
    let expired = bank.update(id, json!({"status": "expired", "url": Value::Null}));
    if let Some(setup) = session["setup_intent"].as_str() {
        // Whether it is open any more does not matter here.
        let _ = setups::cancel(bank, setup);
    }
    bank.emit("checkout.session.expired", &expired);
    Ok(expired)
}

/// What became of a filled-in page.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// The browser goes there.
    Done(String),
    /// The cardholder has to confirm; the intent's secret.
    Challenge(String),
    /// Refused; another card may be tried.
    Refused,
    /// The page is over.
    Over,
}

/// Somebody filled in the page, or (without a card) comes back from a challenge.
pub(crate) fn submit(bank: &mut Bank, id: &str, card: Option<&'static Card>) -> Submitted {
    let Some(session) = bank.get("checkout.session", id).cloned() else { return Submitted::Over };
    let late = session["expires_at"].as_i64().is_some_and(|at| at <= bank.now());
    if session["status"] != "open" || late {
        return Submitted::Over;
    }
    let intent = intent_of(bank, &session);
    let intent_id = intent["id"].as_str().unwrap_or_default().to_owned();
    let outcome = match card {
        None => Ok(intent),
        Some(card) => {
            let method = methods::make(bank, card);
            confirming::confirm(bank, &intent_id, method["id"].as_str().unwrap_or_default(), true)
        }
    };
    match outcome {
        Ok(intent) if intent["status"] == "succeeded" => {
            let paid = if confirming::is_payment(&intent) { "paid" } else { "no_payment_required" };
            let done = bank.update(id, json!({"status": "complete", "payment_status": paid, "url": Value::Null}));
            bank.emit("checkout.session.completed", &done);
            Submitted::Done(done["success_url"].as_str().unwrap_or_default().replace("{CHECKOUT_SESSION_ID}", id))
        }
        Ok(intent) if intent["status"] == "requires_action" => {
            Submitted::Challenge(intent["client_secret"].as_str().unwrap_or_default().to_owned())
        }
        _ => Submitted::Refused,
    }
}

/// A page that takes money makes its intent when it is filled in for the first time.
fn intent_of(bank: &mut Bank, session: &Value) -> Value {
    let known = session["setup_intent"].as_str().or_else(|| session["payment_intent"].as_str());
    if let Some(intent) = known.and_then(|id| bank.any(id)) {
        return intent.clone();
    }
    let amount = session["amount_total"].as_i64().unwrap_or_default();
    let currency = session["currency"].as_str().unwrap_or_default();
    let intent = payments::make(bank, amount, currency, &session["customer"], &session["_intent_metadata"]);
    let id = intent["id"].as_str().unwrap_or_default();
    let intent = bank.update(id, json!({"setup_future_usage": session["_future_usage"]}));
    bank.update(session["id"].as_str().unwrap_or_default(), json!({"payment_intent": id}));
    intent
}
