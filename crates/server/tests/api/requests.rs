//! A member asks for funds, an admin answers.

use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::World;
use crate::money::{charges, connect, reaches, script, top_up};
use crate::stream::Stream;

const PATH: &str = "/api/v1/requests";

async fn a_request_is_seen_by_managers_and_answered_once(world: World) {
    let (member, admin) = (world.sign_in(&world.acme.member).await, world.sign_in(&world.acme.admin).await);
    let asked = member.post(PATH, &json!({"amount": "50.00", "reason": "  December calls "})).await.expect(201).json();
    assert_eq!((&asked["state"], &asked["reason"]), (&Value::from("open"), &Value::from("December calls")));
    assert_eq!((&asked["amount"], &asked["requested_by"]), (&Value::from("50.00"), &Value::from("Acme member")));
    assert_eq!(admin.get(PATH).await.expect(200).json()["items"], json!([asked]));

    let id = asked["id"].as_str().unwrap();
    let approve = format!("{PATH}/{id}/approve");
    assert_eq!(member.post(&approve, &json!({})).await.expect(403).problem(), "forbidden");
    let approved = admin.post(&approve, &json!({"answer": "Done"})).await.expect(200).json();
    assert_eq!((&approved["state"], &approved["answer"]), (&Value::from("approved"), &Value::from("Done")));
    assert!(approved["decided_at"].is_string());
    let decline = admin.post(&format!("{PATH}/{id}/decline"), &json!({})).await.expect(409);
    assert_eq!(decline.problem(), "conflict");
    assert_eq!(member.get(PATH).await.expect(200).json()["items"], json!([approved]));
}

async fn an_answer_needs_no_body(world: World) {
    let (member, admin) = (world.sign_in(&world.acme.member).await, world.sign_in(&world.acme.admin).await);
    let asked = member.post(PATH, &json!({"amount": "20", "reason": "x"})).await.expect(201).json();
    let path = format!("{PATH}/{}/decline", asked["id"].as_str().unwrap());
    let answer = crate::client::send(admin.request("POST", &path)).await.expect(200).json();
    assert_eq!((&answer["state"], &answer["answer"]), (&Value::from("declined"), &Value::Null));
}

async fn a_member_sees_only_their_own(world: World) {
    let (member, admin) = (world.sign_in(&world.acme.member).await, world.sign_in(&world.acme.admin).await);
    admin.post(PATH, &json!({"amount": "30", "reason": "by an admin"})).await.expect(201);
    assert_eq!(member.get(PATH).await.expect(200).json()["items"], json!([]));
    let stranger = world.sign_in(&world.other.owner).await;
    assert_eq!(stranger.get(PATH).await.expect(200).json()["items"], json!([]));
}

async fn wrong_amounts_and_reasons_are_named_and_nothing_is_asked(world: World) {
    let member = world.sign_in(&world.acme.member).await;
    for amount in [
        json!("-1"),
        json!("0"),
        json!("0.001"),
        json!("1e3"),
        json!("NaN"),
        json!("1,50"),
        json!("５"),
        json!("5001"),
        json!("9".repeat(200)),
        json!(true),
        json!(null),
        json!(50),
        json!(""),
    ] {
        let answer = member.post(PATH, &json!({"amount": amount, "reason": "x"})).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/amount", "{amount}");
    }
    for reason in ["", "   ", &"x".repeat(501), "use my card 4242 4242 4242 4242", "4242424242424242"] {
        let answer = member.post(PATH, &json!({"amount": "50", "reason": reason})).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/reason", "{reason}");
    }
    assert_eq!(member.get(PATH).await.expect(200).json()["items"], json!([]));
}

async fn one_person_cannot_bury_the_others(world: World) {
    let member = world.sign_in(&world.acme.member).await;
    for _ in 0..10 {
        member.post(PATH, &json!({"amount": "50", "reason": "again"})).await.expect(201);
    }
    assert_eq!(member.post(PATH, &json!({"amount": "50", "reason": "again"})).await.expect(409).problem(), "conflict");
}

/// Pays for a request.
async fn pay_for(client: &Client, key: &str, amount: &str, request: &str) -> Answer {
    top_up(client, key, &json!({"amount": amount, "request_id": request})).await
}

async fn ask(client: &Client) -> String {
    let asked = client.post(PATH, &json!({"amount": "50.00", "reason": "Calls"})).await.expect(201).json();
    asked["id"].as_str().unwrap().to_owned()
}

async fn state(client: &Client, id: &str) -> String {
    let items = client.get(PATH).await.expect(200).json()["items"].take();
    let found = items.as_array().unwrap().iter().find(|item| item["id"] == id).unwrap();
    found["state"].as_str().unwrap().to_owned()
}

