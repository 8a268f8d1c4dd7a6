//! How long an answer takes tells nothing: dead links of every kind and links that never were are answered alike.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use reqwest::Client as Http;
use serde_json::{Value, json};

use crate::client::{Client, send};
use crate::fixture::World;

on_both_databases!(unknown_expired_used_and_revoked_links_take_the_same_time);

const KINDS: [(&str, u16); 4] = [("unknown", 404), ("expired", 410), ("used", 410), ("revoked", 410)];
/// Requests of each kind from one address: fewer than those after which unknown links are slowed down.
const ROUNDS: usize = 20;
const ADDRESSES: u8 = 10;
/// Medians of interleaved requests differ by less on a machine that is busy with other things.
const SLACK: Duration = Duration::from_millis(2);
/// Noise fails a measurement now and then, a real difference all of them.
const TRIES: u8 = 4;

async fn make(client: &Client, lifetime: i64) -> (String, String) {
    let form = json!({"purpose": "connect", "expires_in_seconds": lifetime});
    let made = client.post("/api/v1/payment-links", &form).await.expect(201).json();
    let token = made["url"].as_str().unwrap().split_once("/pay#").unwrap().1.to_owned();
    (token, made["link"]["id"].as_str().unwrap().to_owned())
}

/// One link of each kind, in the order of [`KINDS`].
async fn links(world: &World) -> [String; 4] {
    let owner = world.sign_in(&world.acme.owner).await;
    let (expired, _) = make(&owner, 3_600).await;
    let (used, _) = make(&owner, 86_400).await;
    let card = json!({"token": used, "card_token": "pm_card_visa", "exp_month": 12, "exp_year": 2034, "consent": "c"});
    let paid = world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", "k").json(&card);
    assert_eq!(send(paid).await.expect(201).json()["status"], "succeeded");
    let (revoked, id) = make(&owner, 86_400).await;
    owner.delete(&format!("/api/v1/payment-links/{id}")).await.expect(200);
    world.advance(3_601).await;
    // As long as a token is, and none.
    ["A".repeat(expired.len()), expired, used, revoked]
}

/// Somebody at another address of this machine.
fn at(address: u8, turn: u8) -> Http {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 1 + turn, 1 + address));
    Http::builder().no_proxy().local_address(address).build().unwrap()
}

/// The median of each kind, asked by turns, so that whatever else the machine does slows all of them alike.
async fn medians(world: &World, tokens: &[String; 4], turn: u8) -> [Duration; 4] {
    let address = format!("{}/api/v1/pay/resolve", world.server.origin());
    let mut times: [Vec<Duration>; 4] = Default::default();
    for number in 0..ADDRESSES {
        let http = at(number, turn);
        // The first one opens the connection.
        ask(&http, &address, world.server.origin(), &tokens[1]).await;
        for round in 0..ROUNDS {
            for place in 0..KINDS.len() {
                let kind = (place + round) % KINDS.len();
                let begun = Instant::now();
                let status = ask(&http, &address, world.server.origin(), &tokens[kind]).await;
                times[kind].push(begun.elapsed());
                assert_eq!(status, KINDS[kind].1, "{}", KINDS[kind].0);
            }
        }
    }
    times.map(median)
}

async fn ask(http: &Http, address: &str, origin: &str, token: &str) -> u16 {
    let answer = http.post(address).header("origin", origin).json(&json!({"token": token})).send().await.unwrap();
    let status = answer.status().as_u16();
    assert!(answer.json::<Value>().await.unwrap()["detail"].is_string());
    status
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The slowest kind is not slower than the fastest one by more than half of that and the slack of a busy machine.
fn alike(medians: [Duration; 4]) -> bool {
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    *most <= *least + *least / 2 + SLACK
}

async fn unknown_expired_used_and_revoked_links_take_the_same_time(world: World) {
    let tokens = links(&world).await;
    let mut all = Vec::new();
    for turn in 0..TRIES {
        let medians = medians(&world, &tokens, turn).await;
        if alike(medians) {
            return;
        }
        all.push(medians);
    }
    panic!("{:?} differ: {all:?}", KINDS.map(|(name, _)| name));
}

#[test]
fn a_kind_that_is_answered_by_more_work_is_noticed() {
    let millis = |all: [u64; 4]| all.map(Duration::from_millis);
    assert!(alike(millis([4, 5, 5, 6])));
    assert!(alike(millis([40, 45, 58, 50])));
    assert!(!alike(millis([2, 2, 6, 2])), "a slow hash or one more question to a provider");
    assert!(!alike(millis([100, 100, 100, 30])));
}
