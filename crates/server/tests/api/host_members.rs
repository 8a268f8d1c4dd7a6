//! People of the host's customers: put with their role, noticed by open pages at once, and taken out again.

use billing_contract::paths;
use billing_store::NewSession;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::fixture::{World, now};
use crate::stream::Stream;

on_both_databases!(
    fifty_puts_at_once_make_one_member,
    a_put_changes_role_and_name_and_nobody_with_an_account,
    a_demotion_reaches_the_open_page,
    a_member_who_is_taken_out_is_out_at_once,
    two_people_with_one_address_and_none_of_them_signs_in,
    a_key_of_one_organization_changes_nobody_of_another,
    wrong_forms_name_their_fields,
);

fn address(organization: &str, user: &str) -> String {
    paths::fill_ids(paths::ORGANIZATION_MEMBER, &[organization, user])
}

fn form(role: &str) -> Value {
    json!({"email": "una@host.test", "name": "Una", "role": role})
}

async fn put(world: &World, user: &str, form: &Value) -> Answer {
    world.platform().put(&address(world.acme.id.as_str(), user), form).await
}

/// A session as a portal opens one; its cookie.
async fn open_session(world: &World, user_id: &str) -> Client {
    let token = crate::fixture::new_id();
    let session = NewSession {
        token_hash: hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&token)),
        user_id: user_id.parse().unwrap(),
        organization_id: world.acme.id.clone(),
        kind: billing_domain::SessionKind::Portal,
        idle_seconds: 3600,
        portal_session_id: None,
        can: None,
        address: String::new(),
        browser: String::new(),
        expires_at: now().plus_seconds(3600),
        absolute_expires_at: now().plus_seconds(3600),
    };
    world.store.create_session(&session, now()).await.unwrap();
    world.anonymous().with_cookie(&format!("nexis_session={token}"))
}

async fn fifty_puts_at_once_make_one_member(world: World) {
    let form = form("admin");
    let answers = join_all((0..50).map(|_| put(&world, "ext:u/7", &form))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[..49].to_vec(), statuses[49]), (vec![200; 49], 201));
    let member = answers[0].json();
    assert_eq!((&member["external_id"], &member["source"]), (&json!("u/7"), &json!("platform")));
    assert!(answers.iter().all(|answer| answer.json() == member));
    let path = paths::fill_id(paths::ORGANIZATION_MEMBERS, world.acme.id.as_str());
    let members = world.platform().get(&path).await.expect(200).json();
    assert_eq!(members["items"].as_array().unwrap().len(), 4);
    let own = members["items"].as_array().unwrap().iter().find(|item| item["source"] == "account").unwrap();
    assert_eq!(own["external_id"], Value::Null);
    let trail = world.store.verify_audit(Some(&world.acme.id)).await.unwrap();
    assert_eq!((trail.lines, trail.broken), (1, None));
}

