//! The operator's commands on organizations, people and keys do what the API does, beside running servers.

use std::io::Write as _;

use billing_contract::paths;
use billing_domain::ActorKind;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fixture::server::program;
use crate::fixture::{Database, OwnDatabase, PASSWORD, Server, World, new_id};

const CHOSEN: &str = "a password of my own";

/// Runs a command: its exit code, its line of JSON (or `null`), and its words.
async fn run(url: &str, words: &[&str]) -> (Option<i32>, Value, String) {
    let output = program().args(words).args(["--database", url]).output().await.unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.lines().count() <= 1, "{line}");
    (output.status.code(), serde_json::from_str(&line).unwrap_or_default(), String::from_utf8(output.stderr).unwrap())
}

async fn succeed(url: &str, words: &[&str]) -> Value {
    let (code, line, said) = run(url, words).await;
    assert_eq!(code, Some(0), "{words:?}: {said}");
    line
}

async fn fail(url: &str, words: &[&str]) -> String {
    let (code, line, said) = run(url, words).await;
    assert_eq!((code, &line), (Some(1), &Value::Null), "{words:?}: {said}");
    said
}

fn token_of(line: &Value) -> &str {
    line["link"].as_str().unwrap().split_once("/reset#t=").unwrap().1
}

async fn choose(client: &Client, token: &str) -> crate::client::Answer {
    client.post("/api/v1/password-resets/complete", &json!({"token": token, "password": CHOSEN})).await
}

async fn sign_in(client: &Client, email: &str, password: &str) -> crate::client::Answer {
    client.post("/api/v1/session", &json!({"email": email, "password": password})).await
}

async fn setup_prints_a_link_once(database: Database) {
    let database = OwnDatabase::create(database).await;
    let url = database.url();
    let words = ["setup", "--organization", "Northwind", "--owner", "olive@northwind.test", "--currency", "JPY"];
    let wrong = fail(url, &[&words[..], &["--time-zone", "Europe/Atlantis"]].concat()).await;
    assert!(wrong.contains("--time-zone"), "{wrong}");
    let line =
        succeed(url, &[&words[..], &["--public-url", "https://billing.example", "--time-zone", "Asia/Tokyo"]].concat())
            .await;
    assert!(line["link"].as_str().unwrap().starts_with("https://billing.example/reset#t="), "{line}");
    let said = fail(url, &words).await;
    assert!(said.contains("set up already"), "{said}");

    let server = Server::start(url, &[]).await;
    assert!(!server.announced.contains("#t="), "{}", server.announced);
    let client = Client::new(server.origin());
    assert_eq!(client.get("/api/v1/bootstrap").await.expect(200).json()["service"]["setup"], false);
    sign_in(&client, "olive@northwind.test", "").await.expect(401);
    choose(&client, token_of(&line)).await.expect(204);
    assert_eq!(choose(&client, token_of(&line)).await.expect(410).problem(), "gone");
    let session = sign_in(&client, "olive@northwind.test", CHOSEN).await.expect(200).json();
    assert_eq!((&session["role"], &session["organization"]["currency"]), (&json!("owner"), &json!("JPY")));
    assert_eq!(session["user"]["name"], "olive");
}

#[tokio::test]
async fn setup_prints_a_link_once_sqlite() {
    setup_prints_a_link_once(Database::Sqlite).await;
}

#[tokio::test]
async fn setup_prints_a_link_once_postgres() {
    setup_prints_a_link_once(Database::Postgres).await;
}

async fn organizations_and_people_are_made(world: World) {
    let url = world.database_url();
    let made =
        succeed(url, &["org", "create", "--name", "Third", "--currency", "KWD", "--time-zone", "Asia/Kuwait"]).await;
    let organization = made["organization_id"].as_str().unwrap();
    let add = ["user", "add", "--organization", organization, "--email", "New@Third.test", "--role", "admin"];
    let line = succeed(url, &add).await;
    let client = world.anonymous();
    choose(&client, token_of(&line)).await.expect(204);
    let session = sign_in(&client, "new@third.test", CHOSEN).await.expect(200).json();
    assert_eq!((&session["role"], &session["organization"]["id"]), (&json!("admin"), &made["organization_id"]));
    assert!(fail(url, &add).await.contains("already"));
    // Somebody with an account keeps it, with its password.
    let known = ["user", "add", "--organization", organization, "--email", &world.acme.owner.email, "--role", "member"];
    assert_eq!(succeed(url, &known).await["link"], Value::Null);
    sign_in(&client, &world.acme.owner.email, PASSWORD).await.expect(200);
    let nowhere = ["user", "add", "--organization", &new_id(), "--email", "x@x.test", "--role", "member"];
    fail(url, &nowhere).await;
    assert!(
        fail(url, &["user", "add", "--organization", organization, "--email", "x", "--role", "member"])
            .await
            .contains("--email")
    );
}

