//! Automatic payments: confirmed settings, one charge at a time, never beyond the cap, and an honest line of health.

use billing_domain::{Date, Money, TransactionKind};
use billing_store::{NewLine, Origin};
use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::{World, new_id, now, typed_id};
use crate::money::{agreed, charges, connect, eventually, ledger, pay, script, taken};
use crate::wallets::amount;

on_both_databases!(
    a_change_needs_the_present_version_and_a_card,
    every_wrong_field_is_named_at_once,
    a_wallet_below_the_threshold_is_charged_at_once_and_once,
    usage_that_falls_to_the_threshold_refills_the_wallet,
    the_pace_and_the_cap_hold_to_the_cent,
    a_soft_decline_is_tried_again_after_an_hour_and_then_heals,
    a_hard_decline_pauses_until_somebody_acts,
    silence_counts_against_the_cap_and_is_no_decline,
    whatever_the_bank_does_never_more_than_the_cap_in_a_month,
    a_month_ends_once_in_a_zone_with_summer_time,
    a_crash_does_not_forget_a_charge,
    without_a_named_card_the_answer_says_which_one_would_be_charged,
    removing_the_last_card_switches_off,
    removing_the_agreed_card_pauses,
    a_charge_that_is_open_when_its_card_is_removed_is_no_consent_to_another_card,
    money_given_back_is_not_charged_again_until_usage_crosses_the_threshold,
    money_given_back_after_an_automatic_charge_is_not_charged_after_the_hour,
    whoever_resumes_after_a_refund_agrees_to_the_charge,
    a_correction_charges_nobody,
);

async fn refund(world: &World, top_up: &Value, amount: &str) {
    let form = json!({"organization_id": world.acme.id, "top_up_id": top_up, "amount": amount});
    let request = world.platform().request("POST", "/api/v1/refunds").header("idempotency-key", new_id());
    send(request.json(&form)).await.expect(201);
}

/// Paid 100, and automatic payments refill below 20.
async fn paid_and_armed(world: &World, client: &Client, refill: Value) -> Value {
    connect(client, "pm_card_visa").await;
    let top_up = pay(client, "k-1", "100.00").await.expect(201).json();
    let form = json!({"enabled": true, "threshold": "20", "refill": refill, "monthly_cap": "500"});
    assert_eq!(switch_on(client, &form).await["health"]["state"], "armed");
    assert_eq!(charges(world, &world.acme.id).await.len(), 1);
    top_up["id"].clone()
}

/// After the hour between two charges automatic payments are looked at, by the worker and once more before the answer.
async fn an_hour_later(world: &World, client: &Client) {
    world.advance(3_700).await;
    let cards = client.get("/api/v1/cards").await.expect(200).json();
    let card = cards["items"][0]["id"].as_str().unwrap();
    send(client.request("PUT", &format!("/api/v1/cards/{card}/default"))).await;
}

async fn money_given_back_is_not_charged_again_until_usage_crosses_the_threshold(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let top_up = paid_and_armed(&world, &client, json!({"kind": "fixed", "amount": "50"})).await;
    refund(&world, &top_up, "90").await;
    let (_, shown) = settings(&client).await;
    assert_eq!(shown["health"]["state"], "paused", "{shown}");
    assert!(shown["health"]["reason"].as_str().unwrap().contains("given back"), "{shown}");
    an_hour_later(&world, &client).await;
    // Below the threshold already: this is no crossing.
    spend(&world, 1).await;
    an_hour_later(&world, &client).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1, "nobody is charged for what was given back");
    pay(&client, "k-2", "50.00").await.expect(201);
    assert_eq!(settings(&client).await.1["health"]["state"], "paused", "money by hand is no word to go on");
    spend(&world, 40).await;
    let bank = eventually("the refill", || async {
        let bank = charges(&world, &world.acme.id).await;
        (bank.len() == 3).then_some(bank)
    });
    assert_eq!(bank.await[2]["amount"], "50.00");
    assert_eq!(health(&client, "armed").await["health"]["reason"], Value::Null);
    let told = world.store.notices(&world.acme.id, 20).await.unwrap();
    let told: Vec<_> = told.iter().filter_map(|notice| notice.facts.get("reason")).collect();
    assert_eq!(told, ["reversed"], "people are told once");
}

