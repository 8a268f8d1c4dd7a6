//! An automatic charge that the bank wants confirmed: the same charge waits for a person, and is paid once or not at all.

use billing_store::NoticeKind;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::{Server, World};
use crate::money::{agreed, charges, connect, eventually, ledger, reaches, top_up};

on_both_databases!(
    a_person_confirms_the_very_same_charge_and_automatic_payments_go_on,
    it_waits_a_day_less_an_hour_and_is_then_closed_at_the_bank_first,
    a_person_gives_it_up,
    money_by_hand_takes_its_place,
    whatever_ends_the_pause_takes_its_place,
    a_refusal_at_the_bank_keeps_the_pause_and_is_not_tried_again,
    confirmed_and_given_up_at_once_at_two_programs_ends_one_way,
    it_survives_a_crash,
);

const HOUR: i64 = 3_600;

async fn switch(client: &Client, enabled: bool) -> Value {
    let form = json!({"enabled": enabled, "threshold": "20", "refill": {"kind": "fixed", "amount": "50"},
        "monthly_cap": "500"});
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&form)).await.expect(200).json()
}

async fn health(client: &Client, state: &str) -> Value {
    eventually(state, || async {
        let shown = client.get("/api/v1/auto-pay").await.expect(200).json();
        (shown["health"]["state"] == state).then_some(shown)
    })
    .await
}

/// An empty wallet whose first automatic charge waits for the cardholder; its owner and the charge's id.
async fn waiting(world: &World) -> (Client, String) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_authenticationRequired").await;
    switch(&client, true).await;
    let open = eventually("it waits", || async {
        let open = client.get("/api/v1/billing").await.expect(200).json()["open_top_ups"].clone();
        (open[0]["status"] == "action_required").then_some(open)
    })
    .await;
    assert_eq!(open[0]["automatic"], true);
    (client, open[0]["id"].as_str().unwrap().to_owned())
}

async fn answer(client: &Client, id: &str, approve: bool) -> Answer {
    client.post(&format!("/api/v1/top-ups/{id}/challenge"), &json!({"approve": approve})).await
}

async fn give_up(client: &Client, id: &str) -> Answer {
    send(client.request("POST", &format!("/api/v1/top-ups/{id}/cancel"))).await
}

/// Why people were told that automatic payments rest, newest first.
async fn reasons(world: &World) -> Vec<String> {
    let told = world.store.notices(&world.acme.id, 20).await.unwrap();
    let paused = told.into_iter().filter(|notice| notice.kind == NoticeKind::AutomaticPaymentsPaused);
    paused.map(|notice| notice.facts["reason"].clone()).collect()
}

async fn a_person_confirms_the_very_same_charge_and_automatic_payments_go_on(world: World) {
    world.leave_end_of_month().await;
    let (client, id) = waiting(&world).await;
    let paused = health(&client, "paused").await;
    assert!(paused["health"]["reason"].as_str().unwrap().contains("confirm"), "{paused}");
    assert_eq!(paused["month"]["in_flight"], "50.00", "it counts against the cap");
    assert_eq!(reasons(&world).await, ["authentication_required"]);
    let path = format!("/api/v1/top-ups/{id}");
    let shown = client.get(&path).await.expect(200).json();
    assert_eq!(shown["next_action"]["type"], "sandbox_challenge");
    world.sign_in(&world.acme.member).await.get(&path).await.expect(403);
    world.sign_in(&world.other.owner).await.get(&path).await.expect(404);
    // Nobody is charged a second time while it waits, and nobody is asked twice.
    world.advance(8 * HOUR).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    assert_eq!(answer(&client, &id, true).await.expect(200).json()["status"], "succeeded");
    health(&client, "armed").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await, [(id.clone(), 5_000)].into());
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1, "one charge from the beginning to the end");
    assert_eq!(ledger(&world, &world.acme.id).await[0]["kind"], "auto_top_up");
    assert_eq!(answer(&client, &id, true).await.expect(409).problem(), "conflict");
    assert_eq!(give_up(&client, &id).await.expect(409).problem(), "conflict");
    assert_eq!(reasons(&world).await.len(), 1);
}

async fn it_waits_a_day_less_an_hour_and_is_then_closed_at_the_bank_first(world: World) {
    world.leave_end_of_month().await;
    let (_, id) = waiting(&world).await;
    world.advance(23 * HOUR - 60).await;
    // Sessions end while the clock moves.
    let client = world.sign_in(&world.acme.owner).await;
    assert_eq!(client.get(&format!("/api/v1/top-ups/{id}")).await.expect(200).json()["status"], "action_required");
    world.advance(120).await;
    let expired = reaches(&client, &id, "expired").await;
    assert_eq!((&expired["next_action"], &expired["decline"]), (&Value::Null, &Value::Null));
    assert_eq!(charges(&world, &world.acme.id).await[0]["status"], "cancelled");
    let paused = health(&client, "paused").await;
    assert!(paused["health"]["reason"].as_str().unwrap().contains("not confirmed"), "{paused}");
    assert_eq!(paused["month"]["in_flight"], "0.00");
    assert_eq!(reasons(&world).await, ["not_confirmed", "authentication_required"]);
    assert_eq!(answer(&client, &id, true).await.expect(409).problem(), "conflict");
    world.advance(8 * HOUR).await;
    assert!(ledger(&world, &world.acme.id).await.is_empty());
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1, "and it is not tried again");
}

