//! Payment links: one click by the admin, one form by the colleague, and nothing for anybody else.

use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _};

use crate::auto_pay::spend;
use crate::client::{Answer, Client, send, try_send};
use crate::fixture::{Server, World};
use crate::money::{agreed, charges, connect, eventually, ledger, pay, script, taken};
use crate::stream::Stream;

on_both_databases!(
    one_scan_takes_automatic_payments_from_off_to_on,
    what_is_charged_at_once_is_seen_first_and_confirmed_anew_when_it_changes,
    a_balance_that_falls_while_the_payer_confirms_charges_nothing_unseen,
    a_refused_first_payment_connects_and_switches_on_nothing,
    a_payment_through_a_link_is_credited_and_keeps_no_card,
    the_admin_watches_it_go_from_created_to_completed,
    dead_and_unknown_links_say_one_sentence_and_nothing_of_the_organization,
    an_expired_link_stays_expired_when_the_clock_goes_back,
    previews_and_robots_use_up_nothing,
    of_ten_payers_one_pays,
    a_key_uses_a_link_once,
    another_card_may_be_tried_until_too_many_were_declined,
    whoever_cannot_choose_the_amount_is_not_told_to_take_a_smaller_one,
    a_payment_without_an_answer_blocks_the_link_until_the_truth_is_known,
    a_kill_between_card_and_charge_loses_nothing,
    both_confirmations_of_one_payment_are_asked_for,
    what_a_link_must_not_be_is_named_field_by_field,
    the_token_is_in_no_table,
    guessing_links_is_slowed_down,
);

async fn make(client: &Client, form: Value) -> Value {
    client.post("/api/v1/payment-links", &form).await.expect(201).json()
}

fn token(created: &Value) -> String {
    created["url"].as_str().unwrap().split_once("/pay#").unwrap().1.to_owned()
}

fn card(token: &str, card: &str) -> Value {
    json!({"token": token, "card_token": card, "exp_month": 12, "exp_year": 2034, "consent": "link-2026-11"})
}

/// The same by a payer who saw that this is charged at once.
fn card_for(token: &str, card_token: &str, expected_charge: &str) -> Value {
    let mut form = card(token, card_token);
    form["expected_charge"] = json!(expected_charge);
    form
}

