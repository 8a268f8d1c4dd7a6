//! A host asks for portal sessions by its key, and ends them.

use serde_json::{Value, json};

use super::{AT_ONCE, FLAGS, HOST, exchange};
use crate::client::{Answer, Client};
use crate::fixture::{Database, Server, World, new_id};
use crate::stream::Stream;

const MINT: &str = "/api/v1/portal-sessions";

/// Ava of the organization under test, as its host names her.
fn form(world: &World) -> Value {
    json!({
        "organization": world.acme.id,
        "user": {"external_id": "u_7", "email": "ava@example.com", "name": "Ava", "role": "admin"},
    })
}

fn with(mut form: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        form[name] = value.clone();
    }
    form
}

async fn mint(host: &Client, form: &Value) -> Value {
    host.post(MINT, form).await.expect(201).json()
}

/// A page in a frame, by a code that the host has asked for.
async fn frame(world: &World, minted: &Value) -> Client {
    let answer = exchange(&world.anonymous(), minted["code"].as_str().unwrap(), Some(HOST)).await.expect(200).json();
    world.anonymous().with_bearer(answer["token"].as_str().unwrap())
}

async fn a_host_opens_the_portal_for_its_person(database: Database) {
    let world = World::start_with(database, &FLAGS).await;
    let (host, _) = world.key(&["portal:write"]).await;
    let changes = json!({
        "can": ["pay", "view"], "view": "history", "locale": "pt-BR", "return_url": "https://app.example.com/a?b#c",
        "theme": {"mode": "light", "accent": "#0A6C4B", "radius": "8px", "font": "Inter, sans-serif"},
        "embed_origin": HOST, "session_seconds": 3_600, "tag": "s-1",
    });
    let minted = mint(&host, &with(form(&world), &changes)).await;
    let code = minted["code"].as_str().unwrap();
    assert_eq!(code.len(), 64);
    let at = |path: &str| json!(format!("{}{path}#c={code}", world.server.origin()));
    assert_eq!((&minted["url"], &minted["embed_url"]), (&at("/portal"), &at("/embed")));
    assert!(minted["session_expires_at"].as_str() > minted["code_expires_at"].as_str(), "{minted}");
    let opened = exchange(&world.anonymous(), code, Some(HOST)).await.expect(200).json();
    let session = &opened["session"];
    let person = (&session["user"]["name"], &session["user"]["email"], &session["role"]);
    assert_eq!(person, (&json!("Ava"), &json!("ava@example.com"), &json!("admin")));
    assert_eq!(
        session["theme"],
        json!({
            "accent": "#0a6c4b", "font": "\"Inter\", sans-serif", "mode": "light", "radius": "8px"
        })
    );
    assert_eq!(
        (&session["can"], &session["view"], &session["locale"], &session["return_url"]),
        (&json!(["view", "pay"]), &json!("history"), &json!("pt-BR"), &json!("https://app.example.com/a?b#c"))
    );
    // The same person once more, not another one.
    let again = mint(&host, &form(&world)).await;
    let again = frame(&world, &again).await.get("/api/v1/session").await.expect(200).json();
    assert_eq!(again["user"]["id"], session["user"]["id"]);
}

async fn the_role_of_a_later_request_holds_for_open_sessions_at_once(database: Database) {
    let world = World::start_with(database, &FLAGS).await;
    let (host, _) = world.key(&["portal:write"]).await;
    let open = frame(&world, &mint(&host, &form(&world)).await).await;
    let mut stream = Stream::open(&open, "", None).await;
    stream.next_of("wallet").await;
    let mut demoted = form(&world);
    demoted["user"]["role"] = json!("member");
    let begun = std::time::Instant::now();
    mint(&host, &demoted).await;
    assert_eq!(stream.next_of("session").await.data, json!({"state": "role_changed"}));
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    open.get("/api/v1/billing").await.expect(403);
}

