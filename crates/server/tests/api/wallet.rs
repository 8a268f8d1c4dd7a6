//! The wallet's status at every row of the table, as people see it and as the platform is answered.

use billing_domain::Money;
use serde_json::{Value, json};

use crate::fixture::World;
use crate::wallets::{amount, connect_card, fund, money, spend};

async fn wallet(world: &World) -> Value {
    world.sign_in(&world.acme.admin).await.get("/api/v1/wallet").await.expect(200).json()
}

/// `None`: may start; else why not.
async fn refusals(world: &World) -> [Option<String>; 3] {
    let mut refusals = Vec::new();
    for kind in ["outbound_call", "inbound_call", "ai_task"] {
        let form = json!({"organization_id": world.acme.id, "kind": kind, "estimate": "0", "ttl_seconds": 1});
        let answer = world.platform().post("/api/v1/metering/authorizations", &form).await.expect(200).json();
        assert_eq!(answer["allowed"] == false, answer["reason"].is_string(), "{answer}");
        refusals.push(answer["reason"].as_str().map(ToOwned::to_owned));
    }
    refusals.try_into().unwrap()
}

async fn is(world: &World, status: &str, refused: [&str; 3]) -> Value {
    let wallet = wallet(world).await;
    assert_eq!(wallet["status"], status, "{wallet}");
    let expected = refused.map(|reason| (!reason.is_empty()).then(|| reason.to_owned()));
    assert_eq!(refusals(world).await, expected, "{status}");
    wallet
}

const NOTHING: [&str; 3] = ["", "", ""];

async fn every_status_is_shown_and_answered(world: World) {
    let acme = &world.acme.id;
    fund(&world, acme, Money::from_major(10)).await;
    is(&world, "not_connected", ["not_connected"; 3]).await;
    connect_card(&world, acme).await;
    let active = is(&world, "active", NOTHING).await;
    assert_eq!((money(&active["low_mark"]), active["card_connected"].clone()), (amount("5"), json!(true)));

    spend(&world, acme, "5").await;
    let low = is(&world, "low", NOTHING).await;
    assert_eq!(low["runway"]["hours"], 24, "five are left, five were spent today");
    spend(&world, acme, "5").await;
    let grace = is(&world, "grace", ["balance_exhausted", "", "balance_exhausted"]).await;
    assert_eq!((money(&grace["available"]), money(&grace["grace"]["left"])), (Money::ZERO, amount("5")));
    assert_eq!((money(&grace["grace"]["floor"]), grace["runway"].clone()), (amount("-5"), Value::Null));
    spend(&world, acme, "5").await;
    let paused = is(&world, "paused", ["paused"; 3]).await;
    assert_eq!(paused["grace"], Value::Null);
    fund(&world, acme, Money::from_major(100)).await;
    is(&world, "active", NOTHING).await;
}

async fn grace_ends_by_time_and_a_credit_restores_at_once(world: World) {
    let acme = &world.acme.id;
    connect_card(&world, acme).await;
    fund(&world, acme, Money::from_major(1)).await;
    spend(&world, acme, "1").await;
    world.advance(29 * 60).await;
    is(&world, "grace", ["balance_exhausted", "", "balance_exhausted"]).await;
    world.advance(60).await;
    is(&world, "paused", ["paused"; 3]).await;
    fund(&world, acme, Money::from_major(100)).await;
    is(&world, "active", NOTHING).await;
    // A new grace is a whole one.
    spend(&world, acme, "101").await;
    is(&world, "grace", ["balance_exhausted", "", "balance_exhausted"]).await;
}

async fn an_expired_hold_is_available_again(world: World) {
    let acme = &world.acme.id;
    connect_card(&world, acme).await;
    fund(&world, acme, Money::from_major(10)).await;
    let form = json!({"organization_id": acme, "kind": "ai_task", "estimate": "10", "ttl_seconds": 60});
    let path = "/api/v1/metering/authorizations";
    assert_eq!(world.platform().post(path, &form).await.expect(200).json()["allowed"], true);
    let held = wallet(&world).await;
    assert_eq!((money(&held["available"]), held["status"].clone()), (Money::ZERO, json!("grace")));
    assert_eq!(world.platform().post(path, &form).await.expect(200).json()["allowed"], false);
    world.advance(61).await;
    let free = wallet(&world).await;
    assert_eq!((money(&free["available"]), money(&free["held"])), (amount("10"), Money::ZERO));
    assert_eq!(free["status"], "active");
    assert_eq!(world.platform().post(path, &form).await.expect(200).json()["allowed"], true);
}

async fn the_first_screen_fits_together(world: World) {
    let acme = &world.acme.id;
    connect_card(&world, acme).await;
    fund(&world, acme, Money::from_major(20)).await;
    spend(&world, acme, "3").await;
    let owner = world.sign_in(&world.acme.owner).await;
    let billing = owner.get("/api/v1/billing").await.expect(200).json();
    let (wallet, newest) = (&billing["wallet"], &billing["transactions"]["items"][0]);
    assert_eq!((&wallet["last_seq"], &wallet["balance"]), (&newest["seq"], &newest["balance_after"]));
    assert_eq!(money(&billing["usage"]["total"]), amount("3"));
    assert_eq!(billing["usage"]["days"].as_array().unwrap().last().unwrap()["date"], billing["today"]);
    assert_eq!(billing["cards"][0]["last4"], "4242");
    assert_eq!(
        (billing["limits"]["min"].clone(), billing["auto_pay"]["enabled"].clone()),
        (json!("10.00"), json!(false))
    );
    for path in ["/api/v1/billing", "/api/v1/wallet", "/api/v1/usage", "/api/v1/transactions"] {
        assert_eq!(world.sign_in(&world.acme.member).await.get(path).await.expect(403).problem(), "forbidden");
        assert_eq!(world.anonymous().get(path).await.expect(401).problem(), "unauthenticated");
    }
}

on_both_databases!(
    every_status_is_shown_and_answered,
    grace_ends_by_time_and_a_credit_restores_at_once,
    an_expired_hold_is_available_again,
    the_first_screen_fits_together,
);
