//! Disputes in the wallet: below zero if need be, automatic payments pause and say why, what comes back is credited once.

use billing_store::NoticeKind;
use serde_json::json;

use super::shop::{Shop, with_stripe};
use crate::client::send;
use crate::money::{eventually, ledger, pay};
use crate::wallets::spend;

with_stripe!(
    a_dispute_takes_the_wallet_below_zero_and_pauses_automatic_payments,
    a_dispute_that_is_won_comes_back_once,
    an_inquiry_moves_no_money,
    a_fraud_warning_pauses_and_tells_once_and_gives_nothing_back,
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

async fn a_fraud_warning_pauses_and_tells_once_and_gives_nothing_back(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let paid = pay(&client, "k-1", "25.00").await.expect(201).json();
    let form =
        json!({"enabled": true, "threshold": "1", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&form)).await.expect(200);
    let intent = shop.fake.bank().all("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    shop.fake.warn_of_fraud(&intent).unwrap();
    let events = shop.fake.bank().events();
    let (_, event) = events.iter().find(|(kind, _)| kind == "radar.early_fraud_warning.created").unwrap();
    let again: serde_json::Value = serde_json::from_slice(event).unwrap();
    for number in 0..10 {
        // Also as other events about the same warning: the warning itself is known.
        let mut event = again.clone();
        event["id"] = json!(format!("evt_{}", number / 2));
        shop.deliver(shop.world.server.origin(), event.to_string().as_bytes()).await.expect(204);
    }
    let auto_pay = client.get("/api/v1/auto-pay").await.expect(200).json();
    assert_eq!(auto_pay["health"]["state"], "paused");
    assert!(auto_pay["health"]["reason"].as_str().unwrap().contains("fraud"), "{auto_pay}");
    let told = shop.world.store.notices(&shop.world.acme.id, 20).await.unwrap();
    let arranged = [NoticeKind::CardAdded, NoticeKind::AutomaticPaymentsChanged];
    let told: Vec<_> = told.iter().filter(|notice| !arranged.contains(&notice.kind)).collect();
    assert_eq!(told.iter().map(|notice| notice.kind).collect::<Vec<_>>(), [NoticeKind::FraudWarning], "one letter");
    let fact = |name: &str| told[0].facts[name].as_str();
    assert_eq!((fact("top_up_id"), fact("automatic_payments_paused")), (paid["id"].as_str().unwrap(), "yes"));
    assert_eq!((fact("amount"), fact("reason")), ("25.00", "unauthorized_use_of_card"));
    assert_eq!(ledger(&shop.world, &shop.world.acme.id).await.len(), 1, "nothing is given back by itself");
    assert!(shop.fake.bank().all("refund").is_empty());
    // Money by hand does not make up for it, a person's word does.
    pay(&client, "k-2", "30.00").await.expect(201);
    assert_eq!(client.get("/api/v1/auto-pay").await.expect(200).json()["health"]["state"], "paused");
    send(client.request("POST", "/api/v1/auto-pay/resume")).await.expect(200);
    assert_eq!(client.get("/api/v1/auto-pay").await.expect(200).json()["health"]["state"], "armed");
}
