//! Whoever guesses tokens learns nothing from how long an answer takes: unknown links and dead ones of every kind are
//! answered after the same database statements, and after nothing else that takes time.

use reqwest::RequestBuilder;
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::client::{Client, send};
use crate::fixture::{Server, World};

on_both_databases!(
    unknown_expired_used_and_revoked_links_run_the_same_statements,
    a_link_that_is_alive_runs_more_and_is_noticed
);

const KINDS: [(&str, u16); 4] = [("unknown", 404), ("expired", 410), ("used", 410), ("revoked", 410)];
/// Requests with their end, and every statement inside them.
const LOG: &str = "nexis_billing=info,tower_http::trace=debug,sqlx::query=debug";
const RESOLVE: &str = "/api/v1/pay/resolve";

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

fn resolve(client: &Client, token: &str) -> RequestBuilder {
    client.request("POST", RESOLVE).json(&json!({"token": token}))
}

/// The statements of the next request for a link, in their order. The log ends a request with a line of its own.
/// See docs/decisions/0032-dead-links-look-alike.md.
async fn statements(log: &mut UnboundedReceiver<String>) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let line = log.recv().await.expect("the program goes on");
        // Workers have statements too; those of this request stand in its span.
        let Some((_, said)) = line.split_once(&format!("path={RESOLVE:?}")) else { continue };
        if said.contains("finished processing request") {
            return found;
        }
        if let Some((_, statement)) = said.split_once("summary=") {
            found.push(statement.split(" rows_affected=").next().unwrap_or_default().to_owned());
        }
    }
}

/// The clock of the second program is as far ahead as the first one's was.
async fn logged(world: &World) -> (Server, UnboundedReceiver<String>) {
    let (server, log) = Server::start_logged(world.database_url(), &["--log", LOG]).await;
    let moved = Client::new(server.origin()).post("/api/v1/test/clock", &json!({"advance_seconds": 3_601})).await;
    assert_eq!(moved.status / 100, 2, "{}", moved.text());
    (server, log)
}

async fn unknown_expired_used_and_revoked_links_run_the_same_statements(world: World) {
    let tokens = links(&world).await;
    let (server, mut log) = logged(&world).await;
    let client = Client::new(server.origin());
    let mut of_all = Vec::new();
    for (token, (name, status)) in tokens.iter().zip(KINDS) {
        send(resolve(&client, token)).await.expect(status);
        of_all.push((name, statements(&mut log).await));
    }
    let (_, first) = &of_all[0];
    assert_eq!(first.len(), 1, "one look-up by the token's hash: {first:?}");
    for (name, of_this) in &of_all {
        assert_eq!(of_this, first, "{name}");
    }
}

/// The measure itself: what a living link needs beyond the look-up is seen.
async fn a_link_that_is_alive_runs_more_and_is_noticed(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let (alive, _) = make(&owner, 86_400).await;
    let (server, mut log) = logged(&world).await;
    send(resolve(&Client::new(server.origin()), &alive)).await.expect(200);
    assert!(statements(&mut log).await.len() > 1);
}