async fn a_put_changes_role_and_name_and_nobody_with_an_account(world: World) {
    let made = put(&world, "ext:u", &form("member")).await.expect(201).json();
    let renamed = json!({"email": "una@new.test", "name": "Una B", "role": "owner"});
    let changed = put(&world, "ext:u", &renamed).await.expect(200).json();
    assert_eq!((&changed["id"], &changed["role"], &changed["name"]), (&made["id"], &json!("owner"), &json!("Una B")));
    // The same person in another organization, with a role of its own there.
    let there = address(world.other.id.as_str(), "ext:u");
    let there = world.platform().put(&there, &form("member")).await.expect(201).json();
    assert_eq!((&there["id"], &there["role"]), (&made["id"], &json!("member")));
    put(&world, made["id"].as_str().unwrap(), &renamed).await.expect(200);
    put(&world, &crate::fixture::new_id(), &renamed).await.expect(404);
    let account = put(&world, world.acme.member.id.as_str(), &form("owner")).await.expect(409);
    assert_eq!(account.problem(), "conflict");
    let owner = world.sign_in(&world.acme.owner).await;
    let members = owner.get("/api/v1/members").await.expect(200).json();
    let role =
        |id: &str| members["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap()["role"].clone();
    assert_eq!(
        (role(world.acme.member.id.as_str()), role(made["id"].as_str().unwrap())),
        (json!("member"), json!("owner"))
    );
}

async fn a_demotion_reaches_the_open_page(world: World) {
    let member = put(&world, "ext:u", &form("admin")).await.expect(201).json();
    let client = open_session(&world, member["id"].as_str().unwrap()).await;
    let mut stream = Stream::open(&client, "", None).await;
    put(&world, "ext:u", &form("member")).await.expect(200);
    let event = stream.next_of("session").await;
    assert_eq!(event.data["state"], "role_changed");
    client.get("/api/v1/billing").await.expect(403);
}

async fn a_member_who_is_taken_out_is_out_at_once(world: World) {
    let member = put(&world, "ext:u", &form("admin")).await.expect(201).json();
    let client = open_session(&world, member["id"].as_str().unwrap()).await;
    client.get("/api/v1/billing").await.expect(200);
    let mut stream = Stream::open(&client, "", None).await;
    let path = address(world.acme.id.as_str(), "ext:u");
    world.platform().delete(&path).await.expect(204);
    assert_eq!(stream.next_of("session").await.data["state"], "ended");
    client.get("/api/v1/billing").await.expect(401);
    world.platform().delete(&path).await.expect(404);
    world.platform().delete(&address(world.acme.id.as_str(), "ext:nobody")).await.expect(404);
    // What the host says holds: the last owner goes too. Whoever asked for funds leaves the request behind.
    let asking = world.sign_in(&world.acme.member).await;
    asking.post("/api/v1/requests", &json!({"amount": "50", "reason": "x"})).await.expect(201);
    for person in [&world.acme.member, &world.acme.owner] {
        world.platform().delete(&address(world.acme.id.as_str(), person.id.as_str())).await.expect(204);
    }
    asking.get("/api/v1/session").await.expect(401);
    let admin = world.sign_in(&world.acme.admin).await;
    assert_eq!(admin.get("/api/v1/requests").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    let again = put(&world, "ext:u", &form("owner")).await.expect(201).json();
    assert_eq!(again["id"], member["id"], "the same person as before");
}

async fn two_people_with_one_address_and_none_of_them_signs_in(world: World) {
    let shared = json!({"email": world.acme.owner.email, "name": "Una", "role": "admin"});
    for user in ["ext:a", "ext:b"] {
        put(&world, user, &shared).await.expect(201);
    }
    // The account with this address is somebody else's, and stays theirs.
    let owner = world.sign_in(&world.acme.owner).await;
    assert_eq!(owner.get("/api/v1/session").await.expect(200).json()["user"]["name"], world.acme.owner.name.as_str());
    for email in ["external:a", "una@host.test"] {
        for password in ["", "x", crate::fixture::PASSWORD] {
            let form = json!({"email": email, "password": password});
            world.anonymous().post("/api/v1/session", &form).await.expect(401);
        }
    }
    // A notice goes to their address once, and does not fail what it is about.
    let changed = owner.put(&format!("/api/v1/members/{}/role", world.acme.member.id), &json!({"role": "admin"})).await;
    changed.expect(200);
}

async fn a_key_of_one_organization_changes_nobody_of_another(world: World) {
    let form_key = json!({"name": "a", "scopes": ["members:write"], "organization": world.acme.id});
    let key = world.platform().post("/api/v1/keys", &form_key).await.expect(201).json();
    let client = world.anonymous().with_bearer(key["secret"].as_str().unwrap());
    client.put(&address(world.other.id.as_str(), "ext:u"), &form("owner")).await.expect(404);
    client.put(&address(world.acme.id.as_str(), "ext:u"), &form("owner")).await.expect(201);
    world.platform().put(&address(world.other.id.as_str(), "ext:both"), &form("member")).await.expect(201);
    let stolen = json!({"email": "evil@host.test", "name": "Evil", "role": "owner"});
    client.put(&address(world.acme.id.as_str(), "ext:both"), &stolen).await.expect(409);
    client.delete(&address(world.other.id.as_str(), "ext:both")).await.expect(404);
    let path = paths::fill_id(paths::ORGANIZATION_MEMBERS, world.other.id.as_str());
    client.get(&path).await.expect(404);
    let members = world.platform().get(&path).await.expect(200).text();
    assert!(!members.contains("Evil"), "{members}");
}

async fn wrong_forms_name_their_fields(world: World) {
    for (form, pointer, code) in [
        (json!({"email": "una", "name": "Una", "role": "owner"}), "/email", "wrong_value"),
        (json!({"email": "", "name": "Una", "role": "owner"}), "/email", "required"),
        (json!({"email": "a@b.test", "name": " ", "role": "owner"}), "/name", "required"),
        (json!({"email": "a@b.test", "name": "Una", "role": "king"}), "/role", "wrong_value"),
    ] {
        let answer = put(&world, "ext:u", &form).await.expect(422).json();
        assert_eq!((&answer["errors"][0]["pointer"], &answer["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
    put(&world, "ext:", &form("owner")).await.expect(404);
}
