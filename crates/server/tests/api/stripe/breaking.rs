//! Lost answers, server errors, stalls, lies and kills: one charge, one credit, and no outcome that is guessed.

use std::time::Duration;

use fake_stripe::Fault;
use serde_json::json;

use super::shop::{Shop, with_stripe};
use crate::client::{Client, send, try_send};
use crate::money::{eventually, ledger, pay, reaches};

with_stripe!(
    a_card_from_the_form_pays_and_a_challenge_is_answered_in_the_page,
    a_lost_answer_is_unknown_and_then_credited_once,
    a_request_that_never_arrived_is_closed_and_charges_nothing,
    an_error_of_theirs_and_then_success_is_one_charge,
    an_answer_about_something_else_credits_nothing_until_the_truth_is_known,
    kills_at_each_step_of_a_payment_leave_one_charge_and_one_credit,
    a_refund_that_fails_after_days_comes_back,
);

fn request(client: &Client, key: &str, amount: &str) -> reqwest::RequestBuilder {
    client.request("POST", "/api/v1/top-ups").header("idempotency-key", key).json(&json!({"amount": amount}))
}

async fn a_card_from_the_form_pays_and_a_challenge_is_answered_in_the_page(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let cards = client.get("/api/v1/cards").await.expect(200).json();
    assert_eq!((&cards["items"][0]["brand"], &cards["items"][0]["last4"]), (&json!("visa"), &json!("4242")));
    assert_eq!(pay(&client, "k-1", "25.00").await.expect(201).json()["status"], "succeeded");
    let challenged = shop.connect(&client, "pm_card_authenticationRequired").await;
    let body = json!({"amount": "30.00", "card_id": challenged});
    let waiting = crate::money::top_up(&client, "k-2", &body).await.expect(201).json();
    assert_eq!(
        (&waiting["status"], &waiting["next_action"]["type"]),
        (&json!("action_required"), &json!("browser_script"))
    );
    let check = format!("/api/v1/top-ups/{}/check", waiting["id"].as_str().unwrap());
    assert_eq!(client.post(&check, &json!({})).await.expect(200).json()["status"], "action_required");
    shop.fake.authenticate(waiting["next_action"]["client_secret"].as_str().unwrap(), true).unwrap();
    assert_eq!(client.post(&check, &json!({})).await.expect(200).json()["status"], "succeeded");
    let refused = crate::money::top_up(&client, "k-3", &body).await.expect(201).json();
    shop.fake.authenticate(refused["next_action"]["client_secret"].as_str().unwrap(), false).unwrap_err();
    let check = format!("/api/v1/top-ups/{}/check", refused["id"].as_str().unwrap());
    let declined = client.post(&check, &json!({})).await.expect(200).json();
    assert_eq!(
        (&declined["status"], &declined["decline"]["code"]),
        (&json!("declined"), &json!("authentication_failed"))
    );
    assert_eq!(shop.agreed(&client).await.into_values().sum::<i64>(), 5_500);
    let lines = ledger(&shop.world, &shop.world.acme.id).await;
    assert_eq!(lines.len(), 2);
    // No token of anybody else's form is taken.
    let token = json!({"token": "pm_card_visa", "exp_month": 12, "exp_year": 2034, "consent": "cards-2026-11"});
    assert_eq!(client.post("/api/v1/cards/setups", &token).await.expect(422).problem(), "invalid");
}

async fn a_lost_answer_is_unknown_and_then_credited_once(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    for (number, fault) in [Fault::ActThenDrop, Fault::ActThenFail, Fault::Garbage].into_iter().enumerate() {
        shop.fake.next(fault.clone());
        let key = format!("k-{number}");
        let top_up = pay(&client, &key, "25.00").await.expect(201).json();
        assert_eq!(top_up["status"], "unknown", "{fault:?}");
        let check = format!("/api/v1/top-ups/{}/check", top_up["id"].as_str().unwrap());
        assert_eq!(client.post(&check, &json!({})).await.expect(200).json()["status"], "succeeded", "{fault:?}");
        pay(&client, &key, "25.00").await.expect(201);
    }
    assert_eq!(shop.agreed(&client).await.len(), 3);
}

async fn a_request_that_never_arrived_is_closed_and_charges_nothing(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    shop.fake.next(Fault::Drop);
    let top_up = pay(&client, "k-1", "25.00").await.expect(201).json();
    assert_eq!(top_up["status"], "unknown");
    let id = top_up["id"].as_str().unwrap();
    shop.advance(30).await;
    let check = format!("/api/v1/top-ups/{id}/check");
    assert_eq!(
        client.post(&check, &json!({})).await.expect(200).json()["status"],
        "unknown",
        "it may still be on its way"
    );
    shop.advance(60).await;
    reaches(&client, id, "expired").await;
    assert_eq!(shop.agreed(&client).await.len(), 0);
    assert_eq!(pay(&client, "k-2", "25.00").await.expect(201).json()["status"], "succeeded");
}

