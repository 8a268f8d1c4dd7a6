//! Keys of the host's programs: what their scopes open, how they are rotated, and that an ended one is refused everywhere.

use std::time::{Duration, Instant};

use billing_contract::paths;
use serde_json::{Value, json};

use crate::client::{Client, send};
use crate::fixture::{Database, SERVICE_KEY, Server, World, new_id};
use crate::wallets::usage;

const KEYS: &str = "/api/v1/keys";
const EVENTS: &str = "/api/v1/metering/events";

on_both_databases!(
    a_key_does_what_its_scopes_say_and_is_told_which_one_it_lacks,
    every_operation_of_programs_asks_for_its_scope,
    a_key_hands_out_no_more_than_it_has,
    rotated_secrets_hold_both_for_a_while_and_then_the_new_one_alone,
    a_revoked_key_is_refused_within_a_second_at_every_server,
    a_key_that_is_over_is_refused,
    a_key_of_one_organization_sees_no_other,
    wrong_keys_are_slowed_down_and_right_ones_are_not,
    wrong_forms_name_their_fields,
);

/// The whole key out of an answer that shows it.
fn secret(answer: &Value) -> String {
    answer["secret"].as_str().unwrap().to_owned()
}

/// Reports nothing, which every key that may report is told to be too little.
async fn knock(client: &Client) -> u16 {
    client.post(EVENTS, &json!({"events": []})).await.status
}

async fn a_key_does_what_its_scopes_say_and_is_told_which_one_it_lacks(world: World) {
    let form = json!({"name": " Meter ", "scopes": ["metering:write", "metering:write"]});
    let made = world.platform().post(KEYS, &form).await.expect(201).json();
    let (id, whole) = (made["id"].as_str().unwrap(), secret(&made));
    assert_eq!((made["name"].as_str(), &made["scopes"]), (Some("Meter"), &json!(["metering:write"])));
    assert_eq!((&made["expires_at"], &made["last_used_at"]), (&Value::Null, &Value::Null));
    assert!(whole.starts_with(&format!("nbk_live_{id}_")) && whole.ends_with(made["last4"].as_str().unwrap()));

    let client = world.anonymous().with_bearer(&whole);
    let events = json!({"events": [usage("a", &world.acme.id, "ai_task", "1")]});
    assert_eq!(client.post(EVENTS, &events).await.expect(200).json()["results"][0]["status"], "posted");
    let refund = client.request("POST", "/api/v1/refunds").header("idempotency-key", "k");
    let refused =
        send(refund.json(&json!({"organization_id": world.acme.id, "top_up_id": new_id()}))).await.expect(403);
    assert_eq!(refused.problem(), "forbidden");
    assert!(refused.json()["detail"].as_str().unwrap().contains("refunds:write"), "{}", refused.text());

    let listed = world.platform().get(KEYS).await.expect(200);
    assert!(!listed.text().contains(&whole) && !listed.text().contains("secret"), "{}", listed.text());
    crate::money::eventually("its use is noted", || async {
        let listed = world.platform().get(KEYS).await.expect(200).json();
        listed["items"][0]["last_used_at"].is_string().then_some(())
    })
    .await;
    let trail = world.store.verify_audit(None).await.unwrap();
    assert_eq!((trail.lines, trail.broken), (1, None));
}

async fn every_operation_of_programs_asks_for_its_scope(world: World) {
    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    let (client, _) = world.key(&["exports:read"]).await;
    let mut walked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut security = operation["security"].as_array().into_iter().flatten();
            let Some(scopes) = security.find_map(|one| one.get("service_key")) else { continue };
            let scope = scopes[0].as_str().unwrap_or_else(|| panic!("{method} {path} names no scope"));
            let path = path.replace("{id}", &new_id()).replace("{user}", &new_id());
            let answer = send(client.request(&method.to_uppercase(), &path).json(&json!({}))).await;
            assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
            assert!(answer.json()["detail"].as_str().unwrap().contains(scope), "{}", answer.text());
            walked += 1;
        }
    }
    assert!(walked >= 9, "{walked}");
}

async fn a_key_hands_out_no_more_than_it_has(world: World) {
    let (keeper, _) = world.key(&["keys:write", "metering:write"]).await;
    keeper.post(KEYS, &json!({"name": "a", "scopes": ["metering:write"]})).await.expect(201);
    let more =
        keeper.post(KEYS, &json!({"name": "a", "scopes": ["metering:write", "refunds:write"]})).await.expect(403);
    assert!(more.json()["detail"].as_str().unwrap().contains("refunds:write"));
    // The secret of a stronger key would be as good as its scopes.
    let strong =
        world.platform().post(KEYS, &json!({"name": "b", "scopes": ["refunds:write"]})).await.expect(201).json();
    let path = paths::fill_id(paths::KEY_ROTATE, strong["id"].as_str().unwrap());
    keeper.post(&path, &json!({"keep_old_seconds": 60})).await.expect(403);

    let over = (crate::fixture::now()).plus_seconds(3600).to_string();
    let form = json!({"name": "short", "scopes": ["keys:write"], "expires_at": over});
    let short = secret(&world.platform().post(KEYS, &form).await.expect(201).json());
    let short = world.anonymous().with_bearer(&short);
    let longer = short.post(KEYS, &json!({"name": "long", "scopes": ["keys:write"]})).await.expect(422).json();
    assert_eq!(
        (&longer["errors"][0]["pointer"], &longer["errors"][0]["code"]),
        (&json!("/expires_at"), &json!("too_late"))
    );
    short.post(KEYS, &form).await.expect(201);
}