async fn money_given_back_after_an_automatic_charge_is_not_charged_after_the_hour(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    paid_and_armed(&world, &client, json!({"kind": "target", "balance": "100"})).await;
    spend(&world, 85).await;
    let automatic = eventually("the automatic charge", || async {
        ledger(&world, &world.acme.id).await.into_iter().find(|line| line["kind"] == "auto_top_up")
    });
    let automatic = automatic.await["reference"].clone();
    refund(&world, &automatic, "85").await;
    an_hour_later(&world, &client).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 2, "it would be the same money again");
    assert_eq!(settings(&client).await.1["health"]["state"], "paused");
}

async fn whoever_resumes_after_a_refund_agrees_to_the_charge(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let top_up = paid_and_armed(&world, &client, json!({"kind": "target", "balance": "100"})).await;
    refund(&world, &top_up, "95").await;
    an_hour_later(&world, &client).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    send(client.request("POST", "/api/v1/auto-pay/resume")).await.expect(200);
    let bank = eventually("the charge", || async {
        let bank = charges(&world, &world.acme.id).await;
        (bank.len() == 2).then_some(bank)
    });
    assert_eq!(bank.await[1]["amount"], "95.00");
    health(&client, "armed").await;
}

async fn a_correction_charges_nobody(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    paid_and_armed(&world, &client, json!({"kind": "fixed", "amount": "50"})).await;
    let correction = NewLine {
        kind: TransactionKind::Adjustment,
        origin: Origin::Adjustment,
        contra: "adjustment".to_owned(),
        ..crate::wallets::credit(amount("-90"))
    };
    world.store.post(&world.acme.id, vec![correction], now()).await.unwrap();
    an_hour_later(&world, &client).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    assert_eq!(settings(&client).await.1["health"]["state"], "paused");
}

pub(crate) async fn settings(client: &Client) -> (String, Value) {
    let answer = client.get("/api/v1/auto-pay").await.expect(200);
    (answer.header("etag").unwrap().to_owned(), answer.json())
}

async fn put(client: &Client, etag: &str, form: &Value) -> Answer {
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", etag).json(form)).await
}

fn form(threshold: &str, amount: &str, cap: &str) -> Value {
    json!({"enabled": true, "threshold": threshold, "refill": {"kind": "fixed", "amount": amount}, "monthly_cap": cap})
}

/// Switches on with the present version.
async fn switch_on(client: &Client, form: &Value) -> Value {
    let (etag, _) = settings(client).await;
    put(client, &etag, form).await.expect(200).json()
}

/// The line of health, once it says this.
async fn health(client: &Client, state: &str) -> Value {
    eventually(state, || async {
        let (_, shown) = settings(client).await;
        (shown["health"]["state"] == state).then_some(shown)
    })
    .await
}

/// Usage of this much, posted past the routes that are not under test here.
pub(crate) async fn spend(world: &World, amount: i64) {
    let line = NewLine {
        id: typed_id(),
        kind: TransactionKind::AiTask,
        origin: Origin::Usage,
        reference: new_id(),
        contra: "revenue:ai_task".to_owned(),
        amount: Money::from_micros(-amount * 1_000_000),
        part: billing_domain::pricing::Remainder::ZERO,
        occurred_at: now(),
        day: Date::new(2026, 11, 24).unwrap(),
        description: "Task".to_owned(),
        source: "Agent".to_owned(),
        quantity: None,
        unit: None,
        unit_price: None,
        corrects: None,
        details: Default::default(),
        hold_id: None,
    };
    world.store.post(&world.acme.id, vec![line], now()).await.unwrap();
    // The program has not seen this posting; its workers look when the clock moves.
    world.advance(1).await;
}

