//! The host's customers: put as often as it likes, listed by pages, suspended and closed, each by the host's own id.

use std::collections::BTreeSet;

use billing_contract::paths;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::{Server, World, new_id};
use crate::money::{connect, pay};
use crate::stream::Stream;
use crate::wallets::{assert_whole, usage};

on_both_databases!(
    fifty_puts_at_once_make_one_organization,
    a_put_changes_what_it_says_and_leaves_the_rest,
    the_currency_stays_once_it_is_used,
    wrong_forms_name_their_fields,
    a_list_is_complete_while_organizations_are_added,
    a_suspended_organization_begins_no_work_and_a_closed_one_nothing,
    open_pages_at_every_server_see_at_once_that_it_is_suspended,
    an_organization_has_a_policy_of_its_own,
    usage_of_a_new_customer_makes_it_if_the_key_may,
    ids_of_the_host_name_the_same_wallet_everywhere,
    a_key_of_one_organization_changes_no_other,
);

fn address(named: &str) -> String {
    paths::fill_id(paths::ORGANIZATION_OF, named)
}

fn form() -> Value {
    json!({"name": "Northwind", "time_zone": "Europe/Berlin", "currency": "EUR"})
}

async fn put(client: &Client, named: &str, form: &Value) -> Answer {
    client.put(&address(named), form).await
}

/// Entries about the organization itself.
async fn audited(world: &World, id: &str) -> usize {
    let id = id.parse().unwrap();
    assert_eq!(world.store.verify_audit(Some(&id)).await.unwrap().broken, None);
    let trail = world.store.page_audit(Some(&id), None, 200).await.unwrap();
    trail.iter().filter(|one| one.entry.action.starts_with("organization.")).count()
}

async fn fifty_puts_at_once_make_one_organization(world: World) {
    let second = Server::start(world.database_url(), &[]).await;
    let there = Client::new(second.origin()).with_bearer(crate::fixture::SERVICE_KEY);
    let clients = [world.platform(), there];
    let facts = form();
    let answers = join_all((0..50).map(|number| put(&clients[number % 2], "ext:acct/42 ~", &facts))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[..49].to_vec(), statuses[49]), (vec![200; 49], 201));
    let ids: BTreeSet<_> = answers.iter().map(|answer| answer.json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1);
    let id = ids.first().unwrap();
    assert_eq!(audited(&world, id).await, 1, "it was made once and changed never");

    let got = world.platform().get(&address("ext:acct/42 ~")).await.expect(200).json();
    assert_eq!((&got["id"], &got["external_id"]), (&json!(id), &json!("acct/42 ~")));
    assert_eq!((&got["currency"], &got["wallet"]["balance"]), (&json!("EUR"), &json!("0.00")));
    assert_eq!((&got["status"], &got["metadata"], &got["policy"]), (&json!("active"), &json!({}), &json!({})));
    assert_eq!(world.platform().get(&address(id)).await.expect(200).json()["external_id"], "acct/42 ~");
    let organization = world.store.organization(&id.parse().unwrap()).await.unwrap();
    assert_eq!(organization.version, 1);
}

async fn a_put_changes_what_it_says_and_leaves_the_rest(world: World) {
    let platform = world.platform();
    let mut full = form();
    full["address"] = json!("1 Main St\nBerlin");
    full["locale"] = json!("de");
    full["plan"] = json!("Gold");
    full["metadata"] = json!({"crm": "7"});
    full["policy"] = json!({"require_card": false, "grace_amount": "2.50"});
    let made = put(&platform, "ext:a", &full).await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    assert_eq!((&made["locale"], &made["plan"], &made["metadata"]["crm"]), (&json!("de"), &json!("Gold"), &json!("7")));
    assert_eq!(made["policy"], json!({"require_card": false, "grace_amount": "2.50"}));
    put(&platform, "ext:a", &full).await.expect(200);
    let changed =
        put(&platform, "ext:a", &json!({"name": "N", "time_zone": "UTC", "currency": "EUR", "plan": ""})).await;
    let changed = changed.expect(200).json();
    assert_eq!((&changed["name"], &changed["address"]), (&json!("N"), &json!("1 Main St\nBerlin")));
    assert_eq!(
        (&changed["plan"], &changed["locale"], &changed["policy"]),
        (&Value::Null, &json!("de"), &made["policy"])
    );
    assert_eq!(audited(&world, id).await, 2, "one making, one change");
    // By our id what is there is changed, and nothing is made.
    put(&platform, id, &full).await.expect(200);
    put(&platform, &new_id(), &full).await.expect(404);
    let forgotten = put(&platform, "acct_42", &full).await.expect(404);
    assert!(forgotten.json()["detail"].as_str().unwrap().contains("ext:"), "{}", forgotten.text());
}

