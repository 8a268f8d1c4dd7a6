//! The first run: an empty database is set up once, by whoever has the link in the log.

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::client::{Answer, Client};
use crate::fixture::{Database, OwnDatabase, Server};

/// An empty database with one server on it.
struct Empty {
    server: Server,
    log: UnboundedReceiver<String>,
    database: OwnDatabase,
}

impl Empty {
    async fn start(database: Database) -> Self {
        let database = OwnDatabase::create(database).await;
        let (server, log) = Server::start_logged(database.url(), &[]).await;
        Self { server, log, database }
    }

    fn anonymous(&self) -> Client {
        Client::new(self.server.origin())
    }
}

/// The token of the link in the log, and the address in front of it.
async fn printed_link(log: &mut UnboundedReceiver<String>) -> (String, String) {
    while let Some(line) = log.recv().await {
        if let Some((before, token)) = line.split_once("#t=") {
            let address = before.split_whitespace().last().unwrap().to_owned();
            let token: String = token.chars().take_while(char::is_ascii_hexdigit).collect();
            return (address, token);
        }
    }
    panic!("the log says nothing of a link");
}

fn form(token: &str) -> Value {
    json!({
        "token": token, "organization": "Northwind", "name": "Olive Owner", "email": "Olive@Northwind.test",
        "password": "correct horse battery", "time_zone": "Europe/Berlin", "currency": "EUR", "locale": "de",
    })
}

async fn set_up(client: &Client, token: &str) -> Answer {
    client.post("/api/v1/setup", &form(token)).await
}

async fn is_open(client: &Client) -> bool {
    client.get("/api/v1/bootstrap").await.expect(200).json()["service"]["setup"] == json!(true)
}

async fn the_link_in_the_log_makes_owner_and_organization_once(mut empty: Empty) {
    let (address, token) = printed_link(&mut empty.log).await;
    assert_eq!(address, format!("{}/setup", empty.server.origin()));
    let client = empty.anonymous();
    assert!(is_open(&client).await);
    for wrong in ["", "0000", &token.to_uppercase()] {
        assert_eq!(set_up(&client, wrong).await.expect(410).problem(), "gone");
    }
    let answer = set_up(&client, &token).await.expect(201);
    let session = answer.json();
    assert_eq!((&session["role"], &session["organization"]["name"]), (&json!("owner"), &json!("Northwind")));
    assert_eq!(session["organization"]["currency"], "EUR");
    assert_eq!(session["user"]["email"], "Olive@Northwind.test");
    // Signed in at once, and by the password from now on.
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let wallet = empty.anonymous().with_cookie(&cookie).get("/api/v1/wallet").await.expect(200).json();
    assert_eq!(wallet["currency"], "EUR");
    let sign_in = json!({"email": "olive@northwind.test", "password": "correct horse battery"});
    client.post("/api/v1/session", &sign_in).await.expect(200);
    assert!(!is_open(&client).await);
    assert_eq!(set_up(&client, &token).await.expect(410).problem(), "gone");
}

async fn wrong_fields_use_nothing_up(mut empty: Empty) {
    let (_, token) = printed_link(&mut empty.log).await;
    let client = empty.anonymous();
    let mut wrong = form(&token);
    wrong["password"] = json!("too short");
    wrong["email"] = json!("olive");
    wrong["time_zone"] = json!("Europe/Atlantis");
    let problem = client.post("/api/v1/setup", &wrong).await.expect(422).json();
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/time_zone", "/email", "/password"]);
    set_up(&client, &token).await.expect(201);
}

async fn of_two_servers_one_link_wins_and_both_notice(mut empty: Empty) {
    let (second, mut second_log) = Server::start_logged(empty.database.url(), &[]).await;
    let (_, first_token) = printed_link(&mut empty.log).await;
    let (_, second_token) = printed_link(&mut second_log).await;
    assert_ne!(first_token, second_token);
    let (here, there) = (empty.anonymous(), Client::new(second.origin()));
    let mut other = form(&second_token);
    other["email"] = json!("other@northwind.test");
    let (one, two) = tokio::join!(set_up(&here, &first_token), there.post("/api/v1/setup", &other));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 410]);
    assert!(!is_open(&here).await && !is_open(&there).await);
    let store = billing_store::Store::connect(empty.database.url()).await.unwrap();
    assert_eq!(store.organization_ids().await.unwrap().len(), 1);
    assert!(store.verify_audit(Some(&store.organization_ids().await.unwrap()[0])).await.unwrap().broken.is_none());
}

async fn an_old_link_is_refused_and_a_restart_brings_a_new_one(mut empty: Empty) {
    let (_, token) = printed_link(&mut empty.log).await;
    let client = empty.anonymous();
    client.post("/api/v1/test/clock", &json!({"advance_seconds": 24 * 3600 + 1})).await;
    assert_eq!(set_up(&client, &token).await.expect(410).problem(), "gone");
    empty.server.kill().await;
    let (server, mut log) = Server::start_logged(empty.database.url(), &[]).await;
    let (_, token) = printed_link(&mut log).await;
    set_up(&Client::new(server.origin()), &token).await.expect(201);
}

async fn whoever_guesses_is_slowed_down(empty: Empty) {
    let client = empty.anonymous();
    let mut statuses = Vec::new();
    for _ in 0..35 {
        statuses.push(set_up(&client, "0000").await.status);
    }
    assert!(statuses.starts_with(&[410; 10]), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

macro_rules! on_both_empty {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $case() {
                super::$case(super::Empty::start(super::Database::Sqlite).await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test] async fn $case() {
                super::$case(super::Empty::start(super::Database::Postgres).await).await;
            })+
        }
    };
}

on_both_empty!(
    the_link_in_the_log_makes_owner_and_organization_once,
    wrong_fields_use_nothing_up,
    of_two_servers_one_link_wins_and_both_notice,
    an_old_link_is_refused_and_a_restart_brings_a_new_one,
    whoever_guesses_is_slowed_down,
);