async fn an_error_of_theirs_and_then_success_is_one_charge(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    shop.fake.next(Fault::Fail);
    assert_eq!(pay(&client, "k-1", "25.00").await.expect(201).json()["status"], "succeeded");
    for _ in 0..2 {
        shop.fake.next(Fault::Busy);
    }
    assert_eq!(pay(&client, "k-2", "25.00").await.expect(201).json()["status"], "succeeded");
    assert_eq!(shop.agreed(&client).await.len(), 2);
}

async fn an_answer_about_something_else_credits_nothing_until_the_truth_is_known(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    for field in ["amount", "currency", "customer", "livemode", "metadata", "amount_received"] {
        shop.fake.next(Fault::Lie(field.to_owned()));
        let top_up = pay(&client, field, "25.00").await.expect(201).json();
        assert_eq!(top_up["status"], "unknown", "{field}");
        let check = format!("/api/v1/top-ups/{}/check", top_up["id"].as_str().unwrap());
        assert_eq!(client.post(&check, &json!({})).await.expect(200).json()["status"], "succeeded", "{field}");
    }
    assert_eq!(shop.agreed(&client).await.into_values().collect::<Vec<_>>(), [2_500; 6]);
}

async fn kills_at_each_step_of_a_payment_leave_one_charge_and_one_credit(mut shop: Shop) {
    let mut client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    // Stripe has acted and does not answer yet.
    shop.fake.next(Fault::Stall(Duration::from_secs(4)));
    let asked = tokio::spawn(try_send(request(&client, "stalled", "25.00")));
    eventually("Stripe has charged", || async { (shop.taken().len() == 1).then_some(()) }).await;
    client = shop.kill_and_start(&client).await;
    drop(asked.await.unwrap());
    shop.agreed(&client).await;
    // The answer is lost, the outcome unknown.
    shop.fake.next(Fault::ActThenDrop);
    assert_eq!(pay(&client, "unknown", "25.00").await.expect(201).json()["status"], "unknown");
    client = shop.kill_and_start(&client).await;
    shop.agreed(&client).await;
    // Any moment from before the intent is written down to after the answer.
    let moments = [0, 5, 10, 20, 40, 80];
    for (round, milliseconds) in moments.into_iter().enumerate() {
        let asked =
            (0..3).map(|number| tokio::spawn(try_send(request(&client, &format!("k-{round}-{number}"), "25.00"))));
        let asked: Vec<_> = asked.collect();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        client = shop.kill_and_start(&client).await;
        for one in asked {
            drop(one.await.unwrap());
        }
    }
    shop.agreed(&client).await;
    for round in 0..moments.len() {
        for number in 0..3 {
            send(request(&client, &format!("k-{round}-{number}"), "25.00")).await.expect(201);
        }
    }
    assert_eq!(shop.agreed(&client).await.len(), 2 + moments.len() * 3, "one charge a key");
}

async fn a_refund_that_fails_after_days_comes_back(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let top_up = pay(&client, "k-1", "100.00").await.expect(201).json();
    shop.fake.next(Fault::Pending);
    let form = json!({"organization_id": shop.world.acme.id, "top_up_id": top_up["id"], "amount": "40.00"});
    let asked = shop.world.platform().request("POST", "/api/v1/refunds").header("idempotency-key", "r-1").json(&form);
    let refund = send(asked).await.expect(201).json();
    assert_eq!(refund["status"], "processing");
    let name = shop.fake.bank().all("refund")[0]["id"].as_str().unwrap().to_owned();
    // Longer than keys are kept.
    shop.fake.bank().keys.forget();
    shop.advance(3 * 24 * 3_600).await;
    shop.fake.finish_refund(&name, "failed").unwrap();
    let event = shop.fake.bank().events().into_iter().find(|(kind, _)| kind == "refund.failed").unwrap();
    shop.deliver(shop.world.server.origin(), &event.1).await.expect(204);
    let path = format!("/api/v1/refunds/{}", refund["id"].as_str().unwrap());
    assert_eq!(shop.world.platform().get(&path).await.expect(200).json()["status"], "failed");
    let amounts: Vec<_> =
        ledger(&shop.world, &shop.world.acme.id).await.iter().map(|line| line["amount"].clone()).collect();
    assert_eq!(amounts, ["100.00", "-40.00", "40.00"]);
    assert_eq!(shop.fake.bank().all("refund").len(), 1);
}