async fn complete(world: &World, key: &str, form: &Value) -> Answer {
    send(world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", key).json(form)).await
}

async fn resolve(world: &World, token: &str) -> Answer {
    world.anonymous().post("/api/v1/pay/resolve", &json!({"token": token})).await
}

async fn status(world: &World, token: &str, attempt: &Value) -> Value {
    let form = json!({"token": token, "attempt_id": attempt["id"]});
    world.anonymous().post("/api/v1/pay/status", &form).await.expect(200).json()
}

async fn list(client: &Client) -> Vec<Value> {
    client.get("/api/v1/payment-links").await.expect(200).json()["items"].as_array().unwrap().clone()
}

async fn an_expired_link_stays_expired_when_the_clock_goes_back(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let link = make(&owner, json!({"purpose": "pay", "amount": "100", "expires_in_seconds": 3_600})).await;
    let token = token(&link);
    resolve(&world, &token).await.expect(200);
    world.advance(3_601).await;
    resolve(&world, &token).await.expect(410);
    let id = link["link"]["id"].as_str().unwrap().parse().unwrap();
    eventually("it is written down that the link is over", || async {
        world.store.link(&world.acme.id, &id).await.unwrap().expired_at
    })
    .await;
    world.advance(-3_601).await;
    resolve(&world, &token).await.expect(410);
    complete(&world, "k-1", &card(&token, "pm_card_visa")).await.expect(410);
    assert_eq!(list(&owner).await[0]["state"], "expired");
}

fn settings() -> Value {
    json!({"threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"})
}

async fn one_scan_takes_automatic_payments_from_off_to_on(world: World) {
    let admin = world.sign_in(&world.acme.admin).await;
    let created =
        make(&admin, json!({"purpose": "connect", "auto_pay": settings(), "note": "Please, for November"})).await;
    let token = token(&created);
    assert_eq!(token.len(), 43, "256 bits");
    assert!(created["qr"]["size"].as_u64().unwrap() >= 29 && created["qr"]["path"].as_str().unwrap().starts_with('M'));
    let page = resolve(&world, &token).await.expect(200).json();
    assert_eq!(
        (&page["organization"], &page["requested_by"], &page["purpose"], &page["note"]),
        (&json!("Acme"), &json!("Acme admin"), &json!("connect"), &json!("Please, for November"))
    );
    assert_eq!((&page["amount"], &page["auto_pay"]["threshold"]), (&Value::Null, &json!("20.00")));
    // The wallet is empty, so the first payment comes at once: the payer is told, and pays it there.
    assert_eq!(page["charge_now"], "50.00");
    let attempt = complete(&world, "t-1", &card_for(&token, "pm_card_visa", "50.00")).await.expect(201).json();
    assert_eq!((&attempt["status"], &attempt["card"]["last4"]), (&json!("succeeded"), &json!("4242")));
    assert_eq!(attempt["amount"], "50.00");
    let replayed = complete(&world, "t-1", &card_for(&token, "pm_card_visa", "50.00")).await.expect(201).json();
    assert_eq!(replayed, attempt, "the same attempt, though nothing would be charged by now");
    let wanted = json!({"token": token, "attempt_id": attempt["id"]});
    assert!(world.anonymous().post("/api/v1/pay/receipt", &wanted).await.expect(200).body.starts_with(b"%PDF-"));
    let auto_pay = admin.get("/api/v1/auto-pay").await.expect(200).json();
    assert_eq!((&auto_pay["enabled"], &auto_pay["threshold"]), (&json!(true), &json!("20.00")));
    assert_eq!(admin.get("/api/v1/cards").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    assert_eq!((&auto_pay["month"]["spent"], &auto_pay["month"]["left"]), (&json!("50.00"), &json!("450.00")));
    assert_eq!(agreed(&world, &admin, &world.acme.id).await.into_values().collect::<Vec<_>>(), [5_000]);
    // The next one keeps its distance, as after any automatic payment.
    spend(&world, 40).await;
    assert_eq!(admin.get("/api/v1/auto-pay").await.expect(200).json()["health"]["state"], "waiting");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    assert_eq!(list(&admin).await[0]["state"], "completed");
}

async fn what_is_charged_at_once_is_seen_first_and_confirmed_anew_when_it_changes(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    pay(&owner, "k-1", "30").await.expect(201);
    let target = json!({"threshold": "20", "refill": {"kind": "target", "balance": "100"}, "monthly_cap": "500"});
    let token = token(&make(&owner, json!({"purpose": "connect", "auto_pay": target})).await);
    let mut number = 0;
    let mut send = async |form: Value| {
        number += 1;
        complete(&world, &format!("try-{number}"), &form).await
    };
    let due = async || resolve(&world, &token).await.expect(200).json()["charge_now"].clone();
    let unseen = card(&token, "pm_card_visa");
    assert_eq!(due().await, Value::Null, "above the threshold nothing is charged");
    // From none to some.
    spend(&world, 15).await;
    let refused = send(unseen.clone()).await.expect(409);
    assert_eq!(refused.problem(), "charge_changed");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("85.00 USD") && detail.contains("Nothing was charged"), "{detail}");
    assert_eq!(due().await, "85.00");
    // To another sum.
    spend(&world, 1).await;
    let refused = send(card_for(&token, "pm_card_visa", "85.00")).await;
    assert_eq!((refused.expect(409).problem(), due().await), ("charge_changed".to_owned(), json!("86.00")));
    // From some to none.
    pay(&owner, "k-2", "10").await.expect(201);
    let refused = send(card_for(&token, "pm_card_visa", "86.00")).await;
    assert_eq!((refused.expect(409).problem(), due().await), ("charge_changed".to_owned(), Value::Null));
    assert_eq!(charges(&world, &world.acme.id).await.len(), 2, "a refusal charges nothing");
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    // A refusal uses up neither the key nor the link.
    spend(&world, 10).await;
    let attempt = send(card_for(&token, "pm_card_mastercard", "86.00")).await.expect(201).json();
    assert_eq!((&attempt["status"], &attempt["amount"]), (&json!("succeeded"), &json!("86.00")));
    let sums = agreed(&world, &owner, &world.acme.id).await;
    assert_eq!(sums.into_values().sum::<i64>(), 3_000 + 1_000 + 8_600);
    // An amount that the link itself names cannot change; another one is refused all the same.
    let fixed = self::token(&make(&owner, json!({"purpose": "pay", "amount": "40"})).await);
    assert_eq!(resolve(&world, &fixed).await.expect(200).json()["charge_now"], "40.00");
    let wrong = send(card_for(&fixed, "pm_card_visa", "39.00")).await;
    assert_eq!(wrong.expect(409).problem(), "charge_changed");
    let malformed = send(card_for(&fixed, "pm_card_visa", "forty")).await.expect(422).json();
    assert_eq!(malformed["errors"][0]["pointer"], "/expected_charge", "{malformed}");
    assert_eq!(send(card(&fixed, "pm_card_visa")).await.expect(201).json()["amount"], "40.00");
}

async fn a_balance_that_falls_while_the_payer_confirms_charges_nothing_unseen(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    pay(&owner, "k-1", "30").await.expect(201);
    let token = token(&make(&owner, json!({"purpose": "connect", "auto_pay": settings()})).await);
    let attempt = complete(&world, "c", &card(&token, "pm_card_authenticationRequired")).await.expect(201).json();
    assert_eq!((&attempt["status"], &attempt["amount"]), (&json!("action_required"), &Value::Null));
    spend(&world, 15).await;
    let answer = json!({"token": token, "attempt_id": attempt["id"], "approve": true});
    let done = world.anonymous().post("/api/v1/pay/challenge", &answer).await.expect(200).json();
    assert_eq!((&done["status"], &done["amount"]), (&json!("succeeded"), &Value::Null));
    let shown = owner.get("/api/v1/auto-pay").await.expect(200).json();
    assert_eq!((&shown["enabled"], &shown["health"]["state"]), (&json!(true), &json!("waiting")));
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1, "the page said that nothing is charged at once");
}

