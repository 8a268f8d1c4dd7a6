//! A forgotten password: a link by mail, whoever asks learns nothing, and every session ends.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Answer, Client, http_from, send};
use crate::fixture::mail::{Mailbox, token_in};
use crate::fixture::{Database, PASSWORD, World};

const CHOSEN: &str = "a password of my own";

async fn ask(client: &Client, email: &str) -> Answer {
    client.post("/api/v1/password-resets", &json!({"email": email})).await
}

async fn complete(client: &Client, token: &str) -> Answer {
    client.post("/api/v1/password-resets/complete", &json!({"token": token, "password": CHOSEN})).await
}

async fn sign_in(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/api/v1/session", &json!({"email": email, "password": password})).await
}

async fn a_link_by_mail_works_once_and_ends_every_session(database: Database) {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(database, &mailbox.flags()).await;
    let (one, two) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.owner).await);
    let admin = world.sign_in(&world.acme.admin).await;
    let client = world.anonymous();
    ask(&client, &world.acme.owner.email.to_uppercase()).await.expect(202);
    let mail = mailbox.mail(0).await;
    assert!(mail.contains("RCPT TO:<owner@acme.test>") && mail.contains("within 30 minutes"), "{mail}");
    assert!(mail.contains(&format!("{}/reset#t=", world.server.origin())), "{mail}");
    one.get("/api/v1/session").await.expect(200);

    complete(&client, &token_in(&mail)).await.expect(204);
    assert_eq!(complete(&client, &token_in(&mail)).await.expect(410).problem(), "gone");
    for session in [&one, &two] {
        session.get("/api/v1/session").await.expect(401);
    }
    admin.get("/api/v1/session").await.expect(200);
    sign_in(&client, &world.acme.owner.email, PASSWORD).await.expect(401);
    sign_in(&client, &world.acme.owner.email, CHOSEN).await.expect(200);
    let notice = mailbox.mail(1).await;
    assert!(notice.contains("your password was changed") && !notice.contains("#t="), "{notice}");
}

async fn a_link_lasts_half_an_hour_and_a_newer_one_replaces_it(database: Database) {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(database, &mailbox.flags()).await;
    let client = world.anonymous();
    let email = &world.acme.owner.email;
    ask(&client, email).await.expect(202);
    let first = token_in(&mailbox.mail(0).await);
    ask(&client, email).await.expect(202);
    let second = token_in(&mailbox.mail(1).await);
    complete(&client, &first).await.expect(410);
    world.advance_unconfirmed(30 * 60 + 1).await;
    complete(&client, &second).await.expect(410);
    sign_in(&client, email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_link_by_mail_works_once_and_ends_every_session_sqlite() {
    a_link_by_mail_works_once_and_ends_every_session(Database::Sqlite).await;
}

#[tokio::test]
async fn a_link_by_mail_works_once_and_ends_every_session_postgres() {
    a_link_by_mail_works_once_and_ends_every_session(Database::Postgres).await;
}

#[tokio::test]
async fn a_link_lasts_half_an_hour_and_a_newer_one_replaces_it_sqlite() {
    a_link_lasts_half_an_hour_and_a_newer_one_replaces_it(Database::Sqlite).await;
}

#[tokio::test]
async fn a_link_lasts_half_an_hour_and_a_newer_one_replaces_it_postgres() {
    a_link_lasts_half_an_hour_and_a_newer_one_replaces_it(Database::Postgres).await;
}

#[tokio::test]
async fn a_mailbox_is_not_filled_by_others_and_mails_speak_the_readers_language() {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(Database::Sqlite, &mailbox.flags()).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let german = json!({"name": "Olive", "locale": "de-AT"});
    send(owner.request("PUT", "/api/v1/me").json(&german)).await.expect(200);
    for _ in 0..10 {
        ask(&world.anonymous(), &world.acme.owner.email).await.expect(202);
    }
    ask(&world.anonymous(), &world.acme.admin.email).await.expect(202);
    let mut received = Vec::new();
    for number in 0..4 {
        received.push(mailbox.mail(number).await);
    }
    let to = |email: &str| received.iter().filter(|mail| mail.contains(email)).count();
    assert_eq!((to("RCPT TO:<owner@acme.test>"), to("RCPT TO:<admin@acme.test>")), (3, 1));
    let german = received.iter().find(|mail| mail.contains("owner@acme.test")).unwrap();
    assert!(!german.contains("Choose it here") && token_in(german).len() == 64, "{german}");
}

/// Whether an account exists shows neither in the answer nor in its time.
#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(Database::Sqlite, &mailbox.flags()).await;
    let mut times = [Vec::new(), Vec::new()];
    // From several addresses: each may ask 30 times in a row.
    for last in 1..=10 {
        let http = http_from(Ipv4Addr::new(127, 0, 1, last));
        for (index, email) in ["owner@acme.test", "nobody@acme.test"].into_iter().cycle().take(20).enumerate() {
            let request = http.post(format!("{}/api/v1/password-resets", world.server.origin()));
            let request = request.header("origin", world.server.origin()).json(&json!({"email": email}));
            let started = Instant::now();
            let answer = send(request).await.expect(202);
            times[index % 2].push(started.elapsed());
            assert!(answer.body.is_empty());
        }
    }
    let times_taken = times.iter().map(Vec::len).sum::<usize>();
    let [known, unknown] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    let apart = known.abs_diff(unknown);
    assert_eq!(times_taken, 200);
    assert!(apart < Duration::from_millis(10).max(unknown / 2), "known {known:?}, unknown {unknown:?}");
}
