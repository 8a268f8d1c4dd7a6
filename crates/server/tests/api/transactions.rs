//! The ledger by pages: whole under every filter, whatever is posted meanwhile.

use std::collections::BTreeSet;

use billing_contract::transaction::LedgerRun;
use billing_domain::ledger::Chain;
use billing_domain::{Money, Timestamp};
use billing_store::PostedLine;
use serde_json::Value;

use crate::client::Client;
use crate::fixture::World;
use crate::wallets::{correct, fund, lines, report, usage, usage_at};

/// 2 February 2026; summer time began on 8 March in Chicago.
const START: Timestamp = Timestamp::from_seconds(1_770_000_000);
const HOUR: i64 = 3600;

/// Whether a line belongs into an answer.
type Wanted = Box<dyn Fn(&PostedLine) -> bool>;

/// 240 lines of all kinds of usage by three sources, five hours apart, some of which arrive late; and credits.
async fn ledger(world: &World) -> Vec<PostedLine> {
    let acme = &world.acme.id;
    let kinds = ["outbound_call", "inbound_call", "ai_task"];
    let sources = ["Agent Ava", "Agent Zoë", "100%_sure"];
    let events: Vec<_> = (0..240)
        .map(|number| {
            let event = usage(&format!("call-{number}"), acme, kinds[number % 3], "0.01");
            let late = if number % 7 == 0 { 20 } else { 0 };
            let at = START.plus_seconds((i64::try_from(number).unwrap() - late) * 5 * HOUR);
            usage_at(event, at, sources[number / 3 % 3])
        })
        .collect();
    fund(world, acme, Money::from_major(50)).await;
    report(world, &events).await;
    fund(world, acme, Money::from_major(50)).await;
    lines(world, acme).await
}

/// Every page of a search, with one more line posted after each of them.
async fn walk(world: &World, client: &Client, search: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = client.get(&format!("/api/v1/transactions?{search}{cursor}")).await.expect(200).json();
        let items = answer["items"].as_array().unwrap();
        found.extend(items.iter().cloned());
        fund(world, &world.acme.id, Money::from_major(1)).await;
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
        assert!(!items.is_empty(), "an empty page that is not the last");
    }
}