async fn the_payment_approves_and_the_member_hears_it(world: World) {
    let (member, admin) = (world.sign_in(&world.acme.member).await, world.sign_in(&world.acme.admin).await);
    connect(&admin, "pm_card_visa").await;
    let id = ask(&member).await;
    let mut heard = Stream::requests(&member).await;
    assert_eq!(heard.next_of("request").await.data["state"], "open", "the stream begins with what there is");
    let paid = pay_for(&admin, "k-1", "60.00", &id).await.expect(201).json();
    reaches(&admin, paid["id"].as_str().unwrap(), "succeeded").await;
    let told = heard.next_of("request").await;
    assert_eq!((&told.data["id"], &told.data["state"]), (&json!(id), &json!("approved")));
    assert_eq!(state(&member, &id).await, "approved");
    // The same key is the same payment; another one for the same request is none.
    assert_eq!(pay_for(&admin, "k-1", "60.00", &id).await.expect(201).json()["id"], paid["id"]);
    assert_eq!(
        pay_for(&admin, "k-1", "60.00", &ask(&member).await).await.expect(422).problem(),
        "idempotency_key_reused"
    );
    assert_eq!(pay_for(&admin, "k-2", "60.00", &id).await.expect(409).problem(), "conflict");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
}

async fn money_that_has_not_arrived_approves_nothing(world: World) {
    let (member, admin) = (world.sign_in(&world.acme.member).await, world.sign_in(&world.acme.admin).await);
    connect(&admin, "pm_card_visa").await;
    let id = ask(&member).await;
    script(&world, "decline:insufficient_funds").await;
    pay_for(&admin, "k-1", "50.00", &id).await.expect(402);
    assert_eq!(state(&member, &id).await, "open");
    script(&world, "no_answer").await;
    let unknown = pay_for(&admin, "k-2", "50.00", &id).await.expect(201).json();
    assert_eq!((unknown["status"].as_str(), state(&member, &id).await.as_str()), (Some("unknown"), "open"));
    // While nobody knows, it is neither paid again nor declined.
    assert_eq!(pay_for(&admin, "k-3", "50.00", &id).await.expect(409).problem(), "conflict");
    assert_eq!(admin.post(&format!("{PATH}/{id}/decline"), &json!({})).await.expect(409).problem(), "conflict");
    let check = format!("/api/v1/top-ups/{}/check", unknown["id"].as_str().unwrap());
    assert_eq!(send(admin.request("POST", &check)).await.expect(200).json()["status"], "succeeded");
    assert_eq!(state(&member, &id).await, "approved");
}

async fn a_request_of_nobody_or_of_others_is_not_paid(world: World) {
    let (member, admin) = (world.sign_in(&world.acme.member).await, world.sign_in(&world.acme.admin).await);
    let stranger = world.sign_in(&world.other.owner).await;
    connect(&admin, "pm_card_visa").await;
    connect(&stranger, "pm_card_visa").await;
    let id = ask(&member).await;
    let answer = pay_for(&stranger, "k-1", "50.00", &id).await.expect(422).json();
    assert_eq!(answer["errors"][0]["pointer"], "/request_id");
    pay_for(&admin, "k-1", "50.00", "nothing").await.expect(422);
    assert_eq!((charges(&world, &world.acme.id).await.len(), charges(&world, &world.other.id).await.len()), (0, 0));
}

async fn a_member_hears_of_their_own_requests_only(world: World) {
    let (member, admin) = (world.sign_in(&world.acme.member).await, world.sign_in(&world.acme.admin).await);
    let mut heard = Stream::requests(&member).await;
    let others = ask(&admin).await;
    admin.post(&format!("{PATH}/{others}/decline"), &json!({})).await.expect(200);
    crate::wallets::fund(&world, &world.acme.id, billing_domain::Money::from_major(10)).await;
    let own = ask(&member).await;
    let first = heard.next_news().await.unwrap();
    assert_eq!((first.name.as_str(), &first.data["id"], first.id), ("request", &json!(own), None));
    admin.post(&format!("{PATH}/{own}/decline"), &json!({"answer": "Next month"})).await.expect(200);
    assert_eq!(heard.next_news().await.unwrap().data["answer"], "Next month");
    let owner = world.sign_in(&world.acme.owner).await;
    let role = format!("/api/v1/members/{}/role", world.acme.member.id);
    send(owner.request("PUT", &role).json(&json!({"role": "admin"}))).await.expect(200);
    assert_eq!(heard.next_of("session").await.data["state"], "role_changed");
    assert!(heard.next().await.is_none());
}

on_both_databases!(
    the_payment_approves_and_the_member_hears_it,
    money_that_has_not_arrived_approves_nothing,
    a_request_of_nobody_or_of_others_is_not_paid,
    a_member_hears_of_their_own_requests_only,
    a_request_is_seen_by_managers_and_answered_once,
    an_answer_needs_no_body,
    a_member_sees_only_their_own,
    wrong_amounts_and_reasons_are_named_and_nothing_is_asked,
    one_person_cannot_bury_the_others,
);
