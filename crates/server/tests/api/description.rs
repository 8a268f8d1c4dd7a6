//! The description of the API: complete, valid in itself, readable without a script.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use billing_contract::paths;
use serde_json::Value;

use crate::fixture::World;

/// Below no base path: load balancers and identity providers have their own ideas of addresses.
const OUTSIDE: [&str; 5] = ["/healthz", "/readyz", paths::AUTH_START, paths::AUTH_CALLBACK, paths::AUTH_LOGOUT];

fn operations(document: &Value) -> BTreeMap<(String, String), Value> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(|(method, operation)| ((path.clone(), method.clone()), operation.clone()))
        })
        .collect()
}

async fn every_address_of_the_contract_is_described(world: World) {
    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let described: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let contract: BTreeSet<String> = paths::ALL.iter().map(|path| format!("{}{path}", paths::BASE)).collect();
    let missing: Vec<_> = contract.iter().filter(|path| !described.contains(path.as_str())).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    let test_only = |path: &str| path.starts_with("/api/v1/test/");
    let unknown: Vec<_> = described
        .iter()
        .filter(|path| !contract.contains(**path) && !OUTSIDE.contains(path) && !test_only(path))
        .collect();
    assert!(unknown.is_empty(), "described, but not in the contract: {unknown:?}");
}

async fn every_operation_says_who_may_call_it_and_what_comes_back(world: World) {
    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    // The token of a payment link stands in the body.
    let of_links =
        ["resolve_link", "complete_link", "get_pay_attempt", "get_pay_receipt", "answer_pay_challenge"].as_slice();
    // So does that of a link to an account.
    let of_accounts = [
        "complete_setup",
        "request_password_reset",
        "complete_password_reset",
        "complete_email_change",
        "resolve_invitation",
        "accept_invitation",
    ]
    .as_slice();
    let open = ["create_session", "exchange_code", "get_bootstrap", "get_health", "get_readiness"].as_slice();
    // A browser on its way to an identity provider, and the provider itself, which signs what it says.
    let of_providers = ["start_login", "finish_login", "end_sessions_by_provider"].as_slice();
    let open = [open, of_links, of_accounts, of_providers].concat();
    for ((path, method), operation) in operations(&document) {
        if path.starts_with("/api/v1/test/") {
            continue;
        }
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{id} is there twice");
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        assert!(tags.contains(&&operation["tags"][0]), "{method} {path} has no tag of the outline");
        let responses = operation["responses"].as_object().unwrap();
        let is_good = |status: &String| status.starts_with(['2', '3']);
        assert!(responses.keys().any(is_good), "{method} {path} has no good answer");
        if !open.contains(&id.as_str()) {
            assert!(operation["security"].is_array() && responses.contains_key("401"), "{method} {path} needs nobody?");
        }
    }
}

async fn every_reference_leads_somewhere(world: World) {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

async fn the_page_for_people_names_every_operation_and_needs_no_script(world: World) {
    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    let page = world.anonymous().get("/api/docs").await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let html = page.text();
    for banned in ["<script", "<style", " style=", " onclick", "http://", "https://"] {
        assert!(!html.contains(banned), "{banned}");
    }
    for ((path, method), operation) in operations(&document) {
        let anchor = format!("id=\"{}\"", operation["operationId"].as_str().unwrap());
        assert!(html.contains(&anchor) || path.starts_with("/api/v1/test/"), "{method} {path} is not on the page");
    }
    let style = world.anonymous().get("/api/docs.css").await.expect(200);
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
}

/// Two types of one name would be one schema: whichever comes last.
#[test]
fn no_two_types_share_the_name_of_a_schema() {
    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut texts = Vec::new();
    for folder in ["src", "../contract/src", "../domain/src"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut texts);
    }
    let mut names = BTreeSet::new();
    for text in &texts {
        for (at, _) in text.match_indices("ToSchema)") {
            let words = text[at..].split_whitespace().collect::<Vec<_>>();
            let kind = words.iter().position(|word| ["struct", "enum"].contains(word)).unwrap();
            let name = words[kind + 1].trim_end_matches(['{', ';']);
            let name = name.split(['<', '(']).next().unwrap();
            assert!(names.insert(name), "{name} is there twice");
        }
    }
    assert!(names.len() > 50, "{}", names.len());
}