async fn a_change_needs_the_present_version_and_a_card(world: World) {
    let client = world.sign_in(&world.acme.admin).await;
    let (etag, proposed) = settings(&client).await;
    assert_eq!((&proposed["enabled"], &proposed["health"]["state"]), (&json!(false), &json!("off")));
    assert_eq!(proposed["month"]["spent"], "0.00");
    let wanted = form("20.00", "50.00", "500.00");
    let without = client.put("/api/v1/auto-pay", &wanted).await;
    assert_eq!(without.expect(428).problem(), "precondition_required");
    assert_eq!(put(&client, &etag, &wanted).await.expect(409).problem(), "card_required");
    connect(&client, "pm_card_visa").await;
    pay(&client, "k-1", "100.00").await.expect(201);
    let changed = put(&client, &etag, &wanted).await.expect(200);
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
    let changed = changed.json();
    assert_eq!((&changed["enabled"], &changed["health"]["state"]), (&json!(true), &json!("armed")));
    assert_eq!(changed["refill"], json!({"kind": "fixed", "amount": "50.00"}));
    assert_eq!(put(&client, &etag, &wanted).await.expect(412).problem(), "stale");
    let off = json!({"enabled": false, "threshold": "20.00", "refill": {"kind": "fixed", "amount": "50.00"}, "monthly_cap": "500.00"});
    assert_eq!(switch_on(&client, &off).await["health"]["state"], "off");
    assert_eq!(send(client.request("POST", "/api/v1/auto-pay/resume")).await.expect(409).problem(), "conflict");
}

async fn every_wrong_field_is_named_at_once(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    let (etag, _) = settings(&client).await;
    let named = |answer: Answer| {
        let answer = answer.expect(422).json();
        let errors = answer["errors"].as_array().unwrap().iter();
        errors
            .map(|error| format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    let all = put(&client, &etag, &form("-1", "9", "1")).await;
    assert_eq!(named(all), ["/threshold below_minimum", "/refill/amount below_minimum", "/monthly_cap below_minimum"]);
    let mixed = put(&client, &etag, &form("1e3", "9", "NaN")).await;
    assert_eq!(
        named(mixed),
        ["/threshold not_a_decimal", "/monthly_cap not_a_decimal", "/refill/amount below_minimum"]
    );
    let target = json!({"enabled": true, "threshold": "20", "refill": {"kind": "target", "balance": "20"}, "monthly_cap": "500"});
    assert_eq!(named(put(&client, &etag, &target).await), ["/refill/balance target_not_above_threshold"]);
    let tight = put(&client, &etag, &form("20", "50", "49")).await;
    assert_eq!(named(tight), ["/monthly_cap cap_below_refill"]);
    let mut stranger = form("20", "50", "500");
    stranger["card_id"] = json!(new_id());
    assert_eq!(named(put(&client, &etag, &stranger).await), ["/card_id unknown_card"]);
    assert_eq!(settings(&client).await.0, etag, "nothing was changed");
    assert!(charges(&world, &world.acme.id).await.is_empty());
}

async fn a_wallet_below_the_threshold_is_charged_at_once_and_once(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    let (etag, _) = settings(&client).await;
    let wanted = form("20.00", "50.00", "500.00");
    let answers = futures_util::future::join_all((0..10).map(|_| put(&client, &etag, &wanted))).await;
    let changed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(changed, 1, "one change of this version");
    let shown = health(&client, "armed").await;
    assert_eq!((&shown["month"]["spent"], &shown["month"]["left"]), (&json!("50.00"), &json!("450.00")));
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().collect::<Vec<_>>(), [5_000]);
    let line = &ledger(&world, &world.acme.id).await[0];
    assert_eq!((&line["kind"], &line["source"]), (&json!("auto_top_up"), &json!("Automatic payments")));
}

async fn usage_that_falls_to_the_threshold_refills_the_wallet(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    pay(&client, "k-1", "30.00").await.expect(201);
    let wanted = json!({"enabled": true, "threshold": "20", "refill": {"kind": "target", "balance": "100"}, "monthly_cap": "500"});
    assert_eq!(switch_on(&client, &wanted).await["health"]["state"], "armed");
    let event = json!({"events": [{"id": "task-1", "organization_id": world.acme.id, "kind": "ai_task", "quantity": "1",
        "unit": "task", "unit_price": "10", "occurred_at": now().to_string(), "description": "Task", "source": "Agent"}]});
    let reported = world.platform().post("/api/v1/metering/events", &event).await.expect(200).json();
    assert_eq!(reported["results"][0]["status"], "posted", "{reported}");
    eventually("the wallet is refilled", || async {
        let wallet = client.get("/api/v1/wallet").await.expect(200).json();
        (wallet["balance"] == "100.00").then_some(())
    })
    .await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>(), 3_000 + 8_000);
}