async fn rotated_secrets_hold_both_for_a_while_and_then_the_new_one_alone(world: World) {
    let made =
        world.platform().post(KEYS, &json!({"name": "a", "scopes": ["metering:write"]})).await.expect(201).json();
    let path = paths::fill_id(paths::KEY_ROTATE, made["id"].as_str().unwrap());
    let old = world.anonymous().with_bearer(&secret(&made));
    let rotated = world.platform().post(&path, &json!({"keep_old_seconds": 86_400})).await.expect(201).json();
    assert_eq!(rotated["id"], made["id"]);
    assert_ne!(rotated["secret"], made["secret"]);
    let new = world.anonymous().with_bearer(&secret(&rotated));
    assert_eq!((knock(&old).await, knock(&new).await), (422, 422));
    world.advance(86_399).await;
    assert_eq!((knock(&old).await, knock(&new).await), (422, 422));
    world.advance(1).await;
    assert_eq!((knock(&old).await, knock(&new).await), (401, 422));
    let last = world.platform().post(&path, &json!({"keep_old_seconds": 0})).await.expect(201).json();
    assert_eq!((knock(&new).await, knock(&world.anonymous().with_bearer(&secret(&last))).await), (401, 422));
}

async fn a_revoked_key_is_refused_within_a_second_at_every_server(world: World) {
    let second = Server::start(world.database_url(), &[]).await;
    let made =
        world.platform().post(KEYS, &json!({"name": "a", "scopes": ["metering:write"]})).await.expect(201).json();
    let client = |server: &Server| Client::new(server.origin()).with_bearer(&secret(&made));
    let (here, there) = (client(&world.server), client(&second));
    assert_eq!((knock(&here).await, knock(&there).await), (422, 422));
    let path = paths::fill_id(paths::KEY, made["id"].as_str().unwrap());
    world.platform().delete(&path).await.expect(204);
    let revoked = Instant::now();
    assert_eq!(knock(&here).await, 401, "at once where it was revoked");
    while knock(&there).await == 422 {
        assert!(revoked.elapsed() < Duration::from_secs(1), "it is still let in");
    }
    assert_eq!(knock(&there).await, 401);
    world.platform().delete(&path).await.expect(404);
    assert_eq!(world.platform().get(KEYS).await.expect(200).json()["items"], json!([]));
}

async fn a_key_that_is_over_is_refused(world: World) {
    let over = crate::fixture::now().plus_seconds(100).to_string();
    let form = json!({"name": "a", "scopes": ["metering:write"], "expires_at": over});
    let key = world.platform().post(KEYS, &form).await.expect(201).json();
    assert_eq!(key["expires_at"], over.as_str());
    let client = world.anonymous().with_bearer(&secret(&key));
    assert_eq!(knock(&client).await, 422);
    world.advance(101).await;
    assert_eq!(knock(&client).await, 401);
    world.platform().post(KEYS, &form).await.expect(422);
}

async fn a_key_of_one_organization_sees_no_other(world: World) {
    let (acme, other) = (&world.acme.id, &world.other.id);
    let scopes = ["metering:write", "refunds:write", "keys:write"];
    let form = json!({"name": "a", "scopes": scopes, "organization": acme});
    let key = world.platform().post(KEYS, &form).await.expect(201).json();
    assert_eq!(key["organization_id"], acme.as_str());
    let client = world.anonymous().with_bearer(&secret(&key));

    let events = json!({"events": [usage("a", acme, "ai_task", "1"), usage("b", other, "ai_task", "1")]});
    let results = client.post(EVENTS, &events).await.expect(200).json();
    assert_eq!(results["results"][0]["status"], "posted");
    assert_eq!(results["results"][1]["error"]["code"], "not_found");
    let authorize =
        |organization| json!({"organization_id": organization, "kind": "ai_task", "estimate": "0", "ttl_seconds": 60});
    client.post("/api/v1/metering/authorizations", &authorize(other)).await.expect(404);
    client.post("/api/v1/metering/authorizations", &authorize(acme)).await.expect(200);

    // A hold of another organization is not there for it, though its id is right.
    let owner = world.sign_in(&world.other.owner).await;
    crate::money::connect(&owner, "pm_card_visa").await;
    let top_up = crate::money::pay(&owner, "k", "50").await.expect(201).json();
    let held = world.platform().post("/api/v1/metering/authorizations", &authorize(other)).await.expect(200).json();
    let release = format!("/api/v1/metering/authorizations/{}/release", held["hold_id"].as_str().unwrap());
    client.post(&release, &json!({})).await.expect(404);
    world.platform().post(&release, &json!({})).await.expect(204);

    let refund = json!({"organization_id": other, "top_up_id": top_up["id"], "amount": "1"});
    let ask =
        |client: &Client| send(client.request("POST", "/api/v1/refunds").header("idempotency-key", "r").json(&refund));
    ask(&client).await.expect(404);
    let made = ask(&world.platform()).await.expect(201).json();
    client.get(&format!("/api/v1/refunds/{}", made["id"].as_str().unwrap())).await.expect(404);

    // Nor does it make or see keys of anybody else.
    client.post(KEYS, &json!({"name": "b", "scopes": ["keys:write"]})).await.expect(422);
    client.post(KEYS, &json!({"name": "b", "scopes": ["keys:write"], "organization": other})).await.expect(422);
    client.post(KEYS, &json!({"name": "b", "scopes": ["keys:write"], "organization": acme})).await.expect(201);
    let everywhere = world.platform().post(KEYS, &json!({"name": "c", "scopes": ["metering:write"]})).await.expect(201);
    let everywhere = everywhere.json()["id"].as_str().unwrap().to_owned();
    client.delete(&paths::fill_id(paths::KEY, &everywhere)).await.expect(404);
    client.post(&paths::fill_id(paths::KEY_ROTATE, &everywhere), &json!({"keep_old_seconds": 0})).await.expect(404);
    let seen = client.get(KEYS).await.expect(200).json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 2, "{seen}");
}

