//! Every operation that changes something leaves exactly one entry, or stands in the short list of those that leave none.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use billing_contract::paths;
use billing_store::WrittenAudit;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::client::{Client, send};
use crate::fixture::{PASSWORD, World, new_id};
use crate::money::{connect, pay};

on_both_databases!(every_change_leaves_one_entry, what_is_refused_or_repeated_leaves_none, no_entry_holds_a_secret);

/// Operations without an entry of their own, and why.
const EXEMPT: &[(&str, &str, &str)] = &[
    ("post", paths::TOP_UPS, "the top-up and the ledger are its record"),
    ("post", paths::TOP_UP_CHECK, "asks the provider, decides nothing"),
    ("post", paths::TOP_UP_CHALLENGE, "the cardholder's answer to the bank"),
    ("post", paths::TOP_UP_CANCEL, "the top-up says so itself"),
    ("post", paths::CARD_SETUP_CHECK, "what comes of it is card.add"),
    ("post", paths::CARD_SETUP_CHALLENGE, "what comes of it is card.add"),
    ("post", paths::INVITATION_RESOLVE, "reads"),
    ("post", paths::PAY_RESOLVE, "reads"),
    ("post", paths::PAY_COMPLETE, "what comes of it is card.add by the payment link"),
    ("post", paths::PAY_STATUS, "reads"),
    ("post", paths::PAY_RECEIPT, "reads"),
    ("post", paths::PAY_CHALLENGE, "the cardholder's answer to the bank"),
    ("post", paths::METERING_EVENTS, "the ledger is its record"),
    ("post", paths::METERING_AUTHORIZATIONS, "the hold is its record"),
    ("post", paths::METERING_RELEASE, "the hold is its record"),
    ("post", paths::WEBHOOKS_STRIPE, "what the provider has done stands in the ledger"),
    ("post", paths::SETUP, "of an empty database alone: setup.rs"),
    ("post", paths::PASSWORD_RESETS, "nobody has proved who they are"),
    ("post", paths::EMAIL_CHANGE_COMPLETE, "needs the link of a mail: email_changes.rs"),
    ("post", paths::ME_SECOND_FACTOR, "needs a server with a key: second_factors.rs"),
    ("post", paths::ME_SECOND_FACTOR_CONFIRM, "needs a server with a key: second_factors.rs"),
    ("delete", paths::ME_SECOND_FACTOR, "needs a server with a key: second_factors.rs"),
    ("post", paths::PASSWORD_RESET_COMPLETE, "needs the link of a mail: password_resets.rs"),
];

/// Everything that has been written so far, newest first.
async fn trail(world: &World) -> Vec<WrittenAudit> {
    world.store.page_audit(None, None, 200).await.unwrap()
}

/// Walks operations and notes which.
struct Walk<'a> {
    world: &'a World,
    walked: BTreeSet<(String, String)>,
}

impl Walk<'_> {
    /// Sends it and looks what it has left.
    async fn step(&mut self, operation: &str, actions: &[&str], request: RequestBuilder) -> Value {
        let before = trail(self.world).await.len();
        let answer = send(request).await;
        assert!((200..300).contains(&answer.status), "{operation}: {} {}", answer.status, answer.text());
        let after = trail(self.world).await;
        let mut left: Vec<_> = after[..after.len() - before].iter().map(|one| one.entry.action.as_str()).collect();
        left.sort_unstable();
        assert_eq!(left, actions, "{operation}");
        let (method, path) = operation.split_once(' ').unwrap();
        self.walked.insert((method.to_owned(), path.to_owned()));
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }
}

fn request(client: &Client, method: &str, path: &str, body: impl Borrow<Value>) -> RequestBuilder {
    client.request(method, path).header("if-match", "*").header("idempotency-key", new_id()).json(body.borrow())
}