async fn a_refused_first_payment_connects_and_switches_on_nothing(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let token = token(&make(&owner, json!({"purpose": "connect", "auto_pay": settings()})).await);
    let refused = card_for(&token, "pm_card_chargeCustomerFail", "50.00");
    let attempt = complete(&world, "a", &refused).await.expect(201).json();
    assert_eq!((&attempt["status"], &attempt["may_try_again"]), (&json!("declined"), &json!(true)), "{attempt}");
    assert_eq!(owner.get("/api/v1/auto-pay").await.expect(200).json()["enabled"], false);
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"], json!([]));
    let paid = complete(&world, "b", &card_for(&token, "pm_card_visa", "50.00")).await.expect(201).json();
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(owner.get("/api/v1/auto-pay").await.expect(200).json()["enabled"], true);
}

async fn a_payment_through_a_link_is_credited_and_keeps_no_card(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for (purpose, cards) in [("pay", 0), ("pay_and_connect", 1)] {
        let token = token(&make(&owner, json!({"purpose": purpose, "amount": "75.50"})).await);
        let attempt = complete(&world, purpose, &card(&token, "pm_card_visa")).await.expect(201).json();
        assert_eq!(attempt["status"], "succeeded", "{attempt}");
        assert!(attempt["settled_at"].is_string() && attempt["may_try_again"] == false);
        assert_eq!(status(&world, &token, &attempt).await, attempt, "whoever paid may see it again");
        let wanted = json!({"token": token, "attempt_id": attempt["id"]});
        let receipt = world.anonymous().post("/api/v1/pay/receipt", &wanted).await.expect(200);
        assert_eq!(receipt.header("content-type"), Some("application/pdf"));
        assert!(receipt.body.starts_with(b"%PDF-"));
        assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"].as_array().unwrap().len(), cards);
    }
    let lines = ledger(&world, &world.acme.id).await;
    assert_eq!(lines.iter().map(|line| &line["amount"]).collect::<Vec<_>>(), ["75.50", "75.50"]);
    assert!(lines.iter().all(|line| line["source"] == "Payment link"), "{lines:?}");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 2);
    assert_eq!(owner.get("/api/v1/auto-pay").await.expect(200).json()["enabled"], false);
}