async fn a_reset_link_ends_every_session_when_it_is_used(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let reset = ["user", "reset", "--email", world.acme.owner.email.as_str()];
    let first = succeed(world.database_url(), &reset).await;
    let second = succeed(world.database_url(), &reset).await;
    owner.get("/api/v1/session").await.expect(200);
    let client = world.anonymous();
    assert_eq!(choose(&client, token_of(&first)).await.expect(410).problem(), "gone", "the newer one counts");
    let same = json!({"token": token_of(&second), "password": world.acme.owner.email});
    let wrong = client.post("/api/v1/password-resets/complete", &same).await.expect(422).json();
    assert_eq!(
        wrong["errors"][0]["code"],
        if world.acme.owner.email.len() < 12 { "too_short" } else { "same_as_email" }
    );
    choose(&client, token_of(&second)).await.expect(204);
    owner.get("/api/v1/session").await.expect(401);
    sign_in(&client, &world.acme.owner.email, PASSWORD).await.expect(401);
    sign_in(&client, &world.acme.owner.email, CHOSEN).await.expect(200);
    assert!(fail(world.database_url(), &["user", "reset", "--email", "nobody@acme.test"]).await.contains("Nobody"));
}

async fn whoever_is_locked_out_is_out_at_once(world: World) {
    let admin = world.sign_in(&world.acme.admin).await;
    let email = world.acme.admin.email.as_str();
    let url = world.database_url();
    let link = succeed(url, &["user", "reset", "--email", email]).await;
    assert_eq!(succeed(url, &["user", "lock", "--email", email]).await["sessions_ended"], 1);
    admin.get("/api/v1/session").await.expect(401);
    let client = world.anonymous();
    sign_in(&client, email, PASSWORD).await.expect(401);
    choose(&client, token_of(&link)).await.expect(410);
    assert!(fail(url, &["user", "reset", "--email", email]).await.contains("locked out"));
    succeed(url, &["user", "lock", "--undo", "--email", email]).await;
    sign_in(&client, email, PASSWORD).await.expect(200);
}

async fn sessions_end_for_one_person_alone(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let words = ["user", "sessions-end", "--email", world.acme.admin.email.as_str()];
    assert_eq!(succeed(world.database_url(), &words).await["sessions_ended"], 1);
    admin.get("/api/v1/session").await.expect(401);
    owner.get("/api/v1/session").await.expect(200);
    assert_eq!(succeed(world.database_url(), &words).await["sessions_ended"], 0);
    let audit = world.store.verify_audit(None).await.unwrap();
    assert_eq!((audit.lines, audit.broken.is_none()), (1, true));
}

async fn nested_commands_read_the_settings_file(world: World) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let path = |file: &tempfile::NamedTempFile| file.path().to_str().unwrap().to_owned();
    writeln!(file, "database = \"{}\"\npublic_url = \"https://from.file.example\"", world.database_url()).unwrap();
    let email = world.acme.owner.email.as_str();
    let output = program().args(["user", "reset", "--email", email, "--config", &path(&file)]).output().await.unwrap();
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(line["link"].as_str().unwrap().starts_with("https://from.file.example/reset#t="), "{line}");
    let over = ["--public-url", "https://over.example"];
    let output = program()
        .args(["user", "reset", "--email", email, "--config", &path(&file)])
        .args(over)
        .output()
        .await
        .unwrap();
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(line["link"].as_str().unwrap().starts_with("https://over.example/reset#t="), "{line}");
}

async fn an_organization_under_an_id_of_the_host_is_made_once(world: World) {
    let url = world.database_url();
    let words = ["org", "create", "--name", "Fourth", "--external-id", "acct_4", "--currency", "JPY"];
    let made = succeed(url, &words).await;
    assert_eq!((&made["external_id"], &made["created"]), (&json!("acct_4"), &json!(true)));
    let again = succeed(url, &words).await;
    assert_eq!((&again["organization_id"], &again["created"]), (&made["organization_id"], &json!(false)));
    let put = |name| json!({"name": name, "time_zone": "UTC", "currency": "JPY"});
    let path = paths::fill_id(paths::ORGANIZATION_OF, "ext:acct_4");
    let same = world.platform().put(&path, &put("Fourth")).await.expect(200).json();
    assert_eq!((&same["id"], &same["wallet"]["currency"]), (&made["organization_id"], &json!("JPY")));
    // By the API first, then by the command.
    let path = paths::fill_id(paths::ORGANIZATION_OF, "ext:acct_5");
    world.platform().put(&path, &put("Fifth")).await.expect(201);
    succeed(url, &["org", "create", "--name", "Renamed", "--external-id", "acct_5", "--currency", "JPY"]).await;
    assert_eq!(world.platform().get(&path).await.expect(200).json()["name"], "Renamed");
    let trail = world.store.verify_audit(Some(&made["organization_id"].as_str().unwrap().parse().unwrap())).await;
    assert_eq!(trail.unwrap().lines, 1, "it was made once and never changed");

    let add = ["user", "add", "--organization", "ext:acct_4", "--email", "yuki@fourth.test", "--role", "owner"];
    let added = succeed(url, &add).await;
    assert_eq!(added["organization_id"], made["organization_id"]);
    assert!(
        fail(url, &["user", "add", "--organization", "ext:acct_9", "--email", "a@b.test", "--role", "owner"])
            .await
            .contains("ext:acct_9")
    );
    assert!(fail(url, &[&words[..5], &["4242424242424242"]].concat()).await.contains("--external-id"));
}

