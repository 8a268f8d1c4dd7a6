//! Customers.

use serde_json::{Value, json};

use crate::bank::Bank;
use crate::form::Form;

pub(super) const FIELDS: &[&str] = &["email", "name", "metadata", "description"];

pub(super) fn create(bank: &mut Bank, form: &Form) -> Value {
    let id = bank.new_id("cus");
    let customer = bank.insert(json!({
        "id": id, "object": "customer", "email": form.get("email"), "name": form.get("name"),
        "description": form.get("description"), "metadata": form.map("metadata"), "balance": 0, "delinquent": false,
    }));
    bank.emit("customer.created", &customer);
    customer
}
