//! A moment divides the ledger once and for all, and runs of lines are summed.

use billing_domain::{Money, TransactionKind};
use billing_store::{KindSum, NewLine, Origin};

use crate::bench::{NOW, TestBank, money, on_both, usage_line};

on_both![a_moment_divides_the_ledger_for_ever, sums_are_by_kind_and_direction,];

async fn a_moment_divides_the_ledger_for_ever(bench: TestBank) {
    let organization = bench.organization().await;
    let mut answers = Vec::new();
    for number in 0..70 {
        let line = usage_line(&format!("call-{number}"), "0.01");
        bench.store.post(&organization, vec![line], NOW.plus_seconds(number * 10)).await.unwrap();
        // Once it is over, no later line changes the answer.
        answers.push(bench.store.seq_posted_before(&organization, NOW.plus_seconds(205), number + 1).await.unwrap());
    }
    let expected: Vec<i64> = (1..=70).map(|lines| lines.min(21)).collect();
    assert_eq!(answers, expected);
    let before = |seconds: i64| bench.store.seq_posted_before(&organization, NOW.plus_seconds(seconds), 70);
    assert_eq!(before(0).await.unwrap(), 0, "a line posted at the moment itself comes after it");
    assert_eq!(before(1).await.unwrap(), 1);
    assert_eq!(before(10_000).await.unwrap(), 70);
}

async fn sums_are_by_kind_and_direction(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "10").await;
    for (number, (kind, amount)) in [
        (TransactionKind::AiTask, "-0.25"),
        (TransactionKind::AiTask, "-0.5"),
        (TransactionKind::Adjustment, "1"),
        (TransactionKind::Adjustment, "-0.4"),
        (TransactionKind::AiTask, "-8"),
    ]
    .into_iter()
    .enumerate()
    {
        let line = usage_line(&format!("line-{number}"), "0");
        bench.post(&organization, NewLine { kind, origin: Origin::Usage, amount: money(amount), ..line }).await;
    }
    let sum = |kind, lines, amount, money_in| KindSum { kind, lines, amount: money(amount), money_in: money(money_in) };
    assert_eq!(
        bench.store.sums_by_kind(&organization, 1, 5).await.unwrap(),
        [sum(TransactionKind::AiTask, 2, "-0.75", "0"), sum(TransactionKind::Adjustment, 2, "0.6", "1")]
    );
    assert_eq!(bench.store.sums_by_kind(&organization, 6, 9).await.unwrap(), []);
    let all = bench.store.sums_by_kind(&organization, 0, 6).await.unwrap();
    let total = Money::checked_sum(all.iter().map(|sum| sum.amount)).unwrap();
    assert_eq!(total, bench.store.wallet(&organization).await.unwrap().balance);
}
