//! Notices: told once, to the right people, by mail and by signed webhook, and never lost by whoever does not take them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use billing_store::{DeliveryState, NoticeKind};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::fixture::mail::Mailbox;
use crate::fixture::server::program;
use crate::fixture::{Database, Server, World};
use crate::money::{connect, eventually, pay, script};
use crate::wallets::{amount, connect_card, fund, spend};

on_both_databases!(
    a_low_balance_is_told_once_and_can_be_read_in_the_outbox,
    a_wallet_that_refills_itself_is_not_low,
    a_first_decline_and_the_pause_after_seven_hours_are_told,
    a_charge_that_needs_the_cardholder_asks_a_person,
    every_card_that_is_added_is_told_with_who_and_how,
);

const KEY: [u8; 32] = [42; 32];

fn secret() -> String {
    format!("whsec_{}", BASE64.encode(KEY))
}

/// What a receiver was sent, and what it answers.
#[derive(Clone, Default)]
struct Inbox {
    taken: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    refusals: Arc<Mutex<Vec<u16>>>,
}

impl Inbox {
    /// A receiver that answers these statuses first and 200 afterwards; its address.
    async fn open(refusals: &[u16]) -> (Self, String) {
        let inbox = Self { refusals: Arc::new(Mutex::new(refusals.to_vec())), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hooks", listener.local_addr().unwrap());
        let app = Router::new().route("/hooks", post(take)).with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (inbox, address)
    }

    fn taken(&self) -> Vec<(HeaderMap, Bytes)> {
        self.taken.lock().unwrap().clone()
    }
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inbox.taken.lock().unwrap().push((headers, body));
    let mut refusals = inbox.refusals.lock().unwrap();
    if refusals.is_empty() { StatusCode::OK } else { StatusCode::from_u16(refusals.remove(0)).unwrap() }
}

async fn kinds(world: &World) -> Vec<NoticeKind> {
    let all = world.store.notices(&world.acme.id, 20).await.unwrap();
    // What is told of the arrangements has tests of its own.
    let arranged = [NoticeKind::CardAdded, NoticeKind::AutomaticPaymentsChanged];
    all.iter().map(|notice| notice.kind).filter(|kind| !arranged.contains(kind)).collect()
}

async fn told(world: &World, expected: &[NoticeKind]) {
    eventually("the notices", || async { (kinds(world).await == expected).then_some(()) }).await;
}

async fn a_low_balance_is_told_once_and_can_be_read_in_the_outbox(world: World) {
    connect_card(&world, &world.acme.id).await;
    fund(&world, &world.acme.id, amount("100")).await;
    spend(&world, &world.acme.id, "10").await;
    assert!(kinds(&world).await.is_empty());
    // The first day's spending is the burn rate: 24 hours of it are the low mark.
    spend(&world, &world.acme.id, "60").await;
    told(&world, &[NoticeKind::LowBalance]).await;
    spend(&world, &world.acme.id, "1").await;
    fund(&world, &world.acme.id, amount("500")).await;
    spend(&world, &world.acme.id, "1").await;
    // It recovers; a crossing within a week is quiet.
    eventually("it recovers", || async {
        let admin = world.sign_in(&world.acme.admin).await;
        (admin.get("/api/v1/wallet").await.expect(200).json()["status"] == "active").then_some(())
    })
    .await;
    spend(&world, &world.acme.id, "500").await;
    world.advance(3600).await;
    // Without SMTP everything is kept, for the people who manage billing and nobody else.
    let kept = eventually("kept", || async {
        let kept = world.store.deliveries(DeliveryState::Kept, 20).await.unwrap();
        (kept.len() >= 3).then_some(kept)
    })
    .await;
    let mut recipients: Vec<_> = kept.iter().map(|delivery| delivery.recipient.as_str()).collect();
    recipients.sort_unstable();
    assert_eq!(recipients, [world.acme.admin.email.as_str(), "operator", world.acme.owner.email.as_str()]);
    assert_eq!(kinds(&world).await, [NoticeKind::LowBalance]);
    let page = world.sign_in(&world.acme.admin).await.get("/outbox").await.expect(200);
    assert!(page.text().contains("the wallet balance is low (30.00 USD)"), "{}", page.text());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    world.sign_in(&world.acme.member).await.get("/outbox").await.expect(403);
    world.anonymous().get("/outbox").await.expect(401);
    let theirs = world.sign_in(&world.other.owner).await.get("/outbox").await.expect(200);
    assert!(theirs.text().contains("Nothing yet"));
}

async fn switch_on(world: &World) {
    let client = world.sign_in(&world.acme.owner).await;
    let etag = client.get("/api/v1/auto-pay").await.expect(200).header("etag").unwrap().to_owned();
    let form = json!({
        "enabled": true, "threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500",
    });
    crate::client::send(client.request("PUT", "/api/v1/auto-pay").header("if-match", etag).json(&form))
        .await
        .expect(200);
}

/// A wallet with a card of this kind and 100 from another one, refilled below 20.
async fn armed(world: &World, token: &str) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    pay(&client, "k-first", "100.00").await.expect(201);
    if token != "pm_card_visa" {
        let card = connect(&client, token).await;
        client.put(&format!("/api/v1/cards/{card}/default"), &json!({})).await.expect(200);
    }
    switch_on(world).await;
}

