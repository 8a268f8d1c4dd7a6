//! Tampering is found, and the first wrong line is named.

use crate::bench::{NOW, TestBank, on_both, usage_line};
use billing_domain::OrganizationId;

on_both![
    an_untouched_ledger_is_whole,
    a_changed_line_is_the_first_broken_one,
    a_missing_line_is_found,
    a_damaged_row_is_reported_not_a_crash,
    a_shortened_ledger_is_found,
    sums_beside_the_ledger_are_checked_too,
    a_reference_that_stands_twice_is_found,
    runs_say_how_far_they_are_and_a_fault_in_a_later_one_is_found,
];

async fn five_lines(bench: &TestBank) -> OrganizationId {
    let organization = bench.organization().await;
    bench.fund(&organization, "10").await;
    let lines = (0..4).map(|line| usage_line(&format!("call-{line}"), "1")).collect();
    bench.store.post(&organization, lines, NOW).await.unwrap();
    organization
}

/// The condition for the rows of its ledger.
fn of_wallet(organization: &OrganizationId) -> String {
    format!("wallet_id = (SELECT wallet_id FROM wallets WHERE organization_id = '{organization}')")
}

/// Where and why it is broken after `sql`.
async fn broken_by(bench: &TestBank, organization: &OrganizationId, sql: &str) -> (i64, String) {
    assert_ne!(bench.raw(sql).await.unwrap(), 0, "{sql}");
    let broken = bench.store.verify(organization).await.unwrap().broken.unwrap();
    (broken.seq, broken.reason)
}

async fn an_untouched_ledger_is_whole(bench: TestBank) {
    let empty = bench.organization().await;
    bench.assert_whole(&empty).await;
    let organization = five_lines(&bench).await;
    let verification = bench.store.verify(&organization).await.unwrap();
    assert_eq!((verification.lines, verification.broken), (5, None));
}

async fn a_changed_line_is_the_first_broken_one(bench: TestBank) {
    for column in ["description", "source", "reference", "id", "contra", "quantity"] {
        let bench = &bench;
        let organization = five_lines(bench).await;
        if column == "description" {
            bench.unlock_ledger().await;
        }
        let sql = format!("UPDATE ledger SET {column} = 'x' WHERE {} AND seq = 3", of_wallet(&organization));
        assert_eq!(broken_by(bench, &organization, &sql).await.0, 3, "{column}");
    }
    let organization = five_lines(&bench).await;
    let sql = format!("UPDATE ledger SET amount = amount - 1 WHERE {} AND seq = 2", of_wallet(&organization));
    let (seq, reason) = broken_by(&bench, &organization, &sql).await;
    assert!(seq == 2 && reason.contains("balance"), "{reason}");
}

async fn a_missing_line_is_found(bench: TestBank) {
    let organization = five_lines(&bench).await;
    bench.unlock_ledger().await;
    assert_eq!(broken_by(&bench, &organization, "DELETE FROM ledger WHERE seq = 2").await.0, 3);
}

async fn a_damaged_row_is_reported_not_a_crash(bench: TestBank) {
    let organization = five_lines(&bench).await;
    bench.unlock_ledger().await;
    let (seq, reason) = broken_by(&bench, &organization, "UPDATE ledger SET kind = 77 WHERE seq = 4").await;
    assert!(seq == 4 && reason.contains("77"), "{reason}");
    assert!(bench.store.lines_after(&organization, 0, 10).await.is_err());
}

async fn a_shortened_ledger_is_found(bench: TestBank) {
    let organization = five_lines(&bench).await;
    bench.unlock_ledger().await;
    let (seq, reason) = broken_by(&bench, &organization, "DELETE FROM ledger WHERE seq = 5").await;
    assert!(seq == 4 && reason.contains("line 5"), "{reason}");
}

async fn sums_beside_the_ledger_are_checked_too(bench: TestBank) {
    for (sql, word) in [
        ("UPDATE wallets SET balance = balance + 1", "sums up"),
        ("UPDATE wallets SET balance = balance - 1, held = held + 1", "held"),
        ("UPDATE wallets SET held = 0; UPDATE usage_days SET amount = amount + 1", "days"),
        ("UPDATE usage_days SET amount = amount - 1; UPDATE wallet_steps SET used = used + 1", "steps"),
    ] {
        let organization = if bench.count("organizations").await == 0 {
            five_lines(&bench).await
        } else {
            bench.store.organization_ids().await.unwrap().remove(0)
        };
        let (_, reason) = broken_by(&bench, &organization, sql).await;
        assert!(reason.contains(word), "{reason}");
    }
}

/// What two servers would leave that both took a report for new: the chain is right, and the money was taken twice.
async fn a_reference_that_stands_twice_is_found(bench: TestBank) {
    let organization = five_lines(&bench).await;
    // A server whose filter was made to miss a line, by a row that has lost its digest.
    bench.unlock_ledger().await;
    bench.raw("UPDATE ledger SET digest = 0 WHERE reference = 'call-2'").await.unwrap();
    let other = billing_store::Store::connect_with(&bench.url, crate::bench::few(5)).await.unwrap();
    let posted = other.post(&organization, vec![usage_line("call-2", "1")], NOW).await.unwrap();
    assert!(matches!(posted.outcomes[0], billing_store::LineOutcome::Posted(_)));
    let broken = bench.store.verify(&organization).await.unwrap().broken.unwrap();
    assert_eq!((broken.seq, broken.reason.contains("posted before, as line 4")), (6, true), "{}", broken.reason);
    other.close().await;
}

async fn runs_say_how_far_they_are_and_a_fault_in_a_later_one_is_found(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "100").await;
    for part in 0..3 {
        let lines = (0..3_000).map(|line| usage_line(&format!("call-{part}-{line}"), "0.01")).collect();
        bench.store.post(&organization, lines, NOW).await.unwrap();
    }
    assert_eq!(bench.store.count_ledger_lines().await.unwrap(), 9_001);
    let mut said = Vec::new();
    let verification = bench.store.verify_with_progress(&organization, &mut |lines| said.push(lines)).await.unwrap();
    assert_eq!((verification.lines, verification.broken), (9_001, None));
    assert!(said.len() > 1 && said.is_sorted() && said.last() == Some(&9_001), "{said:?}");
    bench.unlock_ledger().await;
    let sql = format!("UPDATE ledger SET source = 'x' WHERE {} AND seq = 8500", of_wallet(&organization));
    assert_eq!(broken_by(&bench, &organization, &sql).await.0, 8_500);
}