async fn a_key_is_made_listed_and_revoked(world: World) {
    let url = world.database_url();
    let scopes = ["--scope", "metering:write", "--scope", "wallets:read"];
    let words = [&["key", "create", "--name", " Meter "], &scopes[..]].concat();
    let made = succeed(url, &words).await;
    // The same fields as the API's answer.
    let form = json!({"name": "b", "scopes": ["metering:write"]});
    let by_api = world.platform().post("/api/v1/keys", &form).await.expect(201).json();
    let names = |key: &Value| key.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&by_api));
    assert_eq!((&made["name"], &made["scopes"]), (&json!("Meter"), &json!(["metering:write", "wallets:read"])));

    // The log names the command, as no key has done it.
    let trail = world.store.page_audit(None, None, 2).await.unwrap();
    let by = |at: usize| (trail[at].entry.actor.kind, trail[at].entry.actor.name.as_str());
    assert_eq!((by(1), by(0)), ((ActorKind::System, "key create"), (ActorKind::Key, "service key")));
    assert_eq!(made["created_by"], "key create");

    // A server that runs takes it at once, for what it may do.
    let meter = |secret: &str| world.anonymous().with_bearer(secret);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let wallet = paths::fill_id(paths::ORGANIZATION_WALLET, world.acme.id.as_str());
    meter(&secret).get(&wallet).await.expect(200);
    meter(&secret).get("/api/v1/keys").await.expect(403);

    let own =
        [&words[..], &["--organization", world.other.id.as_str(), "--expires-at", "2999-01-01T00:00:00Z"]].concat();
    let own = succeed(url, &own).await;
    assert_eq!((&own["organization_id"], &own["expires_at"]), (&json!(world.other.id), &json!("2999-01-01T00:00:00Z")));
    meter(own["secret"].as_str().unwrap()).get(&wallet).await.expect(404);

    let env = [&words[..], &["--output", "env", "--database", url]].concat();
    let output = program().args(&env).output().await.unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    let in_shell = line.strip_prefix("BILLING_KEY=").unwrap().trim_end();
    assert!(!in_shell.contains(char::is_whitespace), "{line}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("shown this once") && !said.contains(in_shell), "{said}");
    meter(in_shell).get(&wallet).await.expect(200);

    let listed = program().args(["key", "list", "--database", url]).output().await.unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let items: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let by_api = world.platform().get("/api/v1/keys").await.expect(200).json();
    let ids = |items: &[Value]| items.iter().map(|key| key["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&items), ids(by_api["items"].as_array().unwrap()));
    assert!(items.len() == 4 && !listed.contains(&secret), "{listed}");

    let id = made["id"].as_str().unwrap();
    assert_eq!(succeed(url, &["key", "revoke", id]).await, json!({"id": id, "revoked": true}));
    crate::money::eventually("the key is refused", || async {
        (meter(&secret).get(&wallet).await.status == 401).then_some(())
    })
    .await;
    assert!(fail(url, &["key", "revoke", id]).await.contains(id));
    assert!(fail(url, &["key", "revoke", "none"]).await.contains("none"));
    assert!(fail(url, &["key", "create", "--name", "x", "--scope", "money:print"]).await.contains("--scope: "));
    let past = ["key", "create", "--name", "x", "--scope", "keys:write", "--expires-at", "2020-01-01T00:00:00Z"];
    assert!(fail(url, &past).await.contains("--expires-at"));
    let nowhere = ["key", "create", "--name", "x", "--scope", "keys:write", "--organization", "ext:none"];
    assert!(fail(url, &nowhere).await.contains("--organization"));
    let trail = world.store.verify_audit(None).await.unwrap();
    assert_eq!((trail.lines, trail.broken), (4, None), "three keys of all organizations, one of them is revoked");
}

on_both_databases!(
    an_organization_under_an_id_of_the_host_is_made_once,
    a_key_is_made_listed_and_revoked,
    organizations_and_people_are_made,
    a_reset_link_ends_every_session_when_it_is_used,
    whoever_is_locked_out_is_out_at_once,
    sessions_end_for_one_person_alone,
    nested_commands_read_the_settings_file,
);