async fn the_pace_and_the_cap_hold_to_the_cent(world: World) {
    world.leave_end_of_month().await;
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    switch_on(&client, &form("20.00", "50.00", "100.00")).await;
    health(&client, "armed").await;
    spend(&world, 40).await;
    let waiting = health(&client, "waiting").await;
    assert!(waiting["health"]["next_charge_at"].is_string());
    world.advance(3_600).await;
    let armed = health(&client, "armed").await;
    assert_eq!((&armed["month"]["spent"], &armed["month"]["left"]), (&json!("100.00"), &json!("0.00")));
    spend(&world, 50).await;
    world.advance(3_600).await;
    let capped = health(&client, "capped").await;
    assert_eq!(capped["health"]["next_charge_at"], capped["month"]["resets_at"]);
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>(), 10_000);
    // A new month, a new cap. The session's idle limit is shorter than that.
    world.advance(31 * 24 * 3600).await;
    let client = world.sign_in(&world.acme.owner).await;
    health(&client, "armed").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>(), 15_000);
}

async fn a_soft_decline_is_tried_again_after_an_hour_and_then_heals(world: World) {
    world.leave_end_of_month().await;
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "decline:insufficient_funds").await;
    switch_on(&client, &form("20.00", "50.00", "500.00")).await;
    let declined = health(&client, "declined").await;
    assert_eq!(declined["health"]["attempt"], 1);
    assert!(declined["health"]["next_charge_at"].is_string() && declined["health"]["reason"].is_string());
    assert_eq!((&declined["month"]["spent"], &declined["month"]["in_flight"]), (&json!("0.00"), &json!("0.00")));
    world.advance(3_500).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1, "not before the hour is over");
    world.advance(200).await;
    health(&client, "armed").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().collect::<Vec<_>>(), [5_000]);
    assert_eq!(charges(&world, &world.acme.id).await.len(), 2);
}

async fn a_hard_decline_pauses_until_somebody_acts(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_authenticationRequired").await;
    switch_on(&client, &form("20.00", "50.00", "500.00")).await;
    let paused = health(&client, "paused").await;
    assert!(paused["health"]["reason"].as_str().unwrap().contains("confirm"), "{paused}");
    world.advance(8 * 3_600).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1, "no retry");
    // Another card that becomes the default, and it goes on by itself.
    let visa = connect(&client, "pm_card_visa").await;
    send(client.request("PUT", &format!("/api/v1/cards/{visa}/default"))).await.expect(200);
    health(&client, "armed").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().collect::<Vec<_>>(), [5_000]);
    // Paused again, and resumed by hand.
    spend(&world, 45).await;
    script(&world, "decline:lost_card").await;
    world.advance(3_700).await;
    health(&client, "paused").await;
    world.advance(3_700).await;
    send(client.request("POST", "/api/v1/auto-pay/resume")).await.expect(200);
    health(&client, "armed").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>(), 10_000);
}

async fn silence_counts_against_the_cap_and_is_no_decline(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "no_answer").await;
    let shown = switch_on(&client, &form("20.00", "50.00", "60.00")).await;
    assert_eq!((&shown["health"]["state"], &shown["month"]["in_flight"]), (&json!("charging"), &json!("50.00")));
    assert_eq!(shown["month"]["left"], "10.00");
    health(&client, "armed").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().collect::<Vec<_>>(), [5_000]);
}

