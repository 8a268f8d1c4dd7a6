//! Another sign-in address: it holds once the link was opened that was sent there, and nobody learns who has which.

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::fixture::mail::{Mailbox, token_in};
use crate::fixture::{Database, PASSWORD, World};

const WANTED: &str = "Max@new.test";

async fn want(client: &Client, email: &str) -> Answer {
    client.put("/api/v1/me", &json!({"name": "Max", "email": email})).await
}

async fn complete(client: &Client, token: &str) -> Answer {
    client.post("/api/v1/email-changes/complete", &json!({"token": token})).await
}

async fn sign_in(world: &World, email: &str) -> u16 {
    let form = json!({"email": email, "password": PASSWORD});
    world.anonymous().post("/api/v1/session", &form).await.status
}

async fn the_new_address_holds_once_its_link_is_opened(database: Database) {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(database, &mailbox.flags()).await;
    let old = world.acme.member.email.clone();
    let member = world.sign_in(&world.acme.member).await;
    let asked = want(&member, WANTED).await.expect(200).json();
    assert_eq!((&asked["email"], &asked["pending_email"]), (&json!(old), &json!(WANTED)));
    let mail = mailbox.mail(0).await;
    assert!(mail.contains("RCPT TO:<Max@new.test>"), "{mail}");
    assert_eq!((sign_in(&world, WANTED).await, sign_in(&world, &old).await), (401, 200));

    // A link that went to the old address is useless afterwards.
    world.anonymous().post("/api/v1/password-resets", &json!({"email": old})).await.expect(202);
    let reset = token_in(&mailbox.mail(1).await);
    complete(&world.anonymous(), &token_in(&mail)).await.expect(204);
    assert_eq!(complete(&world.anonymous(), &token_in(&mail)).await.expect(410).problem(), "gone");
    assert_eq!((sign_in(&world, &WANTED.to_lowercase()).await, sign_in(&world, &old).await), (200, 401));
    let form = json!({"token": reset, "password": "a password of somebody else"});
    world.anonymous().post("/api/v1/password-resets/complete", &form).await.expect(410);
    let profile = member.get("/api/v1/me").await.expect(200).json();
    assert_eq!((&profile["email"], &profile["pending_email"]), (&json!(WANTED), &Value::Null));
    let notice = mailbox.mail(2).await;
    assert!(notice.contains(&format!("RCPT TO:<{old}>")) && notice.contains(WANTED), "{notice}");
    assert!(!notice.contains("#t="), "{notice}");
}

async fn a_link_is_over_after_half_an_hour_or_another_password(database: Database) {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(database, &mailbox.flags()).await;
    let member = world.sign_in(&world.acme.member).await;
    want(&member, WANTED).await.expect(200);
    let first = token_in(&mailbox.mail(0).await);
    // Whoever has asked for the address meanwhile may have known the old password.
    let password = json!({"current": PASSWORD, "new": "a password of my own"});
    member.put("/api/v1/me/password", &password).await.expect(204);
    assert!(mailbox.mail(1).await.contains("your password was changed"));
    complete(&world.anonymous(), &first).await.expect(410);
    want(&member, WANTED).await.expect(200);
    let second = token_in(&mailbox.mail(2).await);
    world.advance_unconfirmed(30 * 60 + 1).await;
    complete(&world.anonymous(), &second).await.expect(410);
    assert_eq!(member.get("/api/v1/me").await.expect(200).json()["pending_email"], Value::Null);
    assert_eq!(want(&member, WANTED).await.expect(403).problem(), "confirmation_required");
}

async fn whether_an_address_is_taken_shows_nowhere(database: Database) {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(database, &mailbox.flags()).await;
    let member = world.sign_in(&world.acme.member).await;
    let taken = &world.other.owner.email;
    let answer = want(&member, taken).await.expect(200).json();
    assert_eq!(answer["pending_email"], json!(taken));
    want(&member, WANTED).await.expect(200);
    let mail = mailbox.mail(0).await;
    assert!(mail.contains("RCPT TO:<Max@new.test>"), "nothing goes to whoever has the other one: {mail}");
    // Of two who want the same address the first to open the link has it.
    let admin = world.sign_in(&world.acme.admin).await;
    want(&admin, &WANTED.to_uppercase()).await.expect(200);
    let second = token_in(&mailbox.mail(1).await);
    complete(&world.anonymous(), &token_in(&mail)).await.expect(204);
    complete(&world.anonymous(), &second).await.expect(410);
    assert_eq!(sign_in(&world, &world.acme.admin.email).await, 200);
    for wrong in ["nobody", ""] {
        want(&member, wrong).await.expect(422);
    }
}

#[tokio::test]
async fn without_mail_no_address_is_changed() {
    let world = World::start(Database::Sqlite).await;
    let member = world.sign_in(&world.acme.member).await;
    assert_eq!(want(&member, WANTED).await.expect(409).problem(), "conflict");
    want(&member, &world.acme.member.email).await.expect(200);
}

on_databases_of_their_own!(
    the_new_address_holds_once_its_link_is_opened,
    a_link_is_over_after_half_an_hour_or_another_password,
    whether_an_address_is_taken_shows_nowhere,
);
