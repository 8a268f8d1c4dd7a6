//! Refunds.

use serde_json::{Value, json};

use super::{found, required};
use crate::answer::{Outcome, invalid};
use crate::bank::Bank;
use crate::form::Form;

pub(super) const FIELDS: &[&str] = &["payment_intent", "amount", "reason", "metadata"];

pub(super) fn create(bank: &mut Bank, form: &Form) -> Outcome {
    let intent = found(bank, "payment_intent", required(form, "payment_intent")?)?;
    if intent["status"] != "succeeded" {
        return Err(invalid("", "This PaymentIntent does not have a successful charge to refund."));
    }
    if bank.is_taken_back(&intent["id"]) {
        return Err(invalid("charge_disputed", "This charge has been charged back; it cannot be refunded."));
    }
    let left = intent["amount_received"].as_i64().unwrap_or_default() - bank.given_back(&intent["id"]);
    let amount = form.integer("amount").unwrap_or(left);
    if left == 0 {
        return Err(invalid("charge_already_refunded", "Charge has already been refunded."));
    }
    if amount <= 0 || amount > left {
        return Err(invalid(
            "",
            &format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"),
        ));
    }
    let status = if bank.faults.refund().is_some() { "pending" } else { "succeeded" };
    let id = bank.new_id("re");
    let refund = bank.insert(json!({
        "id": id, "object": "refund", "amount": amount, "currency": intent["currency"], "payment_intent": intent["id"],
        "charge": intent["latest_charge"], "status": status, "reason": form.get("reason"),
        "metadata": form.map("metadata"),
    }));
    bank.emit("refund.created", &refund);
    Ok(refund)
}

/// Somebody refunds a paid intent in the dashboard: no key, no metadata of ours.
pub(crate) fn create_in_dashboard(bank: &mut Bank, intent: &str, amount: Option<i64>) -> Outcome {
    let mut form = Form(vec![("payment_intent".to_owned(), intent.to_owned())]);
    form.0.extend(amount.map(|amount| ("amount".to_owned(), amount.to_string())));
    create(bank, &form)
}

/// The card's bank says what becomes of a refund that is on its way.
pub(crate) fn finish(bank: &mut Bank, id: &str, status: &str) -> Option<Value> {
    bank.get("refund", id).filter(|refund| refund["status"] == "pending")?;
    let refund = bank.update(id, json!({"status": status}));
    bank.emit(if status == "failed" { "refund.failed" } else { "refund.updated" }, &refund);
    Some(refund)
}
