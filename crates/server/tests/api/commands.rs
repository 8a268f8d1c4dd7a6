//! The operator's commands on organizations and people do what the API does, beside running servers.

use std::io::Write as _;

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

on_both_databases!(
    organizations_and_people_are_made,
    a_reset_link_ends_every_session_when_it_is_used,
    whoever_is_locked_out_is_out_at_once,
    sessions_end_for_one_person_alone,
    nested_commands_read_the_settings_file,
);