async fn wrong_keys_are_slowed_down_and_right_ones_are_not(world: World) {
    let (client, key) = world.key(&["metering:write"]).await;
    assert_eq!(knock(&client).await, 422);
    let wrong = world.anonymous().with_bearer(&format!("{}{}", &key[..key.len() - 4], "AAAA"));
    let mut refused = 0;
    for _ in 0..40 {
        match knock(&wrong).await {
            401 => refused += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert!((30..35).contains(&refused), "{refused}");
    assert_eq!(knock(&client).await, 422, "the same address, and a key that is right");
    assert_eq!(knock(&world.platform()).await, 422);
    // Many at once are none too many, also when the row has to be read anew.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let many = futures_util::future::join_all((0..100).map(|_| knock(&client))).await;
    assert!(many.iter().all(|status| *status == 422), "{many:?}");
}

async fn wrong_forms_name_their_fields(world: World) {
    for (form, pointer, code) in [
        (json!({"name": "", "scopes": ["metering:write"]}), "/name", "required"),
        (json!({"name": "a", "scopes": []}), "/scopes", "required"),
        (json!({"name": "a", "scopes": ["metering:write", "money:write"]}), "/scopes/1", "unknown_scope"),
        (
            json!({"name": "a", "scopes": ["metering:write"], "organization": "ext:nobody"}),
            "/organization",
            "not_found",
        ),
        (
            json!({"name": "a", "scopes": ["metering:write"], "expires_at": "2020-01-01T00:00:00Z"}),
            "/expires_at",
            "past",
        ),
    ] {
        let answer = world.platform().post(KEYS, &form).await.expect(422).json();
        assert_eq!((&answer["errors"][0]["pointer"], &answer["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
    let made = world.platform().post(KEYS, &json!({"name": "a", "scopes": ["keys:write"]})).await.expect(201).json();
    let path = paths::fill_id(paths::KEY_ROTATE, made["id"].as_str().unwrap());
    for seconds in [-1, 604_801] {
        world.platform().post(&path, &json!({"keep_old_seconds": seconds})).await.expect(422);
    }
}

/// No secret of a key stands in the log, at its most talkative, or in the database.
async fn no_secret_is_written_down(database: Database) {
    let mut world = World::start(database).await;
    let (server, mut log) = Server::start_logged(world.database_url(), &["--log", "trace"]).await;
    world.server = server;
    let (client, first) = world.key(&["metering:write", "keys:write"]).await;
    let id = first[9..21].to_owned();
    let rotated =
        client.post(&paths::fill_id(paths::KEY_ROTATE, &id), &json!({"keep_old_seconds": 60})).await.expect(201);
    let secrets = [first, secret(&rotated.json()), SERVICE_KEY.to_owned()];
    for key in &secrets {
        assert_eq!(knock(&world.anonymous().with_bearer(key)).await, 422);
    }
    knock(&world.anonymous().with_bearer(&format!("{}x", secrets[0]))).await;
    world.server.stop().await;
    let mut lines = String::new();
    while let Some(line) = log.recv().await {
        lines.push_str(&line);
    }
    assert!(lines.contains("key refused"), "the log says what happened");
    let dump = world.database.dump().await;
    assert!(dump.contains(&id), "the dump holds the key's row");
    for key in secrets {
        let hidden = key.strip_prefix("nbk_live_").map_or(key.as_str(), |rest| &rest[13..]);
        assert!(!lines.contains(hidden), "in the log");
        assert!(!dump.contains(hidden), "in the database");
    }
}

#[tokio::test]
async fn no_secret_is_written_down_on_sqlite() {
    no_secret_is_written_down(Database::Sqlite).await;
}

#[tokio::test]
async fn no_secret_is_written_down_on_postgres() {
    no_secret_is_written_down(Database::Postgres).await;
}
