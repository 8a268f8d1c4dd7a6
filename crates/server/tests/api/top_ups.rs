//! Money by hand: one key is one charge, silence is unknown, and only the bank's word credits.

use serde_json::{Value, json};

use crate::client::send;
use crate::fixture::{World, now, typed_id};
use crate::money::{agreed, charges, connect, credited, ledger, pay, reaches, script, taken, top_up};

on_both_databases!(
    fifty_requests_with_one_key_charge_once,
    one_key_with_another_amount_is_refused,
    a_key_that_is_used_again_after_eight_days_charges_nothing,
    without_a_key_nothing_happens,
    what_is_no_amount_is_a_field_error_and_charges_nothing,
    a_top_up_has_the_fixed_shape_and_lands_in_the_ledger,
    a_decline_says_why_and_a_repetition_says_the_same,
    a_confirmed_challenge_pays_and_a_refused_one_does_not,
    a_confirmed_challenge_is_known_at_once_while_somebody_else_is_asking,
    a_challenge_that_nobody_answers_expires_unpaid,
    silence_is_unknown_until_the_bank_is_asked,
    a_request_that_never_arrived_is_given_up_unpaid,
    a_slow_bank_is_not_waited_for_and_not_forgotten,
    a_misconfigured_provider_charges_nothing,
    a_client_that_hangs_up_loses_nothing,
    without_a_card_one_is_asked_for,
    a_removed_card_does_not_change_what_a_key_has_made,
    somebody_elses_top_up_and_card_do_not_exist,
    a_body_with_a_card_number_is_refused,
);

async fn fifty_requests_with_one_key_charge_once(world: World) {
    let client = world.sign_in(&world.acme.admin).await;
    connect(&client, "pm_card_visa").await;
    let answers = futures_util::future::join_all((0..50).map(|_| pay(&client, "k-1", "25.00"))).await;
    let mut ids: Vec<String> = Vec::new();
    for answer in &answers {
        match answer.status {
            201 => ids.push(answer.json()["id"].as_str().unwrap().to_owned()),
            409 => assert_eq!(answer.problem(), "idempotency_key_in_use"),
            other => panic!("{other}: {}", answer.text()),
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let first_time = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!(first_time.count(), 1);
    reaches(&client, &ids[0], "succeeded").await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    assert_eq!(ledger(&world, &world.acme.id).await.len(), 1);
    assert_eq!(credited(&world, &world.acme.id).await.get(&ids[0]), Some(&2_500));
    let again = pay(&client, "k-1", "25.00").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((&again.json()["id"], &again.json()["status"]), (&json!(ids[0]), &json!("succeeded")));
}

async fn a_key_that_is_used_again_after_eight_days_charges_nothing(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    let first = pay(&client, "k-1", "25.00").await.expect(201).json();
    world.advance(8 * 24 * 3_600).await;
    // What housekeeping does each minute.
    world.store.purge_idempotency_keys(now().plus_seconds(6 * 24 * 3_600)).await.unwrap();
    let client = world.sign_in(&world.acme.owner).await;
    let again = pay(&client, "k-1", "25.00").await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.json()["id"]), (Some("true"), &first["id"]));
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
}

async fn one_key_with_another_amount_is_refused(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    pay(&client, "k-1", "25.00").await.expect(201);
    assert_eq!(pay(&client, "k-1", "26.00").await.expect(422).problem(), "idempotency_key_reused");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    // Keys are each organization's own.
    let stranger = world.sign_in(&world.other.owner).await;
    connect(&stranger, "pm_card_visa").await;
    pay(&stranger, "k-1", "26.00").await.expect(201);
}

async fn without_a_key_nothing_happens(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    let answer = client.post("/api/v1/top-ups", &json!({"amount": "25.00"})).await.expect(400);
    assert_eq!(answer.problem(), "idempotency_key_missing");
    for key in ["", " ", "schlüssel", &"k".repeat(256)] {
        assert_eq!(pay(&client, key, "25.00").await.expect(400).problem(), "idempotency_key_missing", "{key}");
    }
    assert!(charges(&world, &world.acme.id).await.is_empty());
}