/// Moves the clock to this moment.
async fn go_to(world: &World, at: jiff::Timestamp) {
    world.advance(at.as_second() - now().seconds()).await;
}

/// Midnight in Chicago at the beginning of the next such month.
fn next_first_of(month: i8) -> jiff::Timestamp {
    let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
    let today = zone.to_datetime(jiff::Timestamp::now()).date();
    let year = if today.month() < month { today.year() } else { today.year() + 1 };
    zone.to_timestamp(jiff::civil::date(year, month, 1).at(0, 0, 0, 0)).unwrap()
}

async fn whatever_the_bank_does_never_more_than_the_cap_in_a_month(world: World) {
    let mut seed = crate::chance::seed(0x000C_A900);
    let mut random = move |from: usize, to: usize| from + crate::chance::next(&mut seed) % (to - from);
    // Early in a month, so that all of it happens in one.
    go_to(&world, next_first_of(1) + jiff::SignedDuration::from_hours(30)).await;
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    // The second one is stuck: the bank has never heard of it, and nobody knows that.
    for next in ["pass", "request_lost"] {
        script(&world, next).await;
    }
    switch_on(&client, &form("20.00", "40.00", "100.00")).await;
    health(&client, "armed").await;
    for step in 0..14 {
        spend(&world, i64::try_from(random(5, 45)).unwrap()).await;
        if step > 0 {
            let next = ["pass", "no_answer", "request_lost", "processing", "busy"][random(0, 5)];
            script(&world, next).await;
        }
        world.advance(i64::try_from(random(60, 5_000)).unwrap()).await;
        let client = world.sign_in(&world.acme.owner).await;
        let month = settings(&client).await.1["month"].clone();
        let (spent, in_flight) =
            (amount(month["spent"].as_str().unwrap()), amount(month["in_flight"].as_str().unwrap()));
        assert!(spent.checked_add(in_flight).unwrap() <= amount("100"), "step {step}: {month}");
        let at_the_bank: i64 = taken(&world, &world.acme.id).await.into_values().sum();
        assert!(at_the_bank <= 10_000, "step {step}: the bank took {at_the_bank}");
    }
    let client = world.sign_in(&world.acme.owner).await;
    // What is still open comes to its end; then two charges fit below the cap, and a third never did.
    for _ in 0..3 {
        world.advance(4_000).await;
    }
    assert!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>() <= 8_000);
}

async fn a_month_ends_once_in_a_zone_with_summer_time(world: World) {
    const MARGIN: i64 = 900;
    // Summer time has begun in March: the month ends at 05:00 UTC, in winter it would be 06:00.
    let end = next_first_of(4);
    go_to(&world, end - jiff::SignedDuration::from_secs(3_600 + MARGIN)).await;
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    switch_on(&client, &form("20.00", "50.00", "50.00")).await;
    assert_eq!(health(&client, "armed").await["month"]["resets_at"], json!(end.to_string()));
    spend(&world, 40).await;
    world.advance(3_600).await;
    assert_eq!(health(&client, "capped").await["health"]["next_charge_at"], json!(end.to_string()));
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    world.advance(MARGIN).await;
    health(&client, "armed").await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 2, "a new month, a new cap");
    spend(&world, 50).await;
    world.advance(3_700).await;
    let capped = health(&client, "capped").await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 2, "the month began once: {capped}");
}

async fn a_crash_does_not_forget_a_charge(mut world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "slow").await;
    switch_on(&client, &form("20.00", "50.00", "500.00")).await;
    eventually("the bank has charged", || async { (charges(&world, &world.acme.id).await.len() == 1).then_some(()) })
        .await;
    world.server.kill().await;
    world.server = crate::fixture::Server::start(world.database_url(), &[]).await;
    let client = world.anonymous().with_cookie(client.cookie());
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().collect::<Vec<_>>(), [5_000]);
    assert_eq!(health(&client, "armed").await["month"]["spent"], "50.00");
}