async fn the_admin_watches_it_go_from_created_to_completed(world: World) {
    let admin = world.sign_in(&world.acme.admin).await;
    let mut stream = Stream::open(&admin, "", None).await;
    stream.next_of("wallet").await;
    let created = make(&admin, json!({"purpose": "pay", "amount": "30"})).await;
    assert_eq!(stream.next_of("link").await.data, created["link"]);
    let token = token(&created);
    resolve(&world, &token).await.expect(200);
    assert_eq!(stream.next_of("link").await.data["state"], "opened");
    complete(&world, "t-1", &card(&token, "pm_card_visa")).await.expect(201);
    loop {
        let link = stream.next_of("link").await.data;
        assert_eq!(link["id"], created["link"]["id"]);
        if link["state"] == "completed" {
            break;
        }
    }
    let billing = admin.get("/api/v1/billing").await.expect(200).json();
    assert_eq!(billing["links"][0]["state"], "completed");
}

async fn dead_and_unknown_links_say_one_sentence_and_nothing_of_the_organization(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let used = token(&make(&owner, json!({"purpose": "connect"})).await);
    complete(&world, "used", &card(&used, "pm_card_visa")).await.expect(201);
    let revoked = make(&owner, json!({"purpose": "connect"})).await;
    let id = revoked["link"]["id"].as_str().unwrap().to_owned();
    let stranger = world.sign_in(&world.other.owner).await;
    assert_eq!(stranger.delete(&format!("/api/v1/payment-links/{id}")).await.expect(404).problem(), "not_found");
    let taken_back = owner.delete(&format!("/api/v1/payment-links/{id}")).await.expect(200).json();
    assert_eq!(taken_back["state"], "revoked");
    let expired = token(&make(&owner, json!({"purpose": "connect", "expires_in_seconds": 3600})).await);
    resolve(&world, &expired).await.expect(200);
    world.advance(3600).await;
    let mut sentences = Vec::new();
    for token in [&used, &token(&revoked), &expired] {
        let answer = resolve(&world, token).await.expect(410);
        assert_eq!(answer.problem(), "gone");
        assert!(!answer.text().contains("Acme"));
        sentences.push(answer.text());
        let late = complete(&world, "late", &card(token, "pm_card_mastercard")).await.expect(410);
        assert_eq!(late.text(), *sentences.last().unwrap());
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "{sentences:?}");
    for unknown in ["", "x", &"A".repeat(43), &used[..42], &format!("{used}A")] {
        let answer = resolve(&world, unknown).await.expect(404);
        assert_eq!(answer.problem(), "not_found");
        assert!(!answer.text().contains("Acme"));
    }
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
}

async fn previews_and_robots_use_up_nothing(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let token = token(&make(&owner, json!({"purpose": "connect"})).await);
    for number in 0..100 {
        let agent =
            ["Slackbot-LinkExpanding 1.0", "WhatsApp/2.2", "facebookexternalhit/1.1", "Twitterbot/1.0"][number % 4];
        let method = ["GET", "HEAD"][number % 2];
        for path in ["/pay".to_owned(), format!("/pay?x={number}")] {
            let answer = send(world.anonymous().request(method, &path).header("user-agent", agent)).await;
            assert!(answer.status == 200 && !answer.text().contains("Acme"), "{}", answer.status);
        }
        for path in ["/api/v1/pay/resolve", "/api/v1/pay/complete"] {
            send(world.anonymous().request(method, path).header("user-agent", agent)).await.expect(405);
        }
    }
    assert_eq!(list(&owner).await[0]["state"], "created");
    complete(&world, "t-1", &card(&token, "pm_card_visa")).await.expect(201);
}