fn faults(answer: Answer) -> Vec<String> {
    let document = answer.expect(422).json();
    let errors = document["errors"].as_array().unwrap().iter();
    errors.map(|error| format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect()
}

async fn what_cannot_be_used_is_named_and_nothing_is_made(database: Database) {
    let world = World::start_with(database, &FLAGS).await;
    let (host, _) = world.key(&["portal:write"]).await;
    for (changes, faulty) in [
        (json!({"theme": {"accent": "#f5c542"}}), "/theme/accent unreadable"),
        (json!({"theme": {"accent": "red"}}), "/theme/accent wrong_value"),
        (json!({"theme": {"mode": "light", "surface": "#ffffff", "text": "#aaaaaa"}}), "/theme/text unreadable"),
        (json!({"can": ["pay"]}), "/can required"),
        (json!({"can": ["everything"]}), "/can/0 wrong_value"),
        (json!({"locale": "de_DE"}), "/locale wrong_value"),
        (json!({"return_url": "javascript:alert(1)"}), "/return_url wrong_value"),
        (json!({"embed_origin": "https://evil.example"}), "/embed_origin wrong_value"),
        (json!({"session_seconds": 43_201}), "/session_seconds out_of_range"),
        (json!({"session_seconds": 299}), "/session_seconds out_of_range"),
        (json!({"tag": ""}), "/tag wrong_value"),
        (json!({"organization": "ext:unknown"}), "/organization not_found"),
        (json!({"organization": "acct_42"}), "/organization not_found"),
        (json!({"view": "members"}), "/view wrong_value"),
        (json!({"color": "red"}), "/color unknown_field"),
    ] {
        assert_eq!(faults(host.post(MINT, &with(form(&world), &changes)).await), [faulty]);
    }
    let user = json!({"external_id": "", "email": "ava", "name": "", "role": "admin"});
    let several = faults(host.post(MINT, &with(form(&world), &json!({"user": user, "locale": "x"}))).await);
    assert_eq!(
        several,
        ["/user/external_id wrong_value", "/user/name required", "/user/email wrong_value", "/locale wrong_value"]
    );
    assert_eq!(world.store.members(&world.acme.id).await.unwrap().len(), 3, "nobody was added");
}

async fn a_key_opens_what_it_sees_and_may_make(database: Database) {
    let world = World::start_with(database, &FLAGS).await;
    let (metering, _) = world.key(&["metering:write"]).await;
    let refused = metering.post(MINT, &form(&world)).await.expect(403);
    assert!(refused.text().contains("portal:write"), "{}", refused.text());
    let (portal, _) = world.key(&["portal:write"]).await;
    let external = format!("ext:{}", new_id());
    let elsewhere = with(form(&world), &json!({"organization": external}));
    assert_eq!(faults(portal.post(MINT, &elsewhere).await), ["/organization not_found"]);
    // On first use, if the key makes organizations.
    let (both, _) = world.key(&["portal:write", "organizations:write"]).await;
    let open = frame(&world, &mint(&both, &elsewhere).await).await;
    let session = open.get("/api/v1/session").await.expect(200).json();
    assert_ne!(session["organization"]["id"], json!(world.acme.id));
    let account = json!({"organization": world.other.id});
    let restricted = json!({"name": "one", "scopes": ["portal:write"], "organization": world.acme.id});
    let secret = world.platform().post("/api/v1/keys", &restricted).await.expect(201).json()["secret"].clone();
    let restricted = world.anonymous().with_bearer(secret.as_str().unwrap());
    assert_eq!(faults(restricted.post(MINT, &with(form(&world), &account)).await), ["/organization not_found"]);
    mint(&portal, &with(form(&world), &json!({"organization": world.other.id, "tag": "t"}))).await;
    // Ava is in another organization too, which this key does not see.
    assert_eq!(restricted.post(MINT, &form(&world)).await.expect(409).problem(), "conflict");
    for who in [world.anonymous(), world.sign_in(&world.acme.owner).await] {
        who.post(MINT, &form(&world)).await.expect(401);
        who.delete(&format!("{MINT}?tag=t")).await.expect(401);
    }
}

async fn what_the_host_ends_is_over_at_once_on_every_server(database: Database) {
    let world = World::start_with(database, &FLAGS).await;
    let second = Server::start(world.database_url(), &FLAGS).await;
    let (host, _) = world.key(&["portal:write"]).await;
    let minted = mint(&host, &with(form(&world), &json!({"tag": "s-1"}))).await;
    let open = frame(&world, &minted).await;
    let elsewhere = Client::new(second.origin()).with_bearer(open.bearer());
    let waiting = mint(&host, &form(&world)).await;
    let mut bob = form(&world);
    bob["user"] = json!({"external_id": "u_8", "email": "bob@example.com", "name": "Bob", "role": "admin"});
    let stays = frame(&world, &mint(&host, &bob).await).await;
    let mut streams = [Stream::open(&open, "", None).await, Stream::open(&elsewhere, "", None).await];
    for stream in &mut streams {
        stream.next_of("wallet").await;
    }
    assert_eq!(faults(host.delete(MINT).await), ["/organization required"]);
    assert_eq!(faults(host.delete(&format!("{MINT}?user=ext:u_7")).await), ["/organization required"]);
    // Whom nobody knows is signed out already.
    for query in ["organization=ext:unknown", "tag=unknown", "tag=s-1&user=ext:u_8"] {
        host.delete(&format!("{MINT}?{query}")).await.expect(204);
    }
    open.get("/api/v1/session").await.expect(200);
    let begun = std::time::Instant::now();
    host.delete(&format!("{MINT}?organization={}&user=ext:u_7", world.acme.id)).await.expect(204);
    for stream in &mut streams {
        assert_eq!(stream.next_of("session").await.data, json!({"state": "ended"}));
        assert!(stream.next().await.is_none());
    }
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    for client in [&open, &elsewhere] {
        assert_eq!(client.get("/api/v1/session").await.expect(401).header("nexis-session-state"), Some("ended"));
    }
    exchange(&world.anonymous(), waiting["code"].as_str().unwrap(), Some(HOST)).await.expect(410);
    stays.get("/api/v1/session").await.expect(200);
}

on_databases_of_their_own!(
    a_host_opens_the_portal_for_its_person,
    the_role_of_a_later_request_holds_for_open_sessions_at_once,
    what_cannot_be_used_is_named_and_nothing_is_made,
    a_key_opens_what_it_sees_and_may_make,
    what_the_host_ends_is_over_at_once_on_every_server,
);
