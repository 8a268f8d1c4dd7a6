//! Who may do what: every route and every role, from one written table.

mod accounts;
mod keys;

use std::collections::BTreeSet;

use billing_contract::paths;
use serde_json::{Value, json};

use crate::client::{Client, send};
use crate::fixture::World;

/// Status for: nobody · member · admin · owner · owner of another organization · the AI platform by its key.
type Statuses = [u16; 6];
const WHO: [&str; 6] = ["anonymous", "member", "admin", "owner", "stranger", "platform"];

/// Everybody may, and nobody learns of another organization.
const OPEN: Statuses = [200, 200, 200, 200, 200, 200];
/// Whoever is signed in.
const SIGNED_IN: Statuses = [401, 200, 200, 200, 200, 401];
/// Owners and admins, each of their own organization.
const MANAGERS: Statuses = [401, 403, 200, 200, 200, 401];
/// Owners and admins of the organization that the thing belongs to.
const ITS_MANAGERS: Statuses = [401, 403, 200, 200, 404, 401];

/// Let in as far as the request itself, which then fails with `status`: nothing is changed by the walk.
const fn signed_in(status: u16) -> Statuses {
    [401, status, status, status, status, 401]
}

const fn managers(status: u16) -> Statuses {
    [401, 403, status, status, status, 401]
}

const fn its_managers(status: u16) -> Statuses {
    [401, 403, status, status, 404, 401]
}

const fn platform(status: u16) -> Statuses {
    [401, 401, 401, 401, 401, status]
}

/// The things of the organization under test that ids in addresses stand for.
struct Things {
    top_up: String,
    card: String,
    spare_card: String,
    setup: String,
    link: String,
    request: String,
    member: String,
    nothing: String,
}

struct Row {
    method: &'static str,
    path: &'static str,
    id: fn(&Things) -> &str,
    body: Option<Value>,
    statuses: Statuses,
}

fn row(method: &'static str, path: &'static str, statuses: Statuses) -> Row {
    Row { method, path, id: |things| &things.nothing, body: None, statuses }
}

impl Row {
    fn of(mut self, id: fn(&Things) -> &str) -> Self {
        self.id = id;
        self
    }

    fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

fn table() -> Vec<Row> {
    let mut table = own_table();
    // Before the last row: afterwards nobody is signed in.
    let last = table.pop();
    table.extend(keys::table());
    table.extend(accounts::table());
    table.extend(last);
    table
}

fn own_table() -> Vec<Row> {
    let organization = json!({"name": "Acme", "address": "", "tax_id": "", "time_zone": "UTC"});
    let auto_pay =
        json!({"enabled": false, "threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    vec![
        row("get", paths::BOOTSTRAP, OPEN),
        row("get", paths::SESSION, SIGNED_IN),
        row("post", paths::SESSION, [401; 6]).with(json!({"email": "nobody@acme.test", "password": "wrong"})),
        row("post", paths::SESSION_CONFIRMATION, signed_in(422)).with(json!({"password": "wrong"})),
        // The code is all the proof there is, and this is none.
        row("post", paths::PORTAL_EXCHANGE, [410; 6]).with(json!({"code": "none"})),
        row("get", paths::BILLING, MANAGERS),
        row("get", paths::WALLET, MANAGERS),
        row("get", paths::WALLET_HISTORY, MANAGERS),
        row("get", paths::AUTO_PAY, MANAGERS),
        // Without If-Match.
        row("put", paths::AUTO_PAY, managers(428)).with(auto_pay),
        // It is switched off.
        row("post", paths::AUTO_PAY_RESUME, managers(409)),
        row("get", paths::CARDS, MANAGERS),
        // Without a token.
        row("post", paths::CARD_SETUPS, managers(422)).with(json!({})),
        row("get", paths::CARD_SETUP, ITS_MANAGERS).of(|things| &things.setup),
        row("post", paths::CARD_SETUP_CHECK, ITS_MANAGERS).of(|things| &things.setup),
        // Nothing waits for an answer.
        row("post", paths::CARD_SETUP_CHALLENGE, its_managers(409))
            .of(|things| &things.setup)
            .with(json!({"approve": true})),
        row("put", paths::CARD_DEFAULT, ITS_MANAGERS).of(|things| &things.card),
        // Everybody walks in this order, so the admin has removed it before the owner comes.
        row("delete", paths::CARD, [401, 403, 204, 404, 404, 401]).of(|things| &things.spare_card),
        // Without Idempotency-Key.
        row("post", paths::TOP_UPS, managers(400)).with(json!({"amount": "50"})),
        row("get", paths::TOP_UP, ITS_MANAGERS).of(|things| &things.top_up),
        row("get", paths::TOP_UP_RECEIPT, ITS_MANAGERS).of(|things| &things.top_up),
        row("post", paths::TOP_UP_CHECK, ITS_MANAGERS).of(|things| &things.top_up),
        row("post", paths::TOP_UP_CHALLENGE, its_managers(409))
            .of(|things| &things.top_up)
            .with(json!({"approve": true})),
        row("post", paths::TOP_UP_CANCEL, its_managers(409)).of(|things| &things.top_up),
        row("get", paths::PAYMENT_LINKS, MANAGERS),
        // Without an amount.
        row("post", paths::PAYMENT_LINKS, managers(422)).with(json!({"purpose": "pay"})),
        row("delete", paths::PAYMENT_LINK, ITS_MANAGERS).of(|things| &things.link),
        // The token is all the proof there is, and this is none.
        row("post", paths::PAY_RESOLVE, [404; 6]).with(json!({"token": "none"})),
        // Without Idempotency-Key.
        row("post", paths::PAY_COMPLETE, [400; 6]).with(json!({})),
        row("post", paths::PAY_STATUS, [404; 6]).with(json!({"token": "none", "attempt_id": "none"})),
        row("post", paths::PAY_RECEIPT, [404; 6]).with(json!({"token": "none", "attempt_id": "none"})),
        row("post", paths::PAY_CHALLENGE, [404; 6])
            .with(json!({"token": "none", "attempt_id": "none", "approve": true})),
        row("get", paths::TRANSACTIONS, MANAGERS),
        row("get", paths::TRANSACTIONS_CSV, MANAGERS),
        row("get", paths::TRANSACTIONS_OUTLINE, MANAGERS),
        row("get", paths::TRANSACTIONS_CHAIN, MANAGERS),
        // The other organization's ledger has no line yet.
        row("get", paths::TRANSACTION, ITS_MANAGERS).of(|_| "1"),
        row("get", paths::STATEMENT, MANAGERS),
        row("get", paths::USAGE, MANAGERS),
        row("get", paths::EVENTS, MANAGERS),
        row("get", paths::REQUESTS, SIGNED_IN),
        row("get", paths::REQUEST_EVENTS, SIGNED_IN),
        // Without amount and reason.
        row("post", paths::REQUESTS, signed_in(422)).with(json!({})),
        row("post", paths::REQUEST_APPROVE, [401, 403, 200, 409, 404, 401])
            .of(|things| &things.request)
            .with(json!({})),
        row("post", paths::REQUEST_DECLINE, its_managers(409)).of(|things| &things.request).with(json!({})),
        row("get", paths::ORGANIZATION, SIGNED_IN),
        // Without If-Match.
        row("put", paths::ORGANIZATION, managers(428)).with(organization),
        row("get", paths::ADMINS, SIGNED_IN),
        row("get", paths::MEMBERS, SIGNED_IN),
        row("put", paths::MEMBER_ROLE, [401, 403, 403, 200, 404, 401])
            .of(|things| &things.member)
            .with(json!({"role": "member"})),
        row("get", paths::AUDIT, [401, 403, 403, 200, 200, 200]),
        row("get", paths::AUDIT_CSV, [401, 403, 403, 200, 200, 200]),
        row("post", paths::METERING_EVENTS, platform(422)).with(json!({"events": "none"})),
        row("post", paths::METERING_AUTHORIZATIONS, platform(422)).with(json!({})),
        row("post", paths::METERING_RELEASE, platform(404)),
        // Without Idempotency-Key.
        row("post", paths::REFUNDS, platform(400)).with(json!({})),
        row("get", paths::REFUND, platform(404)),
        // Only with Stripe.
        row("post", paths::WEBHOOKS_STRIPE, [404; 6]).with(json!({})),
        // Last: afterwards nobody is signed in.
        row("delete", paths::SESSION, [401, 204, 204, 204, 204, 401]),
    ]
}

async fn connect_card(owner: &Client, token: &str) -> (String, String) {
    let form = json!({"token": token, "exp_month": 12, "exp_year": 2040, "consent": "v1"});
    let setup = owner.post("/api/v1/cards/setups", &form).await.expect(201).json();
    assert_eq!(setup["status"], "succeeded", "{setup}");
    (setup["id"].as_str().unwrap().to_owned(), setup["card"]["id"].as_str().unwrap().to_owned())
}

async fn things(world: &World, owner: &Client, member: &Client) -> Things {
    let (setup, card) = connect_card(owner, "pm_card_visa").await;
    let (_, spare_card) = connect_card(owner, "pm_card_mastercard").await;
    let top_up = owner.request("POST", "/api/v1/top-ups").header("idempotency-key", "roles");
    let top_up = send(top_up.json(&json!({"amount": "50.00", "card_id": card}))).await.expect(201).json();
    let request = member.post("/api/v1/requests", &json!({"amount": "50", "reason": "x"})).await.expect(201).json();
    let link = owner.post("/api/v1/payment-links", &json!({"purpose": "connect"})).await.expect(201).json();
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    Things {
        top_up: id(&top_up),
        card,
        spare_card,
        setup,
        link: id(&link["link"]),
        request: id(&request),
        member: world.acme.member.id.to_string(),
        nothing: crate::fixture::new_id(),
    }
}

async fn every_route_lets_in_exactly_the_roles_of_the_table(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let member = world.sign_in(&world.acme.member).await;
    let things = things(&world, &owner, &member).await;
    let admin = world.sign_in(&world.acme.admin).await;
    let stranger = world.sign_in(&world.other.owner).await;
    let clients = [world.anonymous(), member, admin, owner, stranger, world.platform()];

    let mut wrong = Vec::new();
    for row in table() {
        let path = paths::fill_id(row.path, (row.id)(&things));
        for ((client, who), expected) in clients.iter().zip(WHO).zip(row.statuses) {
            let mut request = client.request(&row.method.to_uppercase(), &path);
            if let Some(body) = &row.body {
                request = request.json(body);
            }
            // Only the head: a stream's body does not end.
            let status = request.send().await.unwrap().status().as_u16();
            if status != expected {
                wrong.push(format!("{} {} as {who}: {status}, not {expected}", row.method, row.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

async fn the_table_has_every_operation_that_is_described(world: World) {
    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(path, item)| Some((path.strip_prefix(paths::BASE)?, item)))
        .filter(|(path, _)| !path.starts_with("/test/"))
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (path.to_owned(), method.clone())))
        .collect();
    let walked: BTreeSet<_> = table().iter().map(|row| (row.path.to_owned(), row.method.to_owned())).collect();
    assert_eq!(walked, described);
    let paths: BTreeSet<_> = table().iter().map(|row| row.path).collect();
    assert_eq!(paths, paths::ALL.iter().copied().collect());
}

on_both_databases!(every_route_lets_in_exactly_the_roles_of_the_table, the_table_has_every_operation_that_is_described,);