async fn of_ten_payers_one_pays(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let token = token(&make(&owner, json!({"purpose": "pay", "amount": "40"})).await);
    script(&world, "slow").await;
    let form = card(&token, "pm_card_visa");
    let answers = futures_util::future::join_all((0..10).map(|number| {
        let form = form.clone();
        let world = &world;
        async move { complete(world, &format!("payer-{number}"), &form).await }
    }))
    .await;
    let paid = answers.iter().filter(|answer| answer.status == 201).count();
    let stopped = answers.iter().filter(|answer| [409, 410].contains(&answer.status)).count();
    assert_eq!((paid, stopped), (1, 9), "{answers:?}");
    let charged = agreed(&world, &owner, &world.acme.id).await;
    assert_eq!(charged.into_values().collect::<Vec<_>>(), [4_000]);
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1, "nobody else was charged");
}

async fn a_key_uses_a_link_once(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let token = token(&make(&owner, json!({"purpose": "pay", "amount": "40"})).await);
    let form = card(&token, "pm_card_visa");
    let answers = futures_util::future::join_all((0..10).map(|_| complete(&world, "same", &form))).await;
    let ids: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| answer.expect(201).json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1);
    let replayed = complete(&world, "same", &form).await.expect(201);
    assert_eq!(
        (replayed.header("idempotency-replayed"), &replayed.json()["status"]),
        (Some("true"), &json!("succeeded"))
    );
    let other = complete(&world, "same", &card(&token, "pm_card_mastercard")).await.expect(422);
    assert_eq!(other.problem(), "idempotency_key_reused");
    let none = world.anonymous().post("/api/v1/pay/complete", &form).await.expect(400);
    assert_eq!(none.problem(), "idempotency_key_missing");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
}

async fn another_card_may_be_tried_until_too_many_were_declined(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let first = token(&make(&owner, json!({"purpose": "pay", "amount": "40"})).await);
    // It connects, then every charge of it is declined.
    let declined = complete(&world, "a", &card(&first, "pm_card_chargeCustomerFail")).await.expect(201).json();
    assert_eq!((&declined["status"], &declined["may_try_again"]), (&json!("declined"), &json!(true)));
    assert!(!declined["reason"].as_str().unwrap().is_empty());
    assert_eq!(complete(&world, "b", &card(&first, "pm_card_visa")).await.expect(201).json()["status"], "succeeded");

    let second = token(&make(&owner, json!({"purpose": "connect"})).await);
    for number in 0..5 {
        let key = format!("try-{number}");
        let answer = complete(&world, &key, &card(&second, "pm_card_visa_chargeDeclined")).await.expect(201).json();
        assert_eq!((&answer["status"], &answer["may_try_again"]), (&json!("declined"), &json!(number < 4)));
        let advised = answer["reason"].as_str().unwrap().contains("Use another card");
        assert_eq!(advised, number < 4, "another card only helps while the link can be used: {answer}");
    }
    assert_eq!(complete(&world, "last", &card(&second, "pm_card_visa")).await.expect(410).problem(), "gone");
    let link = &list(&owner).await[0];
    assert_eq!((&link["state"], &link["declined_cards"]), (&json!("revoked"), &json!(5)));
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"], json!([]));
}

