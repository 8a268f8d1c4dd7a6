//! Credit and corrections over HTTP: given once, seen by the wallet's owner at once, and taken back once when they end.

use billing_contract::paths;
use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::{SERVICE_KEY, Server, World, new_id, now};
use crate::money::{connect, eventually};
use crate::stream::Stream;
use crate::wallets::{assert_whole, lines, spend};

on_both_databases!(
    credit_pays_a_debt_and_is_seen_at_once,
    credit_is_given_once_for_a_key,
    a_correction_takes_out_what_is_available,
    wrong_forms_name_their_fields,
    a_closed_organization_gets_nothing_more,
    credit_that_ends_is_taken_back_by_one_of_two_servers,
    a_key_gives_credit_where_it_sees,
);

async fn give(client: &Client, named: &str, key: &str, form: &Value) -> Answer {
    let path = paths::fill_id(paths::ORGANIZATION_CREDITS, named);
    send(client.request("POST", &path).header("idempotency-key", key).json(form)).await
}

fn promo(amount: &str) -> Value {
    json!({"amount": amount, "kind": "promo", "reason": "Sorry for the outage"})
}

async fn wallet(client: &Client) -> Value {
    client.get("/api/v1/wallet").await.expect(200).json()
}

/// Entries about credit and corrections.
async fn audited(world: &World) -> usize {
    assert_eq!(world.store.verify_audit(Some(&world.acme.id)).await.unwrap().broken, None);
    let trail = world.store.page_audit(Some(&world.acme.id), None, 200).await.unwrap();
    let ours = |action: &str| action.starts_with("credit.") || action.starts_with("balance.");
    trail.iter().filter(|one| ours(&one.entry.action)).count()
}

async fn credit_pays_a_debt_and_is_seen_at_once(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    spend(&world, &world.acme.id, "2").await;
    assert_eq!(wallet(&owner).await["status"], "paused");
    let mut stream = Stream::open(&owner, "", None).await;
    let before = audited(&world).await;
    let given = give(&world.platform(), world.acme.id.as_str(), "c-1", &promo("50")).await.expect(201).json();
    assert_eq!(
        (&given["kind"], &given["amount"], &given["balance_after"]),
        (&json!("promo"), &json!("50.00"), &json!("48.00"))
    );
    assert_eq!((&given["description"], &given["source"]), (&json!("Sorry for the outage"), &json!("Operator")));
    let event = stream.next_of("transaction").await;
    assert_eq!(event.data, given);
    let shown = owner.get("/api/v1/transactions?kind=promo").await.expect(200).json();
    assert_eq!(shown["items"], json!([given]));
    let now = wallet(&owner).await;
    assert_eq!((&now["status"], &now["balance"]), (&json!("active"), &json!("48.00")));
    assert_eq!(audited(&world).await, before + 1);
    assert_whole(&world, &world.acme.id).await;
}

async fn credit_is_given_once_for_a_key(world: World) {
    let platform = world.platform();
    let acme = world.acme.id.as_str();
    let wanted = promo("10");
    let racing = futures_util::future::join_all((0..10).map(|_| give(&platform, acme, "c-1", &wanted))).await;
    let first = racing.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count();
    assert!(first == 1 && racing.iter().all(|answer| answer.status == 201), "{racing:?}");
    assert!(racing.iter().all(|answer| answer.json() == racing[0].json()), "{racing:?}");
    for other in [promo("11"), json!({"amount": "10", "kind": "adjustment", "reason": "Sorry for the outage"})] {
        let reused = give(&platform, acme, "c-1", &other).await.expect(422);
        assert_eq!(reused.problem(), "idempotency_key_reused");
    }
    let path = paths::fill_id(paths::ORGANIZATION_CREDITS, acme);
    assert_eq!(platform.post(&path, &wanted).await.expect(400).problem(), "idempotency_key_missing");
    assert_eq!((lines(&world, &world.acme.id).await.len(), audited(&world).await), (1, 1));
    // Of another organization the key means nothing.
    give(&platform, world.other.id.as_str(), "c-1", &wanted).await.expect(201);
}

