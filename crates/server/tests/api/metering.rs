//! Holds and reports: nothing is billed twice, nothing is lost, nothing is overdrawn.

use std::collections::BTreeMap;

use billing_domain::{Money, OrganizationId};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::fixture::{World, new_id, now};
use crate::wallets::{amount, assert_whole, connect_card, fund, lines, money, report, spend, usage, usage_at};

const AUTHORIZATIONS: &str = "/api/v1/metering/authorizations";
const EVENTS: &str = "/api/v1/metering/events";

async fn authorize(
    world: &World,
    organization_id: &OrganizationId,
    kind: &str,
    estimate: &str,
    ttl_seconds: i64,
) -> Value {
    let form = json!({
        "organization_id": organization_id, "kind": kind, "estimate": estimate, "ttl_seconds": ttl_seconds,
    });
    world.platform().post(AUTHORIZATIONS, &form).await.expect(200).json()
}

async fn wallet(world: &World) -> Value {
    world.sign_in(&world.acme.owner).await.get("/api/v1/wallet").await.expect(200).json()
}

async fn a_bad_item_spoils_no_other_and_answers_keep_their_order(world: World) {
    let (acme, other) = (&world.acme.id, &world.other.id);
    let good = |id: &str| usage(id, acme, "outbound_call", "0.114");
    let with = |id: &str, field: &str, value: Value| {
        let mut event = good(id);
        event[field] = value;
        event
    };
    let changed_later = {
        let mut event = good("b");
        event["occurred_at"] = good("a")["occurred_at"].clone();
        event
    };
    let first = good("a");
    let events = [
        first.clone(),
        with("unknown-field", "surprise", json!(1)),
        json!(7),
        with("number", "quantity", json!(95)),
        with("exponent", "unit_price", json!("1e3")),
        with("negative", "quantity", json!("-1")),
        with("future", "occurred_at", json!(now().plus_seconds(3600))),
        with("nowhere", "organization_id", json!(new_id())),
        with("nul", "description", json!("a\u{0}b")),
        usage("a", other, "ai_task", "0.02"),
        first.clone(),
        with("a", "unit_price", json!("0.115")),
        changed_later.clone(),
        with("huge", "quantity", json!("9000000000")),
        with("spelt", "quantity", json!("1.000")),
        good("last"),
    ];
    let results = report(&world, &events).await;
    let seen: Vec<_> = results
        .iter()
        .map(|result| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&result["id"]), text(&result["status"]), text(&result["error"]["code"]))
        })
        .collect();
    let expected = [
        ("a", "posted", ""),
        ("unknown-field", "rejected", "unknown_field"),
        ("", "rejected", "wrong_value"),
        ("number", "rejected", "not_a_decimal"),
        ("exponent", "rejected", "not_a_decimal"),
        ("negative", "rejected", "negative"),
        ("future", "rejected", "future"),
        ("nowhere", "rejected", "not_found"),
        ("nul", "rejected", "unprintable"),
        ("a", "posted", ""),
        ("a", "duplicate", ""),
        ("a", "rejected", "conflict"),
        ("b", "posted", ""),
        ("huge", "posted", ""),
        ("spelt", "posted", ""),
        ("last", "posted", ""),
    ];
    assert_eq!(seen, expected.map(|(id, status, code)| (id.to_owned(), status.to_owned(), code.to_owned())));
    assert_eq!(
        (&results[0]["seq"], &results[10]["seq"], &results[10]["amount"]),
        (&json!(1), &json!(1), &json!("-0.114"))
    );
    assert_eq!(results[9]["seq"], json!(1), "another organization has a ledger of its own");
    assert_eq!(results[3]["error"]["pointer"], "/events/3/quantity");
    assert_eq!(results[11]["seq"], Value::Null);
    assert_whole(&world, acme).await;
    assert_whole(&world, other).await;

    // The whole report again, as after an answer that was lost: nothing is billed twice.
    let again = report(&world, &events).await;
    assert!(again.iter().all(|result| result["status"] != "posted"), "{again:?}");
    assert_eq!(lines(&world, acme).await.len(), 5);
}

