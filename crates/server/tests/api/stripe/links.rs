//! Payment links with Stripe: the card is entered on Stripe's own page, and the browser's word about it counts nothing.

use serde_json::{Value, json};

use super::shop::{Shop, with_stripe};
use crate::client::{Answer, Client, send};
use crate::money::{eventually, ledger};

with_stripe!(
    one_scan_connects_a_card_on_the_hosted_page,
    a_payment_is_charged_to_the_card_of_the_page_and_its_challenge_answered,
    an_open_page_blocks_nobody,
    a_revoked_link_closes_its_page,
    a_page_that_nobody_finishes_ends,
    an_event_alone_completes_a_link,
    a_lost_answer_opens_one_page,
);

async fn link(client: &Client, form: Value) -> (String, String) {
    let made = client.post("/api/v1/payment-links", &form).await.expect(201).json();
    let token = made["url"].as_str().unwrap().split_once("/pay#").unwrap().1.to_owned();
    (made["link"]["id"].as_str().unwrap().to_owned(), token)
}

async fn complete(shop: &Shop, key: &str, token: &str) -> Answer {
    let form = json!({"token": token, "consent": "link-2026-11"});
    send(shop.world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", key).json(&form))
        .await
}

/// The same by a payer who saw that this is charged at once.
async fn complete_for(shop: &Shop, key: &str, token: &str, expected_charge: &str) -> Answer {
    let form = json!({"token": token, "consent": "link-2026-11", "expected_charge": expected_charge});
    send(shop.world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", key).json(&form))
        .await
}

async fn status(shop: &Shop, token: &str, attempt: &Value) -> Value {
    let form = json!({"token": token, "attempt_id": attempt["id"]});
    shop.world.anonymous().post("/api/v1/pay/status", &form).await.expect(200).json()
}

async fn state_of(client: &Client, id: &str) -> Value {
    let links = client.get("/api/v1/payment-links").await.expect(200).json();
    links["items"].as_array().unwrap().iter().find(|link| link["id"] == id).unwrap()["state"].clone()
}

/// Enters a card on the page at this address, as its form does; where the browser is sent afterwards.
async fn enter(address: &str, number: &str) -> Option<String> {
    let form = format!("number={}", number.replace(' ', "+"));
    let request = crate::client::http().post(address).header("content-type", "application/x-www-form-urlencoded");
    let answer = send(request.body(form)).await;
    answer.header("location").map(str::to_owned)
}

fn page_of(attempt: &Value) -> String {
    assert_eq!(attempt["status"], "action_required", "{attempt}");
    attempt["redirect"].as_str().unwrap().to_owned()
}

async fn one_scan_connects_a_card_on_the_hosted_page(shop: Shop) {
    let owner = shop.owner().await;
    let settings = json!({"threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    let (id, token) = link(&owner, json!({"purpose": "connect", "auto_pay": settings})).await;
    assert_eq!(complete(&shop, "k-0", &token).await.expect(409).problem(), "charge_changed", "the sum was not seen");
    let attempt = complete_for(&shop, "k-1", &token, "50.00").await.expect(201).json();
    let page = page_of(&attempt);
    assert!(page.starts_with(shop.fake.origin()), "{page}");
    let replayed = complete_for(&shop, "k-1", &token, "50.00").await.expect(201);
    assert_eq!(page_of(&replayed.json()), page, "the same attempt, the same page");
    assert_eq!(status(&shop, &token, &attempt).await["status"], "action_required", "nobody has entered anything");
    assert_eq!(enter(&page, "4000 0000 0000 0002").await, None, "a refused card stays on the page");
    assert_eq!(status(&shop, &token, &attempt).await["status"], "action_required");
    let back = enter(&page, "4242 4242 4242 4242").await.unwrap();
    assert_eq!(back, format!("{}/pay", shop.world.server.origin()));
    let done = status(&shop, &token, &attempt).await;
    assert_eq!((&done["status"], &done["card"]["last4"]), (&json!("succeeded"), &json!("4242")), "{done}");
    assert_eq!((&done["redirect"], &state_of(&owner, &id).await), (&Value::Null, &json!("completed")));
    assert_eq!(owner.get("/api/v1/auto-pay").await.expect(200).json()["enabled"], true);
    assert_eq!(
        shop.agreed(&owner).await.into_values().collect::<Vec<_>>(),
        [5_000],
        "the first payment was seen and made"
    );
    // A token of anybody else's form is refused here too.
    let (_, token) = link(&owner, json!({"purpose": "connect"})).await;
    let form = json!({"token": token, "card_token": "pm_card_visa", "exp_month": 12, "exp_year": 2034, "consent": "c"});
    let request = shop.world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", "k-2");
    assert_eq!(send(request.json(&form)).await.expect(422).problem(), "invalid");
}

async fn a_payment_is_charged_to_the_card_of_the_page_and_its_challenge_answered(shop: Shop) {
    let owner = shop.owner().await;
    for (number, challenged) in [("4242 4242 4242 4242", false), ("4000 0038 0000 0446", true)] {
        let (id, token) = link(&owner, json!({"purpose": "pay", "amount": "75.50"})).await;
        let attempt = complete(&shop, if challenged { "asked" } else { "plain" }, &token).await.expect(201).json();
        enter(&page_of(&attempt), number).await.unwrap();
        let mut shown = status(&shop, &token, &attempt).await;
        if challenged {
            assert_eq!((&shown["status"], &shown["redirect"]), (&json!("action_required"), &Value::Null), "{shown}");
            let secret = shown["client_secret"].as_str().unwrap();
            assert_eq!(status(&shop, &token, &attempt).await["status"], "action_required");
            shop.fake.authenticate(secret, true).unwrap();
            shown = status(&shop, &token, &attempt).await;
        }
        assert_eq!((&shown["status"], &shown["client_secret"]), (&json!("succeeded"), &Value::Null), "{shown}");
        assert_eq!(state_of(&owner, &id).await, "completed");
    }
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"], json!([]), "neither card is kept");
    assert_eq!(shop.agreed(&owner).await.into_values().collect::<Vec<_>>(), [7_550, 7_550]);
    assert_eq!(ledger(&shop.world, &shop.world.acme.id).await.len(), 2);
}

async fn an_open_page_blocks_nobody(shop: Shop) {
    let owner = shop.owner().await;
    let (_, token) = link(&owner, json!({"purpose": "pay", "amount": "30"})).await;
    let first = complete(&shop, "first", &token).await.expect(201).json();
    let second = complete(&shop, "second", &token).await.expect(201).json();
    assert_ne!(page_of(&first), page_of(&second));
    assert_eq!(enter(&page_of(&first), "4242 4242 4242 4242").await, None, "that page is over");
    let over = status(&shop, &token, &first).await;
    assert_eq!((&over["status"], &over["may_try_again"]), (&json!("expired"), &json!(true)));
    // Somebody who has just entered a card is not pushed aside.
    enter(&page_of(&second), "4242 4242 4242 4242").await.unwrap();
    complete(&shop, "third", &token).await.expect(410);
    assert_eq!(status(&shop, &token, &second).await["status"], "succeeded");
    assert_eq!(shop.agreed(&owner).await.into_values().collect::<Vec<_>>(), [3_000]);
}

async fn a_revoked_link_closes_its_page(shop: Shop) {
    let owner = shop.owner().await;
    let (id, token) = link(&owner, json!({"purpose": "connect"})).await;
    let attempt = complete(&shop, "k-1", &token).await.expect(201).json();
    let page = page_of(&attempt);
    owner.delete(&format!("/api/v1/payment-links/{id}")).await.expect(200);
    eventually("the page is closed", || async {
        let bank = shop.fake.bank();
        bank.all("checkout.session").iter().all(|session| session["status"] == "expired").then_some(())
    })
    .await;
    assert_eq!(enter(&page, "4242 4242 4242 4242").await, None);
    let over = status(&shop, &token, &attempt).await;
    assert_eq!((&over["status"], &over["may_try_again"]), (&json!("expired"), &json!(false)));
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"], json!([]));
}

async fn a_page_that_nobody_finishes_ends(shop: Shop) {
    let owner = shop.owner().await;
    let (_, token) = link(&owner, json!({"purpose": "connect"})).await;
    let attempt = complete(&shop, "k-1", &token).await.expect(201).json();
    shop.advance(29 * 60).await;
    assert_eq!(status(&shop, &token, &attempt).await["status"], "action_required");
    shop.advance(2 * 60).await;
    assert_eq!(status(&shop, &token, &attempt).await["status"], "expired");
    assert_eq!(enter(&page_of(&attempt), "4242 4242 4242 4242").await, None, "what is given up is closed");
    complete(&shop, "k-2", &token).await.expect(201);
}

async fn an_event_alone_completes_a_link(shop: Shop) {
    let owner = shop.owner().await;
    let (id, token) = link(&owner, json!({"purpose": "connect"})).await;
    let attempt = complete(&shop, "k-1", &token).await.expect(201).json();
    enter(&page_of(&attempt), "4242 4242 4242 4242").await.unwrap();
    let completed = |(kind, body): (String, Vec<u8>)| (kind == "checkout.session.completed").then_some(body);
    let event = shop.fake.bank().events().into_iter().find_map(completed).unwrap();
    for _ in 0..2 {
        shop.deliver(shop.world.server.origin(), &event).await.expect(204);
    }
    assert_eq!(state_of(&owner, &id).await, "completed");
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
}

async fn a_lost_answer_opens_one_page(shop: Shop) {
    let owner = shop.owner().await;
    // The customer is there already: what gets lost is the answer about the page.
    shop.connect(&owner, "pm_card_visa").await;
    let (_, token) = link(&owner, json!({"purpose": "connect"})).await;
    shop.fake.next(fake_stripe::Fault::ActThenDrop);
    let attempt = complete(&shop, "k-1", &token).await.expect(201).json();
    assert_eq!(attempt["status"], "processing");
    let attempt = eventually("the page is found again", || async {
        let shown = status(&shop, &token, &attempt).await;
        (shown["status"] == "action_required").then_some(shown)
    })
    .await;
    enter(&page_of(&attempt), "4242 4242 4242 4242").await.unwrap();
    assert_eq!(status(&shop, &token, &attempt).await["status"], "succeeded");
    assert_eq!(shop.fake.bank().all("checkout.session").len(), 1);
}