async fn a_correction_takes_out_what_is_available(world: World) {
    let (platform, acme) = (world.platform(), world.acme.id.as_str());
    give(&platform, acme, "c-1", &promo("10")).await.expect(201);
    let correct = |amount: &str| json!({"amount": amount, "kind": "adjustment", "reason": "Billed twice"});
    let refused = give(&platform, acme, "c-2", &correct("-10.01")).await.expect(422);
    assert!(refused.text().contains("10.00"), "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["code"], "more_than_unspent");
    let taken = give(&platform, acme, "c-3", &correct("-10")).await.expect(201).json();
    assert_eq!((&taken["kind"], &taken["balance_after"]), (&json!("adjustment"), &json!("0.00")));
    let given = give(&platform, acme, "c-4", &correct("2.5")).await.expect(201).json();
    assert_eq!((&given["amount"], &given["balance_after"]), (&json!("2.50"), &json!("2.50")));
}

async fn wrong_forms_name_their_fields(world: World) {
    let (platform, acme) = (world.platform(), world.acme.id.as_str());
    let past = now().plus_seconds(-60).to_string();
    let later = now().plus_seconds(3600).to_string();
    for (form, pointer, code) in [
        (json!({"kind": "promo", "reason": "x"}), "/amount", "required"),
        (json!({"amount": 5, "kind": "promo", "reason": "x"}), "/amount", "not_a_decimal"),
        (json!({"amount": "0", "kind": "promo", "reason": "x"}), "/amount", "below_minimum"),
        (json!({"amount": "-1", "kind": "promo", "reason": "x"}), "/amount", "below_minimum"),
        (json!({"amount": "0", "kind": "adjustment", "reason": "x"}), "/amount", "below_minimum"),
        (json!({"amount": "0.001", "kind": "promo", "reason": "x"}), "/amount", "too_precise"),
        (json!({"amount": "99999999999999", "kind": "promo", "reason": "x"}), "/amount", "above_maximum"),
        (json!({"amount": "1", "kind": "promo", "reason": " "}), "/reason", "required"),
        (json!({"amount": "1", "kind": "promo", "reason": "x", "expires_at": past}), "/expires_at", "past"),
        (
            json!({"amount": "1", "kind": "adjustment", "reason": "x", "expires_at": later}),
            "/expires_at",
            "not_allowed",
        ),
    ] {
        let errors = give(&platform, acme, &new_id(), &form).await.expect(422).json()["errors"].clone();
        assert_eq!((&errors[0]["pointer"], &errors[0]["code"]), (&json!(pointer), &json!(code)), "{form}");
    }
    give(&platform, acme, "k", &json!({"amount": "1", "kind": "top_up", "reason": "x"})).await.expect(422);
    // More than any ledger holds, in two steps.
    give(&platform, acme, "k-1", &promo("9000000000000")).await.expect(201);
    assert_eq!(give(&platform, acme, "k-2", &promo("9000000000000")).await.expect(422).problem(), "invalid");
    give(&platform, &new_id(), "k", &promo("1")).await.expect(404);
    assert_eq!(lines(&world, &world.acme.id).await.len(), 1);
}

async fn a_closed_organization_gets_nothing_more(world: World) {
    let (platform, acme) = (world.platform(), world.acme.id.as_str());
    let given = give(&platform, acme, "c-1", &promo("10")).await.expect(201).json();
    let change = async |path| platform.post(&paths::fill_id(path, acme), &json!({"reason": "x"})).await.expect(200);
    change(paths::ORGANIZATION_SUSPEND).await;
    give(&platform, acme, "c-2", &promo("10")).await.expect(201);
    change(paths::ORGANIZATION_CLOSE).await;
    let refused = give(&platform, acme, "c-3", &promo("10")).await.expect(409);
    assert_eq!(refused.problem(), "organization_suspended");
    let again = give(&platform, acme, "c-1", &promo("10")).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), again.json()), (Some("true"), given));
}