async fn what_is_no_amount_is_a_field_error_and_charges_nothing(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    let amounts = [
        json!("-1"),
        json!("0"),
        json!("0.001"),
        json!("1e3"),
        json!("NaN"),
        json!("1,50"),
        json!("５"),
        json!("9".repeat(200)),
        json!(true),
        json!(null),
        json!(25),
        json!("9.99"),
        json!("5000.01"),
        json!(""),
        json!(["25"]),
    ];
    for (number, amount) in amounts.iter().enumerate() {
        let answer = top_up(&client, &format!("k-{number}"), &json!({"amount": amount})).await.expect(422);
        assert_eq!(answer.problem(), "invalid", "{amount}");
        let errors = answer.json()["errors"].clone();
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{amount}: {errors}");
        assert_eq!(errors[0]["pointer"], "/amount", "{amount}");
        assert!(!errors[0]["code"].as_str().unwrap().is_empty() && !errors[0]["detail"].as_str().unwrap().is_empty());
    }
    let low = pay(&client, "k-low", "9.99").await.expect(422).json();
    let translation =
        json!({"code": "amount_below_minimum_in_range", "params": {"minimum": "10.00", "maximum": "5000.00"}});
    assert_eq!(low["errors"][0]["detail"], "The smallest amount is 10.00. Enter 10.00 to 5000.00.");
    assert_eq!((&low["errors"][0]["translation"], &low["translation"]), (&translation, &translation));
    let missing = top_up(&client, "k-missing", &json!({})).await.expect(422);
    let error = &missing.json()["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/amount"), &json!("required")));
    let unknown = top_up(&client, "k-unknown", &json!({"amount": "25.00", "currency": "EUR"})).await.expect(422);
    assert_eq!(unknown.json()["errors"][0]["pointer"], "/currency");
    assert!(charges(&world, &world.acme.id).await.is_empty());
    assert!(ledger(&world, &world.acme.id).await.is_empty());
}

async fn a_top_up_has_the_fixed_shape_and_lands_in_the_ledger(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let card = connect(&client, "pm_card_amex").await;
    let answer = top_up(&client, "k-1", &json!({"amount": "100.00", "card_id": card})).await.expect(201).json();
    assert_eq!(answer["status"], "succeeded");
    assert_eq!((&answer["amount"], &answer["currency"]), (&json!("100.00"), &json!("USD")));
    assert_eq!(answer["card"], json!({"brand": "amex", "last4": "0005"}));
    assert_eq!((&answer["next_action"], &answer["decline"]), (&Value::Null, &Value::Null));
    assert!(answer["settled_at"].as_str().unwrap() >= answer["created_at"].as_str().unwrap());
    let lines = ledger(&world, &world.acme.id).await;
    let line = &lines[0];
    assert_eq!((&line["kind"], &line["contra"]), (&json!("top_up"), &json!("processor:sandbox")));
    assert_eq!((&line["amount"], &line["balance_after"]), (&json!("100.00"), &json!("100.00")));
    assert_eq!((&line["reference"], &line["source"]), (&answer["id"], &json!(world.acme.owner.name)));
    assert_eq!(line["description"], "Top-up with American Express •• 0005");
    let shown = client.get("/api/v1/transactions").await.expect(200).json()["items"][0].clone();
    let translation = json!({"code": "ledger_top_up", "params": {"card": "American Express •• 0005"}});
    assert_eq!((&shown["description"], &shown["translation"]), (&line["description"], &translation));
    assert_eq!(shown.get("source_translation"), None, "a name is no sentence");
    let wallet = client.get("/api/v1/wallet").await.expect(200).json();
    assert_eq!((&wallet["balance"], &wallet["status"]), (&json!("100.00"), &json!("active")));
}

async fn a_decline_says_why_and_a_repetition_says_the_same(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_chargeCustomerFail").await;
    let first = pay(&client, "k-1", "25.00").await.expect(402);
    assert_eq!(first.problem(), "card_declined");
    assert_eq!(first.header("idempotency-replayed"), None);
    let repeated = pay(&client, "k-1", "25.00").await.expect(402);
    assert_eq!(repeated.header("idempotency-replayed"), Some("true"));
    let (first, repeated) = (first.json(), repeated.json());
    assert_eq!(first["decline_code"], "generic_decline");
    assert_eq!(first["top_up_id"], repeated["top_up_id"]);
    let path = format!("/api/v1/top-ups/{}", first["top_up_id"].as_str().unwrap());
    let shown = client.get(&path).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["decline"]["code"]), (&json!("declined"), &json!("generic_decline")));
    let translation = json!({"code": "declined_no_reason"});
    assert_eq!((&first["translation"], &shown["decline"]["translation"]), (&translation, &translation));
    // Another reason, and a thief learns nothing from the sentence.
    script(&world, "decline:lost_card").await;
    let lost = pay(&client, "k-2", "25.00").await.expect(402).json();
    assert_eq!((&lost["decline_code"], &lost["detail"]), (&json!("lost_card"), &first["detail"]));
    // The bank would take the card again by now: the old key stays declined, a new attempt has a new key.
    script(&world, "pass").await;
    pay(&client, "k-1", "25.00").await.expect(402);
    assert!(taken(&world, &world.acme.id).await.is_empty());
    assert!(ledger(&world, &world.acme.id).await.is_empty());
    assert_eq!(pay(&client, "k-3", "25.00").await.expect(201).json()["status"], "succeeded");
}