async fn pages_are_the_whole_ledger_under_every_filter(world: World) {
    let ledger = ledger(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let chicago = |text: &str| text.parse::<Timestamp>().unwrap();
    let (from, to) = (chicago("2026-03-08T06:00:00Z"), chicago("2026-03-11T05:00:00Z"));
    assert!(ledger.iter().any(|line| line.line.occurred_at >= from && line.line.occurred_at < to));
    let cases: Vec<(&str, Wanted)> = vec![
        ("limit=7", Box::new(|_| true)),
        ("limit=200", Box::new(|_| true)),
        ("limit=7&kind=ai_task", Box::new(|line| line.line.kind.as_str() == "ai_task")),
        ("limit=13&kind=promo,ai_task", Box::new(|line| ["promo", "ai_task"].contains(&line.line.kind.as_str()))),
        ("limit=5&kind=refund", Box::new(|_| false)),
        (
            "limit=3&from=2026-03-08&to=2026-03-10",
            Box::new(move |line| line.line.occurred_at >= from && line.line.occurred_at < to),
        ),
        ("limit=9&q=ZO%C3%8B", Box::new(|line| line.line.source == "Agent Zoë")),
        ("limit=9&q=100%25_S", Box::new(|line| line.line.source == "100%_sure")),
        ("limit=9&q=%25", Box::new(|line| line.line.source == "100%_sure")),
        (
            "limit=4&q=call-23&kind=inbound_call",
            Box::new(|line| line.line.reference.contains("call-23") && line.line.kind.as_str() == "inbound_call"),
        ),
    ];
    let mut last_seq = i64::try_from(ledger.len()).unwrap();
    for (search, wanted) in cases {
        // What is posted while the pages are walked may or may not be on the first page, never on a later one.
        let found: Vec<_> =
            walk(&world, &owner, search).await.iter().map(|item| item["seq"].as_i64().unwrap()).collect();
        assert!(found.windows(2).all(|pair| pair[0] > pair[1]), "{search}: newest first, none twice");
        let known = lines(&world, &world.acme.id).await;
        let expected: Vec<_> = known
            .iter()
            .rev()
            .filter(|line| wanted(line) && line.line.seq <= last_seq)
            .map(|line| line.line.seq)
            .collect();
        assert_eq!(found, expected, "{search}");
        last_seq = known.last().unwrap().line.seq;
    }
}

async fn an_item_is_the_line_that_the_ledger_holds(world: World) {
    let ledger = ledger(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let answer = owner.get("/api/v1/transactions?limit=200").await.expect(200).json();
    for item in answer["items"].as_array().unwrap() {
        let item: billing_contract::transaction::Transaction = serde_json::from_value(item.clone()).unwrap();
        let posted = &ledger[usize::try_from(item.seq).unwrap() - 1];
        assert_eq!(item.hash, posted.hash);
        assert_eq!((item.amount, item.balance_after), (posted.line.amount, posted.line.balance_after));
        assert_eq!((item.reference, item.source), (posted.line.reference.clone(), posted.line.source.clone()));
    }
}

async fn the_default_page_has_fifty_lines(world: World) {
    ledger(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let answer = owner.get("/api/v1/transactions").await.expect(200).json();
    let seqs: BTreeSet<_> = answer["items"].as_array().unwrap().iter().map(|item| item["seq"].as_i64()).collect();
    assert_eq!(seqs.len(), 50);
}

async fn wrong_parameters_are_named(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for (search, pointer) in [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=ten", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("kind=gift", "/kind"),
        ("from=2026-02-30", "/from"),
        ("to=soon", "/to"),
        ("from=2026-02-02&to=2026-02-01", "/to"),
        ("q=a%00b", "/q"),
        ("before_seq=0", "/before_seq"),
        ("at=2026-02-30", "/at"),
        ("at=2026-02-03&before_seq=7", "/cursor"),
    ] {
        let answer = owner.get(&format!("/api/v1/transactions?{search}")).await.expect(422);
        assert_eq!(
            (answer.problem().as_str(), answer.json()["errors"][0]["pointer"].as_str()),
            ("invalid", Some(pointer))
        );
    }
    for search in ["page=2", "limit=5&limit=6", "organization_id=1"] {
        let answer = owner.get(&format!("/api/v1/transactions?{search}")).await.expect(422);
        assert_eq!(answer.problem(), "invalid", "{search}");
    }
}

async fn the_table_is_what_the_filters_find_and_holds_no_formula(world: World) {
    ledger(&world).await;
    let acme = &world.acme.id;
    let mut event = usage("=cmd()", acme, "ai_task", "0.5");
    event["description"] = "@SUM(1), \"quoted\"\nand a second line".into();
    report(&world, &[event]).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let whole = owner.get("/api/v1/transactions.csv").await.expect(200);
    assert_eq!(whole.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(whole.header("cache-control"), Some("no-store"));
    let name = whole.header("content-disposition").unwrap();
    assert!(name.starts_with("attachment; filename=\"transactions-Acme-20"), "{name}");
    assert!(std::path::Path::new(name.trim_end_matches('"')).extension() == Some("csv".as_ref()), "{name}");
    let text = whole.text();
    let text = text.strip_prefix('\u{feff}').expect("Excel takes it for UTF-8 by this mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let records: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().unwrap();
    let known = lines(&world, acme).await;
    assert_eq!(records.len(), known.len());
    for (record, posted) in records.iter().zip(known.iter().rev()) {
        let line = &posted.line;
        assert_eq!(record["seq"], line.seq.to_string());
        let sign = if record["direction"] == "out" { "-" } else { "" };
        assert_eq!(format!("{sign}{}", record["amount"]).parse::<Money>().unwrap(), line.amount);
        assert_eq!(record["hash"], posted.hash.to_string());
    }
    assert_eq!(records[0]["reference"], "'=cmd()");
    assert_eq!(records[0]["description"], "'@SUM(1), \"quoted\"\nand a second line");
    let filtered = owner.get("/api/v1/transactions.csv?kind=promo").await.expect(200);
    assert_eq!(filtered.text().lines().count(), 3, "two credits and the headings");
    for (search, pointer) in [("limit=5", "/limit"), ("kind=gift", "/kind"), ("cursor=AQ", "/cursor")] {
        let answer = owner.get(&format!("/api/v1/transactions.csv?{search}")).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
}

async fn a_strangers_cursor_opens_nothing(world: World) {
    ledger(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let cursor = owner.get("/api/v1/transactions?limit=1").await.expect(200).json()["next_cursor"].clone();
    let stranger = world.sign_in(&world.other.owner).await;
    let path = format!("/api/v1/transactions?cursor={}", cursor.as_str().unwrap());
    assert_eq!(stranger.get(&path).await.expect(200).json()["items"], Value::Array(Vec::new()));
    let member = world.sign_in(&world.acme.member).await;
    member.get(&path).await.expect(403);
}

async fn an_outline_leads_to_every_page_of_a_filter(world: World) {
    ledger(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    for search in ["kind=outbound_call,inbound_call", "q=agent", "kind=refund", "from=2026-02-10"] {
        let last = i64::try_from(lines(&world, &world.acme.id).await.len()).unwrap();
        let (mut found, mut count, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let outline = format!("/api/v1/transactions/outline?{search}{cursor}");
            let outline = owner.get(&outline).await.expect(200).json();
            if cursor.is_empty() {
                assert_eq!(outline["last_seq"].as_i64(), Some(last));
            }
            assert_eq!(outline["truncated"], false);
            for start in outline["starts"].as_array().unwrap() {
                let before = start.as_i64().unwrap() + 1;
                let page = format!("/api/v1/transactions?{search}&before_seq={before}&limit={}", outline["every"]);
                let page = owner.get(&page).await.expect(200).json();
                assert_eq!(page["items"][0]["seq"], *start, "{search}");
                found.extend(page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_i64().unwrap()));
            }
            count += outline["count"].as_u64().unwrap();
            let Some(next) = outline["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(Some(count), u64::try_from(found.len()).ok(), "{search}");
        let whole: Vec<i64> =
            walk(&world, &owner, search).await.iter().map(|item| item["seq"].as_i64().unwrap()).collect();
        let whole: Vec<i64> = whole.into_iter().filter(|seq| *seq <= last).collect();
        assert_eq!(found, whole, "{search}");
    }
    let page = owner.get("/api/v1/transactions?limit=5").await.expect(200).json();
    let of_a_page = format!("cursor={}", page["next_cursor"].as_str().unwrap());
    for search in ["cursor=x", &of_a_page, "before_seq=1", "at=2026-02-03", "limit=5"] {
        owner.get(&format!("/api/v1/transactions/outline?{search}")).await.expect(422);
    }
}

async fn a_date_leads_into_the_middle_of_the_list(world: World) {
    let ledger = ledger(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    // In Chicago the 8th of March 2026 ends at 05:00 UTC.
    let end = "2026-03-09T05:00:00Z".parse::<Timestamp>().unwrap();
    let newest = ledger.iter().filter(|line| line.line.occurred_at < end).max_by_key(|line| line.line.occurred_at);
    let expected = newest.unwrap().line.seq;
    let page = owner.get("/api/v1/transactions?at=2026-03-08&limit=5").await.expect(200).json();
    let seqs: Vec<i64> = page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (expected - 4..=expected).rev().collect::<Vec<_>>());
    let next = format!("/api/v1/transactions?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(owner.get(&next).await.expect(200).json()["items"][0]["seq"], expected - 5);
    let none = owner.get("/api/v1/transactions?at=2020-01-01").await.expect(200).json();
    assert_eq!((none["items"].as_array().unwrap().len(), &none["next_cursor"]), (0, &Value::Null));
    let kind = owner.get("/api/v1/transactions?at=2026-03-08&kind=ai_task&limit=1").await.expect(200).json();
    assert_eq!(kind["items"][0]["kind"], "ai_task");
    assert!(kind["items"][0]["occurred_at"].as_str().unwrap().parse::<Timestamp>().unwrap() < end);
}

async fn one_line_says_what_corrects_it(world: World) {
    ledger(&world).await;
    correct(&world, &world.acme.id, 3).await;
    let last = i64::try_from(lines(&world, &world.acme.id).await.len()).unwrap();
    let owner = world.sign_in(&world.acme.owner).await;
    let detail = owner.get("/api/v1/transactions/3").await.expect(200).json();
    assert_eq!((&detail["transaction"]["seq"], &detail["corrected_by"]), (&3.into(), &serde_json::json!([last])));
    let detail = owner.get(&format!("/api/v1/transactions/{last}")).await.expect(200).json();
    assert_eq!((&detail["transaction"]["corrects"], &detail["corrected_by"]), (&3.into(), &serde_json::json!([])));
    for seq in ["0", "-1", "x", "99999", "9223372036854775808", "03x"] {
        owner.get(&format!("/api/v1/transactions/{seq}")).await.expect(404);
    }
}

async fn read_run(client: &Client, after: i64) -> LedgerRun {
    let answer = client.get(&format!("/api/v1/transactions/chain?after={after}")).await.expect(200).json();
    serde_json::from_value(answer).unwrap()
}

async fn the_chain_is_recomputed_from_runs_while_lines_are_posted(world: World) {
    let events: Vec<_> =
        (0..1_000).map(|number| usage(&format!("first-{number}"), &world.acme.id, "ai_task", "0.0001")).collect();
    report(&world, &events).await;
    ledger(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let (mut chain, mut runs) = (Chain::BEGINNING, 0);
    loop {
        let run = read_run(&owner, chain.seq).await;
        for item in &run.items {
            chain.follow(&item.line(world.acme.id.as_str()), item.hash).unwrap();
        }
        if chain.seq >= run.last_seq {
            break;
        }
        // A line that is posted while it is read belongs to it.
        if runs == 0 {
            fund(&world, &world.acme.id, Money::from_major(1)).await;
        }
        runs += 1;
    }
    assert_eq!((chain.seq, runs), (1_243, 1));
    let beyond = read_run(&owner, 99_999).await;
    assert_eq!((beyond.items, beyond.last_seq), (Vec::new(), 1_243));
    for after in ["-1", "+5", "", "x", "9223372036854775808"] {
        let answer = owner.get(&format!("/api/v1/transactions/chain?after={after}")).await.expect(422).json();
        assert_eq!(answer["errors"][0]["pointer"], "/after", "{after}");
    }
}

on_both_databases!(
    pages_are_the_whole_ledger_under_every_filter,
    an_item_is_the_line_that_the_ledger_holds,
    the_default_page_has_fifty_lines,
    wrong_parameters_are_named,
    the_table_is_what_the_filters_find_and_holds_no_formula,
    a_strangers_cursor_opens_nothing,
    an_outline_leads_to_every_page_of_a_filter,
    a_date_leads_into_the_middle_of_the_list,
    one_line_says_what_corrects_it,
    the_chain_is_recomputed_from_runs_while_lines_are_posted,
);
