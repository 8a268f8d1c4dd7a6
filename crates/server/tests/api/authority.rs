//! Authority over money: read when it is used, proved again where it changes hands, and limited in pace.

use billing_domain::UserId;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Answer, Client, send};
use crate::fixture::{PASSWORD, Server, World};
use crate::money::{charges, connect, ledger, pay, set_up};

const LINKS: &str = "/api/v1/payment-links";
/// One second longer than the password lasts.
const TOO_LONG: i64 = 5 * 60 + 1;

fn settings() -> Value {
    json!({"threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"})
}

async fn make(client: &Client, form: Value) -> String {
    let made = client.post(LINKS, &form).await.expect(201).json();
    made["url"].as_str().unwrap().split_once("/pay#").unwrap().1.to_owned()
}

/// With the charge that the page has shown: what the link says, over an empty wallet.
async fn complete(world: &World, key: &str, token: &str, card: &str) -> Answer {
    let shown = world.anonymous().post("/api/v1/pay/resolve", &json!({"token": token})).await.json();
    let form = json!({
        "token": token, "card_token": card, "exp_month": 12, "exp_year": 2034, "consent": "link-2026-11",
        "expected_charge": shown["charge_now"],
    });
    send(world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", key).json(&form)).await
}

async fn set_role(client: &Client, user: &UserId, role: &str) -> Answer {
    let path = format!("/api/v1/members/{user}/role");
    send(client.request("PUT", &path).json(&json!({"role": role}))).await
}

async fn put_auto_pay(client: &Client, threshold: &str, enabled: bool) -> Answer {
    let mut form = settings();
    form["threshold"] = json!(threshold);
    form["enabled"] = json!(enabled);
    form["card_id"] = Value::Null;
    let etag = client.get("/api/v1/auto-pay").await.expect(200).header("etag").unwrap().to_owned();
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", &etag).json(&form)).await
}

async fn confirm(client: &Client, password: &str) -> Answer {
    client.post("/api/v1/session/confirmation", &json!({"password": password})).await
}

async fn a_link_can_do_no_more_than_who_made_it(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let connects = make(&admin, json!({"purpose": "connect", "auto_pay": settings()})).await;
    let pays = make(&admin, json!({"purpose": "pay_and_connect", "amount": "50.00"})).await;
    // Somebody is at the bank's question while the role goes.
    let asked = make(&admin, json!({"purpose": "connect", "auto_pay": settings()})).await;
    let attempt = complete(&world, "k-0", &asked, "pm_card_authenticationRequiredOnSetup").await.expect(201).json();
    assert_eq!(attempt["status"], "action_required", "{attempt}");
    set_role(&owner, &world.acme.admin.id, "member").await.expect(200);
    for (number, token) in [&connects, &pays].into_iter().enumerate() {
        let resolved = world.anonymous().post("/api/v1/pay/resolve", &json!({"token": token})).await.expect(410);
        assert_eq!(resolved.problem(), "gone");
        complete(&world, &format!("k-{number}-late"), token, "pm_card_visa").await.expect(410);
    }
    let answer = json!({"token": asked, "attempt_id": attempt["id"], "approve": true});
    let after = world.anonymous().post("/api/v1/pay/challenge", &answer).await.expect(200).json();
    assert_ne!(after["status"], "succeeded", "{after}");
    let listed = owner.get(LINKS).await.expect(200).json();
    let states: Vec<_> = listed["items"].as_array().unwrap().iter().map(|link| link["state"].clone()).collect();
    assert_eq!(states, [json!("revoked"), json!("revoked"), json!("revoked")]);
    assert_eq!(owner.get("/api/v1/auto-pay").await.expect(200).json()["enabled"], false);
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"], json!([]));
    assert!(charges(&world, &world.acme.id).await.is_empty() && ledger(&world, &world.acme.id).await.is_empty());
    // An owner's own link goes on.
    let own = make(&owner, json!({"purpose": "connect"})).await;
    complete(&world, "k-own", &own, "pm_card_visa").await.expect(201);
}

async fn a_card_of_somebody_demoted_meanwhile_is_not_connected(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let setup = set_up(&admin, "pm_card_authenticationRequiredOnSetup").await;
    assert_eq!(setup["status"], "action_required");
    set_role(&owner, &world.acme.admin.id, "member").await.expect(200);
    let id = setup["id"].as_str().unwrap();
    let path = format!("/api/v1/cards/setups/{id}");
    owner.post(&format!("{path}/challenge"), &json!({"approve": true})).await;
    assert_eq!(owner.get(&path).await.expect(200).json()["status"], "failed");
    assert_eq!(owner.get("/api/v1/cards").await.expect(200).json()["items"], json!([]));
}

async fn the_password_is_asked_for_again_where_power_changes_hands(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    world.advance_unconfirmed(TOO_LONG).await;
    let link = json!({"purpose": "connect"});
    for refused in [
        pay(&owner, "k-1", "1000.01").await,
        owner.post(LINKS, &link).await,
        put_auto_pay(&owner, "20", true).await,
        set_role(&owner, &world.acme.member.id, "admin").await,
    ] {
        assert_eq!(refused.expect(403).problem(), "confirmation_required");
    }
    assert!(charges(&world, &world.acme.id).await.is_empty());
    pay(&owner, "k-small", "1000.00").await.expect(201);

    let wrong = confirm(&owner, "wrong").await.expect(422).json();
    assert_eq!(wrong["errors"][0]["code"], "wrong_password");
    pay(&owner, "k-1", "1000.01").await.expect(403);
    confirm(&owner, PASSWORD).await.expect(204);
    // The same request under the same key.
    let paid = pay(&owner, "k-1", "1000.01").await.expect(201).json();
    owner.post(LINKS, &link).await.expect(201);
    put_auto_pay(&owner, "20", true).await.expect(200);
    set_role(&owner, &world.acme.member.id, "admin").await.expect(200);

    world.advance_unconfirmed(TOO_LONG).await;
    let again = pay(&owner, "k-1", "1000.01").await.expect(201).json();
    assert_eq!(again["id"], paid["id"], "a repetition is answered, whatever became of the password");
    put_auto_pay(&owner, "30", true).await.expect(403);
    put_auto_pay(&owner, "10", true).await.expect(200);
    put_auto_pay(&owner, "10", false).await.expect(200);
    world.anonymous().post("/api/v1/session/confirmation", &json!({"password": PASSWORD})).await.expect(401);
}

async fn whoever_tries_passwords_is_slowed_down_there_too(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let mut tries = JoinSet::new();
    for _ in 0..30 {
        let owner = owner.clone();
        tries.spawn(async move { confirm(&owner, "wrong").await.status });
    }
    let answers = tries.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 422).count(), 10, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 20, "{answers:?}");
}