async fn a_person_gives_it_up(world: World) {
    let (client, id) = waiting(&world).await;
    world.sign_in(&world.acme.member).await.post(&format!("/api/v1/top-ups/{id}/cancel"), &json!({})).await.expect(403);
    give_up(&world.sign_in(&world.other.owner).await, &id).await.expect(404);
    assert_eq!(give_up(&client, &id).await.expect(200).json()["status"], "expired");
    assert_eq!(give_up(&client, &id).await.expect(200).json()["status"], "expired", "said twice is said once");
    assert_eq!(charges(&world, &world.acme.id).await[0]["status"], "cancelled");
    health(&client, "paused").await;
    // Somebody who resumes is charged again, at the pace of automatic payments.
    send(client.request("POST", "/api/v1/auto-pay/resume")).await.expect(200);
    health(&client, "waiting").await;
    world.advance(HOUR).await;
    eventually("it waits anew", || async { (charges(&world, &world.acme.id).await.len() == 2).then_some(()) }).await;
    health(&client, "paused").await;
}

async fn money_by_hand_takes_its_place(world: World) {
    let (client, id) = waiting(&world).await;
    let visa = connect(&client, "pm_card_visa").await;
    top_up(&client, "k-1", &json!({"amount": "100.00", "card_id": visa})).await.expect(201);
    reaches(&client, &id, "expired").await;
    health(&client, "armed").await;
    let credits = agreed(&world, &client, &world.acme.id).await;
    assert_eq!(credits.into_values().collect::<Vec<_>>(), [10_000], "what a person chose, and nothing unasked");
    assert_eq!(reasons(&world).await, ["authentication_required"]);
}

async fn whatever_ends_the_pause_takes_its_place(world: World) {
    let (client, first) = waiting(&world).await;
    switch(&client, false).await;
    reaches(&client, &first, "expired").await;
    world.advance(HOUR).await;
    switch(&client, true).await;
    let second = eventually("it waits anew", || async {
        let open = client.get("/api/v1/billing").await.expect(200).json()["open_top_ups"].clone();
        (open[0]["status"] == "action_required").then(|| open[0]["id"].as_str().unwrap().to_owned())
    })
    .await;
    assert_ne!(first, second);
    // Another default card goes on by itself, at the pace of automatic payments.
    let visa = connect(&client, "pm_card_visa").await;
    send(client.request("PUT", &format!("/api/v1/cards/{visa}/default"))).await.expect(200);
    reaches(&client, &second, "expired").await;
    world.advance(HOUR).await;
    health(&client, "armed").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().collect::<Vec<_>>(), [5_000]);
    assert_eq!(charges(&world, &world.acme.id).await.len(), 3);
}

async fn a_refusal_at_the_bank_keeps_the_pause_and_is_not_tried_again(world: World) {
    world.leave_end_of_month().await;
    let (client, id) = waiting(&world).await;
    assert_eq!(answer(&client, &id, false).await.expect(200).json()["status"], "declined");
    let paused = health(&client, "paused").await;
    assert_eq!(paused["month"]["in_flight"], "0.00");
    world.advance(8 * HOUR).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    assert!(ledger(&world, &world.acme.id).await.is_empty());
}

async fn confirmed_and_given_up_at_once_at_two_programs_ends_one_way(world: World) {
    let (client, id) = waiting(&world).await;
    let second = Server::start(world.database_url(), &[]).await;
    let clients = [client.clone(), Client::new(second.origin()).with_cookie(client.cookie())];
    let (id, clients) = (&id, &clients);
    let both = (0..10).map(|number| async move {
        let client = &clients[number % 2];
        if number < 5 { answer(client, id, true).await } else { give_up(client, id).await }
    });
    for answer in join_all(both).await {
        assert!([200, 409].contains(&answer.status), "{}", answer.text());
    }
    let credits = agreed(&world, &client, &world.acme.id).await;
    let shown = client.get(&format!("/api/v1/top-ups/{id}")).await.expect(200).json();
    let expected: &[i64] = if shown["status"] == "succeeded" { &[5_000] } else { &[] };
    assert_eq!(credits.into_values().collect::<Vec<_>>(), expected, "{shown}");
    assert!(shown["status"] == "succeeded" || shown["status"] == "expired", "{shown}");
}

async fn it_survives_a_crash(mut world: World) {
    let (client, id) = waiting(&world).await;
    world.restart().await;
    let client = world.anonymous().with_cookie(client.cookie());
    assert_eq!(answer(&client, &id, true).await.expect(200).json()["status"], "succeeded");
    assert_eq!(agreed(&world, &client, &world.acme.id).await, [(id, 5_000)].into());
    health(&client, "armed").await;
}