async fn a_line_that_would_overflow_the_balance_spoils_no_other(world: World) {
    let acme = &world.acme.id;
    let mut huge = usage("huge", acme, "ai_task", "900000000");
    huge["quantity"] = json!("9000");
    let mut second = huge.clone();
    second["id"] = json!("second");
    let results =
        report(&world, &[usage("a", acme, "ai_task", "1"), huge, second, usage("b", acme, "ai_task", "1")]).await;
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["posted", "posted", "rejected", "posted"]);
    assert_eq!(results[2]["error"]["code"], "too_large");
    assert_whole(&world, acme).await;
}

async fn parallel_reports_with_repetitions_post_each_id_once(world: World) {
    const CLIENTS: usize = 8;
    const REPORTS: usize = 12;
    let acme = world.acme.id.clone();
    fund(&world, &acme, Money::from_major(1000)).await;
    let at = now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (platform, acme) = (world.platform(), acme.clone());
        clients.spawn(async move {
            let mut posted = Vec::new();
            for number in 0..REPORTS {
                // Each report overlaps with those of two other clients.
                let first = (client + number) * 10;
                let events: Vec<_> = (first..first + 30)
                    .map(|id| {
                        let mut event = usage(&format!("e-{id}"), &acme, "inbound_call", "0.01");
                        event["occurred_at"] = json!(at);
                        event
                    })
                    .collect();
                let answer = platform.post(EVENTS, &json!({"events": events})).await.expect(200).json();
                for result in answer["results"].as_array().unwrap() {
                    assert!(["posted", "duplicate"].contains(&result["status"].as_str().unwrap()), "{result}");
                    posted.push((result["id"].clone(), result["seq"].clone(), result["status"] == "posted"));
                }
            }
            posted
        });
    }
    let answers: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    let mut seqs = BTreeMap::new();
    let mut firsts = BTreeMap::new();
    for (id, seq, first) in answers {
        let (id, seq) = (id.as_str().unwrap().to_owned(), seq.as_i64().unwrap());
        assert_eq!(*seqs.entry(id.clone()).or_insert(seq), seq, "{id} has two lines");
        *firsts.entry(id).or_insert(0) += i32::from(first);
    }
    assert!(firsts.values().all(|count| *count == 1), "each id is posted by exactly one report");
    let ids = (CLIENTS - 1 + REPORTS - 1) * 10 + 30;
    assert_eq!(seqs.len(), ids);
    assert_eq!(lines(&world, &acme).await.len(), ids + 1);
    assert_whole(&world, &acme).await;
}

async fn a_thousand_parallel_holds_never_overdraw(world: World) {
    let acme = world.acme.id.clone();
    connect_card(&world, &acme).await;
    fund(&world, &acme, Money::from_major(100)).await;
    let form = json!({"organization_id": acme, "kind": "outbound_call", "estimate": "0.37", "ttl_seconds": 600});
    let mut clients = JoinSet::new();
    for _ in 0..20 {
        let (platform, form) = (world.platform(), form.clone());
        clients.spawn(async move {
            let mut allowed = 0;
            for _ in 0..50 {
                let answer = platform.post(AUTHORIZATIONS, &form).await.expect(200).json();
                allowed += usize::from(answer["allowed"] == true);
                if answer["allowed"] == false {
                    assert_eq!(answer["reason"], "insufficient", "{answer}");
                }
            }
            allowed
        });
    }
    assert_eq!(clients.join_all().await.into_iter().sum::<usize>(), 270);
    let wallet = wallet(&world).await;
    assert_eq!((money(&wallet["held"]), money(&wallet["available"])), (amount("99.90"), amount("0.10")));
    assert_whole(&world, &acme).await;
}

