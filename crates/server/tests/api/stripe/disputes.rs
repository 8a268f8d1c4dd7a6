//! Disputes in the wallet: below zero if need be, automatic payments pause and say why, what comes back is credited once.

use serde_json::json;

use super::shop::{Shop, with_stripe};
use crate::client::send;
use crate::money::{eventually, ledger, pay};
use crate::wallets::spend;

with_stripe!(
    a_dispute_takes_the_wallet_below_zero_and_pauses_automatic_payments,
    a_dispute_that_is_won_comes_back_once,
    an_inquiry_moves_no_money,
);

async fn a_dispute_takes_the_wallet_below_zero_and_pauses_automatic_payments(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    pay(&client, "k-1", "25.00").await.expect(201);
    let form =
        json!({"enabled": true, "threshold": "1", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&form)).await.expect(200);
    spend(&shop.world, &shop.world.acme.id, "20").await;
    // From here on Stripe tells by itself.
    shop.fake.send_webhooks_to(Some(format!("{}/api/v1/webhooks/stripe", shop.world.server.origin())));
    let intent = shop.fake.bank().all("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    shop.fake.dispute(&intent, Some(2_600), false).unwrap();
    eventually("the dispute is in the ledger", || async {
        let wallet = client.get("/api/v1/wallet").await.expect(200).json();
        (wallet["balance"] == "-21.00").then_some(())
    })
    .await;
    let auto_pay = client.get("/api/v1/auto-pay").await.expect(200).json();
    assert_eq!(auto_pay["health"]["state"], "paused");
    assert!(auto_pay["health"]["reason"].as_str().unwrap().contains("disputed"), "{auto_pay}");
    assert_eq!(shop.taken().len(), 1, "nobody is charged while it is disputed");
    let wallet = client.get("/api/v1/wallet").await.expect(200).json();
    assert!(["grace", "paused"].contains(&wallet["status"].as_str().unwrap()), "{wallet}");
    // Money by hand does not make up for the consent; a person's word does.
    pay(&client, "k-2", "30.00").await.expect(201);
    assert_eq!(client.get("/api/v1/auto-pay").await.expect(200).json()["health"]["state"], "paused");
    send(client.request("POST", "/api/v1/auto-pay/resume")).await.expect(200);
    assert_ne!(client.get("/api/v1/auto-pay").await.expect(200).json()["health"]["state"], "paused");
}

async fn a_dispute_that_is_won_comes_back_once(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    pay(&client, "k-1", "25.00").await.expect(201);
    let intent = shop.fake.bank().all("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    let dispute = shop.fake.dispute(&intent, None, false).unwrap();
    shop.fake.move_dispute(dispute["id"].as_str().unwrap(), "won").unwrap();
    let events: Vec<_> =
        shop.fake.bank().events().into_iter().filter(|(kind, _)| kind.starts_with("charge.dispute.")).collect();
    assert_eq!(events.len(), 5, "created, funds_withdrawn, updated, funds_reinstated, closed");
    // The last first, each three times.
    for (_, body) in events.iter().rev().cycle().take(events.len() * 3) {
        shop.deliver(shop.world.server.origin(), body).await.expect(204);
    }
    let lines = ledger(&shop.world, &shop.world.acme.id).await;
    let amounts: Vec<_> = lines.iter().map(|line| line["amount"].clone()).collect();
    assert_eq!(amounts, ["25.00", "-25.00", "25.00"]);
    assert_eq!(lines[2]["corrects"], 2);
}

async fn an_inquiry_moves_no_money(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    pay(&client, "k-1", "25.00").await.expect(201);
    let intent = shop.fake.bank().all("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    let inquiry = shop.fake.dispute(&intent, None, true).unwrap();
    shop.fake.move_dispute(inquiry["id"].as_str().unwrap(), "warning_closed").unwrap();
    let events = shop.fake.bank().events();
    for (kind, body) in events {
        if kind.starts_with("charge.dispute.") {
            shop.deliver(shop.world.server.origin(), &body).await.expect(204);
        }
    }
    assert_eq!(ledger(&shop.world, &shop.world.acme.id).await.len(), 1);
}