async fn without_a_named_card_the_answer_says_which_one_would_be_charged(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let visa = connect(&client, "pm_card_visa").await;
    let master = connect(&client, "pm_card_mastercard").await;
    assert_eq!(switch_on(&client, &form("20.00", "50.00", "500.00")).await["card_id"], json!(visa));
    send(client.request("PUT", &format!("/api/v1/cards/{master}/default"))).await.expect(200);
    assert_eq!(settings(&client).await.1["card_id"], json!(master));
}

async fn removing_the_last_card_switches_off(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    let card = connect(&client, "pm_card_visa").await;
    switch_on(&client, &form("20.00", "50.00", "500.00")).await;
    health(&client, "armed").await;
    client.delete(&format!("/api/v1/cards/{card}")).await.expect(204);
    let (_, shown) = settings(&client).await;
    assert_eq!((&shown["enabled"], &shown["health"]["state"]), (&json!(false), &json!("off")));
    spend(&world, 45).await;
    world.advance(3_700).await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
}

async fn removing_the_agreed_card_pauses(world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    let agreed_card = connect(&client, "pm_card_mastercard").await;
    let mut wanted = form("20.00", "50.00", "500.00");
    wanted["card_id"] = json!(agreed_card);
    switch_on(&client, &wanted).await;
    health(&client, "armed").await;
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
    client.delete(&format!("/api/v1/cards/{agreed_card}")).await.expect(204);
    spend(&world, 45).await;
    world.advance(3_700).await;
    let paused = health(&client, "paused").await;
    assert!(paused["health"]["reason"].as_str().unwrap().contains("removed"), "{paused}");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1, "no card is charged that nobody agreed to");
}

async fn a_charge_that_is_open_when_its_card_is_removed_is_no_consent_to_another_card(world: World) {
    world.leave_end_of_month().await;
    let client = world.sign_in(&world.acme.owner).await;
    let other_card = connect(&client, "pm_card_visa").await;
    let third_card = connect(&client, "pm_card_visa").await;
    let agreed_card = connect(&client, "pm_card_mastercard").await;
    let mut wanted = form("20.00", "50.00", "500.00");
    wanted["card_id"] = json!(agreed_card);
    script(&world, "processing").await;
    assert_eq!(switch_on(&client, &wanted).await["health"]["state"], "charging");
    // Before the bank has heard of it, removing the card would rightly end in a refusal.
    let heard = || async { (charges(&world, &world.acme.id).await.len() == 1).then_some(()) };
    eventually("the bank has heard of the charge", heard).await;
    client.delete(&format!("/api/v1/cards/{agreed_card}")).await.expect(204);
    let (_, open) = settings(&client).await;
    assert_eq!(open["month"]["in_flight"], "50.00", "still open when the card was removed");
    world.advance(3_700).await;
    let removed = |shown: &Value| shown["health"]["reason"].as_str().is_some_and(|reason| reason.contains("removed"));
    let settled = eventually("the charge is settled", || async {
        let (_, shown) = settings(&client).await;
        (shown["month"]["spent"] == "50.00").then_some(shown)
    })
    .await;
    assert!(settled["health"]["state"] == "paused" && removed(&settled), "{settled}");
    // Neither money by hand nor another default card is consent either.
    spend(&world, 45).await;
    pay(&client, "k-1", "10.00").await.expect(201);
    for card in [&third_card, &other_card] {
        send(client.request("PUT", &format!("/api/v1/cards/{card}/default"))).await.expect(200);
    }
    world.advance(3_700).await;
    let paused = health(&client, "paused").await;
    assert!(removed(&paused), "{paused}");
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>(), 6_000);
    // The default card is agreed to by saving the form with it.
    switch_on(&client, &form("20.00", "50.00", "500.00")).await;
    health(&client, "armed").await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().sum::<i64>(), 11_000);
}
