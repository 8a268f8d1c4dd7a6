//! The sums by source stay bounded and never say more than the sums of the days.

use billing_domain::{Money, OrganizationId, TransactionKind};
use billing_store::{NAMED_SOURCES, NewLine, Sources, Store};

use crate::bench::{NOW, TestBank, at_once, day, money, on_both, usage_line};

on_both![
    the_largest_sources_come_with_the_whole_of_the_same_moment,
    a_source_for_every_call_fills_no_table,
    known_sources_go_on_to_be_counted_and_large_ones_get_what_room_there_is,
    a_rebuild_names_the_largest_sources,
    racing_postings_of_new_sources_keep_the_bound,
    changed_sums_of_sources_are_found,
];

fn line(reference: &str, source: &str, cost: &str) -> NewLine {
    NewLine { source: source.to_owned(), ..usage_line(reference, cost) }
}

/// Lines of so many sources from number `first` on, a cent each.
fn cheap(first: usize, count: usize) -> Vec<NewLine> {
    (first..first + count).map(|number| line(&format!("cheap-{number}"), &format!("call-{number}"), "0.01")).collect()
}

async fn november(store: &Store, organization: &OrganizationId, limit: u32) -> Sources {
    store.largest_sources(organization, day("2026-11-01"), day("2026-11-30"), limit).await.unwrap()
}

async fn named(bench: &TestBank, organization: &OrganizationId) -> usize {
    bench.store.usage(organization, day("2026-11-24"), day("2026-11-24")).await.unwrap().len()
}

async fn the_largest_sources_come_with_the_whole_of_the_same_moment(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    bench.post(&other, line("1", "Agent Ava", "100")).await;
    let october = NewLine { day: day("2026-10-31"), ..line("0", "Agent Ava", "50") };
    let task = NewLine { kind: TransactionKind::AiTask, day: day("2026-11-02"), ..line("1", "Agent Ava", "2") };
    let lines = vec![
        october,
        task,
        line("2", "Agent Ava", "2"),
        line("3", "Ünal", "4"),
        line("4", "", "1"),
        line("5", "b", "1"),
    ];
    bench.store.post(&organization, lines, NOW).await.unwrap();
    let found = november(&bench.store, &organization, 3).await;
    assert_eq!((found.amount, found.lines), (money("10"), 5));
    let largest: Vec<_> = found.largest.iter().map(|sum| (sum.source.as_str(), sum.amount, sum.lines)).collect();
    assert_eq!(largest, [("Agent Ava", money("4"), 2), ("Ünal", money("4"), 1), ("", money("1"), 1)]);
    let nothing = november(&bench.store, &bench.organization().await, 3).await;
    assert_eq!(nothing, Sources { largest: Vec::new(), amount: Money::ZERO, lines: 0 });
}

async fn a_source_for_every_call_fills_no_table(bench: TestBank) {
    let organization = bench.organization().await;
    for first in [0, NAMED_SOURCES - 1, 2000] {
        bench.store.post(&organization, cheap(first, NAMED_SOURCES - 1), NOW).await.unwrap();
    }
    let lines = 3 * (NAMED_SOURCES - 1);
    assert_eq!(named(&bench, &organization).await, NAMED_SOURCES);
    let found = november(&bench.store, &organization, 10).await;
    assert_eq!(found.lines, i64::try_from(lines).unwrap());
    assert_eq!(found.amount, money("0.01").checked_mul(found.lines).unwrap());
    let days = bench.store.usage_by_kind(&organization, day("2026-11-24"), day("2026-11-24")).await.unwrap();
    assert_eq!((days.len(), days[0].amount), (1, found.amount));
    bench.assert_whole(&organization).await;
}

async fn known_sources_go_on_to_be_counted_and_large_ones_get_what_room_there_is(bench: TestBank) {
    let organization = bench.organization().await;
    bench.post(&organization, line("first", "Agent Ava", "1")).await;
    bench.store.post(&organization, cheap(0, NAMED_SOURCES - 2), NOW).await.unwrap();
    let crowd = vec![line("a", "small", "0.01"), line("b", "large", "9"), line("c", "Agent Ava", "2")];
    bench.store.post(&organization, crowd, NOW).await.unwrap();
    bench.post(&organization, line("d", "late", "90")).await;
    bench.post(&organization, line("e", "Agent Ava", "4")).await;
    let found = november(&bench.store, &organization, 2).await;
    let largest: Vec<_> = found.largest.iter().map(|sum| (sum.source.as_str(), sum.amount, sum.lines)).collect();
    assert_eq!(largest, [("large", money("9"), 1), ("Agent Ava", money("7"), 3)]);
    assert_eq!(named(&bench, &organization).await, NAMED_SOURCES);
    // Another kind and another day have room of their own.
    let task = NewLine { kind: TransactionKind::AiTask, ..line("f", "late", "5") };
    let tomorrow = NewLine { day: day("2026-11-25"), ..line("g", "late", "6") };
    bench.store.post(&organization, vec![task, tomorrow], NOW).await.unwrap();
    assert_eq!(november(&bench.store, &organization, 1).await.largest[0].amount, money("11"));
    bench.assert_whole(&organization).await;
}

async fn a_rebuild_names_the_largest_sources(bench: TestBank) {
    let organization = bench.organization().await;
    bench.store.post(&organization, cheap(0, NAMED_SOURCES), NOW).await.unwrap();
    bench.post(&organization, line("late", "late", "90")).await;
    let before = november(&bench.store, &organization, 1).await;
    assert_eq!(before.largest[0].amount, money("0.01"));
    bench.store.rebuild_usage_days(&organization, |_| day("2026-11-24")).await.unwrap();
    let after = november(&bench.store, &organization, 1).await;
    assert_eq!((after.largest[0].source.as_str(), after.amount, after.lines), ("late", before.amount, before.lines));
    assert_eq!(named(&bench, &organization).await, NAMED_SOURCES);
    bench.assert_whole(&organization).await;
}

async fn racing_postings_of_new_sources_keep_the_bound(bench: TestBank) {
    let organization = bench.organization().await;
    at_once(8, |task| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move {
            for round in 0..4 {
                store.post(&organization, cheap((task * 4 + round) * 20, 20), NOW).await.unwrap();
            }
        }
    })
    .await;
    assert_eq!(named(&bench, &organization).await, NAMED_SOURCES);
    assert_eq!(november(&bench.store, &organization, 1).await.lines, 640);
    bench.assert_whole(&organization).await;
}

async fn changed_sums_of_sources_are_found(bench: TestBank) {
    let organization = bench.organization().await;
    bench.store.post(&organization, vec![line("1", "a", "1"), line("2", "b", "1")], NOW).await.unwrap();
    let verify = async |sql: &str| {
        bench.raw(sql).await.unwrap();
        bench.store.verify(&organization).await.unwrap().broken.map(|broken| broken.reason).unwrap_or_default()
    };
    assert!(verify("UPDATE usage_days SET amount = amount + 1 WHERE source = 'a'").await.contains("2026-11-24"));
    assert_eq!(verify("UPDATE usage_days SET amount = amount - 1 WHERE source = 'a'").await, "");
    assert!(verify("UPDATE usage_days SET lines = 2 WHERE source = 'a'").await.contains("sources"));
    assert_eq!(verify("DELETE FROM usage_days WHERE source = 'a'").await, "");
    assert!(verify("UPDATE usage_totals SET amount = amount + 1").await.contains("days sum up"));
}
