//! The health of automatic payments reaches whoever watches, whatever has changed it: usage, the bank, time, another program.

use serde_json::{Value, json};

use crate::client::{Client, send};
use crate::fixture::{Server, World};
use crate::money::{connect, pay, script};
use crate::stream::Stream;
use crate::wallets::spend;

on_both_databases!(
    a_stream_says_how_automatic_payments_do_before_anything_happens,
    usage_that_the_pace_keeps_from_a_charge_is_told_and_so_is_the_end_of_the_hour,
    usage_that_the_cap_keeps_from_a_charge_is_told,
    what_the_bank_says_is_told,
    another_program_is_told_too,
);

/// Paid 100, refilled by 50 at 20.
async fn armed(world: &World, cap: &str) -> Client {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    pay(&owner, "k-1", "100.00").await.expect(201);
    put(&owner, true, cap).await;
    owner
}

async fn put(client: &Client, enabled: bool, cap: &str) {
    let refill = json!({"kind": "fixed", "amount": "50"});
    let form = json!({"enabled": enabled, "threshold": "20", "refill": refill, "monthly_cap": cap});
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&form)).await.expect(200);
}

/// Waits for this state of health; what was told with it.
async fn told(stream: &mut Stream, state: &str) -> Value {
    loop {
        let data = stream.next_of("auto_pay").await.data;
        if data["health"]["state"] == state {
            return data;
        }
    }
}

async fn a_stream_says_how_automatic_payments_do_before_anything_happens(world: World) {
    let owner = armed(&world, "500").await;
    let shown = owner.get("/api/v1/auto-pay").await.expect(200).json();
    for query in ["", "?after=1"] {
        let mut stream = Stream::open(&owner, query, None).await;
        assert_eq!(stream.next_of("auto_pay").await.data, shown, "{query}");
    }
}

async fn usage_that_the_pace_keeps_from_a_charge_is_told_and_so_is_the_end_of_the_hour(world: World) {
    world.leave_end_of_month().await;
    let owner = armed(&world, "500").await;
    let mut stream = Stream::open(&owner, "", None).await;
    told(&mut stream, "armed").await;
    spend(&world, &world.acme.id, "85").await;
    while told(&mut stream, "armed").await["month"]["spent"] != "50.00" {}
    // 65 are left, and the next charge has to wait an hour: nobody does anything to the settings.
    spend(&world, &world.acme.id, "50").await;
    let waiting = told(&mut stream, "waiting").await;
    assert!(waiting["health"]["next_charge_at"].is_string(), "{waiting}");
    assert_eq!(waiting, owner.get("/api/v1/auto-pay").await.expect(200).json());
    world.advance(3_700).await;
    assert_eq!(told(&mut stream, "armed").await["month"]["spent"], "100.00");
}

async fn usage_that_the_cap_keeps_from_a_charge_is_told(world: World) {
    world.leave_end_of_month().await;
    let owner = armed(&world, "60").await;
    let mut stream = Stream::open(&owner, "", None).await;
    spend(&world, &world.acme.id, "85").await;
    while told(&mut stream, "armed").await["month"]["spent"] != "50.00" {}
    world.advance(3_700).await;
    spend(&world, &world.acme.id, "50").await;
    let capped = told(&mut stream, "capped").await;
    assert_eq!((&capped["month"]["left"], &capped["enabled"]), (&json!("10.00"), &json!(true)));
    put(&owner, false, "60").await;
    told(&mut stream, "off").await;
}

async fn what_the_bank_says_is_told(world: World) {
    let owner = armed(&world, "500").await;
    let mut stream = Stream::open(&owner, "", None).await;
    told(&mut stream, "armed").await;
    script(&world, "decline:insufficient_funds").await;
    spend(&world, &world.acme.id, "85").await;
    let declined = told(&mut stream, "declined").await;
    assert_eq!(declined["health"]["attempt"], 1, "{declined}");
    script(&world, "decline:lost_card").await;
    world.advance(3_700).await;
    told(&mut stream, "paused").await;
    pay(&owner, "k-2", "100.00").await.expect(201);
    told(&mut stream, "armed").await;
}

async fn another_program_is_told_too(world: World) {
    let owner = armed(&world, "500").await;
    let second = Server::start(world.database_url(), &[]).await;
    let elsewhere = Client::new(second.origin()).with_cookie(owner.cookie());
    let mut stream = Stream::open(&elsewhere, "", None).await;
    told(&mut stream, "armed").await;
    spend(&world, &world.acme.id, "85").await;
    while told(&mut stream, "armed").await["month"]["spent"] != "50.00" {}
    spend(&world, &world.acme.id, "50").await;
    told(&mut stream, "waiting").await;
    put(&owner, false, "500").await;
    told(&mut stream, "off").await;
}
