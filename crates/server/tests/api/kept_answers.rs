//! Answers that the server keeps are as right as those that it reads: after every kind of change, at once, at both of two
//! servers, whoever made it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use billing_domain::Money;
use serde_json::{Value, json};

use crate::client::{Client, send};
use crate::fixture::{Database, Server, World, new_id};
use crate::wallets::{amount, connect_card, fund, money, spend, usage};

on_databases_of_their_own!(
    every_kind_of_change_is_in_the_next_answer_of_both_servers,
    no_answer_is_older_than_what_was_acknowledged_before_it_was_asked_for,
);

/// More is asked here than people may.
const WITHOUT_LIMIT: [&str; 2] = ["--requests-per-second", "0"];

/// The same session at two servers.
struct Readers([Client; 2]);

impl Readers {
    /// Asks both, more than once, so that there is an answer that could be kept.
    async fn check(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        for client in &self.0 {
            for _ in 0..3 {
                let wallet = client.get("/api/v1/wallet").await.expect(200).json();
                assert!(holds(&wallet), "{what}: {wallet}");
            }
            let billing = client.get("/api/v1/billing").await.expect(200).json();
            assert!(holds(&billing["wallet"]), "{what}: {billing}");
        }
    }

    async fn check_billing(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        for client in &self.0 {
            for _ in 0..2 {
                let billing = client.get("/api/v1/billing").await.expect(200).json();
                assert!(holds(&billing), "{what}: {billing}");
            }
        }
    }

    async fn check_refused(&self, status: u16) {
        for client in &self.0 {
            for path in ["/api/v1/wallet", "/api/v1/billing"] {
                client.get(path).await.expect(status);
            }
        }
    }
}

async fn every_kind_of_change_is_in_the_next_answer_of_both_servers(database: Database) {
    let world = World::start_with(database, &WITHOUT_LIMIT).await;
    let acme = &world.acme.id;
    let second = Server::start(world.database_url(), &WITHOUT_LIMIT).await;
    let readers = async |person| {
        let client = world.sign_in(person).await;
        let there = Client::new(second.origin()).with_cookie(client.cookie());
        Readers([client, there])
    };
    let owner = readers(&world.acme.owner).await;
    owner.check("nothing yet", |wallet| wallet["status"] == "not_connected").await;
    // Written by another process than either.
    connect_card(&world, acme).await;
    owner.check("a card", |wallet| wallet["card_connected"] == true).await;
    owner.check_billing("a card", |billing| billing["cards"][0]["last4"] == "4242").await;
    fund(&world, acme, Money::from_major(50)).await;
    owner.check("a credit", |wallet| money(&wallet["balance"]) == amount("50")).await;
    spend(&world, acme, "5").await;
    owner.check("usage", |wallet| money(&wallet["balance"]) == amount("45")).await;
    owner.check_billing("usage", |billing| billing["transactions"]["items"].as_array().map(Vec::len) == Some(2)).await;

    let form = json!({"organization_id": acme, "kind": "ai_task", "estimate": "10", "ttl_seconds": 600});
    let held = world.platform().post("/api/v1/metering/authorizations", &form).await.expect(200).json();
    owner.check("a hold", |wallet| money(&wallet["held"]) == amount("10")).await;
    let release = format!("/api/v1/metering/authorizations/{}/release", held["hold_id"].as_str().unwrap());
    world.platform().post(&release, &json!({})).await.expect(204);
    owner.check("a release", |wallet| money(&wallet["held"]) == Money::ZERO).await;

    let settings =
        json!({"enabled": true, "threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    send(owner.0[0].request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&settings)).await.expect(200);
    owner.check("automatic payments", |wallet| money(&wallet["low_mark"]) == amount("20")).await;
    owner.check_billing("automatic payments", |billing| billing["auto_pay"]["enabled"] == true).await;
    let organization = format!("/api/v1/organizations/{acme}");
    let facts = json!({"name": "Acme", "time_zone": "UTC", "currency": "USD", "policy": {"low_mark": "3"}});
    world.platform().put(&organization, &facts).await.expect(200);
    owner.check("a policy", |wallet| money(&wallet["low_mark"]) == amount("3")).await;
    world.platform().post(&format!("{organization}/suspend"), &json!({"reason": "unpaid"})).await.expect(200);
    owner.check("a suspension", |wallet| wallet["restriction"]["reason"] == "unpaid").await;
    world.platform().post(&format!("{organization}/resume"), &json!({})).await.expect(200);
    owner.check("its end", |wallet| wallet["restriction"].is_null()).await;

    // Who may read is decided as freshly as what there is to read.
    let admin = readers(&world.acme.admin).await;
    admin.check("as an admin", |wallet| wallet["last_seq"] == 2).await;
    let role = format!("/api/v1/members/{}/role", world.acme.admin.id);
    send(owner.0[0].request("PUT", &role).json(&json!({"role": "member"}))).await.expect(200);
    admin.check_refused(403).await;
    send(owner.0[1].request("PUT", &role).json(&json!({"role": "admin"}))).await.expect(200);
    admin.check("as an admin again", |wallet| wallet["last_seq"] == 2).await;
    admin.0[1].delete("/api/v1/session").await.expect(204);
    admin.check_refused(401).await;
}

async fn no_answer_is_older_than_what_was_acknowledged_before_it_was_asked_for(database: Database) {
    const READERS: usize = 8;
    const POSTINGS: i64 = 150;
    let world = World::start_with(database, &WITHOUT_LIMIT).await;
    let acme = world.acme.id.clone();
    connect_card(&world, &acme).await;
    fund(&world, &acme, Money::from_major(1000)).await;
    let second = Server::start(world.database_url(), &WITHOUT_LIMIT).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let acknowledged = Arc::new(AtomicI64::new(1));
    let readers = (0..READERS).map(|number| {
        let origin = if number % 2 == 0 { world.server.origin() } else { second.origin() };
        let client = Client::new(origin).with_cookie(owner.cookie());
        let acknowledged = Arc::clone(&acknowledged);
        tokio::spawn(async move {
            let mut reads = 0_u32;
            while acknowledged.load(Ordering::SeqCst) <= POSTINGS {
                let before = acknowledged.load(Ordering::SeqCst);
                let answer = if number < 6 {
                    client.get("/api/v1/wallet").await.expect(200).json()
                } else {
                    client.get("/api/v1/billing").await.expect(200).json()["wallet"].clone()
                };
                let seq = answer["last_seq"].as_i64().unwrap();
                assert!(seq >= before, "line {before} was acknowledged, the answer ends at {seq}");
                reads += 1;
            }
            reads
        })
    });
    let readers: Vec<_> = readers.collect();
    let platform = world.platform();
    for _ in 0..POSTINGS {
        let events = json!({"events": [usage(&new_id(), &acme, "ai_task", "0.01")]});
        let answer = platform.post("/api/v1/metering/events", &events).await.expect(200).json();
        acknowledged.store(answer["results"][0]["seq"].as_i64().unwrap(), Ordering::SeqCst);
    }
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}
