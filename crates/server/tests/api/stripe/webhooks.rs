//! Webhooks: duplicated, in any order, at two programs, forged, stale, altered, of the other mode, and not at all.

use fake_stripe::Fault;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::shop::{Shop, with_stripe, with_two_programs};
use crate::client::Client;
use crate::money::{eventually, ledger, pay};
use crate::stream::Stream;

with_stripe!(
    each_event_ten_times_five_at_once_at_two_programs_credits_once,
    all_orders_of_five_events_of_a_payment_end_the_same,
    forged_stale_and_altered_events_have_no_effect,
    what_concerns_nobody_is_taken_and_changes_nothing,
    an_event_says_what_to_look_up_and_is_never_believed,
    what_webhooks_missed_is_read_within_the_hour,
    a_card_that_its_network_renewed_is_looked_up_and_shown,
);

with_two_programs!(
    each_event_ten_times_five_at_once_at_two_programs_credits_once,
    all_orders_of_five_events_of_a_payment_end_the_same,
    forged_stale_and_altered_events_have_no_effect,
    what_concerns_nobody_is_taken_and_changes_nothing,
    an_event_says_what_to_look_up_and_is_never_believed,
);

/// A top-up whose answer was lost; its id.
async fn unknown(shop: &Shop, client: &Client, key: &str) -> String {
    shop.fake.next(Fault::ActThenDrop);
    let top_up = pay(client, key, "25.00").await.expect(201).json();
    assert_eq!(top_up["status"], "unknown");
    top_up["id"].as_str().unwrap().to_owned()
}

