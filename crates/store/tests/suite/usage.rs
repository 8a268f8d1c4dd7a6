//! The daily sums are the ledger, seen by day.

use std::collections::BTreeMap;

use billing_domain::{Date, Money, TransactionKind};
use billing_store::{NewLine, Origin};

use crate::bench::{NOW, TestBank, at_once, day, money, on_both, usage_line};

on_both![
    the_days_equal_the_sum_of_the_ledger_under_parallel_posting,
    duplicates_and_money_movements_count_nowhere,
    a_new_zone_moves_lines_to_other_days_and_loses_none,
];

async fn the_days_equal_the_sum_of_the_ledger_under_parallel_posting(bench: TestBank) {
    let organization = bench.organization().await;
    let kinds = [TransactionKind::OutboundCall, TransactionKind::InboundCall, TransactionKind::AiTask];
    at_once(20, |task| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move {
            let lines = (0..10)
                .map(|line| NewLine {
                    kind: kinds[(task + line) % 3],
                    day: day("2026-11-20").plus_days(i32::try_from(line % 4).unwrap()),
                    source: format!("Agent {}", task % 2),
                    ..usage_line(&format!("{task}-{line}"), &format!("0.{line}1"))
                })
                .collect();
            store.post(&organization, lines, NOW).await.unwrap();
        }
    })
    .await;
    let days = bench.store.usage(&organization, day("2026-11-20"), day("2026-11-23")).await.unwrap();
    let total = Money::checked_sum(days.iter().map(|day| day.amount)).unwrap();
    assert_eq!(total, bench.store.wallet(&organization).await.unwrap().balance.checked_neg().unwrap());
    assert_eq!(days.iter().map(|day| day.lines).sum::<i64>(), 200);
    assert!(days.is_sorted_by_key(|day| (day.day, day.kind, day.source.clone())));
    let mut by_kind = BTreeMap::new();
    for day in &days {
        let sum = by_kind.entry((day.day, day.kind)).or_insert(Money::ZERO);
        *sum = sum.checked_add(day.amount).unwrap();
    }
    let answered = bench.store.usage_by_kind(&organization, day("2026-11-20"), day("2026-11-23")).await.unwrap();
    assert_eq!(answered.iter().map(|day| ((day.day, day.kind), day.amount)).collect::<BTreeMap<_, _>>(), by_kind);
    assert_eq!(bench.store.usage(&organization, day("2026-11-24"), day("2026-12-31")).await.unwrap(), []);
    bench.assert_whole(&organization).await;
}

async fn duplicates_and_money_movements_count_nowhere(bench: TestBank) {
    let organization = bench.organization().await;
    assert_eq!(bench.store.first_usage_day(&organization).await.unwrap(), None);
    bench.fund(&organization, "50").await;
    let lines = vec![usage_line("1", "2"), usage_line("1", "2"), usage_line("1", "3")];
    bench.store.post(&organization, lines.clone(), NOW).await.unwrap();
    bench.store.post(&organization, lines, NOW).await.unwrap();
    let correction = NewLine { kind: TransactionKind::Adjustment, origin: Origin::Adjustment, ..usage_line("2", "1") };
    bench.post(&organization, correction).await;
    let days = bench.store.usage(&organization, day("2026-11-01"), day("2026-11-30")).await.unwrap();
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].amount, days[0].lines, days[0].day), (money("2"), 1, day("2026-11-24")));
    assert_eq!(bench.store.first_usage_day(&organization).await.unwrap(), Some(day("2026-11-24")));
}

async fn a_new_zone_moves_lines_to_other_days_and_loses_none(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    bench.post(&other, usage_line("1", "1")).await;
    bench.fund(&organization, "50").await;
    let lines = (0..48)
        .map(|hour| {
            let occurred_at = NOW.plus_seconds(hour * 3600);
            NewLine { occurred_at, day: occurred_at.utc_date(), ..usage_line(&hour.to_string(), "0.5") }
        })
        .collect();
    bench.store.post(&organization, lines, NOW).await.unwrap();
    let read =
        bench.store.rebuild_usage_days(&organization, |time| time.plus_seconds(11 * 3600).utc_date()).await.unwrap();
    assert_eq!(read, 49);
    let days = bench.store.usage(&organization, day("2026-11-01"), day("2026-12-31")).await.unwrap();
    // From 23 o'clock of the 24th in the new zone: one hour of it, then two whole days but one hour.
    let expected: [(Date, i64); 3] = [(day("2026-11-24"), 1), (day("2026-11-25"), 24), (day("2026-11-26"), 23)];
    assert_eq!(days.iter().map(|day| (day.day, day.lines)).collect::<Vec<_>>(), expected);
    bench.assert_whole(&organization).await;
    assert_eq!(bench.store.usage(&other, day("2026-11-24"), day("2026-11-24")).await.unwrap().len(), 1);
}
