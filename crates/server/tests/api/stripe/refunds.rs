//! Money given back at Stripe itself, and what may be given back after a dispute: the wallet never keeps what is gone, and
//! no payment goes back twice.

use fake_stripe::Fault;
use serde_json::{Value, json};

use super::shop::{Shop, with_stripe};
use crate::client::{Answer, Client, send};
use crate::money::{eventually, ledger, pay};
use crate::wallets::spend;

with_stripe!(
    what_a_dispute_took_cannot_be_refunded_as_well,
    a_refund_of_the_dashboard_debits_the_wallet_once,
    a_refund_of_the_dashboard_takes_the_wallet_below_zero_and_charges_nobody,
    a_refund_of_the_dashboard_that_fails_comes_back_and_is_never_made_again,
    a_refund_of_the_dashboard_is_found_without_its_webhook,
);

/// A paid top-up: its id, and Stripe's name for the payment.
async fn paid(shop: &Shop, client: &Client, amount: &str) -> (String, String) {
    shop.connect(client, "pm_card_visa").await;
    let top_up = pay(client, "k-1", amount).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let intent = shop.fake.bank().all("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    (top_up, intent)
}

async fn refund(shop: &Shop, key: &str, top_up: &str, amount: &str) -> Answer {
    let form = json!({"organization_id": shop.world.acme.id, "top_up_id": top_up, "amount": amount});
    let request = shop.world.platform().request("POST", "/api/v1/refunds").header("idempotency-key", key);
    send(request.json(&form)).await
}

async fn deliver_all(shop: &Shop, prefix: &str) {
    let events = shop.fake.bank().events();
    for (_, body) in events.iter().filter(|(kind, _)| kind.starts_with(prefix)) {
        shop.deliver(shop.world.server.origin(), body).await.expect(204);
    }
}

async fn amounts(shop: &Shop) -> Vec<Value> {
    ledger(&shop.world, &shop.world.acme.id).await.iter().map(|line| line["amount"].clone()).collect()
}

async fn what_a_dispute_took_cannot_be_refunded_as_well(shop: Shop) {
    let client = shop.owner().await;
    let (top_up, intent) = paid(&shop, &client, "100.00").await;
    // Other money, so that the refund is not refused for want of it.
    pay(&client, "k-2", "200.00").await.expect(201);
    refund(&shop, "r-1", &top_up, "40.00").await.expect(201);
    let dispute = shop.fake.dispute(&intent, Some(6_000), false).unwrap();
    deliver_all(&shop, "charge.dispute.").await;
    let refused = refund(&shop, "r-2", &top_up, "10.00").await.expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "more_than_paid", "{}", refused.text());
    assert!(refused.text().contains("Of this top-up 0.00 "), "{}", refused.text());
    assert_eq!(amounts(&shop).await, ["100.00", "200.00", "-40.00", "-60.00"], "100 paid, 100 back");
    // Won: the money is there again, to be given back.
    shop.fake.move_dispute(dispute["id"].as_str().unwrap(), "won").unwrap();
    deliver_all(&shop, "charge.dispute.").await;
    refund(&shop, "r-3", &top_up, "10.00").await.expect(201);
    assert_eq!(refund(&shop, "r-4", &top_up, "50.01").await.expect(422).json()["errors"][0]["code"], "more_than_paid");
}

async fn a_refund_of_the_dashboard_debits_the_wallet_once(shop: Shop) {
    let client = shop.owner().await;
    let (top_up, intent) = paid(&shop, &client, "100.00").await;
    shop.fake.refund_in_dashboard(&intent, Some(3_000)).unwrap();
    // As the same event and as another one about the same refund.
    for number in 0..6 {
        let events = shop.fake.bank().events();
        let (_, body) = events.iter().find(|(kind, _)| kind == "refund.created").unwrap();
        let mut event: Value = serde_json::from_slice(body).unwrap();
        event["id"] = json!(format!("evt_{}", number / 2));
        shop.deliver(shop.world.server.origin(), event.to_string().as_bytes()).await.expect(204);
    }
    let lines = ledger(&shop.world, &shop.world.acme.id).await;
    assert_eq!(amounts(&shop).await, ["100.00", "-30.00"]);
    assert_eq!((&lines[1]["kind"], &lines[1]["source"]), (&json!("refund"), &json!("Payment provider")));
    assert_eq!(lines[1]["details"]["top_up"], json!(top_up));
    let refused = refund(&shop, "r-1", &top_up, "70.01").await.expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "more_than_paid", "what went back there counts here");
    refund(&shop, "r-2", &top_up, "70.00").await.expect(201);
    assert_eq!(amounts(&shop).await, ["100.00", "-30.00", "-70.00"]);
    assert_eq!(shop.fake.bank().all("refund").len(), 2);
}

async fn a_refund_of_the_dashboard_takes_the_wallet_below_zero_and_charges_nobody(shop: Shop) {
    let client = shop.owner().await;
    let (_, intent) = paid(&shop, &client, "100.00").await;
    let form =
        json!({"enabled": true, "threshold": "1", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&form)).await.expect(200);
    spend(&shop.world, &shop.world.acme.id, "80").await;
    shop.fake.refund_in_dashboard(&intent, None).unwrap();
    deliver_all(&shop, "refund.").await;
    assert_eq!(client.get("/api/v1/wallet").await.expect(200).json()["balance"], "-80.00");
    let auto_pay = client.get("/api/v1/auto-pay").await.expect(200).json();
    assert_eq!(auto_pay["health"]["state"], "paused", "{auto_pay}");
    shop.advance(2 * 3_600).await;
    assert_eq!(client.get("/api/v1/auto-pay").await.expect(200).json()["health"]["state"], "paused");
    assert_eq!(shop.taken().len(), 1, "nobody is charged for what was given back");
}

async fn a_refund_of_the_dashboard_that_fails_comes_back_and_is_never_made_again(shop: Shop) {
    let client = shop.owner().await;
    let (_, intent) = paid(&shop, &client, "100.00").await;
    shop.fake.next(Fault::Pending);
    let refund = shop.fake.refund_in_dashboard(&intent, Some(3_000)).unwrap();
    deliver_all(&shop, "refund.").await;
    assert_eq!(amounts(&shop).await, ["100.00", "-30.00"]);
    // Its state is asked for by and by, and nothing is asked to be given back.
    shop.advance(2 * 3_600).await;
    shop.fake.finish_refund(refund["id"].as_str().unwrap(), "failed").unwrap();
    shop.advance(2 * 3_600).await;
    let back = eventually("the money is back", || async {
        let amounts = amounts(&shop).await;
        (amounts.len() == 3).then_some(amounts)
    });
    assert_eq!(back.await, ["100.00", "-30.00", "30.00"]);
    deliver_all(&shop, "refund.").await;
    assert_eq!(amounts(&shop).await.len(), 3);
    assert_eq!(shop.fake.bank().all("refund").len(), 1, "it was never made again");
}

async fn a_refund_of_the_dashboard_is_found_without_its_webhook(shop: Shop) {
    let client = shop.owner().await;
    let (_, intent) = paid(&shop, &client, "100.00").await;
    shop.fake.refund_in_dashboard(&intent, Some(3_000)).unwrap();
    shop.advance(3_700).await;
    eventually("the refund is in the ledger", || async {
        (amounts(&shop).await == ["100.00", "-30.00"]).then_some(())
    })
    .await;
}
