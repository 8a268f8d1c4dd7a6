//! What people see to themselves: profile, password, sessions, and their organizations.

use billing_domain::{Currency, Role};
use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::{PASSWORD, World, now, organization_in};

const CHOSEN: &str = "a password of my own";

async fn put(client: &Client, path: &str, form: &Value) -> Answer {
    send(client.request("PUT", path).json(form)).await
}

async fn delete(client: &Client, path: &str) -> Answer {
    send(client.request("DELETE", path)).await
}

async fn sessions(client: &Client) -> Vec<Value> {
    client.get("/api/v1/me/sessions").await.expect(200).json().as_array().unwrap().clone()
}

async fn name_and_language_are_changed(world: World) {
    let member = world.sign_in(&world.acme.member).await;
    let before = member.get("/api/v1/me").await.expect(200).json();
    assert_eq!((&before["name"], &before["locale"]), (&json!("Acme member"), &Value::Null));
    let after = put(&member, "/api/v1/me", &json!({"name": " Max M. ", "locale": "ja"})).await.expect(200).json();
    assert_eq!((&after["name"], &after["locale"], &after["id"]), (&json!("Max M."), &json!("ja"), &before["id"]));
    assert_eq!(member.get("/api/v1/session").await.expect(200).json()["user"]["name"], "Max M.");
    let wrong = put(&member, "/api/v1/me", &json!({"name": " ", "locale": "j_a"})).await.expect(422).json();
    let pointers: Vec<_> = wrong["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/name", "/locale"]);
    let audit = world.store.verify_audit(None).await.unwrap();
    assert_eq!((audit.lines, audit.broken.is_none()), (1, true));
}

async fn another_password_ends_every_other_session(world: World) {
    let (here, there) = (world.sign_in(&world.acme.member).await, world.sign_in(&world.acme.member).await);
    let change = async |current: &str, new: &str| {
        put(&here, "/api/v1/me/password", &json!({"current": current, "new": new})).await
    };
    let wrong = change("wrong", CHOSEN).await.expect(422).json();
    assert_eq!(
        (&wrong["errors"][0]["pointer"], &wrong["errors"][0]["code"]),
        (&json!("/current"), &json!("wrong_password"))
    );
    let short = change(PASSWORD, "short").await.expect(422).json();
    assert_eq!((&short["errors"][0]["pointer"], &short["errors"][0]["code"]), (&json!("/new"), &json!("too_short")));
    there.get("/api/v1/session").await.expect(200);
    change(PASSWORD, CHOSEN).await.expect(204);
    here.get("/api/v1/session").await.expect(200);
    there.get("/api/v1/session").await.expect(401);
    let sign_in = async |password: &str| {
        let form = json!({"email": world.acme.member.email, "password": password});
        world.anonymous().post("/api/v1/session", &form).await.status
    };
    assert_eq!((sign_in(PASSWORD).await, sign_in(CHOSEN).await), (401, 200));
}

async fn sessions_are_listed_and_ended_one_by_one_or_all_others(world: World) {
    let here = world.sign_in(&world.acme.owner).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(world.sign_in(&world.acme.owner).await);
    }
    let stranger = world.sign_in(&world.other.owner).await;
    let listed = sessions(&here).await;
    assert_eq!(listed.len(), 4);
    assert_eq!(listed.iter().filter(|session| session["current"] == true).count(), 1);
    assert!(listed.iter().all(|session| session["kind"] == "password" && session["address"] == "127.0.0.1"));
    let own = here.get("/api/v1/session").await.expect(200).json();
    let current = listed.iter().find(|session| session["current"] == true).unwrap();
    assert_eq!(current["id"], own["id"]);

    let other = others[0].get("/api/v1/session").await.expect(200).json();
    let path = format!("/api/v1/me/sessions/{}", other["id"].as_str().unwrap());
    delete(&stranger, &path).await.expect(404);
    delete(&here, &path).await.expect(204);
    delete(&here, &path).await.expect(404);
    others[0].get("/api/v1/session").await.expect(401);
    others[1].get("/api/v1/session").await.expect(200);
    delete(&here, "/api/v1/me/sessions").await.expect(204);
    others[2].get("/api/v1/session").await.expect(401);
    stranger.get("/api/v1/session").await.expect(200);
    assert_eq!(sessions(&here).await.len(), 1);
}

async fn somebody_of_two_organizations_goes_from_one_to_the_other(world: World) {
    let third = organization_in(&world.store, "Third", Currency::Jpy).await;
    let owner = &world.acme.owner;
    world.store.add_member(&third.id, &owner.id, Role::Member, now()).await.unwrap();
    let client = world.sign_in(owner).await;
    let listed = client.get("/api/v1/me/organizations").await.expect(200).json();
    let shown: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|one| (one["name"].clone(), one["current"].clone())).collect();
    assert_eq!(shown, [(json!("Acme"), json!(true)), (json!("Third"), json!(false))]);

    let switch = |id: Value| json!({"organization_id": id});
    client.post("/api/v1/session/organization", &switch(json!(world.other.id))).await.expect(404);
    client.post("/api/v1/session/organization", &switch(json!("none"))).await.expect(404);
    let before = client.get("/api/v1/session").await.expect(200).json();
    let answer = client.post("/api/v1/session/organization", &switch(json!(third.id))).await.expect(200);
    let after = answer.json();
    assert_eq!((&after["organization"]["name"], &after["role"]), (&json!("Third"), &json!("member")));
    assert_ne!(after["id"], before["id"], "what was drawn for the old session is refused");
    client.get("/api/v1/session").await.expect(401);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let moved = world.anonymous().with_cookie(&cookie);
    moved.get("/api/v1/wallet").await.expect(403);
    // The next sign-in leads to where they were last.
    let again = world.sign_in(owner).await;
    assert_eq!(again.get("/api/v1/session").await.expect(200).json()["organization"]["name"], "Third");
}

async fn going_to_another_organization_is_no_proof_of_the_password(world: World) {
    let third = organization_in(&world.store, "Third", Currency::Usd).await;
    let owner = &world.acme.owner;
    world.store.add_member(&third.id, &owner.id, Role::Owner, now()).await.unwrap();
    let client = world.sign_in(owner).await;
    world.advance_unconfirmed(5 * 60 + 1).await;
    let answer = client.post("/api/v1/session/organization", &json!({"organization_id": third.id})).await.expect(200);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let moved = world.anonymous().with_cookie(&cookie);
    let refused = moved.post("/api/v1/payment-links", &json!({"purpose": "connect"})).await.expect(403);
    assert_eq!(refused.problem(), "confirmation_required");
}

on_both_databases!(
    name_and_language_are_changed,
    another_password_ends_every_other_session,
    sessions_are_listed_and_ended_one_by_one_or_all_others,
    somebody_of_two_organizations_goes_from_one_to_the_other,
    going_to_another_organization_is_no_proof_of_the_password,
);
