//! One line of curl for each operation, made from its description: method, address, what lets it in, and a body that fits.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{list_of, object_of};

/// What stands for ids of ours.
const ID: &str = "0198c0de-0000-7000-8000-000000000000";
/// Schemas that refer to themselves end somewhere.
const DEEPEST: usize = 8;

/// The line, for a shell in which `BILLING_URL` is this server's address, `BILLING_KEY` a key of a program and `BILLING_SESSION`
/// the token of a session.
pub(super) fn write_curl(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let mut line = String::from("curl -sS");
    if method != "get" {
        line.push_str(" -X ");
        line.push_str(&method.to_uppercase());
    }
    let _ = write!(line, " \"$BILLING_URL{}{}\"", fill_path(path, operation), write_query(operation));
    line.push_str(write_credentials(method, operation));
    for parameter in list_of(&operation["parameters"]).filter(|one| one["in"] == "header" && one["required"] == true) {
        line.push_str(match parameter["name"].as_str() {
            Some("Idempotency-Key") => " -H \"Idempotency-Key: $(uuidgen)\"",
            Some("If-Match") => " -H 'If-Match: *'",
            _ => "",
        });
    }
    if list_of(&operation["security"]).any(|one| one.get("stripe_signature").is_some()) {
        // What Stripe signs is Stripe's.
        line.push_str(" -H \"Stripe-Signature: $STRIPE_SIGNATURE\" --data-binary @event.json");
    } else if let Some(body) = example_body(document, operation) {
        let _ = write!(line, " -H 'Content-Type: application/json' -d '{body}'");
    }
    line
}

fn write_credentials(method: &str, operation: &Value) -> &'static str {
    let needs = |scheme: &str| list_of(&operation["security"]).any(|one| one.get(scheme).is_some());
    if needs("service_key") {
        " -H \"Authorization: Bearer $BILLING_KEY\""
    } else if needs("session") && method == "get" {
        " -b \"nexis_session=$BILLING_SESSION\""
    } else if needs("session") {
        " -b \"nexis_session=$BILLING_SESSION\" -H \"Origin: $BILLING_URL\""
    } else if method != "get" && !needs("stripe_signature") {
        " -H \"Origin: $BILLING_URL\""
    } else {
        ""
    }
}

/// Ids of the host's where those are taken.
fn fill_path(path: &str, operation: &Value) -> String {
    let mut filled = path.to_owned();
    for parameter in list_of(&operation["parameters"]).filter(|one| one["in"] == "path") {
        let name = parameter["name"].as_str().unwrap_or_default();
        let own = parameter["description"].as_str().is_some_and(|text| text.contains("ext:"));
        let value = match name {
            "user" => "ext:u_7",
            _ if own => "ext:acct_42",
            _ if path.contains("/transactions/") => "1",
            _ => ID,
        };
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

fn write_query(operation: &Value) -> String {
    let required = list_of(&operation["parameters"]).filter(|one| one["in"] == "query" && one["required"] == true);
    let pairs: Vec<String> = required
        .map(|one| {
            let name = one["name"].as_str().unwrap_or_default();
            format!("{name}={}", text_example(name, &one["schema"]))
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// A body in which every required field has a value of its kind.
fn example_body(document: &Value, operation: &Value) -> Option<Value> {
    let schema = operation.pointer("/requestBody/content/application~1json/schema")?;
    Some(example_of(document, "", schema, 0))
}

fn example_of(document: &Value, name: &str, schema: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    let deeper = |name: &str, schema: &Value| example_of(document, name, schema, depth + 1);
    if let Some(reference) = schema["$ref"].as_str().and_then(|text| text.strip_prefix('#')) {
        return document.pointer(reference).map_or(Value::Null, |schema| deeper(name, schema));
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(first) = list_of(&schema[several]).find(|one| one["type"] != "null") {
            return deeper(name, first);
        }
    }
    if schema["allOf"].is_array() {
        let mut whole = Map::new();
        for part in list_of(&schema["allOf"]) {
            if let Value::Object(fields) = deeper(name, part) {
                whole.extend(fields);
            }
        }
        return Value::Object(whole);
    }
    if let Some(first) = list_of(&schema["enum"]).next() {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| list_of(&schema["type"]).find_map(Value::as_str));
    match kind {
        Some("object") => {
            let required = |field: &str| list_of(&schema["required"]).any(|one| one == field);
            let fields = object_of(&schema["properties"]).filter(|(field, _)| required(field));
            Value::Object(fields.map(|(field, shape)| (field.clone(), deeper(field, shape))).collect())
        }
        Some("array") => json!([deeper(name, &schema["items"])]),
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
        _ => json!(text_example(name, schema)),
    }
}

/// A text of the kind that a field of this name takes.
fn text_example(name: &str, schema: &Value) -> String {
    let by_format = match schema["format"].as_str() {
        Some("uuid") => Some(ID),
        Some("date-time") => Some("2027-01-31T00:00:00Z"),
        Some("date") => Some("2026-11-30"),
        _ => None,
    };
    let text = by_format.unwrap_or(match name {
        "amount" | "threshold" | "balance" => "25.00",
        "monthly_cap" => "500.00",
        "currency" => "USD",
        "email" => "ada@example.com",
        "external_id" => "u_7",
        "month" => "2026-11",
        "name" => "Ada Lovelace",
        "organization" => "ext:acct_42",
        "organization_id" => ID,
        "scopes" => "metering:write",
        "time_zone" => "Europe/Berlin",
        "unit_price" => "0.015",
        "quantity" => "1",
        _ => "text",
    });
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::docs::all_operations;
    use crate::http::router::api_routes;

    /// As a shell takes it apart: words, with their quotes taken off.
    fn words_of(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
        for one in line.chars() {
            match (quote, one) {
                (None, '\'' | '"') => quote = Some(one),
                (Some(open), _) if open == one => quote = None,
                (None, ' ') => words.push(std::mem::take(&mut word)),
                _ => word.push(one),
            }
        }
        assert_eq!(quote, None, "{line}");
        words.push(word);
        words
    }

    #[test]
    fn each_line_is_a_whole_command_with_an_address_and_a_body_that_exist() {
        let (_, document) = api_routes().split_for_parts();
        let document = serde_json::to_value(document).unwrap();
        let (mut lines, mut bodies) = (0, 0);
        for (path, method, operation) in all_operations(&document) {
            let line = write_curl(&document, path, method, operation);
            let words = words_of(&line);
            let address = words.iter().find_map(|word| word.strip_prefix("$BILLING_URL")).unwrap();
            let (address, _) = address.split_once('?').unwrap_or((address, ""));
            let same = |(given, described): (&str, &str)| given == described || described.starts_with('{');
            assert!(address.split('/').zip(path.split('/')).all(same) && !address.contains('{'), "{line}");
            assert_eq!(address.split('/').count(), path.split('/').count(), "{line}");
            assert_eq!(words.iter().any(|word| word == &method.to_uppercase()), method != "get", "{line}");
            let body = words.iter().position(|word| word == "-d").map(|at| words[at + 1].as_str());
            if let Some(body) = body {
                assert!(serde_json::from_str::<Value>(body).unwrap().is_object(), "{line}");
                bodies += 1;
            }
            let needs_key = operation["security"].to_string().contains("service_key");
            assert_eq!(line.contains("Bearer $BILLING_KEY"), needs_key, "{line}");
            lines += 1;
        }
        assert!(lines > 60 && bodies > 20, "{lines} {bodies}");
    }
}