async fn a_hold_is_captured_by_its_report_and_released_once(world: World) {
    let acme = &world.acme.id;
    connect_card(&world, acme).await;
    fund(&world, acme, Money::from_major(10)).await;
    let first = authorize(&world, acme, "ai_task", "4", 600).await;
    assert_eq!((&first["allowed"], money(&first["max_amount"])), (&json!(true), amount("10")));
    let second = authorize(&world, acme, "ai_task", "3", 600).await;
    assert_eq!(money(&second["max_amount"]), amount("6"));

    // The true cost is posted, whatever was estimated, and the hold is gone with it.
    let mut event = usage("call", acme, "ai_task", "5");
    event["hold_id"] = first["hold_id"].clone();
    assert_eq!(report(&world, &[event]).await[0]["status"], "posted");
    let after = wallet(&world).await;
    assert_eq!((money(&after["balance"]), money(&after["held"])), (amount("5"), amount("3")));

    let release = format!("{AUTHORIZATIONS}/{}/release", second["hold_id"].as_str().unwrap());
    for _ in 0..2 {
        world.platform().post(&release, &json!({})).await.expect(204);
        assert_eq!(money(&wallet(&world).await["held"]), Money::ZERO);
    }
    world.platform().post(&format!("{AUTHORIZATIONS}/{}/release", new_id()), &json!({})).await.expect(404);
    world.platform().post(&format!("{AUTHORIZATIONS}/nonsense/release"), &json!({})).await.expect(404);
}

async fn work_that_runs_is_billed_even_below_zero_and_then_no_more_starts(world: World) {
    let acme = &world.acme.id;
    connect_card(&world, acme).await;
    fund(&world, acme, Money::from_major(1)).await;
    assert_eq!(authorize(&world, acme, "inbound_call", "1.01", 60).await["reason"], "insufficient");
    spend(&world, acme, "3").await;
    let wallet = wallet(&world).await;
    assert_eq!((money(&wallet["balance"]), &wallet["status"]), (amount("-2"), &json!("grace")));
    assert_eq!(authorize(&world, acme, "outbound_call", "0", 60).await["reason"], "balance_exhausted");
    // An inbound call may go down to the floor of grace and not below.
    assert_eq!(money(&authorize(&world, acme, "inbound_call", "2", 60).await["max_amount"]), amount("3"));
    assert_eq!(authorize(&world, acme, "inbound_call", "1.01", 60).await["reason"], "insufficient");
    fund(&world, acme, Money::from_major(100)).await;
    assert_eq!(authorize(&world, acme, "outbound_call", "1", 60).await["allowed"], true);
}