fn path(path: &str, id: &str) -> String {
    paths::fill_id(path, id)
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

async fn walk_settings(walk: &mut Walk<'_>, owner: &Client, member: &Client) {
    let world = walk.world;
    let organization = json!({"name": "Acme 2", "address": "", "tax_id": "", "time_zone": "UTC"});
    let put = request(owner, "PUT", &path(paths::ORGANIZATION, ""), organization);
    walk.step("put /organization", &["organization.change"], put).await;
    let role = path(paths::MEMBER_ROLE, world.acme.admin.id.as_str());
    let put = request(owner, "PUT", &role, json!({"role": "member"}));
    walk.step("put /members/{id}/role", &["member.change_role"], put).await;

    let form = json!({"token": "pm_card_visa", "exp_month": 12, "exp_year": 2040, "consent": "v1"});
    let setup = request(owner, "POST", &path(paths::CARD_SETUPS, ""), form);
    let card = walk.step("post /cards/setups", &["card.add"], setup).await["card"].clone();
    let spare = connect(owner, "pm_card_mastercard").await;
    let put = request(owner, "PUT", &path(paths::CARD_DEFAULT, &spare), json!({}));
    walk.step("put /cards/{id}/default", &["card.make_default"], put).await;
    let delete = request(owner, "DELETE", &path(paths::CARD, &spare), json!({}));
    walk.step("delete /cards/{id}", &["card.remove"], delete).await;
    let top_up = pay(owner, "k-1", "100.00").await.expect(201).json();

    let form = json!({
        "enabled": true, "threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500",
        "card_id": card["id"],
    });
    let put = request(owner, "PUT", &path(paths::AUTO_PAY, ""), form);
    walk.step("put /auto-pay", &["auto_pay.change"], put).await;
    let resume = request(owner, "POST", &path(paths::AUTO_PAY_RESUME, ""), json!({}));
    walk.step("post /auto-pay/resume", &["auto_pay.resume"], resume).await;

    let create = request(owner, "POST", &path(paths::PAYMENT_LINKS, ""), json!({"purpose": "connect"}));
    let link = walk.step("post /payment-links", &["payment_link.create"], create).await["link"].clone();
    let delete = request(owner, "DELETE", &path(paths::PAYMENT_LINK, id(&link)), json!({}));
    walk.step("delete /payment-links/{id}", &["payment_link.revoke"], delete).await;

    for (operation, action, address) in [
        ("post /requests/{id}/approve", "request.approve", paths::REQUEST_APPROVE),
        ("post /requests/{id}/decline", "request.decline", paths::REQUEST_DECLINE),
    ] {
        let ask = request(member, "POST", &path(paths::REQUESTS, ""), json!({"amount": "50", "reason": "x"}));
        let asked = walk.step("post /requests", &["request.create"], ask).await;
        walk.step(operation, &[action], request(owner, "POST", &path(address, id(&asked)), json!({}))).await;
    }
    let refund = json!({"organization_id": world.acme.id, "top_up_id": id(&top_up), "amount": "10"});
    let refund = request(&world.platform(), "POST", &path(paths::REFUNDS, ""), refund);
    walk.step("post /refunds", &["refund.create"], refund).await;
}

async fn walk_people(walk: &mut Walk<'_>, owner: &Client) {
    let world = walk.world;
    let form = json!({"email": "nina@new.test", "role": "member"});
    let invite = request(owner, "POST", &path(paths::INVITATIONS, ""), &form);
    let invited = walk.step("post /invitations", &["invitation.create"], invite).await;
    let withdraw = request(owner, "DELETE", &path(paths::INVITATION, id(&invited)), json!({}));
    walk.step("delete /invitations/{id}", &["invitation.withdraw"], withdraw).await;
    let invited = owner.post(&path(paths::INVITATIONS, ""), &form).await.expect(201).json();
    let resend = request(owner, "POST", &path(paths::INVITATION_RESEND, id(&invited)), json!({}));
    let sent = walk.step("post /invitations/{id}/resend", &["invitation.resend"], resend).await;
    let token = sent["link"].as_str().unwrap().split_once("#t=").unwrap().1;
    let accept = json!({"token": token, "name": "Nina", "password": "a password of my own"});
    let accept = request(&world.anonymous(), "POST", &path(paths::INVITATION_ACCEPT, ""), accept);
    let nina = walk.step("post /invitations/accept", &["invitation.accept", "session.start"], accept).await;
    let remove = path(paths::MEMBER, nina["user"]["id"].as_str().unwrap());
    walk.step("delete /members/{id}", &["member.remove"], request(owner, "DELETE", &remove, json!({}))).await;
}

async fn walk_programs(walk: &mut Walk<'_>) {
    let world = walk.world;
    let platform = world.platform();
    let key = json!({"name": "meter", "scopes": ["metering:write"]});
    let made = walk.step("post /keys", &["key.create"], request(&platform, "POST", &path(paths::KEYS, ""), key)).await;
    let rotate = request(&platform, "POST", &path(paths::KEY_ROTATE, id(&made)), json!({"keep_old_seconds": 0}));
    walk.step("post /keys/{id}/rotate", &["key.rotate"], rotate).await;
    let revoke = request(&platform, "DELETE", &path(paths::KEY, id(&made)), json!({}));
    walk.step("delete /keys/{id}", &["key.revoke"], revoke).await;

    let own = "ext:acct_42";
    let facts = json!({"name": "Host", "time_zone": "UTC", "currency": "EUR"});
    let put = request(&platform, "PUT", &path(paths::ORGANIZATION_OF, own), facts);
    walk.step("put /organizations/{id}", &["organization.create"], put).await;
    let person = json!({"email": "una@host.test", "name": "Una", "role": "owner"});
    let address = paths::fill_ids(paths::ORGANIZATION_MEMBER, &[own, "ext:u_7"]);
    let put = request(&platform, "PUT", &address, &person);
    walk.step("put /organizations/{id}/members/{user}", &["member.add"], put).await;

    let mut user = person;
    user["external_id"] = json!("u_7");
    let mint = json!({"organization": own, "user": user});
    let mint = request(&platform, "POST", &path(paths::PORTAL_SESSIONS, ""), mint);
    let minted = walk.step("post /portal-sessions", &["portal_session.create"], mint).await;
    let exchange = json!({"code": minted["code"]});
    let exchange = request(&world.anonymous(), "POST", &path(paths::PORTAL_EXCHANGE, ""), exchange);
    walk.step("post /portal/exchange", &["portal_session.exchange"], exchange).await;
    let end = format!("{}?organization={own}", path(paths::PORTAL_SESSIONS, ""));
    let end = request(&platform, "DELETE", &end, json!({}));
    walk.step("delete /portal-sessions", &["portal_session.end"], end).await;

    let delete = request(&platform, "DELETE", &address, json!({}));
    walk.step("delete /organizations/{id}/members/{user}", &["member.remove"], delete).await;
    for (kind, action) in [("promo", "credit.create"), ("adjustment", "balance.correct")] {
        let credit = json!({"amount": "5", "kind": kind, "reason": "x"});
        let credit = request(&platform, "POST", &path(paths::ORGANIZATION_CREDITS, own), credit);
        walk.step("post /organizations/{id}/credits", &[action], credit).await;
    }
    for (operation, action, address) in [
        ("post /organizations/{id}/suspend", "organization.suspend", paths::ORGANIZATION_SUSPEND),
        ("post /organizations/{id}/resume", "organization.resume", paths::ORGANIZATION_RESUME),
        ("post /organizations/{id}/close", "organization.close", paths::ORGANIZATION_CLOSE),
    ] {
        walk.step(operation, &[action], request(&platform, "POST", &path(address, own), json!({}))).await;
    }
}

async fn walk_own_account(walk: &mut Walk<'_>, member: &Client) {
    let world = walk.world;
    let sign_in = json!({"email": world.acme.member.email, "password": PASSWORD});
    let sign_in = request(&world.anonymous(), "POST", &path(paths::SESSION, ""), sign_in);
    walk.step("post /session", &["session.start"], sign_in).await;
    let put = request(member, "PUT", &path(paths::ME, ""), json!({"name": "Max M."}));
    walk.step("put /me", &["user.change_profile"], put).await;
    let confirm = request(member, "POST", &path(paths::SESSION_CONFIRMATION, ""), json!({"password": PASSWORD}));
    walk.step("post /session/confirmation", &["session.confirm"], confirm).await;
    let sessions = member.get(&path(paths::ME_SESSIONS, "")).await.expect(200).json();
    let mut others = sessions.as_array().unwrap().iter().filter(|session| session["current"] == false);
    let other = path(paths::ME_SESSION, id(others.next().unwrap()));
    walk.step("delete /me/sessions/{id}", &["user.end_sessions"], request(member, "DELETE", &other, json!({}))).await;
    world.sign_in(&world.acme.member).await;
    let others = request(member, "DELETE", &path(paths::ME_SESSIONS, ""), json!({}));
    walk.step("delete /me/sessions", &["user.end_sessions"], others).await;
    let change = json!({"current": PASSWORD, "new": "a password of my own"});
    let change = request(member, "PUT", &path(paths::ME_PASSWORD, ""), change);
    walk.step("put /me/password", &["user.change_password"], change).await;

    // One session ends in one organization, another one begins in the other.
    let (owner, other) = (&world.acme.owner, &world.other.id);
    world.store.add_member(other, &owner.id, billing_domain::Role::Member, crate::fixture::now()).await.unwrap();
    let client = world.sign_in(owner).await;
    let go = request(&client, "POST", &path(paths::SESSION_ORGANIZATION, ""), json!({"organization_id": other}));
    walk.step("post /session/organization", &["session.end", "session.start"], go).await;
    let leave = request(member, "DELETE", &path(paths::SESSION, ""), json!({}));
    walk.step("delete /session", &["session.end"], leave).await;
}

async fn every_change_leaves_one_entry(world: World) {
    let (owner, member) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.member).await);
    let mut walk = Walk { world: &world, walked: BTreeSet::new() };
    walk_settings(&mut walk, &owner, &member).await;
    walk_people(&mut walk, &owner).await;
    walk_programs(&mut walk).await;
    walk_own_account(&mut walk, &member).await;

    let document = world.anonymous().get("/api/openapi.json").await.expect(200).json();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix(paths::BASE).filter(|path| !path.starts_with("/test/")) else { continue };
        let changing = operations.as_object().unwrap().keys().filter(|method| *method != "get");
        described.extend(changing.map(|method| (method.clone(), path.to_owned())));
    }
    let exempt = EXEMPT.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    let known: BTreeSet<_> = walk.walked.into_iter().chain(exempt).collect();
    assert_eq!(known, described);
    for id in [Some(&world.acme.id), Some(&world.other.id), None] {
        assert_eq!(world.store.verify_audit(id).await.unwrap().broken, None);
    }
}

