//! What the log says under the target `security`: every refusal at a door, and never what was tried there.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::client::{Client, send};
use crate::fixture::{PASSWORD, SERVICE_KEY, Server, World};

on_both_databases!(refusals_and_ended_sessions_are_logged_without_what_was_tried);

/// What has to be said, each once at least.
const SAID: [&str; 6] =
    ["sign-in refused", "key refused", "scope refused", "code refused", "password refused", "session ended"];
/// A line that does not come within this time does not come.
const PATIENCE: Duration = Duration::from_secs(20);

async fn refusals_and_ended_sessions_are_logged_without_what_was_tried(world: World) {
    let (server, mut log) = Server::start_logged(world.database_url(), &["--log", "security=info"]).await;
    let anybody = Client::new(server.origin());
    let (_, key) = world.key(&["metering:write"]).await;
    let session = "/api/v1/session";
    let wrong = json!({"email": world.acme.owner.email, "password": "tried in vain"});
    anybody.post(session, &wrong).await.expect(401);
    let unknown = format!("nbk_live_0123456789ab_{}", "x".repeat(43));
    anybody.clone().with_bearer(&unknown).get("/api/v1/keys").await.expect(401);
    anybody.clone().with_bearer(&key).get("/api/v1/keys").await.expect(403);
    anybody.post("/api/v1/portal/exchange", &json!({"code": "a code in vain"})).await.expect(410);
    let right = json!({"email": world.acme.owner.email, "password": PASSWORD});
    let answer = anybody.post(session, &right).await.expect(200);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let owner = anybody.clone().with_cookie(&cookie);
    let confirm = json!({"password": "confirmed in vain"});
    send(owner.request("POST", "/api/v1/session/confirmation").json(&confirm)).await.expect(422);
    owner.delete(session).await.expect(204);

    let (mut missing, mut lines) = (BTreeSet::from(SAID), Vec::new());
    while !missing.is_empty() {
        let line = tokio::time::timeout(PATIENCE, log.recv()).await;
        let line = line.unwrap_or_else(|_| panic!("not said: {missing:?}, but {lines:#?}")).unwrap();
        missing.retain(|said| !line.contains(said));
        lines.push(line);
    }
    let (said, token) = (lines.join("\n"), cookie.split_once('=').unwrap().1);
    assert!(said.contains("security") && said.contains("127.0.0.1"), "{said}");
    for secret in ["in vain", &unknown, &key, token, PASSWORD, SERVICE_KEY, &world.acme.owner.email] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}