async fn each_event_ten_times_five_at_once_at_two_programs_credits_once(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_createDispute").await;
    // One more, or a third one.
    let more = shop.second().await;
    let mut origins = shop.origins();
    origins.push(more.origin());
    let top_up = unknown(&shop, &client, "k-1").await;
    let mut events = shop.events_of(&top_up);
    events.extend(shop.fake.bank().events().into_iter().filter(|(kind, _)| kind.starts_with("setup_intent.")));
    assert!(events.len() >= 7, "{}", events.len());
    for (kind, body) in &events {
        for _ in 0..2 {
            let five = (0..5).map(|number| shop.deliver(origins[number % origins.len()], body));
            for answer in join_all(five).await {
                assert_eq!(answer.status, 204, "{kind}: {}", answer.text());
            }
        }
    }
    let lines = ledger(&shop.world, &shop.world.acme.id).await;
    let amounts: Vec<_> = lines.iter().map(|line| (line["kind"].clone(), line["amount"].clone())).collect();
    assert_eq!(amounts, [(json!("top_up"), json!("25.00")), (json!("dispute"), json!("-25.00"))]);
    assert_eq!(client.get("/api/v1/cards").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
}

fn orders(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with = |first: usize| {
        let rest: Vec<usize> = of.iter().copied().filter(|other| *other != first).collect();
        orders(&rest).into_iter().map(move |order| [vec![first], order].concat())
    };
    of.iter().copied().flat_map(with).collect()
}

async fn all_orders_of_five_events_of_a_payment_end_the_same(shop: Shop) {
    const FIVE: [&str; 5] = [
        "payment_intent.created",
        "payment_intent.succeeded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
    ];
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_createDispute").await;
    let orders = orders(&[0, 1, 2, 3, 4]);
    assert_eq!(orders.len(), 120);
    for (number, order) in orders.iter().enumerate() {
        let top_up = unknown(&shop, &client, &format!("k-{number}")).await;
        let events = shop.events_of(&top_up);
        for index in order {
            let (_, body) = events.iter().find(|(kind, _)| kind == FIVE[*index]).unwrap();
            taken(&shop, body, 204).await;
        }
        // The newest two lines, newest first, and none besides.
        let newest = client.get("/api/v1/transactions?limit=2").await.expect(200).json();
        let ours: Vec<_> =
            newest["items"].as_array().unwrap().iter().map(|line| (&line["amount"], &line["seq"])).collect();
        let seq = 2 * (number + 1);
        assert_eq!(ours, [(&json!("-25.00"), &json!(seq)), (&json!("25.00"), &json!(seq - 1))], "{order:?}");
    }
    assert_eq!(client.get("/api/v1/wallet").await.expect(200).json()["balance"], "0.00");
}

/// Sends an event to every program, rightly signed; each must answer this.
async fn taken(shop: &Shop, body: &[u8], status: u16) {
    for answer in shop.deliver_everywhere(body, &shop.fake.sign(body)).await {
        answer.expect(status);
    }
}

async fn forged_stale_and_altered_events_have_no_effect(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let top_up = unknown(&shop, &client, "k-1").await;
    let (_, body) = shop.events_of(&top_up).into_iter().find(|(kind, _)| kind == "payment_intent.succeeded").unwrap();
    let good = shop.fake.sign(&body);
    let mut altered = body.clone();
    altered.push(b' ');
    let time = good.split(',').next().unwrap();
    for (signature, bytes) in [
        (String::new(), &body),
        (good.clone(), &altered),
        (good.replace("v1=", "v0="), &body),
        (format!("{time},v1={}", "0".repeat(64)), &body),
    ] {
        for answer in shop.deliver_everywhere(bytes, &signature).await {
            assert_eq!(answer.expect(401).problem(), "unauthenticated", "{signature}");
        }
    }
    shop.advance_programs(301).await;
    for answer in shop.deliver_everywhere(&body, &good).await {
        answer.expect(401);
    }
    shop.fake.bank().advance(301);
    let mut live: Value = serde_json::from_slice(&body).unwrap();
    live["livemode"] = json!(true);
    let live = live.to_string().into_bytes();
    for wrong in [live.as_slice(), b"[]"] {
        for answer in shop.deliver_everywhere(wrong, &shop.fake.sign(wrong)).await {
            assert_eq!(answer.expect(400).problem(), "malformed");
        }
    }
    // What is right is still taken.
    taken(&shop, &body, 204).await;
    assert_eq!(shop.agreed(&client).await.len(), 1);
}

async fn what_concerns_nobody_is_taken_and_changes_nothing(shop: Shop) {
    let event = |kind: &str, object: Value| {
        json!({"id": format!("evt_{kind}"), "object": "event", "type": kind, "livemode": false, "data": {"object": object}})
            .to_string()
            .into_bytes()
    };
    let elsewhere = crate::fixture::new_id();
    for body in [
        event("invoice.paid", json!({"id": "in_1"})),
        event("radar.early_fraud_warning.created", json!({"id": "issfr_1"})),
        event("payment_intent.succeeded", json!({"id": "pi_x", "metadata": {}})),
        event(
            "payment_intent.succeeded",
            json!({"id": "pi_y", "metadata": {"reference": format!("topup:{elsewhere}:1")}}),
        ),
        event(
            "setup_intent.succeeded",
            json!({"id": "seti_y", "metadata": {"reference": format!("setup:{elsewhere}")}}),
        ),
        event("refund.failed", json!({"id": "re_y", "metadata": {"reference": format!("refund:{elsewhere}:1")}})),
        event("charge.dispute.created", json!({"id": "dp_elsewhere"})),
    ] {
        taken(&shop, &body, 204).await;
    }
    assert!(ledger(&shop.world, &shop.world.acme.id).await.is_empty());
}

async fn an_event_says_what_to_look_up_and_is_never_believed(shop: Shop) {
    let client = shop.owner().await;
    let card = shop.connect(&client, "pm_card_authenticationRequired").await;
    let body = json!({"amount": "25.00", "card_id": card});
    let waiting = crate::money::top_up(&client, "k-1", &body).await.expect(201).json();
    let id = waiting["id"].as_str().unwrap();
    let lie = json!({"id": "evt_lie", "object": "event", "type": "payment_intent.succeeded", "livemode": false,
        "data": {"object": {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount_received": 2_500,
            "metadata": {"reference": format!("topup:{id}:1")}}}});
    taken(&shop, lie.to_string().as_bytes(), 204).await;
    let top_up = client.get(&format!("/api/v1/top-ups/{id}")).await.expect(200).json();
    assert_eq!(top_up["status"], "action_required");
    assert!(ledger(&shop.world, &shop.world.acme.id).await.is_empty());
}

async fn what_webhooks_missed_is_read_within_the_hour(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    pay(&client, "k-1", "25.00").await.expect(201);
    let intent = shop.fake.bank().all("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    shop.fake.dispute(&intent, None, false).unwrap();
    shop.advance(3_700).await;
    eventually("the dispute is in the ledger", || async {
        let lines = ledger(&shop.world, &shop.world.acme.id).await;
        (lines.len() == 2 && lines[1]["amount"] == "-25.00").then_some(())
    })
    .await;
}

async fn a_card_that_its_network_renewed_is_looked_up_and_shown(shop: Shop) {
    let client = shop.owner().await;
    let card = shop.connect(&client, "pm_card_visa").await;
    let method = shop.fake.bank().all("payment_method")[0]["id"].as_str().unwrap().to_owned();
    let origin = shop.world.server.origin();
    let mut stream = Stream::open(&client, "", None).await;
    stream.next_of("wallet").await;
    let event = |about: Value| {
        json!({"id": format!("evt_{}", about["card"]["last4"]), "object": "event", "livemode": false,
            "type": "payment_method.automatically_updated", "data": {"object": about}})
    };
    // What the event says of the card is not believed.
    let lie =
        json!({"id": method, "object": "payment_method", "card": {"brand": "amex", "last4": "0000", "exp_year": 2099}});
    shop.deliver(origin, event(lie).to_string().as_bytes()).await.expect(204);
    let shown = client.get("/api/v1/cards").await.expect(200).json()["items"][0].clone();
    assert_eq!((&shown["last4"], &shown["exp_year"]), (&json!("4242"), &json!(2034)));
    let renewed = shop.fake.renew_card(&method, "1881", 2039).unwrap();
    shop.deliver(origin, event(renewed).to_string().as_bytes()).await.expect(204);
    let shown = client.get("/api/v1/cards").await.expect(200).json()["items"][0].clone();
    assert_eq!((&shown["id"], &shown["last4"], &shown["exp_year"]), (&json!(card), &json!("1881"), &json!(2039)));
    assert_eq!(stream.next_of("card").await.data["last4"], "1881", "open pages hear of it");
    // It is still the card that is charged; one that nobody has here is no concern.
    pay(&client, "k-1", "25.00").await.expect(201);
    let stranger = json!({"id": "pm_elsewhere", "object": "payment_method", "card": {"last4": "9999"}});
    shop.deliver(origin, event(stranger).to_string().as_bytes()).await.expect(204);
    // A card that is gone stays gone.
    client.delete(&format!("/api/v1/cards/{card}")).await.expect(204);
    let late = json!({"id": method, "object": "payment_method", "card": {"last4": "7777"}});
    shop.deliver(origin, event(late).to_string().as_bytes()).await.expect(204);
    assert_eq!(client.get("/api/v1/cards").await.expect(200).json()["items"], json!([]));
}