async fn credit_that_ends_is_taken_back_by_one_of_two_servers(world: World) {
    let second = Server::start(world.database_url(), &[]).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let (platform, acme) = (world.platform(), world.acme.id.as_str());
    give(&platform, acme, "c-1", &promo("20")).await.expect(201);
    let ends = now().plus_seconds(3600).to_string();
    let mut ending = promo("40");
    ending["expires_at"] = json!(ends);
    let given = give(&platform, acme, "c-2", &ending).await.expect(201).json();
    assert_eq!(given["details"]["expires_at"], json!(ends));
    let (other, begun) = (world.other.id.as_str(), now());
    let others = (0..20).map(|number| {
        let (platform, mut form) = (&platform, promo("2"));
        form["expires_at"] = json!(begun.plus_seconds(1800 + number).to_string());
        async move { give(platform, other, &format!("o-{number}"), &form).await.expect(201) }
    });
    let others = futures_util::future::join_all(others).await;
    assert_eq!(others.len(), 20);
    spend(&world, &world.acme.id, "15").await;
    spend(&world, &world.other.id, "7").await;
    assert_eq!(wallet(&owner).await["balance"], "45.00");
    let mut stream = Stream::open(&owner, "?after=3", None).await;
    // Both see at the same time that it is over.
    let there = Client::new(second.origin()).with_bearer(SERVICE_KEY);
    tokio::join!(world.advance(3_700), async {
        let moved = there.post("/api/v1/test/clock", &json!({"advance_seconds": 3_700})).await;
        assert!(moved.status < 300, "{}", moved.text());
    });
    let line = stream.next_of("transaction").await.data;
    assert_eq!((&line["amount"], &line["balance_after"]), (&json!("-25.00"), &json!("20.00")));
    assert_eq!((&line["kind"], &line["corrects"]), (&json!("promo"), &given["seq"]));
    assert_eq!(line["translation"]["code"], "ledger_credit_expired");
    assert_eq!(line["details"]["reason"], "Sorry for the outage");
    let now_there = eventually("every other credit is settled", || async {
        let due = world.store.due_credits(now().plus_seconds(7_200), 100).await.unwrap();
        due.is_empty().then_some(lines(&world, &world.other.id).await)
    })
    .await;
    // 40 were given and 7 used: 33 go back, of the first three nothing, of the fourth 1, of the others 2 each.
    let back: Vec<_> = now_there.iter().filter(|line| line.line.corrects.is_some()).collect();
    assert_eq!(back.len(), 17, "{back:?}");
    assert_eq!(now_there.last().unwrap().line.balance_after, billing_domain::Money::ZERO);
    for organization in [&world.acme.id, &world.other.id] {
        assert_whole(&world, organization).await;
    }
    assert_eq!(audited(&world).await, 3, "two were given and one has ended");
}

async fn a_key_gives_credit_where_it_sees(world: World) {
    let (meter, _) = world.key(&["metering:write"]).await;
    let refused = give(&meter, world.acme.id.as_str(), "k", &promo("1")).await.expect(403);
    assert!(refused.json()["detail"].as_str().unwrap().contains("credits:write"), "{}", refused.text());
    let form = json!({"name": "own", "scopes": ["credits:write"], "organization": world.acme.id});
    let key = world.platform().post("/api/v1/keys", &form).await.expect(201).json();
    let own = world.anonymous().with_bearer(key["secret"].as_str().unwrap());
    give(&own, world.acme.id.as_str(), "k", &promo("1")).await.expect(201);
    give(&own, world.other.id.as_str(), "k", &promo("1")).await.expect(404);
    let facts = json!({"name": "Tokyo", "time_zone": "Asia/Tokyo", "currency": "JPY"});
    world.platform().put(&paths::fill_id(paths::ORGANIZATION_OF, "ext:acct_7"), &facts).await.expect(201);
    let yen = give(&world.platform(), "ext:acct_7", "k", &promo("500")).await.expect(201).json();
    assert_eq!((&yen["currency"], &yen["amount"]), (&json!("JPY"), &json!("500.00")));
    let parts = give(&world.platform(), "ext:acct_7", "l", &promo("0.5")).await.expect(422).json();
    assert_eq!(parts["errors"][0]["code"], "too_precise");
}