async fn a_confirmed_challenge_pays_and_a_refused_one_does_not(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_authenticationRequired").await;
    for (key, approve, status) in [("yes", true, "succeeded"), ("no", false, "declined")] {
        let waiting = pay(&client, key, "25.00").await.expect(201).json();
        assert_eq!(waiting["status"], "action_required");
        assert_eq!(waiting["next_action"]["type"], "sandbox_challenge");
        let id = waiting["id"].as_str().unwrap();
        assert!(
            !credited(&world, &world.acme.id).await.contains_key(id),
            "nothing is credited before the bank says so"
        );
        let path = format!("/api/v1/top-ups/{id}/challenge");
        let answered = client.post(&path, &json!({"approve": approve})).await.expect(200).json();
        assert_eq!((&answered["status"], &answered["next_action"]), (&json!(status), &Value::Null), "{answered}");
        assert_eq!(client.post(&path, &json!({"approve": true})).await.expect(409).problem(), "conflict");
    }
    let settled = agreed(&world, &client, &world.acme.id).await;
    assert_eq!(settled.into_values().collect::<Vec<_>>(), [2_500]);
}

async fn a_confirmed_challenge_is_known_at_once_while_somebody_else_is_asking(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "challenge").await;
    let waiting = pay(&client, "k-1", "25.00").await.expect(201).json();
    assert_eq!(waiting["status"], "action_required");
    let id = waiting["id"].as_str().unwrap();
    // Whoever asked before the cardholder confirmed has an older answer, and the top-up for a second yet.
    let until = now().plus_seconds(1);
    let leased =
        world.store.lease_top_up(&world.acme.id, &id.parse().unwrap(), &typed_id(), until, now()).await.unwrap();
    assert!(leased.is_some(), "nobody is asking before");
    let after = client.post(&format!("/api/v1/top-ups/{id}/challenge"), &json!({"approve": true})).await.expect(200);
    assert_eq!(after.json()["status"], "succeeded");
}

async fn a_challenge_that_nobody_answers_expires_unpaid(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_authenticationRequired").await;
    let waiting = pay(&client, "k-1", "25.00").await.expect(201).json();
    world.advance(16 * 60).await;
    let id = waiting["id"].as_str().unwrap();
    reaches(&client, id, "expired").await;
    let late = client.post(&format!("/api/v1/top-ups/{id}/challenge"), &json!({"approve": true})).await;
    assert_eq!(late.expect(409).problem(), "conflict");
    assert!(agreed(&world, &client, &world.acme.id).await.is_empty());
}

async fn silence_is_unknown_until_the_bank_is_asked(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "no_answer").await;
    let unknown = pay(&client, "k-1", "25.00").await.expect(201).json();
    assert_eq!((&unknown["status"], &unknown["settled_at"]), (&json!("unknown"), &Value::Null));
    assert_eq!(taken(&world, &world.acme.id).await.len(), 1, "the bank did charge");
    let id = unknown["id"].as_str().unwrap();
    let checked = client.request("POST", &format!("/api/v1/top-ups/{id}/check"));
    assert_eq!(send(checked).await.expect(200).json()["status"], "succeeded");
    // And without anybody asking.
    script(&world, "no_answer").await;
    let unknown = pay(&client, "k-2", "30.00").await.expect(201).json();
    assert_eq!(unknown["status"], "unknown");
    reaches(&client, unknown["id"].as_str().unwrap(), "succeeded").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>(), 5_500);
}

async fn a_request_that_never_arrived_is_given_up_unpaid(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "request_lost").await;
    let unknown = pay(&client, "k-1", "25.00").await.expect(201).json();
    assert_eq!(unknown["status"], "unknown");
    world.advance(120).await;
    reaches(&client, unknown["id"].as_str().unwrap(), "expired").await;
    assert!(agreed(&world, &client, &world.acme.id).await.is_empty());
}

async fn a_slow_bank_is_not_waited_for_and_not_forgotten(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_slowAnswer").await;
    let begun = std::time::Instant::now();
    let answer = pay(&client, "k-1", "25.00").await.expect(201).json();
    assert!(begun.elapsed() < std::time::Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(answer["status"], "processing", "the bank has been asked: {answer}");
    let wallet = client.get("/api/v1/wallet").await.expect(200).json();
    assert_eq!((&wallet["balance"], &wallet["pending_credit"]), (&json!("0.00"), &json!("25.00")));
    reaches(&client, answer["id"].as_str().unwrap(), "succeeded").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.len(), 1);
}

async fn a_misconfigured_provider_charges_nothing(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "refused").await;
    let refused = pay(&client, "k-1", "25.00").await.expect(402).json();
    assert_eq!(refused["decline_code"], "processing_error");
    script(&world, "busy").await;
    assert_eq!(pay(&client, "k-2", "30.00").await.expect(201).json()["status"], "succeeded", "busy is asked again");
    script(&world, "processing").await;
    let later = pay(&client, "k-3", "35.00").await.expect(201).json();
    assert_eq!(later["status"], "processing");
    reaches(&client, later["id"].as_str().unwrap(), "succeeded").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>(), 6_500);
}