async fn a_wallet_that_refills_itself_is_not_low(world: World) {
    armed(&world, "pm_card_visa").await;
    spend(&world, &world.acme.id, "85").await;
    eventually("refilled", || async {
        let client = world.sign_in(&world.acme.owner).await;
        let wallet = client.get("/api/v1/wallet").await.expect(200).json();
        (wallet["balance"] == "65.00").then_some(())
    })
    .await;
    // Its pace keeps it from the next charge for an hour, but it has money.
    spend(&world, &world.acme.id, "50").await;
    world.advance(60).await;
    let client = world.sign_in(&world.acme.owner).await;
    assert_eq!(client.get("/api/v1/auto-pay").await.expect(200).json()["health"]["state"], "waiting");
    assert!(kinds(&world).await.is_empty());
    // Now it has none: calls stop before the next charge, and somebody should know.
    spend(&world, &world.acme.id, "20").await;
    told(&world, &[NoticeKind::LowBalance]).await;
}

async fn a_first_decline_and_the_pause_after_seven_hours_are_told(world: World) {
    armed(&world, "pm_card_visa").await;
    script(&world, "decline:insufficient_funds").await;
    spend(&world, &world.acme.id, "85").await;
    let health = async |state: &str, attempt: i64| {
        // Sessions end while the clock moves.
        let client = world.sign_in(&world.acme.owner).await;
        eventually("health", || async {
            let health = client.get("/api/v1/auto-pay").await.expect(200).json()["health"].clone();
            (health["state"] == state && health["attempt"] == attempt).then_some(health)
        })
        .await
    };
    health("declined", 1).await;
    // Tries at 0, 1, 3 and 7 hours, the clock moved from one to the next.
    for (hours, attempt) in [(1, 2), (2, 3), (4, 4)] {
        world.advance(hours * 3600 - 60).await;
        let before = crate::money::charges(&world, &world.acme.id).await.len();
        script(&world, "decline:insufficient_funds").await;
        world.advance(61).await;
        health(if attempt == 4 { "paused" } else { "declined" }, attempt).await;
        assert_eq!(crate::money::charges(&world, &world.acme.id).await.len(), before + 1, "one try at {attempt}");
    }
    world.advance(48 * 3600).await;
    health("paused", 4).await;
    let charges = crate::money::charges(&world, &world.acme.id).await;
    assert_eq!(charges.len(), 5, "the first top-up and four tries: {charges:?}");
    let mut told = kinds(&world).await;
    told.retain(|kind| *kind != NoticeKind::LowBalance);
    assert_eq!(told, [NoticeKind::AutomaticPaymentsPaused, NoticeKind::PaymentDeclined]);
}

async fn a_charge_that_needs_the_cardholder_asks_a_person(world: World) {
    armed(&world, "pm_card_visa").await;
    script(&world, "challenge").await;
    spend(&world, &world.acme.id, "85").await;
    eventually("a person is asked", || async {
        let told = world.store.notices(&world.acme.id, 20).await.unwrap();
        let paused = told.iter().find(|notice| notice.kind == NoticeKind::AutomaticPaymentsPaused)?;
        assert_eq!(paused.facts["reason"], "authentication_required");
        Some(())
    })
    .await;
    world.advance(24 * 3600).await;
    assert_eq!(crate::money::charges(&world, &world.acme.id).await.len(), 2, "the first top-up and one try");
}

