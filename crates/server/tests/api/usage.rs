//! The monthly summary agrees with the ledger line by line, in the organization's days.

use std::collections::BTreeMap;

use billing_domain::{Date, Money, Timestamp};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fixture::World;
use crate::wallets::{amount, assert_whole, lines, money, report, spend, usage, usage_at};

const KINDS: [&str; 3] = ["outbound_call", "inbound_call", "ai_task"];

async fn summary(client: &Client, month: &str) -> Value {
    client.get(&format!("/api/v1/usage?month={month}")).await.expect(200).json()
}

/// Lines every 37 minutes over the weeks around a change of the clocks.
async fn work(world: &World, from: &str) {
    let from: Timestamp = from.parse().unwrap();
    let events: Vec<_> = (0..1000)
        .map(|number| {
            let kind = KINDS[usize::try_from(number % 3).unwrap()];
            let event = usage(&format!("{from}-{number}"), &world.acme.id, kind, &format!("0.0{}1", number % 9));
            usage_at(event, from.plus_seconds(number * 37 * 60), "Agent Ava")
        })
        .collect();
    let results = report(world, &events).await;
    assert!(results.iter().all(|result| result["status"] == "posted"));
}

/// What the ledger's lines say, by day and kind, with another library's calendar than the server's own functions.
async fn by_day(world: &World) -> BTreeMap<(String, String), Money> {
    let zone = TimeZone::get("America/Chicago").unwrap();
    let mut days = BTreeMap::new();
    for line in lines(world, &world.acme.id).await {
        let instant = jiff::Timestamp::from_microsecond(line.line.occurred_at.micros()).unwrap();
        let key = (zone.to_datetime(instant).date().to_string(), line.line.kind.to_string());
        let day = days.entry(key).or_insert(Money::ZERO);
        *day = day.checked_sub(line.line.amount).unwrap();
    }
    days
}

async fn days_are_the_sums_of_their_lines_over_both_changes_of_the_clocks(world: World) {
    work(&world, "2026-02-25T00:00:00Z").await;
    work(&world, "2025-10-25T00:00:00Z").await;
    let owner = world.sign_in(&world.acme.owner).await;
    let expected = by_day(&world).await;
    let mut seen = BTreeMap::new();
    for month in ["2025-10", "2025-11", "2026-02", "2026-03"] {
        let summary = summary(&owner, month).await;
        let mut total = Money::ZERO;
        for day in summary["days"].as_array().unwrap() {
            let date = day["date"].as_str().unwrap();
            assert!(date.starts_with(month), "{date}");
            let mut of_day = Money::ZERO;
            for kind in KINDS {
                let spent = money(&day["by_kind"][kind]);
                of_day = of_day.checked_add(spent).unwrap();
                if !spent.is_zero() {
                    seen.insert((date.to_owned(), kind.to_owned()), spent);
                }
            }
            assert_eq!(money(&day["total"]), of_day, "{date}");
            total = total.checked_add(of_day).unwrap();
        }
        assert_eq!(money(&summary["total"]), total, "{month}");
        assert_eq!(summary["projected"], Value::Null, "{month} is over");
        assert_eq!(summary["first_month"], "2025-10");
    }
    assert_eq!(seen, expected);
    assert_eq!(summary(&owner, "2025-11").await["days"].as_array().unwrap().len(), 30);
    assert_eq!(summary(&owner, "2025-12").await["previous_same_day"], summary(&owner, "2025-11").await["total"]);
    assert_whole(&world, &world.acme.id).await;
}

async fn another_zone_counts_other_days(world: World) {
    // Half past eleven in the evening of 31 March in Chicago is 1 April in Berlin.
    let late = usage_at(usage("a", &world.acme.id, "ai_task", "2"), "2026-04-01T04:30:00Z".parse().unwrap(), "");
    report(&world, &[late]).await;
    let owner = world.sign_in(&world.acme.owner).await;
    assert_eq!(money(&summary(&owner, "2026-03").await["total"]), amount("2"));
    let etag = owner.get("/api/v1/organization").await.expect(200).header("etag").unwrap().to_owned();
    let form = json!({"name": "Acme", "address": "", "tax_id": "", "time_zone": "Europe/Berlin"});
    let change = owner.request("PUT", "/api/v1/organization").header("if-match", etag).json(&form);
    crate::client::send(change).await.expect(200);
    assert_eq!(money(&summary(&owner, "2026-03").await["total"]), Money::ZERO);
    assert_eq!(money(&summary(&owner, "2026-04").await["total"]), amount("2"));
}

