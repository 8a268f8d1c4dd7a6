//! Text in people's own words: no card number and no unseen character gets into the database by any way.

use serde_json::{Value, json};

use crate::client::send;
use crate::fixture::World;
use crate::wallets::{assert_whole, lines, report, usage};

const SPELLINGS: [&str; 6] = [
    "4242 4242 4242 4242",
    "4242/4242/4242/4242",
    "4242\u{a0}4242\u{a0}4242\u{a0}4242",
    "４２４２４２４２４２４２４２４２",
    "4242\u{200b}4242\u{200b}4242\u{200b}4242",
    "order-4242-4242-4242-4242",
];

/// Every way of a person's text into the database: method, path, body, pointer.
fn ways(text: &str) -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let organization = json!({"name": "Acme", "address": "1 Main St", "tax_id": "", "time_zone": "America/Chicago"});
    let organization = |field: &str| {
        let mut form = organization.clone();
        form[field] = json!(text);
        form
    };
    vec![
        ("PUT", "/api/v1/organization", organization("name"), "/name"),
        ("PUT", "/api/v1/organization", organization("address"), "/address"),
        ("POST", "/api/v1/payment-links", json!({"purpose": "connect", "note": text}), "/note"),
        ("POST", "/api/v1/requests", json!({"amount": "50.00", "reason": text}), "/reason"),
        (
            "POST",
            "/api/v1/cards/setups",
            json!({"token": "pm_card_visa", "exp_month": 12, "exp_year": 2034, "consent": text}),
            "/consent",
        ),
    ]
}

async fn no_text_of_a_person_may_hold_a_card_number_or_what_is_not_seen(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let unseen = ["a\u{202e}b", "a\u{2066}b", "a\u{200b}b", "a\u{0}b", "a\u{85}b", "a\u{2028}b", "a\u{e0041}b"];
    let texts = SPELLINGS.iter().map(|text| (*text, "card_number")).chain(unseen.map(|text| (text, "unprintable")));
    for (text, code) in texts {
        for (method, path, body, pointer) in ways(text) {
            let request = owner.request(method, path).header("If-Match", "*").json(&body);
            let answer = send(request).await.expect(422);
            let error = answer.json()["errors"][0].clone();
            let told = (error["pointer"].as_str(), error["code"].as_str());
            // What is not seen within a number is a card number where the body is looked at first.
            assert_eq!(told.0, Some(pointer), "{text:?} {path}");
            assert!(told.1 == Some(code) || text.contains('\u{200b}'), "{text:?} {path}: {told:?}");
            assert!(!answer.text().contains("4242"), "{path}");
        }
    }
}

async fn a_usage_line_is_posted_and_what_describes_it_masked(world: World) {
    let acme = &world.acme.id;
    let mut events = Vec::new();
    for (number, spelt) in SPELLINGS.iter().enumerate() {
        let mut event = usage(&format!("call-{number}"), acme, "outbound_call", "0.1");
        event["description"] = json!(format!("Paid with {spelt}, thanks"));
        event["source"] = json!(format!("Agent\u{202e} {spelt}"));
        events.push(event);
    }
    let results = report(&world, &events).await;
    assert!(results.iter().all(|result| result["status"] == "posted"), "{results:?}");
    for line in lines(&world, acme).await {
        let told = format!("{line:?}");
        assert!(!told.contains("4242 4242") && !told.contains("42424242") && !told.contains("202e"), "{told}");
        assert_eq!(told.matches("••••4242").count(), 2, "{told}");
    }
    // The same again is the same content.
    let again = report(&world, &events).await;
    assert!(again.iter().all(|result| result["status"] == "duplicate"), "{again:?}");
    assert_whole(&world, acme).await;
}

async fn an_id_that_is_a_card_number_posts_once_and_is_not_kept(world: World) {
    let acme = &world.acme.id;
    let event = |id: &str| {
        let mut event = usage(id, acme, "ai_task", "0.1");
        event["occurred_at"] = json!("2026-11-01T00:00:00Z");
        event
    };
    let ids = ["4242424242424242", "call-5555555555554444", "call-8841"];
    let events = ids.map(event);
    let results = report(&world, &events).await;
    let seen: Vec<_> = results.iter().map(|result| (result["id"].as_str(), result["status"].as_str())).collect();
    assert_eq!(seen, ids.map(|id| (Some(id), Some("posted"))), "the platform is answered with its own ids");
    let again = report(&world, &events).await;
    assert!(again.iter().all(|result| result["status"] == "duplicate"), "{again:?}");
    let mut other = event(ids[0]);
    other["quantity"] = json!("2");
    assert_eq!(report(&world, &[other]).await[0]["error"]["code"], "conflict");
    let kept = lines(&world, acme).await;
    assert_eq!(kept.len(), 3);
    let text = format!("{kept:?}");
    assert!(!text.contains("4242424242424242") && !text.contains("5555555555554444"), "{text}");
    let unseen = report(&world, &[event("a\u{202e}b")]).await;
    assert_eq!((&unseen[0]["status"], &unseen[0]["error"]["code"]), (&json!("rejected"), &json!("unprintable")));
}

on_both_databases! {
    no_text_of_a_person_may_hold_a_card_number_or_what_is_not_seen,
    a_usage_line_is_posted_and_what_describes_it_masked,
    an_id_that_is_a_card_number_posts_once_and_is_not_kept,
}