async fn what_is_refused_or_repeated_leaves_none(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let card = connect(&owner, "pm_card_visa").await;
    let before = trail(&world).await.len();
    let put = |path: String, body: Value| request(&owner, "PUT", &path, &body);
    // The same again, another version, a form with a mistake, a wrong password, something that is not there.
    send(put(path(paths::CARD_DEFAULT, &card), json!({}))).await.expect(200);
    let role = path(paths::MEMBER_ROLE, world.acme.member.id.as_str());
    send(put(role, json!({"role": "member"}))).await.expect(200);
    let organization = json!({"name": "X", "address": "", "tax_id": "", "time_zone": "UTC"});
    let stale = owner.request("PUT", &path(paths::ORGANIZATION, "")).header("if-match", "\"99\"").json(&organization);
    send(stale).await.expect(412);
    send(put(path(paths::ORGANIZATION, ""), json!({"name": ""}))).await.expect(422);
    let wrong = json!({"email": world.acme.owner.email, "password": "wrong"});
    world.anonymous().post(&path(paths::SESSION, ""), &wrong).await.expect(401);
    owner.delete(&path(paths::CARD, &new_id())).await.expect(404);
    owner.delete(&path(paths::PAYMENT_LINK, &new_id())).await.expect(404);
    assert_eq!(trail(&world).await.len(), before);
}

async fn no_entry_holds_a_secret(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    let link = owner.post(&path(paths::PAYMENT_LINKS, ""), &json!({"purpose": "connect"})).await.expect(201).json();
    let token = link["url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    let (_, key) = world.key(&["metering:write"]).await;
    let cookie = owner.cookie().split_once('=').unwrap().1.to_owned();
    let all = world.platform().get("/api/v1/audit.csv").await.expect(200).text();
    assert!(all.contains("visa 4242") && all.contains("key.create") && all.contains("session.start"), "{all}");
    for secret in [token.as_str(), &key, &cookie, PASSWORD, "4242424242424242", "pm_card"] {
        assert!(!all.contains(secret), "{secret}");
    }
}