async fn whoever_cannot_choose_the_amount_is_not_told_to_take_a_smaller_one(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let link = token(&make(&owner, json!({"purpose": "pay", "amount": "40"})).await);
    // At the card, and at the charge.
    let at_card = card(&link, "pm_card_visa_chargeDeclinedInsufficientFunds");
    let first = complete(&world, "a", &at_card).await.expect(201).json();
    script(&world, "decline:insufficient_funds").await;
    let second = complete(&world, "b", &card(&link, "pm_card_visa")).await.expect(201).json();
    for declined in [first, second] {
        assert_eq!(declined["status"], "declined");
        assert_eq!(declined["reason"], "There is not enough money on this card. Use another card.");
    }
}

async fn a_payment_without_an_answer_blocks_the_link_until_the_truth_is_known(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let token = token(&make(&owner, json!({"purpose": "pay_and_connect", "amount": "40"})).await);
    script(&world, "no_answer").await;
    let attempt = complete(&world, "a", &card(&token, "pm_card_visa")).await.expect(201).json();
    assert_eq!(attempt["status"], "unknown");
    let second = complete(&world, "b", &card(&token, "pm_card_mastercard")).await.expect(409);
    assert_eq!(second.problem(), "conflict");
    eventually("the truth", || async {
        (status(&world, &token, &attempt).await["status"] == "succeeded").then_some(())
    })
    .await;
    assert_eq!(agreed(&world, &owner, &world.acme.id).await.into_values().collect::<Vec<_>>(), [4_000]);
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
}

async fn a_kill_between_card_and_charge_loses_nothing(mut world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let token = token(&make(&owner, json!({"purpose": "pay", "amount": "40"})).await);
    script(&world, "slow").await;
    let request = world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", "a");
    let request = tokio::spawn(try_send(request.json(&card(&token, "pm_card_visa"))));
    eventually("the bank has charged", || async { (taken(&world, &world.acme.id).await.len() == 1).then_some(()) })
        .await;
    world.server.kill().await;
    drop(request.await.unwrap());
    world.server = Server::start(world.database_url(), &[]).await;
    let owner = world.anonymous().with_cookie(owner.cookie());
    assert_eq!(agreed(&world, &owner, &world.acme.id).await.into_values().collect::<Vec<_>>(), [4_000]);
    let again = complete(&world, "a", &card(&token, "pm_card_visa")).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.json()["status"]), (Some("true"), &json!("succeeded")));
    assert_eq!(list(&owner).await[0]["state"], "completed");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
}

async fn both_confirmations_of_one_payment_are_asked_for(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let answer = async |token: &str, attempt: &Value, approve: bool| {
        let form = json!({"token": token, "attempt_id": attempt["id"], "approve": approve});
        world.anonymous().post("/api/v1/pay/challenge", &form).await
    };
    for (last, status) in [(false, "declined"), (true, "succeeded")] {
        let token = token(&make(&owner, json!({"purpose": "pay", "amount": "40"})).await);
        let mut attempt =
            complete(&world, status, &card(&token, "pm_card_authenticationRequired")).await.expect(201).json();
        let mut asked = 0;
        while attempt["status"] == "action_required" {
            assert!(attempt["challenge_until"].is_string());
            asked += 1;
            let waiting = taken(&world, &world.acme.id).await.len();
            assert_eq!(waiting, 0, "nothing is charged before it is confirmed");
            // The card first, then the payment itself.
            attempt = answer(&token, &attempt, last || asked == 1).await.expect(200).json();
        }
        assert_eq!((&attempt["status"], asked > 0), (&json!(status), true), "{attempt}");
        assert_eq!(answer(&token, &attempt, true).await.expect(409).problem(), "conflict");
    }
    let stranger = token(&make(&owner, json!({"purpose": "connect"})).await);
    let foreign = json!({"token": stranger, "attempt_id": crate::fixture::new_id()});
    world.anonymous().post("/api/v1/pay/status", &foreign).await.expect(404);
}