async fn requests_that_cannot_be_read_are_refused(world: World) {
    let acme = &world.acme.id;
    let platform = world.platform();
    for count in [0, 1001] {
        let events: Vec<_> = (0..count).map(|number| usage(&number.to_string(), acme, "ai_task", "1")).collect();
        let answer = platform.post(EVENTS, &json!({"events": events})).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/events", "{count}");
    }
    assert_eq!(lines(&world, acme).await.len(), 0);
    platform.post(EVENTS, &json!({"events": [], "more": 1})).await.expect(422);
    platform.post(EVENTS, &json!([])).await.expect(422);
    let form = |organization_id: &str, estimate: Value, ttl_seconds: i64| json!({"organization_id": organization_id, "kind": "ai_task", "estimate": estimate, "ttl_seconds": ttl_seconds});
    for (estimate, ttl_seconds, pointer) in [
        (json!("-1"), 60, "/estimate"),
        (json!("1e3"), 60, "/estimate"),
        (json!(1), 60, "/estimate"),
        (json!(null), 60, "/estimate"),
        (json!("1"), 0, "/ttl_seconds"),
        (json!("1"), 86_401, "/ttl_seconds"),
    ] {
        let answer = platform.post(AUTHORIZATIONS, &form(acme.as_str(), estimate, ttl_seconds)).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    for stranger in [new_id().as_str(), "acme", ""] {
        platform.post(AUTHORIZATIONS, &form(stranger, json!("1"), 60)).await.expect(404);
    }
}

async fn only_the_service_key_opens_metering(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let event = json!({"events": [usage("a", &world.acme.id, "ai_task", "1")]});
    for client in [world.anonymous(), owner, world.anonymous().with_bearer("another key")] {
        let refused = client.post(EVENTS, &event).await.expect(401);
        assert_eq!(
            (refused.problem().as_str(), refused.header("www-authenticate")),
            ("unauthenticated", Some("Bearer"))
        );
        client.post(AUTHORIZATIONS, &json!({})).await.expect(401);
        client.post(&format!("{AUTHORIZATIONS}/{}/release", new_id()), &json!({})).await.expect(401);
    }
    assert_eq!(lines(&world, &world.acme.id).await.len(), 0);
}

async fn tiny_lines_are_billed_to_the_micro_unit_whoever_reports_them(world: World) {
    let acme = world.acme.id.clone();
    let at = now();
    let tiny = |id: String, kind: &str, quantity: &str| {
        let mut event = usage_at(usage(&id, &acme, kind, "0"), at, "Agent Ava");
        (event["quantity"], event["unit"], event["unit_price"]) =
            (json!(quantity), json!("token"), json!("0.0000000375"));
        event
    };
    // 0.0375 for a million tokens: 20 programs report 40 lines of 7 tokens each, and all of them twice.
    let mut reports = JoinSet::new();
    let world = std::sync::Arc::new(world);
    for number in 0..40 {
        let events: Vec<_> = (0..40).map(|line| tiny(format!("{}-{line}", number / 2), "ai_task", "7")).collect();
        let world = std::sync::Arc::clone(&world);
        reports.spawn(async move {
            let results = report(&world, &events).await;
            results.iter().filter(|result| result["status"] == "posted").count()
        });
    }
    let posted: usize = reports.join_all().await.into_iter().sum();
    assert_eq!(posted, 800);
    // 5,600 tokens cost exactly 0.00021; of another kind nothing is carried.
    let calls: Vec<_> = (0..13).map(|line| tiny(format!("call-{line}"), "outbound_call", "1")).collect();
    report(&world, &calls).await;
    let spent = |kind: &str| {
        let kind = kind.to_owned();
        let world = std::sync::Arc::clone(&world);
        async move {
            let all = lines(&world, &world.acme.id).await;
            let of_kind = all.iter().filter(|line| line.line.kind.as_str() == kind).map(|line| line.line.amount);
            Money::checked_sum(of_kind).unwrap().to_string()
        }
    };
    assert_eq!(spent("ai_task").await, "-0.00021");
    // 13 tokens cost 0.4875 micro-units, which is less than half of one; the 14th makes it more.
    assert_eq!(spent("outbound_call").await, "0.00");
    let last = report(&world, &[tiny("call-13".to_owned(), "outbound_call", "1")]).await;
    assert_eq!((&last[0]["amount"], spent("outbound_call").await.as_str()), (&json!("-0.000001"), "-0.000001"));
    // The million at once costs what it says.
    let whole = report(&world, &[tiny("whole".to_owned(), "inbound_call", "1000000")]).await;
    assert_eq!(whole[0]["amount"], "-0.0375");
    let again = report(&world, &[tiny("call-13".to_owned(), "outbound_call", "1")]).await;
    assert_eq!((&again[0]["status"], &again[0]["amount"]), (&json!("duplicate"), &json!("-0.000001")));
    assert_whole(&world, &acme).await;
}

on_both_databases!(
    a_bad_item_spoils_no_other_and_answers_keep_their_order,
    a_line_that_would_overflow_the_balance_spoils_no_other,
    parallel_reports_with_repetitions_post_each_id_once,
    a_thousand_parallel_holds_never_overdraw,
    a_hold_is_captured_by_its_report_and_released_once,
    work_that_runs_is_billed_even_below_zero_and_then_no_more_starts,
    requests_that_cannot_be_read_are_refused,
    only_the_service_key_opens_metering,
    tiny_lines_are_billed_to_the_micro_unit_whoever_reports_them,
);
