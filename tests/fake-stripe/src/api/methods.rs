//! Payment methods: cards, made of test tokens.

use serde_json::{Value, json};

use super::found;
use crate::answer::{Answer, Outcome, invalid, missing, wrong_state};
use crate::bank::Bank;
use crate::cards::{Card, by_token};

/// The payment method that a request names: a test token makes a new one.
pub(super) fn named(bank: &mut Bank, name: &str) -> Outcome {
    match by_token(name) {
        Some(card) => Ok(make(bank, card)),
        None => bank.get("payment_method", name).cloned().ok_or_else(|| missing("PaymentMethod", name)),
    }
}

pub(super) fn make(bank: &mut Bank, card: &'static Card) -> Value {
    let id = bank.new_id("pm");
    bank.tokens.insert(id.clone(), card.token);
    let last4 = card.number.get(card.number.len() - 4..).unwrap_or_default();
    bank.insert(json!({
        "id": id, "object": "payment_method", "type": "card", "customer": Value::Null, "metadata": {},
        "billing_details": {"address": Value::Null, "email": Value::Null, "name": Value::Null, "phone": Value::Null},
        "card": {
            "brand": card.brand, "last4": last4, "exp_month": 12, "exp_year": 2034, "country": "US", "funding": "credit",
            "fingerprint": format!("fp{}", card.token.replace("pm_card", "")), "checks": Value::Null,
        },
    }))
}

/// The test card behind a payment method.
pub(super) fn card_of(bank: &Bank, method: &str) -> Result<&'static Card, Answer> {
    bank.tokens.get(method).and_then(|token| by_token(token)).ok_or_else(|| missing("PaymentMethod", method))
}

/// A payment method may be charged for the customer it is attached to, and for nobody else. One that never was attached
/// may be used once, without a customer.
pub(super) fn usable(method: &Value, customer: &Value) -> Result<(), Answer> {
    if method["metadata"]["detached"] == "true" {
        return Err(invalid(
            "",
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with \
             a connected account without Customer attachment, or was detached from a Customer. It may not be used again.",
        ));
    }
    if method["customer"] != *customer && !method["customer"].is_null() {
        return Err(invalid("", "The PaymentMethod does not belong to the Customer you supplied."));
    }
    Ok(())
}

pub(super) fn attach(bank: &mut Bank, method: &str, customer: &Value) {
    let attached = bank.update(method, json!({"customer": customer}));
    bank.emit("payment_method.attached", &attached);
}

pub(super) fn detach(bank: &mut Bank, id: &str) -> Outcome {
    let method = found(bank, "payment_method", id)?;
    if method["customer"].is_null() {
        return Err(wrong_state(
            "",
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    }
    let detached = bank.update(id, json!({"customer": Value::Null, "metadata": {"detached": "true"}}));
    bank.emit("payment_method.detached", &detached);
    Ok(detached)
}
