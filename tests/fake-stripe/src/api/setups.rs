//! `SetupIntents`.

use serde_json::{Value, json};

use super::{cards_only, confirming, customer, found, methods, with_metadata};
use crate::answer::{Outcome, invalid, wrong_state};
use crate::bank::Bank;
use crate::form::Form;

pub(super) const FIELDS: &[&str] = &[
    "customer",
    "usage",
    "payment_method",
    "allowed_payment_method_types",
    "confirm",
    "use_stripe_sdk",
    "metadata",
    "description",
    "return_url",
];

pub(super) fn create(bank: &mut Bank, form: &Form) -> Outcome {
    cards_only(form)?;
    let customer = customer(bank, form)?;
    let method = form.get("payment_method").map(|name| methods::named(bank, name)).transpose()?;
    if let Some(method) = &method {
        methods::usable(method, &customer)?;
    }
    let intent = make(bank, &customer, form.get("usage").unwrap_or("off_session"), &form.map("metadata").into());
    let id = intent["id"].as_str().unwrap_or_default();
    match method.as_ref().and_then(|method| method["id"].as_str()) {
        Some(method) if form.is_true("confirm") => confirming::confirm(bank, id, method, true),
        Some(method) => Ok(bank.update(id, json!({"status": "requires_confirmation", "payment_method": method}))),
        None if form.is_true("confirm") => {
            Err(invalid("setup_intent_unexpected_state", "It is missing a payment method."))
        }
        None => Ok(intent),
    }
}

pub(super) fn make(bank: &mut Bank, customer: &Value, usage: &str, metadata: &Value) -> Value {
    let id = bank.new_id("seti");
    let intent = bank.insert(json!({
        "id": id, "object": "setup_intent", "customer": customer, "usage": usage, "payment_method": Value::Null,
        "payment_method_types": ["card"], "metadata": metadata, "status": "requires_payment_method",
        "client_secret": format!("{id}_secret_{id}x"), "last_setup_error": Value::Null, "next_action": Value::Null,
        "cancellation_reason": Value::Null, "latest_attempt": Value::Null,
    }));
    bank.emit("setup_intent.created", &intent);
    intent
}

pub(super) fn update(bank: &mut Bank, id: &str, form: &Form) -> Outcome {
    let intent = found(bank, "setup_intent", id)?;
    let metadata = with_metadata(&intent, form);
    Ok(bank.update(id, json!({"metadata": metadata})))
}

pub(super) fn cancel(bank: &mut Bank, id: &str) -> Outcome {
    let intent = found(bank, "setup_intent", id)?;
    if matches!(intent["status"].as_str(), Some("succeeded" | "canceled" | "processing")) {
        let message = format!("You cannot cancel this SetupIntent because it has a status of {}.", intent["status"]);
        return Err(wrong_state("setup_intent_unexpected_state", &message));
    }
    let fields = json!({"status": "canceled", "cancellation_reason": "abandoned", "next_action": Value::Null,
        "last_setup_error": Value::Null});
    let cancelled = bank.update(id, fields);
    bank.emit("setup_intent.canceled", &cancelled);
    Ok(cancelled)
}
