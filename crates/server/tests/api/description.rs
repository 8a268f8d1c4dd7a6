//! The description of the API: complete, valid in itself, readable without a script.

use std::collections::{BTreeMap, BTreeSet};

use billing_contract::paths;
use serde_json::Value;

use crate::fixture::World;

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
        .filter(|path| !contract.contains(**path) && !["/healthz", "/readyz"].contains(path) && !test_only(path))
        .collect();
    assert!(unknown.is_empty(), "described, but not in the contract: {unknown:?}");
}

async fn every_operation_says_who_may_call_it_and_what_comes_back(world: World) {
    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    // The token of a hand-over link stands in the body.
    let of_links =
        ["resolve_link", "complete_link", "get_pay_attempt", "get_pay_receipt", "answer_pay_challenge"].as_slice();
    let open = [["create_session", "get_bootstrap", "get_health", "get_readiness"].as_slice(), of_links].concat();
    for ((path, method), operation) in operations(&document) {
        if path.starts_with("/api/v1/test/") {
            continue;
        }
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{id} is there twice");
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        assert!(tags.contains(&&operation["tags"][0]), "{method} {path} has no tag of the outline");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path} has no good answer");
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

on_both_databases!(
    every_address_of_the_contract_is_described,
    every_operation_says_who_may_call_it_and_what_comes_back,
    every_reference_leads_somewhere,
    the_page_for_people_names_every_operation_and_needs_no_script,
);
