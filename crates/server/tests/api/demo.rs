//! The demo organization: believable, whole, apart from real data, and finished even if its making was interrupted.

use std::process::ExitStatus;
use std::time::Duration;

use billing_domain::{Money, OrganizationId, Timestamp};
use billing_store::Store;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fixture::database::OwnDatabase;
use crate::fixture::server::program;
use crate::fixture::{Database, Server, World, now};
use crate::stream::Stream;
use crate::wallets::{amount, money};

/// Longer than making the demo takes, and waiting for the lease of a program that was killed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Only the demo's database, program and store; no organizations of the tests.
struct Demo {
    server: Server,
    store: Store,
    database: OwnDatabase,
}

impl Demo {
    async fn start(database: Database, flags: &[&str]) -> Self {
        let database = OwnDatabase::create(database).await;
        let server = Server::start(database.url(), &[&["--demo"], flags].concat()).await;
        let store = Store::connect(database.url()).await.unwrap();
        Self { server, store, database }
    }

    async fn sign_in(&self, role: &str) -> Client {
        let anonymous = Client::new(self.server.origin());
        let form = json!({"email": format!("{role}@demo.test"), "password": "demo"});
        let answer = anonymous.post("/api/v1/session", &form).await.expect(200);
        assert_eq!(answer.json()["role"], role);
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
        anonymous.with_cookie(cookie)
    }

    async fn organization_id(&self) -> OrganizationId {
        let ids = self.store.organization_ids().await.unwrap();
        assert_eq!(ids.len(), 1);
        ids.into_iter().next().unwrap()
    }

    /// Ninety days of work on a chain that verifies; the balance never below zero.
    async fn assert_lived(&self) {
        let id = self.organization_id().await;
        let verification = self.store.verify(&id).await.unwrap();
        assert_eq!(verification.broken, None);
        assert!((3_500..7_000).contains(&verification.lines), "{} lines", verification.lines);
        let lines = self.store.lines_after(&id, 0, 10_000).await.unwrap();
        assert!(lines.iter().all(|line| !line.line.balance_after.is_negative()));
        assert!(lines.windows(2).all(|pair| pair[0].line.posted_at <= pair[1].line.posted_at), "posted in order");
        let age = now().seconds_since(lines[0].line.occurred_at) / 86_400;
        assert!((86..=91).contains(&age), "{age} days");
        let last = lines.last().unwrap();
        assert!(now().seconds_since(last.line.occurred_at) < 4 * 86_400);
        let balance = last.line.balance_after;
        assert!((amount("150")..=amount("200")).contains(&balance), "{balance}");
    }
}

fn spikes(usage: &Value) -> Vec<Value> {
    usage["days"].as_array().unwrap().iter().filter(|day| !day["spike"].is_null()).cloned().collect()
}

async fn ninety_days_that_hold_together(database: Database) {
    let demo = Demo::start(database, &[]).await;
    demo.assert_lived().await;
    let owner = demo.sign_in("owner").await;
    let billing = owner.get("/api/v1/billing").await.expect(200).json();
    assert_eq!((&billing["wallet"]["status"], &billing["auto_pay"]["enabled"]), (&json!("active"), &json!(false)));
    assert_eq!((&billing["cards"][0]["brand"], &billing["cards"][0]["last4"]), (&json!("visa"), &json!("4242")));
    let usage = &billing["usage"];
    let previous = usage["month"].as_str().unwrap().parse::<billing_domain::Month>().unwrap().previous();
    let before = owner.get(&format!("/api/v1/usage?month={previous}")).await.expect(200).json();
    let found = [spikes(usage), spikes(&before)].concat();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["spike"]["sources"][0]["source"], "Agent Nora");
    let sources = owner.get("/api/v1/transactions?q=agent%20iris&limit=1").await.expect(200).json();
    assert_eq!(sources["items"][0]["kind"], "ai_task");
    demo.sign_in("admin").await.get("/api/v1/wallet").await.expect(200);
    demo.sign_in("member").await.get("/api/v1/wallet").await.expect(403);
}