async fn parallel_top_ups_pass_no_limit_together(mut world: World) {
    world.server = Server::start(world.database_url(), &["--top-ups-per-hour", "20"]).await;
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    for number in 0..10 {
        pay(&owner, &format!("before-{number}"), "10.00").await.expect(201);
    }
    let mut requests = JoinSet::new();
    for number in 0..20 {
        let owner = owner.clone();
        requests.spawn(async move { pay(&owner, &format!("k-{number}"), "10.00").await });
    }
    let answers = requests.join_all().await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((taken.len(), refused.len()), (10, 10), "20 an hour");
    for answer in refused {
        let answer = answer.expect(429);
        let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(answer.problem() == "too_many_requests" && (1..=3_600).contains(&wait), "{wait}");
    }
    assert_eq!(charges(&world, &world.acme.id).await.len(), 20);
    world.advance(3_601).await;
    pay(&owner, "later", "10.00").await.expect(201);
}

async fn the_sum_of_an_hour_and_of_a_day_is_limited(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    let mut requests = JoinSet::new();
    for number in 0..8 {
        let owner = owner.clone();
        requests.spawn(async move { pay(&owner, &format!("k-{number}"), "5000.00").await.status });
    }
    let answers = requests.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 4, "{answers:?}");
    for hour in 1..=2 {
        world.advance(3_601).await;
        for number in 0..3 {
            pay(&owner, &format!("h-{hour}-{number}"), "5000.00").await.expect(201);
        }
    }
    world.advance(3_601).await;
    pay(&owner, "eleventh", "5000.00").await.expect(429);
    world.advance(24 * 3_600).await;
    let owner = world.sign_in(&world.acme.owner).await;
    pay(&owner, "next-day", "5000.00").await.expect(201);
}

async fn declined_cards_are_limited(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for _ in 0..5 {
        assert_eq!(set_up(&owner, "pm_card_visa_chargeDeclined").await["status"], "failed");
    }
    let form = json!({"token": "pm_card_visa", "exp_month": 12, "exp_year": 2034, "consent": "c"});
    let refused = owner.post("/api/v1/cards/setups", &form).await.expect(429);
    assert!(refused.header("retry-after").is_some());
    world.advance(3_601).await;
    assert_eq!(set_up(&owner, "pm_card_visa").await["status"], "succeeded");
}

async fn every_owner_is_told_of_what_hands_out_power(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    make(&owner, json!({"purpose": "connect", "auto_pay": settings()})).await;
    put_auto_pay(&owner, "20", true).await.expect(200);
    put_auto_pay(&owner, "30", true).await.expect(200);
    put_auto_pay(&owner, "25", true).await.expect(200);
    set_role(&owner, &world.acme.member.id, "admin").await.expect(200);
    set_role(&owner, &world.acme.member.id, "admin").await.expect(200);
    let notices = world.store.notices(&world.acme.id, 20).await.unwrap();
    let mut told: Vec<_> = notices
        .iter()
        .map(|notice| (format!("{:?}", notice.kind), notice.facts.get("change").cloned().unwrap_or_default()))
        .filter(|(kind, _)| kind != "CardAdded")
        .collect();
    told.sort();
    let expected = [
        ("AutomaticPaymentsChanged", "raised"),
        ("AutomaticPaymentsChanged", "switched_on"),
        ("PaymentLinkCreated", ""),
        ("RoleChanged", ""),
    ];
    assert_eq!(told, expected.map(|(kind, change)| (kind.to_owned(), change.to_owned())));
    let outbox = owner.get("/outbox").await.expect(200);
    assert!(
        outbox.text().contains("“Acme owner” changed the role of “Acme member” from member to admin"),
        "{}",
        outbox.text()
    );
}

on_both_databases! {
    a_link_can_do_no_more_than_who_made_it,
    a_card_of_somebody_demoted_meanwhile_is_not_connected,
    the_password_is_asked_for_again_where_power_changes_hands,
    whoever_tries_passwords_is_slowed_down_there_too,
    parallel_top_ups_pass_no_limit_together,
    the_sum_of_an_hour_and_of_a_day_is_limited,
    declined_cards_are_limited,
    every_owner_is_told_of_what_hands_out_power,
}
