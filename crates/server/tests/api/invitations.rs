//! Invitations: who may send them, that a link lets one person in once, and what becomes of members who go.

use billing_domain::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::fixture::mail::{Mailbox, token_in};
use crate::fixture::{Database, PASSWORD, World, now};

const EMAIL: &str = "Nina@new.test";
const CHOSEN: &str = "a password of my own";

async fn invite(client: &Client, email: &str, role: &str) -> Answer {
    client.post("/api/v1/invitations", &json!({"email": email, "role": role})).await
}

fn token_of(invitation: &Value) -> String {
    let (_, token) = invitation["link"].as_str().unwrap().split_once("/accept#t=").unwrap();
    token.to_owned()
}

async fn accept(world: &World, token: &str) -> Answer {
    let form = json!({"token": token, "name": "Nina New", "password": CHOSEN, "locale": "de"});
    world.anonymous().post("/api/v1/invitations/accept", &form).await
}

fn session_of(world: &World, answer: &Answer) -> Client {
    world.anonymous().with_cookie(answer.header("set-cookie").unwrap().split(';').next().unwrap())
}

async fn open(client: &Client) -> Vec<Value> {
    client.get("/api/v1/invitations").await.expect(200).json()["items"].as_array().unwrap().clone()
}

/// What was written of this kind in the organization, newest first.
async fn actions(world: &World, kind: &str) -> Vec<String> {
    let written = world.store.page_audit(Some(&world.acme.id), None, 200).await.unwrap();
    assert_eq!(world.store.verify_audit(Some(&world.acme.id)).await.unwrap().broken, None);
    written.into_iter().map(|one| one.entry.action).filter(|action| action.starts_with(kind)).collect()
}

async fn somebody_new_comes_in_once(world: World) {
    let admin = world.sign_in(&world.acme.admin).await;
    let invitation = invite(&admin, EMAIL, "admin").await.expect(201).json();
    assert_eq!((&invitation["email"], &invitation["invited_by"]), (&json!(EMAIL), &json!("Acme admin")));
    let token = token_of(&invitation);
    assert!(invitation["link"].as_str().unwrap().starts_with(world.server.origin()), "{invitation}");
    let listed = open(&admin).await;
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &invitation["id"]));
    assert!(listed[0].get("link").is_none(), "the link is shown once: {}", listed[0]);

    let resolve = json!({"token": token});
    let resolved = world.anonymous().post("/api/v1/invitations/resolve", &resolve).await.expect(200).json();
    let expected = json!({
        "organization": "Acme", "email": EMAIL, "role": "admin", "invited_by": "Acme admin", "has_account": false,
    });
    assert_eq!(resolved, expected);

    let weak = json!({"token": token, "name": "", "password": "short"});
    let refused = world.anonymous().post("/api/v1/invitations/accept", &weak).await.expect(422).json();
    let pointers: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/name", "/password"]);

    let answer = accept(&world, &token).await.expect(201);
    assert_eq!((&answer.json()["role"], &answer.json()["organization"]["name"]), (&json!("admin"), &json!("Acme")));
    let nina = session_of(&world, &answer);
    nina.get("/api/v1/wallet").await.expect(200);
    assert_eq!(nina.get("/api/v1/me").await.expect(200).json()["locale"], "de");
    assert_eq!(accept(&world, &token).await.expect(410).problem(), "gone");
    assert_eq!(world.anonymous().post("/api/v1/invitations/resolve", &resolve).await.expect(410).problem(), "gone");
    assert!(open(&admin).await.is_empty());

    let sign_in = json!({"email": EMAIL.to_uppercase(), "password": CHOSEN});
    world.anonymous().post("/api/v1/session", &sign_in).await.expect(200);
    let again = invite(&admin, &EMAIL.to_lowercase(), "member").await.expect(422).json();
    assert_eq!(again["errors"][0]["code"], "already_a_member");
    assert_eq!(actions(&world, "invitation.").await, ["invitation.accept", "invitation.create"]);
}

async fn somebody_with_an_account_joins_by_its_password(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let guest = &world.other.member;
    let token = token_of(&invite(&owner, &guest.email.to_uppercase(), "member").await.expect(201).json());
    let resolve = json!({"token": token});
    let resolved = world.anonymous().post("/api/v1/invitations/resolve", &resolve).await.expect(200).json();
    assert_eq!(resolved["has_account"], true);
    let wrong = accept(&world, &token).await.expect(422).json();
    assert_eq!(
        (&wrong["errors"][0]["pointer"], &wrong["errors"][0]["code"]),
        (&json!("/password"), &json!("wrong_password"))
    );
    let form = json!({"token": token, "password": PASSWORD});
    let answer = world.anonymous().post("/api/v1/invitations/accept", &form).await.expect(201);
    assert_eq!(answer.json()["user"]["name"], guest.name.as_str());
    let client = session_of(&world, &answer);
    let own = client.get("/api/v1/me/organizations").await.expect(200).json();
    let names: Vec<_> = own["items"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["Acme", "Other"]);
}

async fn only_owners_invite_owners_and_members_nobody(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let member = world.sign_in(&world.acme.member).await;
    assert_eq!(invite(&member, EMAIL, "member").await.expect(403).problem(), "forbidden");
    assert_eq!(invite(&admin, EMAIL, "owner").await.expect(403).problem(), "forbidden");
    let invitation = invite(&owner, EMAIL, "owner").await.expect(201).json();
    // Sent again by an admin, the link would make them an owner.
    let path = format!("/api/v1/invitations/{}", invitation["id"].as_str().unwrap());
    assert_eq!(admin.post(&format!("{path}/resend"), &json!({})).await.expect(403).problem(), "forbidden");
    let stranger = world.sign_in(&world.other.owner).await;
    stranger.post(&format!("{path}/resend"), &json!({})).await.expect(404);
    stranger.delete(&path).await.expect(404);
    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.expect(404);
    accept(&world, &token_of(&invitation)).await.expect(410);
    for wrong in [json!({"email": "nobody", "role": "member"}), json!({"email": EMAIL, "role": "king"})] {
        owner.post("/api/v1/invitations", &wrong).await.expect(422);
    }
    world.advance_unconfirmed(5 * 60 + 1).await;
    assert_eq!(invite(&owner, EMAIL, "member").await.expect(403).problem(), "confirmation_required");
    assert!(open(&owner).await.is_empty());
}