async fn every_card_that_is_added_is_told_with_who_and_how(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    let refused = json!({"token": "pm_card_visa_chargeDeclined", "exp_month": 12, "exp_year": 2034, "consent": "c"});
    assert_eq!(owner.post("/api/v1/cards/setups", &refused).await.expect(201).json()["status"], "failed");
    for (purpose, amount) in [("connect", None), ("pay_and_connect", Some("20")), ("pay", Some("20"))] {
        let form = json!({"purpose": purpose, "amount": amount});
        let form = if amount.is_none() { json!({"purpose": purpose}) } else { form };
        let link = owner.post("/api/v1/payment-links", &form).await.expect(201).json();
        let token = link["url"].as_str().unwrap().split('#').nth(1).unwrap().to_owned();
        let form = json!({"token": token, "card_token": "pm_card_mastercard", "exp_month": 12, "exp_year": 2034,
            "consent": "c"});
        let paid = world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", purpose);
        assert_eq!(crate::client::send(paid.json(&form)).await.expect(201).json()["status"], "succeeded", "{purpose}");
    }
    let all = world.store.notices(&world.acme.id, 20).await.unwrap();
    let told = all.iter().filter(|notice| notice.kind == NoticeKind::CardAdded).map(|notice| {
        let fact = |name: &str| notice.facts[name].clone();
        (fact("card_brand"), fact("card_last4"), fact("how"), fact("by"))
    });
    let by = |brand: &str, last4: &str, how: &str| {
        (brand.to_owned(), last4.to_owned(), how.to_owned(), world.acme.owner.name.clone())
    };
    let link = by("mastercard", "4444", "payment_link");
    assert_eq!(
        told.collect::<Vec<_>>(),
        [link.clone(), link, by("visa", "4242", "by_hand")],
        "payment alone adds none"
    );
    assert!(!format!("{all:?}").contains("pm_card"), "no token in a notice");
    let page = owner.get("/outbox").await.expect(200).text();
    assert!(page.contains("Visa •• 4242 was connected"), "{page}");
    assert!(world.store.notices(&world.other.id, 9).await.unwrap().is_empty());
}

/// The receiver is busy twice, then takes it: the same id and body each time, each signed anew.
#[tokio::test]
async fn a_webhook_is_signed_and_repeated_until_it_is_taken() {
    let (inbox, url) = Inbox::open(&[503, 500]).await;
    let secret = secret();
    let flags = ["--webhook-url", &url, "--webhook-secret", &secret];
    let world = World::start_with(Database::Sqlite, &flags).await;
    low(&world).await;
    eventually("the first try", || async { (!inbox.taken().is_empty()).then_some(()) }).await;
    for (pause, tries) in [(5, 2), (300, 3)] {
        settled(&world, tries - 1).await;
        world.advance(pause).await;
        eventually("another try", || async { (inbox.taken().len() == tries).then_some(()) }).await;
    }
    eventually("delivered", || async {
        let delivered = world.store.deliveries(DeliveryState::Delivered, 9).await.unwrap();
        delivered.iter().any(|one| one.tries == 3).then_some(())
    })
    .await;
    let taken = inbox.taken();
    let (id, body) = (taken[0].0["webhook-id"].clone(), taken[0].1.clone());
    for (headers, sent) in &taken {
        assert_eq!((&headers["webhook-id"], sent), (&id, &body), "a repetition is known by its id");
        let signed = format!(
            "{}.{}.{}",
            id.to_str().unwrap(),
            headers["webhook-timestamp"].to_str().unwrap(),
            std::str::from_utf8(sent).unwrap()
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
        mac.update(signed.as_bytes());
        let expected = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
        assert_eq!(headers["webhook-signature"], expected);
    }
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["type"], "wallet.low_balance");
    assert_eq!(event["data"]["organization_id"], world.acme.id.as_str());
    assert_eq!(event["data"]["available"], "30.00");
}

