//! A member asks for funds, an admin answers.

use serde_json::{Value, json};

use crate::fixture::World;

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

on_both_databases!(
    a_request_is_seen_by_managers_and_answered_once,
    an_answer_needs_no_body,
    a_member_sees_only_their_own,
    wrong_amounts_and_reasons_are_named_and_nothing_is_asked,
    one_person_cannot_bury_the_others,
);