async fn what_a_link_must_not_be_is_named_field_by_field(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for (form, pointer) in [
        (json!({"purpose": "pay"}), "/amount"),
        (json!({"purpose": "pay", "amount": "9.99"}), "/amount"),
        (json!({"purpose": "pay", "amount": 50}), "/amount"),
        (json!({"purpose": "connect", "amount": "50"}), "/amount"),
        (json!({"purpose": "pay", "amount": "50", "auto_pay": settings()}), "/auto_pay"),
        (json!({"purpose": "connect", "expires_in_seconds": 3599}), "/expires_in_seconds"),
        (json!({"purpose": "connect", "expires_in_seconds": 604_801}), "/expires_in_seconds"),
        (json!({"purpose": "connect", "note": "n".repeat(301)}), "/note"),
        (
            json!({"purpose": "connect", "auto_pay": {"threshold": "20", "refill": {"kind": "fixed", "amount": "1"}, "monthly_cap": "500"}}),
            "/auto_pay/refill/amount",
        ),
    ] {
        let answer = owner.post("/api/v1/payment-links", &form).await.expect(422).json();
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{form} {answer}");
    }
    let number = json!({"purpose": "connect", "note": "4242 4242 4242 4242"});
    owner.post("/api/v1/payment-links", &number).await.expect(422);
    assert_eq!(list(&owner).await, Vec::<Value>::new());
    for number in 0..20 {
        make(&owner, json!({"purpose": "connect", "note": number.to_string()})).await;
    }
    let one_more = owner.post("/api/v1/payment-links", &json!({"purpose": "connect"})).await.expect(409);
    assert_eq!(one_more.problem(), "conflict");
    let token = "A".repeat(43);
    let pan =
        json!({"token": token, "card_token": "4242424242424242", "exp_month": 1, "exp_year": 2034, "consent": "c"});
    assert_eq!(complete(&world, "pan", &pan).await.expect(422).problem(), "invalid");
}

async fn the_token_is_in_no_table(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let token =
        token(&make(&owner, json!({"purpose": "pay_and_connect", "amount": "40", "auto_pay": settings()})).await);
    resolve(&world, &token).await.expect(200);
    complete(&world, "a", &card(&token, "pm_card_visa")).await.expect(201);
    let dump = dump(world.database_url()).await;
    assert!(dump.contains("pay_and_connect"), "the dump holds the link");
    assert!(!dump.contains(&token));
}

/// Every row of every table as text.
async fn dump(url: &str) -> String {
    let mut text = String::new();
    if url.starts_with("sqlite") {
        let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
        let tables = sqlx::raw_sql("SELECT name FROM sqlite_master WHERE type = 'table'");
        for table in sqlx::Executor::fetch_all(&mut connection, tables).await.unwrap() {
            let table: String = table.get(0);
            let columns = format!(
                "SELECT group_concat('ifnull(\"' || name || '\", '''')', ' || '' '' || ') FROM pragma_table_info('{table}')"
            );
            let columns = sqlx::raw_sql(sqlx::AssertSqlSafe(columns));
            let columns: String = sqlx::Executor::fetch_one(&mut connection, columns).await.unwrap().get(0);
            let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("SELECT {columns} FROM \"{table}\"")));
            for row in sqlx::Executor::fetch_all(&mut connection, rows).await.unwrap() {
                text.push_str(&row.try_get::<String, _>(0).unwrap_or_default());
            }
        }
    } else {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        let tables = sqlx::raw_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
        for table in sqlx::Executor::fetch_all(&mut connection, tables).await.unwrap() {
            let table: String = table.get(0);
            let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("SELECT CAST(t AS TEXT) FROM \"{table}\" t")));
            for row in sqlx::Executor::fetch_all(&mut connection, rows).await.unwrap() {
                text.push_str(&row.get::<String, _>(0));
            }
        }
    }
    text
}

async fn guessing_links_is_slowed_down(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    let mut answers = Vec::new();
    for number in 0..40 {
        answers.push(resolve(&world, &format!("guess-{number}")).await.status);
    }
    assert_eq!((answers[0], answers[39]), (404, 429), "{answers:?}");
    // Whoever is signed in at the same address is not in the way.
    owner.get("/api/v1/billing").await.expect(200);
}
