//! The monthly statement: it adds up, and one month begins where the one before has ended.

use billing_domain::{Money, Timestamp, TransactionKind};
use billing_store::{NewLine, Origin};
use serde_json::{Value, json};

use crate::client::{Client, send};
use crate::fixture::World;
use crate::wallets::{amount, credit, money, post_at};

on_both_databases!(
    a_month_adds_up_and_meets_its_neighbors,
    more_lines_than_can_be_listed_are_summed,
    a_month_that_cannot_be_is_refused,
    what_an_issued_statement_says_stays_and_its_neighbors_meet_it,
);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn used(cost: &str) -> NewLine {
    NewLine {
        kind: TransactionKind::OutboundCall,
        origin: Origin::Usage,
        contra: "revenue:outbound_call".to_owned(),
        ..credit(amount(cost))
    }
}

async fn statement(client: &Client, month: &str) -> Value {
    client.get(&format!("/api/v1/statement?month={month}")).await.expect(200).json()
}

async fn a_month_adds_up_and_meets_its_neighbors(world: World) {
    let acme = &world.acme.id;
    for (line, posted) in [
        // In Chicago this is still January.
        (credit(amount("10")), "2026-02-01T05:59:59Z"),
        (credit(amount("50")), "2026-02-01T06:00:00Z"),
        (used("-1.5"), "2026-02-03T12:00:00Z"),
        (used("-0.25"), "2026-02-03T13:00:00Z"),
        (credit(amount("5")), "2026-02-04T01:00:00Z"),
        (used("-2"), "2026-02-28T12:00:00Z"),
        (credit(amount("100")), "2026-03-01T06:00:00Z"),
    ] {
        post_at(&world, acme, line, at(posted)).await;
    }
    let owner = world.sign_in(&world.acme.owner).await;
    let february = statement(&owner, "2026-02").await;
    assert_eq!(
        (money(&february["opening_balance"]), money(&february["closing_balance"])),
        (amount("10"), amount("61.25"))
    );
    assert_eq!((money(&february["money_in"]), money(&february["money_out"])), (amount("55"), amount("3.75")));
    assert_eq!(
        (&february["lines"], &february["is_final"], &february["all_summed"]),
        (&json!(5), &json!(true), &json!(false))
    );
    let days: Vec<_> = february["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| {
            let entries = day["entries"].as_array().unwrap().iter();
            let entries = entries.map(|entry| {
                let single = entry["transaction"].is_object();
                (entry["kind"].as_str().unwrap(), entry["lines"].as_i64().unwrap(), money(&entry["amount"]), single)
            });
            (day["date"].as_str().unwrap(), entries.collect::<Vec<_>>(), money(&day["closing_balance"]))
        })
        .collect();
    assert_eq!(
        days,
        [
            ("2026-02-01", vec![("promo", 1, amount("50"), true)], amount("60")),
            (
                "2026-02-03",
                vec![("promo", 1, amount("5"), true), ("outbound_call", 2, amount("-1.75"), false)],
                amount("63.25")
            ),
            ("2026-02-28", vec![("outbound_call", 1, amount("-2"), false)], amount("61.25")),
        ]
    );
    let (january, march) = (statement(&owner, "2026-01").await, statement(&owner, "2026-03").await);
    assert_eq!(january["closing_balance"], february["opening_balance"]);
    assert_eq!(february["closing_balance"], march["opening_balance"]);
    assert_eq!((&january["lines"], &march["lines"]), (&json!(1), &json!(1)));
    let empty = statement(&owner, "2025-12").await;
    assert_eq!(
        (&empty["lines"], &empty["days"], money(&empty["closing_balance"])),
        (&json!(0), &json!([]), Money::ZERO)
    );
    assert_eq!(february["organization"]["time_zone"], "America/Chicago");
}

async fn more_lines_than_can_be_listed_are_summed(world: World) {
    let acme = &world.acme.id;
    let lines = (0..1001).map(|_| credit(amount("0.01"))).collect();
    world.store.post(acme, lines, at("2026-02-10T12:00:00Z")).await.unwrap();
    let owner = world.sign_in(&world.acme.owner).await;
    let february = statement(&owner, "2026-02").await;
    assert_eq!((&february["all_summed"], &february["lines"]), (&json!(true), &json!(1001)));
    let entries = &february["days"][0]["entries"];
    assert_eq!((&entries[0]["lines"], money(&entries[0]["amount"])), (&json!(1001), amount("10.01")));
    assert_eq!((entries.as_array().unwrap().len(), &entries[0]["transaction"]), (1, &Value::Null));
}

async fn a_month_that_cannot_be_is_refused(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for month in ["2026-13", "soon", "2999-01", "1999-12"] {
        let answer = owner.get(&format!("/api/v1/statement?month={month}")).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/month", "{month}");
    }
    let now = owner.get("/api/v1/statement").await.expect(200).json();
    assert_eq!(now["is_final"], false);
}

async fn what_an_issued_statement_says_stays_and_its_neighbors_meet_it(world: World) {
    let acme = &world.acme.id;
    for (line, posted) in [
        (credit(amount("50")), "2026-02-10T12:00:00Z"),
        // February in Chicago, March in Berlin.
        (used("-3"), "2026-03-01T03:00:00Z"),
        (used("-4"), "2026-03-20T12:00:00Z"),
    ] {
        post_at(&world, acme, line, at(posted)).await;
    }
    let owner = world.sign_in(&world.acme.owner).await;
    let issued = statement(&owner, "2026-02").await;
    assert_eq!((&issued["number"], &issued["lines"]), (&json!("S-000001"), &json!(2)));
    assert_eq!(issued["seller"]["name"], "Nexis Billing");
    let form = json!({"name": "Acme Europe", "address": "Berlin", "tax_id": "DE 1", "time_zone": "Europe/Berlin"});
    let etag = owner.get("/api/v1/organization").await.expect(200).header("etag").unwrap().to_owned();
    send(owner.request("PUT", "/api/v1/organization").header("if-match", etag).json(&form)).await.expect(200);
    assert_eq!(statement(&owner, "2026-02").await, issued);
    let march = statement(&owner, "2026-03").await;
    assert_eq!((&march["number"], &march["organization"]["name"]), (&json!("S-000002"), &json!("Acme Europe")));
    assert_eq!((&march["opening_balance"], &march["lines"]), (&issued["closing_balance"], &json!(1)), "no line twice");
    let january = statement(&owner, "2026-01").await;
    assert_eq!(january["closing_balance"], issued["opening_balance"]);
    let running = owner.get("/api/v1/statement").await.expect(200).json();
    assert_eq!((&running["number"], &running["issued_at"]), (&Value::Null, &Value::Null), "the month goes on");
}
