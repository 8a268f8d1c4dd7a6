//! Arranging wallets past the program: a card, money, a zone; and reading amounts.

use billing_domain::{CardRef, Money, OrganizationId, TextMap, Timestamp, TransactionKind};
use billing_store::{NewCard, NewLine, Origin, PostedLine};
use serde_json::{Value, json};

use crate::fixture::{World, new_id, now, typed_id};

/// Connects a card that no test charges.
pub(crate) async fn connect_card(world: &World, organization_id: &OrganizationId) {
    let card = NewCard {
        id: typed_id(),
        provider: "sandbox".to_owned(),
        provider_ref: CardRef::from_trusted(new_id()),
        brand: "visa".to_owned(),
        last4: "4242".to_owned(),
        exp_month: 12,
        exp_year: 2040,
        fingerprint: None,
    };
    world.store.add_card(organization_id, &card, now()).await.unwrap();
}

/// Gives credit.
pub(crate) async fn fund(world: &World, organization_id: &OrganizationId, amount: Money) {
    post_at(world, organization_id, credit(amount), now()).await;
}

/// Corrects a line by a cent.
pub(crate) async fn correct(world: &World, organization_id: &OrganizationId, seq: i64) {
    let line = NewLine {
        kind: TransactionKind::Adjustment,
        origin: Origin::Adjustment,
        contra: "adjustment".to_owned(),
        corrects: Some(seq),
        ..credit(Money::from_micros(10_000))
    };
    post_at(world, organization_id, line, now()).await;
}

/// A credit.
pub(crate) fn credit(amount: Money) -> NewLine {
    NewLine {
        id: typed_id(),
        kind: TransactionKind::Promo,
        origin: Origin::Promo,
        reference: new_id(),
        contra: "promo".to_owned(),
        amount,
        part: billing_domain::pricing::Remainder::ZERO,
        occurred_at: now(),
        day: now().utc_date(),
        description: "Credit for a test".to_owned(),
        source: String::new(),
        quantity: None,
        unit: None,
        unit_price: None,
        corrects: None,
        details: TextMap::default(),
        hold_id: None,
    }
}

/// Posts a line as if it were that time.
pub(crate) async fn post_at(world: &World, organization_id: &OrganizationId, line: NewLine, posted_at: Timestamp) {
    world.store.post(organization_id, vec![line], posted_at).await.unwrap();
}

/// A usage event of `cost`, now.
pub(crate) fn usage(id: &str, organization_id: &OrganizationId, kind: &str, cost: &str) -> Value {
    json!({
        "id": id, "organization_id": organization_id, "kind": kind, "quantity": "1", "unit": "task",
        "unit_price": cost, "occurred_at": now(), "description": format!("Work {id}"), "source": "Agent Ava",
    })
}

/// The same at another time and by somebody else.
pub(crate) fn usage_at(event: Value, occurred_at: Timestamp, source: &str) -> Value {
    let mut event = event;
    event["occurred_at"] = json!(occurred_at);
    event["source"] = json!(source);
    event
}

/// Reports events and answers the results.
pub(crate) async fn report(world: &World, events: &[Value]) -> Vec<Value> {
    let answer = world.platform().post("/api/v1/metering/events", &json!({"events": events})).await.expect(200);
    answer.json()["results"].as_array().unwrap().clone()
}

/// Uses up this much.
pub(crate) async fn spend(world: &World, organization_id: &OrganizationId, cost: &str) {
    let results = report(world, &[usage(&new_id(), organization_id, "outbound_call", cost)]).await;
    assert_eq!(results[0]["status"], "posted", "{results:?}");
}

/// The organization's whole ledger, oldest line first.
pub(crate) async fn lines(world: &World, organization_id: &OrganizationId) -> Vec<PostedLine> {
    world.store.lines_after(organization_id, 0, 1_000_000).await.unwrap()
}

/// Every line is there once, in order, and the chain, the balances and the sums of the days are right.
pub(crate) async fn assert_whole(world: &World, organization_id: &OrganizationId) {
    let lines = lines(world, organization_id).await;
    let seqs: Vec<_> = lines.iter().map(|line| line.line.seq).collect();
    let expected: Vec<_> = (1..).take(lines.len()).collect();
    assert_eq!(seqs, expected);
    assert_eq!(world.store.verify(organization_id).await.unwrap().broken, None);
}

/// An amount of an answer.
pub(crate) fn money(value: &Value) -> Money {
    value.as_str().unwrap_or_else(|| panic!("no amount: {value}")).parse().unwrap()
}

/// An amount from text.
pub(crate) fn amount(text: &str) -> Money {
    text.parse().unwrap()
}