async fn a_spike_names_what_is_behind_it(world: World) {
    let first: Date = "2026-05-04".parse().unwrap();
    let at = |day: i32| Timestamp::from_seconds(first.plus_days(day).utc_start().seconds() + 18 * 3600);
    let line = |name: String, day: i32, kind: &str, cost: &str, source: &str| {
        usage_at(usage(&name, &world.acme.id, kind, cost), at(day), source)
    };
    let mut events: Vec<_> =
        (0..8).map(|day| line(format!("usual-{day}"), day, "inbound_call", "2", "Agent Ava")).collect();
    events.push(line("late".to_owned(), 6, "outbound_call", "3", "Agent Milo"));
    events.push(line("much".to_owned(), 6, "outbound_call", "7", "Agent Nora"));
    report(&world, &events).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let days = summary(&owner, "2026-05").await["days"].clone();
    let spikes: Vec<_> = days.as_array().unwrap().iter().filter(|day| !day["spike"].is_null()).collect();
    assert_eq!(spikes.len(), 1, "{spikes:?}");
    let spike = &spikes[0]["spike"];
    assert_eq!(
        (&spikes[0]["date"], &spike["kind"], &spike["factor"]),
        (&json!("2026-05-10"), &json!("outbound_call"), &json!("6.0"))
    );
    assert_eq!(
        spike["sources"],
        json!([
            {"source": "Agent Nora", "amount": "7.00"},
            {"source": "Agent Milo", "amount": "3.00"},
        ])
    );
}

async fn a_month_names_its_sources_and_adds_up_with_all_others(world: World) {
    let at = |day: &str| format!("{day}T18:00:00Z").parse::<Timestamp>().unwrap();
    let mut events: Vec<_> = (0..14)
        .map(|number| {
            let event =
                usage(&format!("s-{number}"), &world.acme.id, KINDS[number % 3], &format!("0.{:02}", number + 1));
            usage_at(event, at("2026-05-12"), &format!("Agent {number:02}"))
        })
        .collect();
    events.push(usage_at(usage("again", &world.acme.id, "ai_task", "1"), at("2026-05-13"), "Agent 13"));
    events.push(usage_at(usage("unnamed", &world.acme.id, "ai_task", "2"), at("2026-05-13"), ""));
    events.push(usage_at(usage("before", &world.acme.id, "ai_task", "50"), at("2026-04-30"), "Agent 00"));
    events.push(usage_at(usage("theirs", &world.other.id, "ai_task", "70"), at("2026-05-12"), "Agent 13"));
    assert!(report(&world, &events).await.iter().all(|result| result["status"] == "posted"));
    let owner = world.sign_in(&world.acme.owner).await;
    let may = summary(&owner, "2026-05").await;
    let sources = may["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 10);
    assert_eq!(sources[0], json!({"source": "", "amount": "2.00", "lines": 1}));
    assert_eq!(sources[1], json!({"source": "Agent 13", "amount": "1.14", "lines": 2}));
    assert_eq!(sources[9], json!({"source": "Agent 05", "amount": "0.06", "lines": 1}));
    assert_eq!(may["other_sources"], json!({"amount": "0.15", "lines": 5}));
    let named = Money::checked_sum(sources.iter().map(|source| money(&source["amount"]))).unwrap();
    assert_eq!(named.checked_add(money(&may["other_sources"]["amount"])).unwrap(), money(&may["total"]));
    let before = may["previous_days"].as_array().unwrap();
    assert_eq!((before.len(), money(&before[28]), money(&before[29])), (30, Money::ZERO, amount("50")));
}

async fn a_day_is_compared_with_what_is_usual_and_the_present_month_has_a_pace(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let empty = owner.get("/api/v1/usage").await.expect(200).json();
    assert_eq!(
        (&empty["pace"], &empty["sources"], &empty["other_sources"]["lines"]),
        (&Value::Null, &json!([]), &json!(0))
    );
    let first: Date = "2026-03-02".parse().unwrap();
    let events: Vec<_> = (0..20)
        .map(|day| {
            let at = Timestamp::from_seconds(first.plus_days(day).utc_start().seconds() + 18 * 3600);
            usage_at(usage(&format!("u-{day}"), &world.acme.id, "ai_task", &format!("{}", day + 1)), at, "Agent Ava")
        })
        .collect();
    report(&world, &events).await;
    let days = summary(&owner, "2026-03").await["days"].clone();
    // The 2nd is the first day with usage: from the 7th on there are five before.
    assert_eq!((&days[5]["usual"], &days[6]["usual"]), (&Value::Null, &json!("3.00")));
    assert_eq!(days[20]["usual"], "12.50", "the median of 6 to 19");
    assert_eq!(summary(&owner, "2026-03").await["pace"], Value::Null);
    spend(&world, &world.acme.id, "3").await;
    let present = owner.get("/api/v1/usage").await.expect(200).json();
    assert_eq!(present["pace"].is_null(), present["projected"].is_null());
    assert!(!present["pace"].is_null());
}

async fn only_months_that_have_begun_can_be_asked_for(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for month in ["", "2026-13", "2026-1", "may", "2026-05-01", "9999-12", "0001-01", "１２３４-01"] {
        let answer = owner.get(&format!("/api/v1/usage?month={month}")).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/month", "{month}");
    }
    owner.get("/api/v1/usage?year=2026").await.expect(422);
    let empty = owner.get("/api/v1/usage").await.expect(200).json();
    assert_eq!((money(&empty["total"]), &empty["first_month"]), (Money::ZERO, &empty["month"]));
}

on_both_databases!(
    days_are_the_sums_of_their_lines_over_both_changes_of_the_clocks,
    another_zone_counts_other_days,
    a_spike_names_what_is_behind_it,
    a_month_names_its_sources_and_adds_up_with_all_others,
    a_day_is_compared_with_what_is_usual_and_the_present_month_has_a_pace,
    only_months_that_have_begun_can_be_asked_for,
);
