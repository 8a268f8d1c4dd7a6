//! The sandbox card that disputes: as at a real processor the money goes later and unasked.

use crate::fixture::World;
use crate::money::{connect, eventually, ledger, pay};

on_both_databases!(the_card_that_disputes_takes_its_money_back_within_the_hour);

async fn the_card_that_disputes_takes_its_money_back_within_the_hour(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_createDispute").await;
    let top_up = pay(&client, "k-1", "25.00").await.expect(201).json();
    world.advance(3_700).await;
    eventually("the dispute is in the ledger", || async {
        let lines = ledger(&world, &world.acme.id).await;
        (lines.len() == 2).then_some(lines)
    })
    .await;
    world.advance(3_700).await;
    world.advance(3_700).await;
    let lines = ledger(&world, &world.acme.id).await;
    assert_eq!(lines.len(), 2, "it is taken once: {lines:?}");
    assert_eq!((&lines[1]["kind"], &lines[1]["amount"]), (&"dispute".into(), &"-25.00".into()));
    assert_eq!(lines[1]["details"]["top_up"], top_up["id"]);
    let receipt = client.get(&format!("/api/v1/top-ups/{}/receipt", top_up["id"].as_str().unwrap())).await.expect(200);
    let receipt = crate::receipts::text(&receipt).await;
    assert!(receipt.contains("Status Disputed") && receipt.contains("taken 25.00 USD"), "{receipt}");
    assert_eq!(client.get("/api/v1/wallet").await.expect(200).json()["balance"], "0.00");
}
