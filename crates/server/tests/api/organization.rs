//! The organization's own data, changed by one at a time.

use billing_domain::Date;
use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::{World, now};

const PATH: &str = "/api/v1/organization";

fn form(name: &str, time_zone: &str) -> Value {
    json!({"name": name, "address": "1 Main St\nAustin", "tax_id": "US-1", "time_zone": time_zone})
}

async fn put(client: &Client, etag: &str, form: &Value) -> Answer {
    send(client.request("PUT", PATH).header("if-match", etag).json(form)).await
}

async fn a_change_is_seen_by_everybody_and_has_a_new_version(world: World) {
    let (owner, member) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.member).await);
    let before = owner.get(PATH).await.expect(200);
    let etag = before.header("etag").unwrap();
    assert_eq!(etag, format!("\"{}\"", before.json()["etag"].as_str().unwrap()));
    let after = put(&owner, etag, &form("Acme Dental", "europe/berlin")).await.expect(200);
    assert_ne!(after.header("etag").unwrap(), etag);
    assert_eq!(owner.get(PATH).await.expect(200).json(), after.json());
    let seen = member.get("/api/v1/session").await.expect(200).json();
    assert_eq!(seen["organization"]["name"], "Acme Dental");
    assert_eq!(seen["organization"]["time_zone"], "Europe/Berlin", "browsers want the zone's usual spelling");
}

async fn two_changes_of_one_version_do_not_overwrite_each_other(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let etag = owner.get(PATH).await.expect(200).header("etag").unwrap().to_owned();
    let (one, two) = (form("One", "UTC"), form("Two", "UTC"));
    let (first, second) = tokio::join!(put(&owner, &etag, &one), put(&admin, &etag, &two));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let loser = if first.status == 412 { first } else { second };
    assert_eq!(loser.problem(), "stale");
    assert_eq!(owner.put(PATH, &one).await.expect(428).problem(), "precondition_required");
}

async fn every_wrong_field_is_named(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let etag = owner.get(PATH).await.expect(200).header("etag").unwrap().to_owned();
    let wrong = json!({"name": " ", "address": "x".repeat(501), "tax_id": "\u{7}", "time_zone": "Mars/Olympus"});
    let answer = put(&owner, &etag, &wrong).await.expect(422);
    let document = answer.json();
    let mut pointers: Vec<_> =
        document["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/address", "/name", "/tax_id", "/time_zone"]);
    assert_eq!(owner.get(PATH).await.expect(200).header("etag"), Some(etag.as_str()));
}

/// What a day cost, in whatever month it lies.
async fn spent_on(client: &Client, date: Date) -> String {
    let month = date.month();
    let path = format!("/api/v1/usage?month={:04}-{:02}", month.year(), month.number());
    let usage = client.get(&path).await.expect(200).json();
    let day = usage["days"].as_array().unwrap().iter().find(|day| day["date"] == date.to_string()).cloned();
    day.map_or("no such day".to_owned(), |day| day["total"].as_str().unwrap().to_owned())
}

async fn another_time_zone_counts_the_days_anew(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    // Three in the morning in Greenwich is the evening before in Chicago, in winter and in summer.
    let date = now().utc_date().plus_days(-2);
    let call = json!({
        "id": "call-1", "organization_id": world.acme.id, "kind": "outbound_call", "quantity": "100", "unit": "second",
        "unit_price": "0.01", "occurred_at": date.utc_start().plus_seconds(3 * 3600).to_string(),
        "description": "A call at night", "source": "Agent Ava",
    });
    let posted = world.platform().post("/api/v1/metering/events", &json!({"events": [call]})).await.expect(200);
    assert_eq!(posted.json()["results"][0]["status"], "posted", "{}", posted.text());
    assert_eq!(spent_on(&owner, date.plus_days(-1)).await, "1.00");
    assert_eq!(spent_on(&owner, date).await, "0.00");

    let etag = owner.get(PATH).await.expect(200).header("etag").unwrap().to_owned();
    put(&owner, &etag, &form("Acme", "Europe/London")).await.expect(200);
    assert_eq!(spent_on(&owner, date.plus_days(-1)).await, "0.00");
    assert_eq!(spent_on(&owner, date).await, "1.00");
}

on_both_databases!(
    another_time_zone_counts_the_days_anew,
    a_change_is_seen_by_everybody_and_has_a_new_version,
    two_changes_of_one_version_do_not_overwrite_each_other,
    every_wrong_field_is_named,
);
