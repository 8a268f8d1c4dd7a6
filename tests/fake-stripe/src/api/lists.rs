//! Reading: one object, lists by page, and ids replaced by what they stand for.

use serde_json::{Value, json};

use super::{found, outcomes};
use crate::answer::{Outcome, invalid, refusal};
use crate::bank::Bank;
use crate::form::Form;

/// Path, kind, and by which fields a list may be narrowed.
const KINDS: &[(&[&str], &str, &[&str])] = &[
    (&["customers"], "customer", &["email"]),
    (&["payment_intents"], "payment_intent", &["customer"]),
    (&["setup_intents"], "setup_intent", &["customer", "payment_method"]),
    (&["payment_methods"], "payment_method", &["customer", "type"]),
    (&["refunds"], "refund", &["payment_intent", "charge"]),
    (&["disputes"], "dispute", &["payment_intent", "charge"]),
    (&["charges"], "charge", &["payment_intent", "customer"]),
    (&["checkout", "sessions"], "checkout.session", &["customer", "payment_intent"]),
    (&["events"], "event", &["type"]),
    (&["radar", "early_fraud_warnings"], "radar.early_fraud_warning", &["payment_intent", "charge"]),
];

pub(super) fn get(bank: &mut Bank, parts: &[&str], form: &Form) -> Outcome {
    outcomes::settle_processing(bank);
    for (path, kind, filters) in KINDS {
        match parts.strip_prefix(*path) {
            Some([]) => return list(bank, kind, filters, parts, form),
            Some([id]) => return found(bank, kind, id),
            _ => {}
        }
    }
    Err(refusal(404, "invalid_request_error", "", "Unrecognized request URL."))
}

fn list(bank: &Bank, kind: &str, filters: &[&str], parts: &[&str], form: &Form) -> Outcome {
    let known = [filters, &["limit", "starting_after", "created", "expand", "types"]].concat();
    if let Some(name) = form.unknown(&known) {
        return Err(invalid("parameter_unknown", &format!("Received unknown parameter: {name}")));
    }
    let limit = form.integer("limit").unwrap_or(10);
    if !(1..=100).contains(&limit) {
        return Err(invalid("parameter_invalid_integer", "limit must be 1 to 100"));
    }
    let types = form.all("types");
    let fits = |object: &Value| {
        let created = object["created"].as_i64().unwrap_or_default();
        filters.iter().all(|name| form.get(name).is_none_or(|wanted| object[*name] == wanted))
            && (types.is_empty() || types.iter().any(|name| object["type"] == *name))
            && form.integer("created[gte]").is_none_or(|from| created >= from)
            && form.integer("created[lt]").is_none_or(|to| created < to)
    };
    let newest_first: Vec<&Value> = bank.all(kind).into_iter().rev().filter(|object| fits(object)).collect();
    let start = match form.get("starting_after") {
        None => 0,
        Some(id) => match newest_first.iter().position(|object| object["id"] == id) {
            Some(at) => at + 1,
            None => return Err(invalid("resource_missing", &format!("No such {kind}: '{id}'"))),
        },
    };
    let limit = usize::try_from(limit).unwrap_or(10);
    let page: Vec<&Value> = newest_first.iter().skip(start).take(limit).copied().collect();
    let has_more = newest_first.len() > start + page.len();
    Ok(json!({"object": "list", "url": format!("/v1/{}", parts.join("/")), "has_more": has_more, "data": page}))
}

/// Replaces ids by objects, as `expand[]` asks.
pub(super) fn expanded(bank: &Bank, mut object: Value, form: &Form) -> Value {
    for path in form.all("expand") {
        match path.strip_prefix("data.") {
            Some(field) => {
                for item in object["data"].as_array_mut().into_iter().flatten() {
                    expand(bank, item, field);
                }
            }
            None => expand(bank, &mut object, path),
        }
    }
    object
}

fn expand(bank: &Bank, object: &mut Value, field: &str) {
    if let Some(inner) = object[field].as_str().and_then(|id| bank.any(id)).cloned() {
        object[field] = inner;
    }
}