async fn whatever_is_sent_has_its_limits_in_the_description(world: World) {
    fn look(document: &Value, place: &str, schema: &Value, unlimited: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            // What is said beside a reference holds as well.
            let mut whole = document.pointer(reference.strip_prefix('#').unwrap()).unwrap().clone();
            let beside = schema.as_object().unwrap().iter().filter(|(name, _)| *name != "$ref");
            whole.as_object_mut().unwrap().extend(beside.map(|(name, value)| (name.clone(), value.clone())));
            return look(document, place, &whole, unlimited);
        }
        for several in ["oneOf", "anyOf", "allOf"] {
            for one in schema[several].as_array().into_iter().flatten() {
                look(document, place, one, unlimited);
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            look(document, &format!("{place}.{name}"), field, unlimited);
        }
        if schema["items"].is_object() {
            look(document, &format!("{place}[]"), &schema["items"], unlimited);
        }
        let is = |kind: &str| {
            schema["type"] == kind || schema["type"].as_array().is_some_and(|all| all.contains(&kind.into()))
        };
        let has = |names: &[&str]| names.iter().any(|name| !schema[*name].is_null());
        let limited = (!is("string") || has(&["maxLength", "enum", "const"]) || schema["format"] == "date-time")
            && (!is("array") || has(&["maxItems"]))
            && (!(is("integer") || is("number")) || (has(&["minimum"]) && has(&["maximum"])));
        if !limited {
            unlimited.push(place.to_owned());
        }
    }
    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    let mut unlimited = Vec::new();
    for ((path, method), operation) in operations(&document) {
        // Stripe's events are Stripe's.
        if !path.contains("/webhooks/") && !path.contains("/test/") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            look(&document, &format!("{method} {path}"), schema, &mut unlimited);
        }
    }
    assert!(unlimited.is_empty(), "without a limit: {unlimited:#?}");
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["UsageEvent"]["properties"]["description"]["maxLength"], 500);
    assert_eq!(schemas["Events"]["properties"]["events"]["maxItems"], 1_000);
    assert_eq!(schemas["Liveness"]["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["status"]);
    assert!(schemas["Health"]["properties"]["state"].is_object(), "of automatic payments: {}", schemas["Health"]);
}

/// The example of each operation of programs, as it stands on the page for people, is understood.
async fn the_examples_on_the_page_have_bodies_that_fit(world: World) {
    let html = world.anonymous().get("/api/docs").await.expect(200).text();
    let plain = html.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let mut sent = 0;
    for line in plain.split("<pre class=\"curl\"><code>").skip(1).filter_map(|rest| rest.split("</code>").next()) {
        let (Some(body), true) = (line.split(" -d '").nth(1), line.contains("Bearer $BILLING_KEY")) else { continue };
        let body: Value = serde_json::from_str(body.strip_suffix('\'').unwrap()).unwrap();
        let method = line.split(" -X ").nth(1).unwrap().split(' ').next().unwrap();
        let address = line.split("$BILLING_URL").nth(1).unwrap().split('"').next().unwrap();
        let request = world.platform().request(method, address).header("idempotency-key", crate::fixture::new_id());
        let answer = crate::client::send(request.json(&body)).await;
        assert!(
            answer.status < 500 && ![400, 401, 403, 405, 415].contains(&answer.status),
            "{line}: {}",
            answer.text()
        );
        let errors = if answer.status == 422 { answer.json()["errors"].to_string() } else { String::new() };
        for misfit in ["unknown_field", "\"required\"", "wrong_value"] {
            assert!(!errors.contains(misfit), "{line}: {errors}");
        }
        sent += 1;
    }
    assert!(sent >= 8, "{sent}");
}

on_both_databases!(
    the_examples_on_the_page_have_bodies_that_fit,
    whatever_is_sent_has_its_limits_in_the_description,
    every_address_of_the_contract_is_described,
    every_operation_says_who_may_call_it_and_what_comes_back,
    every_reference_leads_somewhere,
    the_page_for_people_names_every_operation_and_needs_no_script,
);