async fn the_card_of_the_demo_can_be_charged(database: Database) {
    let demo = Demo::start(database, &[]).await;
    let owner = demo.sign_in("owner").await;
    let before = money(&owner.get("/api/v1/wallet").await.expect(200).json()["balance"]);
    let request =
        owner.request("POST", "/api/v1/top-ups").header("idempotency-key", "a").json(&json!({"amount": "25.00"}));
    let top_up = crate::client::send(request).await.expect(201).json();
    assert_eq!(top_up["status"], "succeeded", "{top_up}");
    let after = money(&owner.get("/api/v1/wallet").await.expect(200).json()["balance"]);
    assert_eq!(after.checked_sub(before), Some(amount("25")));
}

async fn a_fresh_demo_has_people_and_nothing_else(database: Database) {
    let demo = Demo::start(database, &["--demo-state", "fresh"]).await;
    let billing = demo.sign_in("owner").await.get("/api/v1/billing").await.expect(200).json();
    assert_eq!(billing["wallet"]["status"], "not_connected");
    assert_eq!((money(&billing["wallet"]["balance"]), &billing["wallet"]["last_seq"]), (Money::ZERO, &json!(0)));
    assert_eq!((&billing["cards"], &billing["transactions"]["items"]), (&json!([]), &json!([])));
}

async fn a_second_start_keeps_what_is_there(database: Database) {
    let mut demo = Demo::start(database, &[]).await;
    let owner = demo.sign_in("owner").await;
    let request =
        owner.request("POST", "/api/v1/top-ups").header("idempotency-key", "a").json(&json!({"amount": "10.00"}));
    crate::client::send(request).await.expect(201);
    let before = demo.store.wallet(&demo.organization_id().await).await.unwrap();
    demo.server.kill().await;
    demo.server = Server::start(demo.database.url(), &["--demo"]).await;
    assert_eq!(demo.store.wallet(&demo.organization_id().await).await.unwrap(), before);
    demo.sign_in("owner").await.get("/api/v1/wallet").await.expect(200);
}

async fn a_demo_whose_making_was_killed_is_finished_by_the_next_start(database: Database) {
    let database = OwnDatabase::create(database).await;
    let store = Store::connect(database.url()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    crate::fixture::page::write(folder.path());
    for lines in [300, 2_000] {
        let mut command = program();
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--database", database.url(), "--dist"]);
        let mut child = command.arg(folder.path()).stdout(std::process::Stdio::null()).spawn().unwrap();
        tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(id) = store.organization_ids().await.unwrap().first()
                    && store.wallet(id).await.unwrap().last_seq >= lines
                {
                    break;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the demo is not being made");
        child.kill().await.unwrap();
        assert!(store.meta("demo.ready").await.unwrap().is_none(), "killed too late for this test");
    }
    let server = Server::start(database.url(), &["--demo"]).await;
    let demo = Demo { server, store, database };
    demo.assert_lived().await;
    demo.sign_in("owner").await.get("/api/v1/billing").await.expect(200);
}

async fn traffic_keeps_the_page_alive(database: Database) {
    let demo = Demo::start(database, &["--demo-traffic"]).await;
    let owner = demo.sign_in("owner").await;
    let mut stream = Stream::open(&owner, "", None).await;
    let line = stream.next_of("transaction").await.data;
    assert!(line["reference"].as_str().unwrap().starts_with("live-"), "{line}");
    let occurred_at: Timestamp = line["occurred_at"].as_str().unwrap().parse().unwrap();
    assert!(now().seconds_since(occurred_at) < 20);
}

async fn a_database_with_real_data_is_refused(database: Database) {
    let world = World::start(database).await;
    let (status, said) = refused(world.database_url()).await;
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("--demo did not make"), "{said}");
    assert_eq!(world.store.organization_ids().await.unwrap().len(), 2);
}

async fn refused(database_url: &str) -> (ExitStatus, String) {
    let folder = tempfile::tempdir().unwrap();
    crate::fixture::page::write(folder.path());
    let mut command = program();
    command
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--database", database_url, "--dist"])
        .arg(folder.path());
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it serves").unwrap();
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

on_databases_of_their_own!(
    ninety_days_that_hold_together,
    the_card_of_the_demo_can_be_charged,
    a_fresh_demo_has_people_and_nothing_else,
    a_second_start_keeps_what_is_there,
    a_demo_whose_making_was_killed_is_finished_by_the_next_start,
    traffic_keeps_the_page_alive,
    a_database_with_real_data_is_refused,
);