async fn a_link_expires_and_sent_again_another_one_works(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let first = invite(&owner, EMAIL, "member").await.expect(201).json();
    world.advance(7 * 24 * 3600 + 1).await;
    let owner = match owner.get("/api/v1/session").await.status {
        200 => owner,
        _ => world.sign_in(&world.acme.owner).await,
    };
    accept(&world, &token_of(&first)).await.expect(410);
    let expired: Vec<_> = open(&owner).await.iter().map(|one| one["expired"].clone()).collect();
    assert_eq!(expired, [json!(true)], "it is still there to be sent again");
    let path = format!("/api/v1/invitations/{}/resend", first["id"].as_str().unwrap());
    let second = owner.post(&path, &json!({})).await.expect(200).json();
    assert_eq!(second["id"], first["id"]);
    let third = invite(&owner, &EMAIL.to_lowercase(), "admin").await.expect(201).json();
    accept(&world, &token_of(&second)).await.expect(410);
    assert_eq!(open(&owner).await.len(), 1, "the newer one replaces it");
    let answer = accept(&world, &token_of(&third)).await.expect(201);
    assert_eq!(answer.json()["role"], "admin");
}

async fn of_two_who_come_at_once_one_gets_in(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let token = token_of(&invite(&owner, EMAIL, "member").await.expect(201).json());
    let (one, two) = tokio::join!(accept(&world, &token), accept(&world, &token));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 410]);
    let members = owner.get("/api/v1/members").await.expect(200).json();
    assert_eq!(members["items"].as_array().unwrap().len(), 4);
}

async fn an_invitation_goes_with_the_right_to_send_it(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let token = token_of(&invite(&admin, EMAIL, "member").await.expect(201).json());
    let role = format!("/api/v1/members/{}/role", world.acme.admin.id);
    owner.put(&role, &json!({"role": "member"})).await.expect(200);
    assert!(open(&owner).await.is_empty());
    accept(&world, &token).await.expect(410);
}

async fn members_are_taken_out_by_owners_or_leave(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let member = world.sign_in(&world.acme.member).await;
    let path = |id: &billing_domain::UserId| format!("/api/v1/members/{id}");
    assert_eq!(admin.delete(&path(&world.acme.member.id)).await.expect(403).problem(), "forbidden");
    owner.delete(&path(&world.other.member.id)).await.expect(404);
    owner.delete(&path(&world.acme.member.id)).await.expect(204);
    member.get("/api/v1/session").await.expect(401);
    let again = json!({"email": world.acme.member.email, "password": PASSWORD});
    world.anonymous().post("/api/v1/session", &again).await.expect(401);

    let last = owner.delete(&path(&world.acme.owner.id)).await.expect(409);
    assert!(last.json()["detail"].as_str().unwrap().contains("only owner"), "{}", last.text());
    admin.delete(&path(&world.acme.admin.id)).await.expect(204);
    admin.get("/api/v1/session").await.expect(401);

    // Somebody in two organizations leaves one of them.
    let guest = &world.other.admin;
    world.store.add_member(&world.acme.id, &guest.id, Role::Owner, now()).await.unwrap();
    let client = world.sign_in(guest).await;
    let other_id = json!({"organization_id": world.acme.id});
    let moved = client.post("/api/v1/session/organization", &other_id).await.expect(200);
    let moved = session_of(&world, &moved);
    moved.delete(&path(&guest.id)).await.expect(204);
    moved.get("/api/v1/session").await.expect(401);
    let left = world.sign_in(guest).await;
    assert_eq!(left.get("/api/v1/session").await.expect(200).json()["organization"]["name"], "Other");
    assert_eq!(actions(&world, "member.").await, ["member.remove"; 3]);
}

on_both_databases!(
    somebody_new_comes_in_once,
    somebody_with_an_account_joins_by_its_password,
    only_owners_invite_owners_and_members_nobody,
    a_link_expires_and_sent_again_another_one_works,
    of_two_who_come_at_once_one_gets_in,
    an_invitation_goes_with_the_right_to_send_it,
    members_are_taken_out_by_owners_or_leave,
);

#[tokio::test]
async fn with_smtp_the_link_comes_by_mail_alone_in_the_inviters_language() {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(Database::Sqlite, &mailbox.flags()).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let profile = json!({"name": "Olive", "locale": "es"});
    owner.put("/api/v1/me", &profile).await.expect(200);
    let invitation = invite(&owner, EMAIL, "member").await.expect(201).json();
    assert!(invitation.get("link").is_none(), "{invitation}");
    let mail = mailbox.mail(0).await;
    assert!(mail.contains("RCPT TO:<Nina@new.test>") && mail.contains("Olive"), "{mail}");
    assert!(!mail.contains("Come in here"), "{mail}");
    accept(&world, &token_in(&mail)).await.expect(201);
    // Nobody's mailbox is filled by others.
    for (number, expected) in [201, 201, 201, 429].into_iter().enumerate() {
        let status = invite(&owner, "max@new.test", "member").await.status;
        assert_eq!(status, expected, "the mail of number {number}");
    }
}
