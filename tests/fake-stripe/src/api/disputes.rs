//! Disputes: the cardholder's bank takes money back, and sometimes gives it back again.

use serde_json::{Value, json};

use crate::bank::Bank;

/// Opens a dispute about a paid intent; `inquiry` moves no money yet.
pub(crate) fn dispute(bank: &mut Bank, intent: &Value, amount: Option<i64>, inquiry: bool) -> Value {
    let id = bank.new_id("dp");
    let amount = amount.or_else(|| intent["amount_received"].as_i64()).unwrap_or_default();
    let dispute = bank.insert(json!({
        "id": id, "object": "dispute", "amount": amount, "currency": intent["currency"], "reason": "fraudulent",
        "status": if inquiry { "warning_needs_response" } else { "needs_response" }, "charge": intent["latest_charge"],
        "payment_intent": intent["id"], "balance_transactions": [], "is_charge_refundable": inquiry, "metadata": {},
    }));
    bank.emit("charge.dispute.created", &dispute);
    if inquiry { dispute } else { move_dispute(bank, &id, "needs_response").unwrap_or_default() }
}

/// Moves a dispute on: `needs_response` takes the money, `won` gives it back, `lost` ends it, `warning_closed` ends an
/// inquiry.
pub(crate) fn move_dispute(bank: &mut Bank, id: &str, status: &str) -> Option<Value> {
    let dispute = bank.get("dispute", id)?.clone();
    let amount = dispute["amount"].as_i64().unwrap_or_default();
    let mut entries = dispute["balance_transactions"].as_array().cloned().unwrap_or_default();
    let moves = match (status, entries.len()) {
        ("needs_response" | "lost", 0) => Some((-amount, "charge.dispute.funds_withdrawn")),
        ("won", 1) => Some((amount, "charge.dispute.funds_reinstated")),
        _ => None,
    };
    if let Some((amount, _)) = moves {
        let entry = bank.new_id("txn");
        entries.push(json!({"id": entry, "object": "balance_transaction", "amount": amount, "currency": dispute["currency"], "type": "adjustment"}));
    }
    let present = bank.update(id, json!({"status": status, "balance_transactions": entries}));
    if let Some((_, event)) = moves {
        bank.emit(event, &present);
    }
    let over = matches!(status, "won" | "lost" | "warning_closed");
    bank.emit(if over { "charge.dispute.closed" } else { "charge.dispute.updated" }, &present);
    Some(present)
}