async fn the_currency_stays_once_it_is_used(world: World) {
    let platform = world.platform();
    let made = put(&platform, "ext:a", &form()).await.expect(201).json();
    let mut yen = form();
    yen["currency"] = json!("JPY");
    let changed = put(&platform, "ext:a", &yen).await.expect(200).json();
    assert_eq!((&changed["currency"], &changed["wallet"]["currency"]), (&json!("JPY"), &json!("JPY")));
    let events = json!({"events": [usage("u", &made["id"].as_str().unwrap().parse().unwrap(), "ai_task", "1")]});
    platform.post("/api/v1/metering/events", &events).await.expect(200);
    let locked = put(&platform, "ext:a", &form()).await.expect(409);
    assert_eq!(locked.problem(), "currency_locked");
    put(&platform, "ext:a", &yen).await.expect(200);
    assert_eq!(platform.get(&address("ext:a")).await.json()["currency"], "JPY");
    // So does a setting or a payment, without any line.
    let owner = world.sign_in(&world.acme.owner).await;
    owner.post("/api/v1/payment-links", &json!({"purpose": "pay", "amount": "50"})).await.expect(201);
    assert_eq!(put(&platform, world.acme.id.as_str(), &form()).await.expect(409).problem(), "currency_locked");
}

async fn wrong_forms_name_their_fields(world: World) {
    let with = |field: &str, value: Value| {
        let mut form = form();
        form[field] = value;
        form
    };
    let many: serde_json::Map<_, _> = (0..21).map(|number| (number.to_string(), json!("x"))).collect();
    for (form, pointer, code) in [
        (with("name", json!(" ")), "/name", "required"),
        (with("time_zone", json!("Europe/Atlantis")), "/time_zone", "unknown_time_zone"),
        (with("currency", json!("XXX")), "/currency", "wrong_value"),
        (with("locale", json!("en_US")), "/locale", "wrong_value"),
        (with("plan", json!("x".repeat(81))), "/plan", "too_long"),
        (with("policy", json!({"grace_seconds": -1})), "/policy/grace_seconds", "out_of_range"),
        (with("policy", json!({"grace_amount": "1.001"})), "/policy/grace_amount", "too_precise"),
        (with("policy", json!({"low_mark": "-1"})), "/policy/low_mark", "negative"),
        (with("policy", json!({"grace": "1"})), "/policy/grace", "unknown_field"),
        (with("metadata", json!(many)), "/metadata", "too_many"),
        (with("metadata", json!({"": "x"})), "/metadata/", "required"),
    ] {
        let answer = put(&world.platform(), "ext:a", &form).await.expect(422).json();
        let error = &answer["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{form}");
    }
    // Nobody keeps card numbers in an id.
    put(&world.platform(), "ext:4242424242424242", &form()).await.expect(422);
    world.platform().get(&address("ext:a")).await.expect(404);
}

