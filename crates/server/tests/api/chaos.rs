//! Whatever the bank does, in whatever order, with automatic payments beside it and a kill in the middle: what it took
//! is what was credited, a key charges once, and the cap holds.

use serde_json::json;

use crate::chance;
use crate::client::{Client, send, try_send};
use crate::fixture::{Server, World};
use crate::money::{agreed, charges, connect, ledger, pay, script};

on_both_databases!(whatever_the_bank_does_the_books_agree);

const MOODS: [&str; 10] = [
    "pass",
    "no_answer",
    "request_lost",
    "slow",
    "processing",
    "challenge",
    "busy",
    "refused",
    "decline:insufficient_funds",
    "decline:lost_card",
];
const TOP_UPS: u64 = 24;
/// The same storm unless told otherwise.
const SEED: u64 = 20_261_124;

async fn whatever_the_bank_does_the_books_agree(mut world: World) {
    let mut seed = chance::seed(SEED);
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    let form = json!({"enabled": true, "threshold": "4000", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "100"});
    let version = client.get("/api/v1/auto-pay").await.expect(200).header("etag").unwrap().to_owned();
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", version).json(&form)).await.expect(200);
    storm(&world, &client, &mut seed, 0).await;
    // Killed while the last of them are still on their way.
    let late: Vec<_> = (0..6).map(|number| tokio::spawn(try_send(request(&client, 2, number)))).collect();
    world.server.kill().await;
    for request in late {
        drop(request.await.unwrap());
    }
    world.server = Server::start(world.database_url(), &[]).await;
    let client = world.anonymous().with_cookie(client.cookie());
    storm(&world, &client, &mut seed, 1).await;
    // As the page does after a reload: the same keys again.
    for number in 0..6 {
        let again = pay(&client, &key(2, number), "25.00").await;
        assert!([201, 402].contains(&again.status), "{}", again.text());
    }
    // Time enough for every challenge and every silence to run out, and for another automatic charge.
    for _ in 0..5 {
        world.advance(3_700).await;
    }
    let taken = agreed(&world, &client, &world.acme.id).await;
    assert!(!taken.is_empty(), "a storm in which nothing was paid shows nothing");
    let balance = client.get("/api/v1/wallet").await.expect(200).json()["balance"].clone();
    assert_eq!(balance, format!("{}.00", taken.values().sum::<i64>() / 100));
    let lines = ledger(&world, &world.acme.id).await;
    let automatic = lines.iter().filter(|line| line["kind"] == "auto_top_up").count();
    assert!(automatic <= 2, "the cap of 100 allows two refills of 50, not {automatic}");
    // Every client asks once more with its own keys: each answers what became of it, and nothing new is charged. An
    // automatic payment may become due meanwhile; it has its own rules, and its own key at the bank.
    let before = asked_by_people(&world).await;
    for round in 0..2 {
        for number in 0..TOP_UPS {
            let again = pay(&client, &key(round, number), "25.00").await;
            assert!([201, 402].contains(&again.status), "{}", again.text());
        }
    }
    assert_eq!(asked_by_people(&world).await, before);
    let afterwards = agreed(&world, &client, &world.acme.id).await;
    assert!(taken.iter().all(|(top_up, minor)| afterwards.get(top_up) == Some(minor)), "{taken:?} {afterwards:?}");
}

/// The references of the charges that somebody at the page asked for, oldest first.
async fn asked_by_people(world: &World) -> Vec<String> {
    let charges = charges(world, &world.acme.id).await;
    let by_people = charges.iter().filter(|charge| charge["request"]["presence"] == "on_session");
    by_people.map(|charge| charge["reference"].as_str().unwrap().to_owned()).collect()
}

fn key(round: u64, number: u64) -> String {
    format!("storm-{round}-{number}")
}

fn request(client: &Client, round: u64, number: u64) -> reqwest::RequestBuilder {
    let request = client.request("POST", "/api/v1/top-ups").header("idempotency-key", key(round, number));
    request.json(&json!({"amount": "25.00"}))
}

/// Top-ups at once, each key twice, at a bank in changing moods.
async fn storm(world: &World, client: &Client, seed: &mut u64, round: u64) {
    for _ in 0..TOP_UPS {
        script(world, MOODS[chance::next(seed) % MOODS.len()]).await;
    }
    let requests = (0..TOP_UPS * 2).map(|number| send(request(client, round, number % TOP_UPS)));
    for answer in futures_util::future::join_all(requests).await {
        assert!([201, 402, 409].contains(&answer.status), "{}", answer.text());
    }
}
