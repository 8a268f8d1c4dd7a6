//! What every operation has in common and no handler repeats: the answers that the layers around it give, the media type
//! of problems, and a description of each answer.

use axum::http::StatusCode;
use billing_contract::ProblemCode;
use billing_contract::problem::MEDIA_TYPE;
use serde_json::{Map, Value, json};

/// Adds all of it to a document made from the routes.
pub(super) fn complete_document(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for operations in paths.values_mut().filter_map(Value::as_object_mut) {
        for (method, operation) in operations.iter_mut() {
            let around = answers_around(method, operation);
            let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { continue };
            for code in around {
                responses.entry(code.status().to_string()).or_insert_with(|| json!({}));
            }
            for (status, response) in responses.iter_mut() {
                describe_errors(status, response);
            }
        }
    }
}

/// What the layers and extractors around a handler may answer in its place.
fn answers_around(method: &str, operation: &Value) -> Vec<ProblemCode> {
    use ProblemCode::{
        Forbidden, Internal, Invalid, Malformed, Misdirected, RequestTimeout, SessionChanged, Timeout, TooLarge,
        TooManyRequests, Unauthenticated, Unavailable, UnsupportedMediaType,
    };
    let mut codes = vec![Misdirected, TooManyRequests, Internal, Unavailable, Timeout];
    let security: Vec<&String> = operation["security"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .collect();
    if !security.is_empty() {
        codes.push(Unauthenticated);
    }
    if security.iter().any(|name| *name == "session") {
        codes.push(SessionChanged);
    }
    if security.iter().any(|name| *name == "service_key") {
        // A key without the scope.
        codes.push(Forbidden);
    }
    // A change that another site's page could have sent.
    if method != "get" && !security.iter().any(|name| ["service_key", "stripe_signature"].contains(&name.as_str())) {
        codes.push(Forbidden);
    }
    if operation.get("requestBody").is_some() {
        codes.extend([Malformed, RequestTimeout, TooLarge, UnsupportedMediaType, Invalid]);
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    if parameters.clone().any(|parameter| parameter["in"] == "query") {
        codes.push(Invalid);
    }
    codes
}

fn describe_errors(status: &str, response: &mut Value) {
    let Some(response) = response.as_object_mut() else { return };
    let problems: Vec<&ProblemCode> =
        ProblemCode::ALL.iter().filter(|code| code.status().to_string() == status).collect();
    let said = response.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if !said {
        let text = if problems.is_empty() {
            let known = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
            known.and_then(|status| status.canonical_reason()).unwrap_or("An answer").to_owned()
        } else {
            problems.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect::<Vec<_>>().join("; ")
        };
        response.insert("description".to_owned(), text.into());
    }
    if !problems.is_empty() {
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        response.insert("content".to_owned(), json!({MEDIA_TYPE: {"schema": schema}}));
    }
    if problems.iter().any(|code| matches!(code, ProblemCode::TooManyRequests | ProblemCode::Unavailable)) {
        let header = json!({"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}});
        response.insert("headers".to_owned(), json!({"Retry-After": header}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_gets_the_answers_of_what_surrounds_it() {
        let operation = |security: Value| json!({"security": security, "requestBody": {}, "responses": {"201": {}}});
        let mut document = json!({"paths": {"/a": {
            "post": operation(json!([{"session": []}])), "put": operation(json!([{"service_key": []}])),
            "get": {"responses": {"200": {"description": "Here"}}},
        }}});
        complete_document(&mut document);
        let statuses = |method: &str| {
            let responses = document["paths"]["/a"][method]["responses"].as_object().unwrap();
            responses.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(statuses("post"), "201 400 401 403 408 409 413 415 421 422 429 500 503 504");
        assert_eq!(statuses("put"), "201 400 401 403 408 413 415 421 422 429 500 503 504");
        assert_eq!(statuses("get"), "200 421 429 500 503 504");
        let responses = &document["paths"]["/a"]["post"]["responses"];
        assert_eq!(responses["201"]["description"], "Created");
        assert!(responses["429"]["headers"]["Retry-After"].is_object());
        assert!(responses["422"]["content"]["application/problem+json"].is_object());
        assert_eq!(document["paths"]["/a"]["get"]["responses"]["200"]["description"], "Here");
    }
}
