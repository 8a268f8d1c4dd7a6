//! Connecting, choosing and removing cards.

use serde_json::{Value, json};

use crate::client::send;
use crate::fixture::World;
use crate::money::{connect, pay, set_up};

on_both_databases!(
    a_card_connects_once_for_a_key_and_connects_the_wallet,
    a_refused_card_says_why_and_is_not_kept,
    a_confirmed_card_connects_and_a_refused_one_does_not,
    a_set_up_that_is_abandoned_ends_by_itself,
    a_date_in_the_past_and_an_unknown_token_are_named,
    the_first_card_is_the_default_until_another_one_is_chosen,
    the_default_moves_on_when_it_is_removed,
    somebody_elses_card_does_not_exist,
);

async fn a_card_connects_once_for_a_key_and_connects_the_wallet(world: World) {
    let client = world.sign_in(&world.acme.admin).await;
    assert_eq!(client.get("/api/v1/wallet").await.expect(200).json()["status"], "not_connected");
    let form = json!({"token": "pm_card_visa", "exp_month": 7, "exp_year": 2031, "consent": "cards-2026-11"});
    let connect = || send(client.request("POST", "/api/v1/cards/setups").header("idempotency-key", "c-1").json(&form));
    let answers = futures_util::future::join_all((0..5).map(|_| connect())).await;
    for answer in answers {
        answer.expect(201);
    }
    let repeated = connect().await.expect(201);
    assert_eq!(repeated.header("idempotency-replayed"), Some("true"));
    let setup = repeated.json();
    assert_eq!(setup["status"], "succeeded");
    assert_eq!((&setup["card"]["brand"], &setup["card"]["last4"]), (&json!("visa"), &json!("4242")));
    assert_eq!((&setup["card"]["exp_month"], &setup["card"]["exp_year"]), (&json!(7), &json!(2031)));
    assert_eq!(client.get("/api/v1/cards").await.expect(200).json()["items"], json!([setup["card"]]));
    let wallet = client.get("/api/v1/wallet").await.expect(200).json();
    assert_eq!(wallet["card_connected"], true);
    assert_ne!(wallet["status"], "not_connected");
}

async fn a_refused_card_says_why_and_is_not_kept(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    for (token, code) in [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
    ] {
        let setup = set_up(&client, token).await;
        assert_eq!((&setup["status"], &setup["decline"]["code"]), (&json!("failed"), &json!(code)));
        assert!(!setup["decline"]["message"].as_str().unwrap().is_empty());
        assert_eq!(setup["card"], Value::Null);
    }
    assert_eq!(client.get("/api/v1/cards").await.expect(200).json()["items"], json!([]));
}

async fn a_confirmed_card_connects_and_a_refused_one_does_not(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    for (approve, status, cards) in [(false, "failed", 0), (true, "succeeded", 1)] {
        let setup = set_up(&client, "pm_card_authenticationRequiredOnSetup").await;
        assert_eq!(
            (&setup["status"], &setup["next_action"]["type"]),
            (&json!("action_required"), &json!("sandbox_challenge"))
        );
        let path = format!("/api/v1/cards/setups/{}", setup["id"].as_str().unwrap());
        let challenge = format!("{path}/challenge");
        let answered = client.post(&challenge, &json!({"approve": approve})).await.expect(200).json();
        assert_eq!(answered["status"], status);
        let mut read = client.get(&path).await.expect(200).json();
        if approve {
            assert_eq!(read["wallet"]["card_connected"], true);
            read["wallet"]["as_of"] = answered["wallet"]["as_of"].clone();
        }
        assert_eq!(read, answered);
        assert_eq!(client.post(&challenge, &json!({"approve": true})).await.expect(409).problem(), "conflict");
        let list = client.get("/api/v1/cards").await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), cards);
    }
}

async fn a_set_up_that_is_abandoned_ends_by_itself(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let setup = set_up(&client, "pm_card_authenticationRequiredOnSetup").await;
    world.advance(31 * 60).await;
    let path = format!("/api/v1/cards/setups/{}", setup["id"].as_str().unwrap());
    crate::money::eventually("the set-up is over", || async {
        (client.get(&path).await.expect(200).json()["status"] == "failed").then_some(())
    })
    .await;
    let late = client.post(&format!("{path}/challenge"), &json!({"approve": true})).await;
    assert_eq!(late.expect(409).problem(), "conflict");
}

async fn a_date_in_the_past_and_an_unknown_token_are_named(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let form = |token: &str, month: u8, year: u16| json!({"token": token, "exp_month": month, "exp_year": year, "consent": "c"});
    for (form, pointer) in [
        (form("pm_card_visa", 1, 2020), "/exp_year"),
        (form("pm_card_visa", 13, 2034), "/exp_month"),
        (form("pm_card_visa", 12, 2999), "/exp_year"),
        (form("", 12, 2034), "/token"),
    ] {
        let answer = client.post("/api/v1/cards/setups", &form).await.expect(422).json();
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
    }
    let setup = set_up(&client, "pm_card_of_nobody").await;
    assert_eq!((&setup["status"], &setup["decline"]["code"]), (&json!("failed"), &json!("incorrect_number")));
}

async fn the_first_card_is_the_default_until_another_one_is_chosen(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let (visa, master) = (connect(&client, "pm_card_visa").await, connect(&client, "pm_card_mastercard").await);
    let default = || async {
        let list = client.get("/api/v1/cards").await.expect(200).json();
        let defaults: Vec<_> =
            list["items"].as_array().unwrap().iter().filter(|card| card["is_default"] == true).cloned().collect();
        assert_eq!(defaults.len(), 1, "{list}");
        defaults[0]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(default().await, visa);
    let chosen = send(client.request("PUT", &format!("/api/v1/cards/{master}/default"))).await.expect(200).json();
    assert_eq!((&chosen["id"], &chosen["is_default"]), (&json!(master), &json!(true)));
    assert_eq!(default().await, master);
    assert_eq!(pay(&client, "k-1", "25.00").await.expect(201).json()["card"]["brand"], "mastercard");
}

async fn the_default_moves_on_when_it_is_removed(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let (visa, master) = (connect(&client, "pm_card_visa").await, connect(&client, "pm_card_mastercard").await);
    client.delete(&format!("/api/v1/cards/{visa}")).await.expect(204);
    client.delete(&format!("/api/v1/cards/{visa}")).await.expect(404);
    let list = client.get("/api/v1/cards").await.expect(200).json();
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["is_default"]), (&json!(master), &json!(true)));
    client.delete(&format!("/api/v1/cards/{master}")).await.expect(204);
    assert_eq!(client.get("/api/v1/wallet").await.expect(200).json()["status"], "not_connected");
}

async fn somebody_elses_card_does_not_exist(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let card = connect(&client, "pm_card_visa").await;
    let setup = set_up(&client, "pm_card_authenticationRequiredOnSetup").await;
    let stranger = world.sign_in(&world.other.owner).await;
    send(stranger.request("PUT", &format!("/api/v1/cards/{card}/default"))).await.expect(404);
    stranger.delete(&format!("/api/v1/cards/{card}")).await.expect(404);
    let path = format!("/api/v1/cards/setups/{}", setup["id"].as_str().unwrap());
    stranger.get(&path).await.expect(404);
    stranger.post(&format!("{path}/challenge"), &json!({"approve": true})).await.expect(404);
    assert_eq!(stranger.get("/api/v1/cards").await.expect(200).json()["items"], json!([]));
    assert_eq!(client.get("/api/v1/cards").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
}
