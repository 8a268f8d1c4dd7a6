//! `PaymentIntents`.

use serde_json::{Value, json};

use super::{cards_only, confirming, customer, found, methods, required, with_metadata};
use crate::answer::{Outcome, invalid, wrong_state};
use crate::bank::Bank;
use crate::form::Form;

/// Minor units; as many cents or yen.
const SMALLEST: i64 = 50;

pub(super) const FIELDS: &[&str] = &[
    "amount",
    "currency",
    "customer",
    "payment_method",
    "allowed_payment_method_types",
    "confirm",
    "off_session",
    "use_stripe_sdk",
    "setup_future_usage",
    "metadata",
    "description",
    "return_url",
];

pub(super) fn create(bank: &mut Bank, form: &Form) -> Outcome {
    required(form, "amount")?;
    let currency = required(form, "currency")?.to_owned();
    let amount =
        form.integer("amount").ok_or_else(|| invalid("parameter_invalid_integer", "Invalid integer: amount"))?;
    cards_only(form)?;
    if amount < SMALLEST {
        return Err(invalid("amount_too_small", "Amount must convert to at least 50 cents."));
    }
    let customer = customer(bank, form)?;
    let confirms = form.is_true("confirm");
    if form.is_true("off_session") && !confirms {
        return Err(invalid("parameter_missing", "off_session is only allowed with confirm=true."));
    }
    let method = form.get("payment_method").map(|name| methods::named(bank, name)).transpose()?;
    if let Some(method) = &method {
        methods::usable(method, &customer)?;
    }
    let intent = make(bank, amount, &currency, &customer, &form.map("metadata").into());
    let id = intent["id"].as_str().unwrap_or_default();
    match method.as_ref().and_then(|method| method["id"].as_str()) {
        Some(method) if confirms => confirming::confirm(bank, id, method, !form.is_true("off_session")),
        Some(method) => Ok(bank.update(id, json!({"status": "requires_confirmation", "payment_method": method}))),
        None if confirms => Err(invalid(
            "payment_intent_unexpected_state",
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
        )),
        None => Ok(intent),
    }
}

pub(super) fn make(bank: &mut Bank, amount: i64, currency: &str, customer: &Value, metadata: &Value) -> Value {
    let id = bank.new_id("pi");
    let intent = bank.insert(json!({
        "id": id, "object": "payment_intent", "amount": amount, "amount_received": 0, "amount_capturable": 0,
        "currency": currency, "customer": customer, "payment_method": Value::Null, "payment_method_types": ["card"],
        "metadata": metadata, "status": "requires_payment_method", "client_secret": format!("{id}_secret_{id}x"),
        "last_payment_error": Value::Null, "next_action": Value::Null, "latest_charge": Value::Null,
        "canceled_at": Value::Null, "cancellation_reason": Value::Null, "capture_method": "automatic_async",
        "confirmation_method": "automatic",
    }));
    bank.emit("payment_intent.created", &intent);
    intent
}

pub(super) fn update(bank: &mut Bank, id: &str, form: &Form) -> Outcome {
    let intent = found(bank, "payment_intent", id)?;
    let metadata = with_metadata(&intent, form);
    Ok(bank.update(id, json!({"metadata": metadata})))
}

pub(super) fn cancel(bank: &mut Bank, id: &str) -> Outcome {
    let intent = found(bank, "payment_intent", id)?;
    if matches!(intent["status"].as_str(), Some("succeeded" | "canceled" | "processing")) {
        let message = format!("You cannot cancel this PaymentIntent because it has a status of {}.", intent["status"]);
        return Err(wrong_state("payment_intent_unexpected_state", &message));
    }
    // Stripe clears the last error whenever an intent is updated.
    let fields = json!({"status": "canceled", "canceled_at": bank.now(), "cancellation_reason": "abandoned",
        "next_action": Value::Null, "last_payment_error": Value::Null});
    let cancelled = bank.update(id, fields);
    bank.emit("payment_intent.canceled", &cancelled);
    Ok(cancelled)
}
