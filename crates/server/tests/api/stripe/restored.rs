//! A database restored from a backup: payments that it does not know are named, and credited once their owner is certain.

use billing_domain::OrganizationId;
use billing_store::Store;
use serde_json::{Value, json};

use super::shop::{Shop, flags, with_stripe};
use crate::client::Client;
use crate::fixture::server::program;
use crate::fixture::{Database, Server, new_id, typed_id};
use crate::money::{eventually, ledger, pay};

with_stripe!(
    a_payment_that_is_not_here_is_credited_once_whoever_tells_of_it,
    a_payment_whose_owner_is_not_certain_is_named_and_nobody_is_credited,
    what_was_never_paid_is_no_payment,
    a_refund_of_a_payment_that_is_not_here_finds_the_payment_first,
    a_refund_is_kept_until_its_payment_can_be_credited,
    a_payment_whose_marks_are_no_ids_is_named_with_the_marks_as_they_are,
);

/// A payment at Stripe as the program makes it, of which the program knows nothing; its id and its top-up's.
async fn paid(shop: &Shop, organization: &str, customer: &str, currency: &str) -> (String, String) {
    let top_up = new_id();
    (paid_under(shop, &top_up, organization, customer, currency).await, top_up)
}

/// The same under a mark that names this top-up; the payment's id.
async fn paid_under(shop: &Shop, top_up: &str, organization: &str, customer: &str, currency: &str) -> String {
    let methods: Vec<_> = shop.fake.bank().all("payment_method").into_iter().cloned().collect();
    let known = methods.iter().find(|method| method["customer"] == customer).and_then(|method| method["id"].as_str());
    let method = known.unwrap_or("pm_card_visa");
    let reference = format!("topup:{top_up}:1");
    let form = [
        ("amount", "2500"),
        ("currency", currency),
        ("allowed_payment_method_types[]", "card"),
        ("customer", customer),
        ("payment_method", method),
        ("confirm", "true"),
        ("off_session", "true"),
        ("metadata[reference]", &reference),
        ("metadata[organization_id]", organization),
    ];
    let intent = ask(shop, "/v1/payment_intents", &form).await;
    assert_eq!(intent["status"], "succeeded", "{intent}");
    intent["id"].as_str().unwrap().to_owned()
}

async fn ask(shop: &Shop, path: &str, form: &[(&str, &str)]) -> Value {
    let body: Vec<_> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = crate::client::http().post(format!("{}{path}", shop.fake.origin())).bearer_auth("sk_test_shop");
    let request = request.header("stripe-version", fake_stripe::API_VERSION);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(body.join("&")).send().await.unwrap().json().await.unwrap()
}

/// The customer who stands for Acme.
fn customer(shop: &Shop) -> String {
    shop.fake.bank().all("customer")[0]["id"].as_str().unwrap().to_owned()
}

async fn post_webhook(shop: &Shop, top_up: &str) {
    for (_, body) in shop.events_of(top_up) {
        shop.deliver(shop.world.server.origin(), &body).await.expect(204);
    }
}

/// What `doctor` says and how it ends.
async fn doctor(url: &str) -> (Option<i32>, Vec<Value>) {
    let output = program().args(["doctor", "--database", url]).output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), said.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

async fn waiting(shop: &Shop) -> i64 {
    let backlog = shop.world.store.backlog().await.unwrap();
    backlog.iter().find(|waits| waits.kind == "unknown_payment").map_or(0, |waits| waits.count)
}

async fn a_payment_that_is_not_here_is_credited_once_whoever_tells_of_it(shop: Shop) {
    let client = shop.owner().await;
    let card = shop.connect(&client, "pm_card_visa").await;
    let acme = shop.world.acme.id.clone();
    let (payment, top_up) = paid(&shop, acme.as_str(), &customer(&shop), "usd").await;
    post_webhook(&shop, &top_up).await;
    post_webhook(&shop, &top_up).await;
    let (_, missed) = paid(&shop, acme.as_str(), &customer(&shop), "usd").await;
    // A card that was removed since is no reason to keep the money.
    client.delete(&format!("/api/v1/cards/{card}")).await.expect(204);
    shop.advance(3_700).await;
    eventually("what no webhook told of is credited too", || async {
        (ledger(&shop.world, &acme).await.len() == 2).then_some(())
    })
    .await;
    let credits = crate::money::credited(&shop.world, &acme).await;
    assert_eq!(credits, [(top_up.clone(), 2_500), (missed, 2_500)].into());
    assert_eq!(client.get("/api/v1/wallet").await.expect(200).json()["balance"], "50.00");
    let known = client.get(&format!("/api/v1/top-ups/{top_up}")).await.expect(200).json();
    assert_eq!((&known["status"], &known["amount"]), (&json!("succeeded"), &json!("25.00")));
    let (code, lines) = doctor(shop.world.database_url()).await;
    assert_eq!((code, lines.len(), waiting(&shop).await), (Some(0), 2, 0), "{lines:?}");
    let line = lines.iter().find(|line| line["payment"] == payment.as_str()).unwrap();
    assert_eq!((&line["top_up_id"], &line["amount_minor"]), (&json!(top_up), &json!(2_500)));
    assert!(line["credited_at"].is_string() && line["reason"].is_null(), "{line}");
    // It is a top-up like any other from then on: it can be given back.
    let refund = json!({"organization_id": acme, "top_up_id": top_up, "amount": "5", "reason": "x"});
    let request =
        shop.world.platform().request("POST", "/api/v1/refunds").header("idempotency-key", "r-1").json(&refund);
    crate::client::send(request).await.expect(201);
    crate::wallets::assert_whole(&shop.world, &acme).await;
}