async fn a_list_is_complete_while_organizations_are_added(world: World) {
    let platform = world.platform();
    for number in 0..7 {
        let name = json!({"name": format!("100% Nr_{number}"), "time_zone": "UTC", "currency": "USD"});
        put(&platform, &format!("ext:list-{number}"), &name).await.expect(201);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            platform.get(&format!("{}?limit=2{cursor}", address("").trim_end_matches('/'))).await.expect(200).json();
        assert!(page["items"].as_array().unwrap().iter().all(|item| item.get("wallet").is_none()));
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        put(&platform, &format!("ext:late-{}", seen.len()), &form()).await.expect(201);
        let Some(next) = page["next_cursor"].as_str().filter(|_| seen.len() < 12) else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "none twice");
    assert_eq!(seen[..2], [world.acme.id.as_str(), world.other.id.as_str()]);
    let found = async |query: &str| {
        let page =
            platform.get(&format!("{}?{query}", paths::BASE.to_owned() + paths::ORGANIZATIONS)).await.expect(200);
        page.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(found("q=100%25%20nr_").await, 7);
    assert_eq!((found("q=LIST-3").await, found("q=1_0").await, found("status=closed").await), (1, 0, 0));
    for wrong in ["cursor=x", "status=open", "limit=0", "limit=201", "page=2"] {
        platform.get(&format!("/api/v1/organizations?{wrong}")).await.expect(422);
    }
}

async fn authorize(client: &Client, organization: &str) -> Value {
    let form = json!({"organization_id": organization, "kind": "ai_task", "estimate": "0.01", "ttl_seconds": 60});
    client.post("/api/v1/metering/authorizations", &form).await.expect(200).json()
}

async fn a_suspended_organization_begins_no_work_and_a_closed_one_nothing(world: World) {
    let (platform, acme) = (world.platform(), world.acme.id.as_str());
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    pay(&owner, "k-1", "50").await.expect(201);
    let link = owner.post("/api/v1/payment-links", &json!({"purpose": "pay", "amount": "50"})).await.expect(201).json();
    let token = json!({"token": link["url"].as_str().unwrap().split_once('#').unwrap().1});
    assert_eq!(authorize(&platform, acme).await["allowed"], true);

    let suspend = paths::fill_id(paths::ORGANIZATION_SUSPEND, acme);
    let suspended = platform.post(&suspend, &json!({"reason": "Overdue"})).await.expect(200).json();
    assert_eq!((&suspended["status"], &suspended["status_reason"]), (&json!("suspended"), &json!("Overdue")));
    platform.post(&suspend, &json!({"reason": "Overdue"})).await.expect(200);
    let refused = authorize(&platform, acme).await;
    assert_eq!((&refused["allowed"], &refused["reason"]), (&json!(false), &json!("suspended")));
    // What was used is owed, people read and pay.
    let events = json!({"events": [usage("u", &world.acme.id, "ai_task", "1")]});
    let posted = platform.post("/api/v1/metering/events", &events).await.expect(200).json();
    assert_eq!(posted["results"][0]["status"], "posted");
    let shown = owner.get("/api/v1/billing").await.expect(200).json();
    assert_eq!(shown["wallet"]["restriction"], json!({"status": "suspended", "reason": "Overdue"}));
    pay(&owner, "k-2", "50").await.expect(201);
    connect(&owner, "pm_card_mastercard").await;
    assert_eq!(owner.get("/api/v1/session").await.expect(200).json()["organization"]["status"], "suspended");

    let resumed = platform.post(&paths::fill_id(paths::ORGANIZATION_RESUME, acme), &json!({})).await.expect(200).json();
    assert_eq!((&resumed["status"], &resumed["status_reason"]), (&json!("active"), &json!("")));
    assert_eq!(authorize(&platform, acme).await["allowed"], true);
    assert_eq!(owner.get("/api/v1/wallet").await.expect(200).json()["restriction"], Value::Null);
    let automatic = |enabled: bool| json!({"enabled": enabled, "threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    let put_automatic = async |enabled: bool| {
        let request = owner.request("PUT", "/api/v1/auto-pay").header("if-match", "*");
        send(request.json(&automatic(enabled))).await
    };
    put_automatic(true).await.expect(200);

    let close = paths::fill_id(paths::ORGANIZATION_CLOSE, acme);
    send(platform.request("POST", &close)).await.expect(200);
    assert_eq!(authorize(&platform, acme).await["reason"], "suspended");
    owner.get("/api/v1/billing").await.expect(200);
    assert_eq!(pay(&owner, "k-3", "50").await.expect(409).problem(), "organization_suspended");
    owner.post("/api/v1/payment-links", &json!({"purpose": "connect"})).await.expect(409);
    let card = json!({"token": "pm_card_visa", "exp_month": 12, "exp_year": 2034, "consent": "v1"});
    owner.post("/api/v1/cards/setups", &card).await.expect(409);
    assert_eq!(put_automatic(true).await.expect(409).problem(), "organization_suspended");
    send(owner.request("POST", "/api/v1/auto-pay/resume")).await.expect(409);
    let member = world.sign_in(&world.acme.member).await;
    member.post("/api/v1/requests", &json!({"amount": "50", "reason": "x"})).await.expect(409);
    // What ends something stays possible.
    put_automatic(false).await.expect(200);
    assert_eq!(owner.get("/api/v1/wallet").await.expect(200).json()["restriction"]["status"], "closed");
    world.anonymous().post("/api/v1/pay/resolve", &token).await.expect(410);
    platform.post(&paths::fill_id(paths::ORGANIZATION_RESUME, acme), &json!({})).await.expect(409);
    assert_eq!(audited(&world, acme).await, 3, "suspended, resumed, closed: each once");
    assert_whole(&world, &world.acme.id).await;
}

async fn open_pages_at_every_server_see_at_once_that_it_is_suspended(world: World) {
    let second = Server::start(world.database_url(), &[]).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let there = Client::new(second.origin()).with_cookie(owner.cookie());
    let mut streams = [Stream::open(&owner, "", None).await, Stream::open(&there, "", None).await];
    for (path, reason) in [(paths::ORGANIZATION_SUSPEND, "Overdue"), (paths::ORGANIZATION_CLOSE, "Contract ended")] {
        let form = json!({"reason": reason});
        world.platform().post(&paths::fill_id(path, world.acme.id.as_str()), &form).await.expect(200);
        for stream in &mut streams {
            while stream.next_of("wallet").await.data["restriction"]["reason"] != reason {}
        }
    }
}

async fn an_organization_has_a_policy_of_its_own(world: World) {
    let platform = world.platform();
    let mut without_card = form();
    without_card["policy"] =
        json!({"require_card": false, "grace_seconds": 60, "grace_amount": "0.50", "low_mark": "7"});
    put(&platform, "ext:a", &without_card).await.expect(201);
    put(&platform, "ext:b", &form()).await.expect(201);
    let wallet =
        async |named: &str| platform.get(&paths::fill_id(paths::ORGANIZATION_WALLET, named)).await.expect(200).json();
    let (own, usual) = (wallet("ext:a").await, wallet("ext:b").await);
    assert_eq!((&own["low_mark"], &usual["status"]), (&json!("7.00"), &json!("not_connected")));
    let id = platform.get(&address("ext:a")).await.json()["id"].as_str().unwrap().to_owned();
    let spend = async |cost: &str| {
        let events = json!({"events": [usage(&new_id(), &id.parse().unwrap(), "ai_task", cost)]});
        platform.post("/api/v1/metering/events", &events).await.expect(200);
    };
    let call = json!({"organization_id": "ext:a", "kind": "inbound_call", "estimate": "0", "ttl_seconds": 60});
    crate::wallets::fund(&world, &id.parse().unwrap(), crate::wallets::amount("1")).await;
    assert_ne!(wallet("ext:a").await["status"], "not_connected", "credit is enough: it needs no card");
    spend("1.25").await;
    let in_grace = platform.post("/api/v1/metering/authorizations", &call).await.expect(200).json();
    assert_eq!(in_grace["allowed"], true, "{in_grace}");
    spend("0.25").await;
    let over = platform.post("/api/v1/metering/authorizations", &call).await.expect(200).json();
    assert_eq!(over["reason"], "paused", "half a euro of grace is used up");
}

async fn usage_of_a_new_customer_makes_it_if_the_key_may(world: World) {
    let event = |id: &str, named: &str| {
        let mut event = usage(id, &world.acme.id, "ai_task", "1");
        event["organization_id"] = json!(named);
        json!({"events": [event]})
    };
    let (meter, _) = world.key(&["metering:write"]).await;
    let refused = meter.post("/api/v1/metering/events", &event("a", "ext:new")).await.expect(200).json();
    assert_eq!(refused["results"][0]["error"]["code"], "not_found");
    let (maker, _) = world.key(&["metering:write", "organizations:write"]).await;
    let answers = join_all((0..10).map(|number| {
        let (maker, event) = (maker.clone(), event(&format!("u-{number}"), "ext:new"));
        async move { maker.post("/api/v1/metering/events", &event).await.expect(200).json() }
    }))
    .await;
    assert!(answers.iter().all(|answer| answer["results"][0]["status"] == "posted"), "{answers:?}");
    let made = world.platform().get(&address("ext:new")).await.expect(200).json();
    assert_eq!((&made["name"], &made["currency"], &made["time_zone"]), (&json!("new"), &json!("USD"), &json!("UTC")));
    assert_eq!(made["wallet"]["balance"], "-10.00");
    assert_whole(&world, &made["id"].as_str().unwrap().parse().unwrap()).await;
}

async fn ids_of_the_host_name_the_same_wallet_everywhere(world: World) {
    let platform = world.platform();
    let mut acme = form();
    acme["currency"] = json!("USD");
    let id = put(&platform, "ext:acct_42", &acme).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    // Two spellings of one organization in one report are one ledger.
    let event = |reference: &str, named: &str| {
        let mut event = usage(reference, &id.parse().unwrap(), "ai_task", "1");
        event["organization_id"] = json!(named);
        event
    };
    let events: Vec<_> =
        (0..20).map(|number| event(&number.to_string(), ["ext:acct_42", id.as_str()][number % 2])).collect();
    let results = platform.post("/api/v1/metering/events", &json!({"events": events})).await.expect(200).json();
    assert!(results["results"].as_array().unwrap().iter().all(|result| result["status"] == "posted"), "{results}");
    let mut first = events[0].clone();
    first["organization_id"] = json!(id);
    let again = platform.post("/api/v1/metering/events", &json!({"events": [first]})).await.json();
    assert_eq!(again["results"][0]["status"], "duplicate");
    assert_eq!(authorize(&platform, "ext:acct_42").await["reason"], "not_connected");
    for named in ["ext:nobody", "ext:", "ext:\u{e4}"] {
        let form = json!({"organization_id": named, "kind": "ai_task", "estimate": "1", "ttl_seconds": 60});
        platform.post("/api/v1/metering/authorizations", &form).await.expect(404);
    }
    let refund = platform.request("POST", "/api/v1/refunds").header("idempotency-key", "r");
    let refund = send(refund.json(&json!({"organization_id": "ext:acct_42", "top_up_id": new_id()}))).await.expect(404);
    assert_eq!(refund.problem(), "not_found");
    assert_whole(&world, &id.parse().unwrap()).await;
}

async fn a_key_of_one_organization_changes_no_other(world: World) {
    let platform = world.platform();
    put(&platform, "ext:mine", &form()).await.expect(201);
    put(&platform, "ext:theirs", &form()).await.expect(201);
    let scopes = ["organizations:write", "organizations:read", "wallets:read"];
    let key = json!({"name": "a", "scopes": scopes, "organization": "ext:mine"});
    let key = platform.post("/api/v1/keys", &key).await.expect(201).json();
    let client = world.anonymous().with_bearer(key["secret"].as_str().unwrap());
    put(&client, "ext:mine", &form()).await.expect(200);
    put(&client, "ext:theirs", &form()).await.expect(404);
    put(&client, "ext:new", &form()).await.expect(404);
    client.get(&address("ext:theirs")).await.expect(404);
    client.get(&paths::fill_id(paths::ORGANIZATION_WALLET, "ext:theirs")).await.expect(404);
    client.post(&paths::fill_id(paths::ORGANIZATION_CLOSE, "ext:theirs"), &json!({})).await.expect(404);
    let listed = client.get("/api/v1/organizations").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
}