async fn a_client_that_hangs_up_loses_nothing(world: World) {
    use tokio::io::AsyncWriteExt as _;
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_slowAnswer").await;
    let address = client.origin().strip_prefix("http://").unwrap();
    let body = r#"{"amount":"25.00"}"#;
    let request = format!(
        "POST /api/v1/top-ups HTTP/1.1\r\nhost: {address}\r\norigin: {}\r\ncookie: {}\r\nidempotency-key: k-1\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        client.origin(),
        client.cookie(),
        body.len(),
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    crate::money::eventually("the bank has heard of it", || async {
        (charges(&world, &world.acme.id).await.len() == 1).then_some(())
    })
    .await;
    drop(stream);
    assert_eq!(agreed(&world, &client, &world.acme.id).await.len(), 1);
    let again = pay(&client, "k-1", "25.00").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(agreed(&world, &client, &world.acme.id).await.len(), 1);
}

async fn without_a_card_one_is_asked_for(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    assert_eq!(pay(&client, "k-1", "25.00").await.expect(409).problem(), "card_required");
    // The same key goes straight on once there is a card: nothing was made with it.
    connect(&client, "pm_card_visa").await;
    assert_eq!(pay(&client, "k-1", "25.00").await.expect(201).json()["status"], "succeeded");
}

async fn a_removed_card_does_not_change_what_a_key_has_made(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let card = connect(&client, "pm_card_visa").await;
    let body = json!({"amount": "25.00", "card_id": card});
    let first = top_up(&client, "k-1", &body).await.expect(201).json();
    let default = pay(&client, "k-2", "30.00").await.expect(201).json();
    client.delete(&format!("/api/v1/cards/{card}")).await.expect(204);
    assert_eq!(top_up(&client, "k-1", &body).await.expect(201).json()["id"], first["id"]);
    assert_eq!(pay(&client, "k-2", "30.00").await.expect(201).json()["id"], default["id"]);
    let gone = top_up(&client, "k-3", &body).await.expect(422).json();
    assert_eq!(gone["errors"][0]["pointer"], "/card_id");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 2);
}

async fn somebody_elses_top_up_and_card_do_not_exist(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let card = connect(&client, "pm_card_authenticationRequired").await;
    let id = pay(&client, "k-1", "25.00").await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let stranger = world.sign_in(&world.other.owner).await;
    let path = format!("/api/v1/top-ups/{id}");
    assert_eq!(stranger.get(&path).await.expect(404).problem(), "not_found");
    assert_eq!(send(stranger.request("POST", &format!("{path}/check"))).await.expect(404).problem(), "not_found");
    let challenge = stranger.post(&format!("{path}/challenge"), &json!({"approve": true})).await;
    assert_eq!(challenge.expect(404).problem(), "not_found");
    let with_their_card = top_up(&stranger, "k-1", &json!({"amount": "25.00", "card_id": card})).await.expect(422);
    assert_eq!(with_their_card.json()["errors"][0]["pointer"], "/card_id");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    assert_eq!(client.get(&path).await.expect(200).json()["status"], "action_required");
}

async fn a_body_with_a_card_number_is_refused(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    for body in [json!({"amount": "25.00", "card_id": "4242424242424242"}), json!({"amount": "4242 4242 4242 4242"})] {
        let answer = top_up(&client, "k-1", &body).await.expect(422);
        assert_eq!(answer.problem(), "invalid");
        assert!(!answer.text().contains("4242"), "{}", answer.text());
    }
    let form = json!({"token": "378282246310005", "exp_month": 12, "exp_year": 2034, "consent": "c"});
    client.post("/api/v1/cards/setups", &form).await.expect(422);
    // Hidden from the look at the raw bytes by an escape.
    let hidden = r#"{"token":"\u0034242424242424242","exp_month":12,"exp_year":2034,"consent":"c"}"#;
    let request =
        client.request("POST", "/api/v1/cards/setups").header("Content-Type", "application/json").body(hidden);
    assert_eq!(send(request).await.expect(422).json()["errors"][0]["pointer"], "/token");
    // Keys and tokens are stored or handed on, so they are looked at too.
    let keyed = pay(&client, "4242424242424242", "25.00").await.expect(422);
    assert!(keyed.problem() == "invalid" && !keyed.text().contains("4242"), "{}", keyed.text());
    let form = json!({"token": "tok_4242_4242_4242_4242", "exp_month": 12, "exp_year": 2034, "consent": "c"});
    client.post("/api/v1/cards/setups", &form).await.expect(422);
    assert!(charges(&world, &world.acme.id).await.is_empty());
}
