//! What intents come to: processing, and paid or set up.

use serde_json::{Value, json};

use super::{disputes, methods};
use crate::bank::Bank;
use crate::cards::DISPUTED;

pub(super) fn process_payment(bank: &mut Bank, intent: &Value) -> Value {
    let processing = bank.update(intent["id"].as_str().unwrap_or_default(), json!({"status": "processing"}));
    bank.emit("payment_intent.processing", &processing);
    processing
}

pub(super) fn succeed_payment(bank: &mut Bank, intent: &Value) -> Value {
    let charge_id = bank.new_id("ch");
    let charge = bank.insert(json!({
        "id": charge_id, "object": "charge", "amount": intent["amount"], "currency": intent["currency"],
        "customer": intent["customer"], "payment_intent": intent["id"], "paid": true, "status": "succeeded",
        "payment_method": intent["payment_method"], "amount_refunded": 0, "disputed": false, "metadata": intent["metadata"],
    }));
    let fields = json!({
        "status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge_id,
        "last_payment_error": Value::Null, "next_action": Value::Null,
    });
    let paid = bank.update(intent["id"].as_str().unwrap_or_default(), fields);
    bank.emit("charge.succeeded", &charge);
    bank.emit("payment_intent.succeeded", &paid);
    let method = paid["payment_method"].as_str().unwrap_or_default();
    if paid["setup_future_usage"] == "off_session" {
        methods::attach(bank, method, &paid["customer"]);
    }
    if bank.tokens.get(method).is_some_and(|token| *token == DISPUTED) {
        disputes::dispute(bank, &paid, None, false);
    }
    paid
}

/// What is on its way arrives when somebody looks.
pub(super) fn settle_processing(bank: &mut Bank) {
    let processing: Vec<Value> =
        bank.all("payment_intent").into_iter().filter(|intent| intent["status"] == "processing").cloned().collect();
    for intent in processing {
        succeed_payment(bank, &intent);
    }
}

pub(super) fn succeed_setup(bank: &mut Bank, intent: &Value) -> Value {
    methods::attach(bank, intent["payment_method"].as_str().unwrap_or_default(), &intent["customer"]);
    let fields = json!({"status": "succeeded", "last_setup_error": Value::Null, "next_action": Value::Null});
    let done = bank.update(intent["id"].as_str().unwrap_or_default(), fields);
    bank.emit("setup_intent.succeeded", &done);
    done
}