/// A receiver that is gone for good: listed, and tried again when the operator says so.
#[tokio::test]
async fn what_nobody_takes_is_listed_and_tried_again_on_demand() {
    let (inbox, url) = Inbox::open(&[410]).await;
    let secret = secret();
    let flags = ["--webhook-url", &url, "--webhook-secret", &secret];
    let world = World::start_with(Database::Sqlite, &flags).await;
    low(&world).await;
    let dead = || world.store.deliveries(DeliveryState::Dead, 9);
    eventually("dead", || async { (!dead().await.unwrap().is_empty()).then_some(()) }).await;
    let list = async |arguments: &[&str]| {
        let mut all = vec!["dead-letters", "--database", world.database_url()];
        all.extend(arguments);
        let output = program().args(all).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let letter: Value = serde_json::from_str(list(&[]).await.trim()).unwrap();
    assert_eq!((&letter["kind"], &letter["last_error"]), (&json!("low_balance"), &json!("the receiver answered 410")));
    assert!(dead().await.unwrap().len() == 1, "listing changes nothing");
    list(&["--retry"]).await;
    world.advance(60).await;
    eventually("taken", || async { (inbox.taken().len() == 2).then_some(()) }).await;
    assert!(list(&[]).await.is_empty());
}

/// The notice is in the database before anybody is told: a server that dies in between does not lose it.
#[tokio::test]
async fn a_notice_survives_the_death_of_the_server_that_wrote_it() {
    let (inbox, url) = Inbox::open(&[]).await;
    let mut world = World::start(Database::Sqlite).await;
    let facts = billing_store::NoticeFacts::from([("available".to_owned(), "4".to_owned())]);
    world.server.kill().await;
    let now = crate::fixture::now();
    world.store.watch_low_balance(&world.acme.id, true, &facts, now).await.unwrap();
    let secret = secret();
    world.server = Server::start(world.database_url(), &["--webhook-url", &url, "--webhook-secret", &secret]).await;
    eventually("taken", || async { (inbox.taken().len() == 1).then_some(()) }).await;
}

#[tokio::test]
async fn people_are_told_by_mail() {
    let mailbox = Mailbox::open().await;
    let world = World::start_with(Database::Sqlite, &mailbox.flags()).await;
    low(&world).await;
    mailbox.mail(1).await;
    let letters = mailbox.mails().join("\n");
    for expected in [
        "RCPT TO:<owner@acme.test>",
        "RCPT TO:<admin@acme.test>",
        "From: \"Nexis Billing\" <billing@nexis.test>",
        "Subject: Billing: the wallet balance is low (30.00 USD)",
        "Add balance, or switch on automatic",
    ] {
        assert!(letters.contains(expected), "{expected} is not in {letters}");
    }
    assert!(!letters.contains("member@acme.test"));
    eventually("written down", || async {
        (world.store.deliveries(DeliveryState::Delivered, 9).await.unwrap().len() == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn half_a_way_is_refused_at_the_start_and_no_secret_is_shown() {
    for flags in [
        vec!["--webhook-url", "https://hooks.example"],
        vec!["--webhook-url", "https://hooks.example", "--webhook-secret", "hush-hush"],
        vec!["--mail-from", "a@b.test"],
        vec!["--smtp-url", "nonsense://hush-hush@h", "--mail-from", "a@b.test"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("billing.db").display());
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", &database, "--dist"]).arg(folder.path());
        let run = tokio::time::timeout(Duration::from_secs(30), command.args(&flags).kill_on_drop(true).output());
        let output = run.await.expect("it ends").unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && !said.contains("hush"), "{flags:?}: {said}");
        assert!(
            said.contains(&flags[flags.len() - 2][2..].replace('-', "_"))
                || said.contains(&flags[0][2..].replace('-', "_")),
            "{flags:?}: {said}"
        );
    }
}

/// A wallet of 30 with a low mark of 70.
async fn low(world: &World) {
    connect_card(world, &world.acme.id).await;
    fund(world, &world.acme.id, amount("100")).await;
    spend(world, &world.acme.id, "70").await;
}

/// The webhook's delivery was tried so often and waits.
async fn settled(world: &World, tries: usize) {
    eventually("a try is written down", || async {
        let pending = world.store.deliveries(DeliveryState::Pending, 9).await.unwrap();
        pending.iter().any(|one| usize::try_from(one.tries) == Ok(tries)).then_some(())
    })
    .await;
}
