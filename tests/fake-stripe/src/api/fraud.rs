//! What card networks tell of by themselves: early fraud warnings, and new facts of a card.

use serde_json::{Value, json};

use crate::bank::Bank;

/// The card's bank suspects a paid intent.
pub(crate) fn warn(bank: &mut Bank, intent: &Value) -> Value {
    let id = bank.new_id("issfr");
    let warning = bank.insert(json!({
        "id": id, "object": "radar.early_fraud_warning", "actionable": true, "charge": intent["latest_charge"],
        "fraud_type": "unauthorized_use_of_card", "payment_intent": intent["id"],
    }));
    bank.emit("radar.early_fraud_warning.created", &warning);
    warning
}

/// The network knows a card's new expiry and digits. `None`: no such card.
pub(crate) fn renew_card(bank: &mut Bank, id: &str, last4: &str, exp_year: i64) -> Option<Value> {
    let mut card = bank.get("payment_method", id)?["card"].clone();
    card["last4"] = json!(last4);
    card["exp_year"] = json!(exp_year);
    let renewed = bank.update(id, json!({"card": card}));
    bank.emit("payment_method.automatically_updated", &renewed);
    Some(renewed)
}