async fn a_payment_whose_owner_is_not_certain_is_named_and_nobody_is_credited(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let (acme, other) = (shop.world.acme.id.clone(), shop.world.other.id.clone());
    let customer = customer(&shop);
    // The marks say Other, the customer is Acme's.
    let (_, contradicts) = paid(&shop, other.as_str(), &customer, "usd").await;
    let (_, foreign_money) = paid(&shop, acme.as_str(), &customer, "eur").await;
    post_webhook(&shop, &contradicts).await;
    post_webhook(&shop, &foreign_money).await;
    for organization in [&acme, &other] {
        assert!(ledger(&shop.world, organization).await.is_empty());
    }
    let (code, lines) = doctor(shop.world.database_url()).await;
    assert_eq!((code, lines.len(), waiting(&shop).await), (Some(1), 2, 2), "{lines:?}");
    let reason = |top_up: &str| {
        let line = lines.iter().find(|line| line["top_up_id"] == top_up).unwrap();
        assert!(line["credited_at"].is_null(), "{line}");
        line["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason(&contradicts).contains("do not agree"), "{}", reason(&contradicts));
    assert!(reason(&foreign_money).contains("currency"), "{}", reason(&foreign_money));
}

async fn what_was_never_paid_is_no_payment(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let (top_up, customer) = (new_id(), customer(&shop));
    let reference = format!("topup:{top_up}:1");
    let form = [
        ("amount", "2500"),
        ("currency", "usd"),
        ("allowed_payment_method_types[]", "card"),
        ("customer", &customer),
        ("metadata[reference]", &reference),
        ("metadata[organization_id]", shop.world.acme.id.as_str()),
    ];
    let intent = ask(&shop, "/v1/payment_intents", &form).await;
    // Whoever can make up an event still cannot make up a payment: the program asks Stripe.
    let lie = json!({"id": "evt_lie", "object": "event", "type": "payment_intent.succeeded", "livemode": false,
        "data": {"object": {"id": intent["id"], "object": "payment_intent", "status": "succeeded", "amount_received": 2_500,
            "metadata": {"reference": reference}}}});
    shop.deliver(shop.world.server.origin(), lie.to_string().as_bytes()).await.expect(204);
    assert!(ledger(&shop.world, &shop.world.acme.id).await.is_empty());
    assert_eq!(doctor(shop.world.database_url()).await, (Some(0), Vec::new()));
}

async fn a_refund_of_a_payment_that_is_not_here_finds_the_payment_first(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let acme = shop.world.acme.id.clone();
    let (payment, top_up) = paid(&shop, acme.as_str(), &customer(&shop), "usd").await;
    shop.fake.refund_in_dashboard(&payment, Some(1_000)).unwrap();
    // Only the refund is told of.
    let events = shop.fake.bank().events();
    for (_, body) in events.iter().filter(|(kind, _)| kind.starts_with("refund.")) {
        shop.deliver(shop.world.server.origin(), body).await.expect(204);
    }
    let lines = ledger(&shop.world, &acme).await;
    let amounts: Vec<_> = lines.iter().map(|line| &line["amount"]).collect();
    assert_eq!(amounts, ["25.00", "-10.00"]);
    assert_eq!(lines[1]["details"]["top_up"], json!(top_up));
    crate::wallets::assert_whole(&shop.world, &acme).await;
}

async fn a_refund_is_kept_until_its_payment_can_be_credited(shop: Shop) {
    // The organization itself is younger than the backup.
    let organization: OrganizationId = typed_id();
    let customer = ask(&shop, "/v1/customers", &[("metadata[organization_id]", organization.as_str())]).await;
    let top_up = new_id();
    let reference = format!("topup:{top_up}:1");
    let form = [
        ("amount", "2500"),
        ("currency", "usd"),
        ("allowed_payment_method_types[]", "card"),
        ("customer", customer["id"].as_str().unwrap()),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("metadata[reference]", &reference),
        ("metadata[organization_id]", organization.as_str()),
    ];
    let intent = ask(&shop, "/v1/payment_intents", &form).await;
    assert_eq!(intent["status"], "succeeded", "{intent}");
    shop.fake.refund_in_dashboard(intent["id"].as_str().unwrap(), Some(1_000)).unwrap();
    // Taken out first: the stand-in answers the program while these are delivered.
    let events: Vec<_> =
        shop.fake.bank().events().iter().filter(|(kind, _)| kind.starts_with("refund.")).cloned().collect();
    for (_, body) in events.iter().chain(&events) {
        shop.deliver(shop.world.server.origin(), body).await.expect(204);
    }
    assert_eq!(waiting(&shop).await, 1);
    let new = billing_store::NewOrganization {
        id: organization.clone(),
        name: "Late".to_owned(),
        address: String::new(),
        tax_id: String::new(),
        time_zone: "UTC".to_owned(),
        currency: billing_domain::Currency::Usd,
        made_by_demo: false,
    };
    shop.world.store.create_organization(&new, crate::fixture::now()).await.unwrap();
    shop.advance(3_700).await;
    eventually("the payment is credited and what was given back is debited", || async {
        (ledger(&shop.world, &organization).await.len() == 2).then_some(())
    })
    .await;
    let lines = ledger(&shop.world, &organization).await;
    let amounts: Vec<_> = lines.iter().map(|line| &line["amount"]).collect();
    assert_eq!(amounts, ["25.00", "-10.00"]);
    crate::wallets::assert_whole(&shop.world, &organization).await;
}

async fn a_payment_whose_marks_are_no_ids_is_named_with_the_marks_as_they_are(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let acme = shop.world.acme.id.clone();
    let payment = paid_under(&shop, "TOP-UP-7", acme.as_str(), &customer(&shop), "usd").await;
    let organization = "acme-before-ids";
    let stranger = ask(&shop, "/v1/customers", &[("metadata[organization_id]", organization)]).await;
    let stranger = stranger["id"].as_str().unwrap();
    let top_up = new_id();
    let other = paid_under(&shop, &top_up, organization, stranger, "usd").await;
    post_webhook(&shop, "TOP-UP-7").await;
    post_webhook(&shop, &top_up).await;
    // What is given back of it waits with it.
    shop.fake.refund_in_dashboard(&payment, Some(1_000)).unwrap();
    let events = shop.fake.bank().events();
    for (_, body) in events.iter().filter(|(kind, _)| kind.starts_with("refund.")) {
        shop.deliver(shop.world.server.origin(), body).await.expect(204);
    }
    assert!(ledger(&shop.world, &acme).await.is_empty());
    let (code, lines) = doctor(shop.world.database_url()).await;
    assert_eq!((code, lines.len(), waiting(&shop).await), (Some(1), 2, 2), "{lines:?}");
    let line = |payment: &str| lines.iter().find(|line| line["payment"] == payment).unwrap();
    assert_eq!((&line(&payment)["top_up_id"], &line(&payment)["organization_id"]), (&json!("TOP-UP-7"), &json!(acme)));
    assert!(line(&payment)["reason"].as_str().unwrap().contains("no top-up"), "{lines:?}");
    assert_eq!((&line(&other)["top_up_id"], &line(&other)["organization_id"]), (&json!(top_up), &json!(organization)));
    assert_eq!(line(&other)["reason"], "its organization is not here");
}

/// The whole way: back up, pay, lose the database, start on the copy.
#[tokio::test]
async fn a_restored_backup_learns_what_was_paid_after_it() {
    let shop = Shop::open(Database::Sqlite).await;
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    pay(&client, "k-1", "10.00").await.expect(201);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    shop.world.store.copy_to(&copy).await.unwrap();
    pay(&client, "k-2", "25.00").await.expect(201);
    let url = format!("sqlite:{}", copy.display());
    let flags = flags(&shop.fake);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let restored = Server::start(&url, &flags).await;
    let owner = Client::new(restored.origin()).with_cookie(client.cookie());
    assert_eq!(owner.get("/api/v1/wallet").await.expect(200).json()["balance"], "10.00");
    Client::new(restored.origin()).post("/api/v1/test/clock", &json!({"advance_seconds": 3_700})).await;
    eventually("the payment is credited", || async {
        let wallet = owner.get("/api/v1/wallet").await.expect(200).json();
        (wallet["balance"] == "35.00").then_some(())
    })
    .await;
    let (code, lines) = doctor(&url).await;
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:?}");
    let store = Store::open_existing(&url).await.unwrap();
    assert_eq!(store.verify(&shop.world.acme.id).await.unwrap().broken, None);
}
