//! A reference of usage posts once for ever, whichever server is told of it, and however long the ledger is.

use billing_store::{LineOutcome, Store};

use crate::bench::{NOW, TestBank, few, on_both, usage_line};

on_both![
    servers_know_the_references_of_each_other,
    a_long_ledger_keeps_every_reference,
    a_ledger_that_lost_lines_is_read_anew,
];

/// Two servers on one database take turns and repeat each other's lines; nothing comes twice.
async fn servers_know_the_references_of_each_other(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "1000").await;
    let other = Store::connect_with(&bench.url, few(5)).await.unwrap();
    let lines = |from: usize, until: usize| (from..until).map(|n| usage_line(&format!("call-{n}"), "0.01")).collect();
    for (round, store) in [&bench.store, &other, &bench.store, &other].into_iter().enumerate() {
        // The last hundred of the other server, and a hundred new ones.
        let from = round.saturating_sub(1) * 100;
        let posting = store.post(&organization, lines(from, (round + 1) * 100), NOW).await.unwrap();
        let posted = posting.outcomes.iter().filter(|outcome| matches!(outcome, LineOutcome::Posted(_))).count();
        assert_eq!(posted, 100, "round {round}");
    }
    assert_eq!(bench.store.wallet(&organization).await.unwrap().last_seq, 401);
    bench.assert_whole(&organization).await;
    other.close().await;
}

/// More lines than a run and the first pieces of a filter have: every one of them is known, to a server that has just
/// started too.
async fn a_long_ledger_keeps_every_reference(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "1000").await;
    let lines = |from: usize, until: usize| (from..until).map(|n| usage_line(&format!("call-{n}"), "0.01")).collect();
    for from in (0..20_000).step_by(4000) {
        bench.store.post(&organization, lines(from, from + 4000), NOW).await.unwrap();
    }
    let fresh = Store::connect_with(&bench.url, few(5)).await.unwrap();
    for (store, from) in [(&bench.store, 8_100), (&fresh, 0), (&fresh, 16_000)] {
        let posting = store.post(&organization, lines(from, from + 300), NOW).await.unwrap();
        let known = |(place, outcome): (usize, &LineOutcome)| {
            // The credit is the first line.
            let expected = i64::try_from(from + place + 2).unwrap();
            matches!(outcome, LineOutcome::Duplicate { seq, .. } if *seq == expected)
        };
        assert!(posting.outcomes.iter().enumerate().all(known), "from {from}");
    }
    assert!(fresh.has_usage(&organization, "call-19999").await.unwrap());
    assert!(!fresh.has_usage(&organization, "call-20000").await.unwrap());
    bench.assert_whole(&organization).await;
    fresh.close().await;
}

/// A ledger that lost its last lines with a server (a standby that was behind): what this server remembers of them is not
/// believed.
async fn a_ledger_that_lost_lines_is_read_anew(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "10").await;
    let before = bench.store.wallet(&organization).await.unwrap();
    bench.store.post(&organization, vec![usage_line("lost", "1"), usage_line("lost-too", "1")], NOW).await.unwrap();
    bench.unlock_ledger().await;
    let undo = format!(
        "DELETE FROM ledger WHERE seq > 1; DELETE FROM usage_days; DELETE FROM usage_totals; UPDATE wallet_steps SET used = 0;
        UPDATE wallets SET balance = {}, last_seq = 1, last_hash = (SELECT hash FROM ledger WHERE seq = 1)
        WHERE organization_id = '{organization}'",
        before.balance.micros()
    );
    bench.raw(undo).await.unwrap();
    let other = Store::connect_with(&bench.url, few(5)).await.unwrap();
    let lines = || (0..3).map(|n| usage_line(&format!("call-{n}"), "1")).collect();
    other.post(&organization, lines(), NOW).await.unwrap();
    let again = bench.store.post(&organization, lines(), NOW).await.unwrap();
    assert!(again.outcomes.iter().all(|outcome| matches!(outcome, LineOutcome::Duplicate { .. })), "{again:?}");
    let posted = bench.store.post(&organization, vec![usage_line("lost", "1")], NOW).await.unwrap();
    assert!(matches!(posted.outcomes[0], LineOutcome::Posted(_)), "it is not in this ledger");
    bench.assert_whole(&organization).await;
    other.close().await;
}
