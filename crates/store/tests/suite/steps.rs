//! The steps of a wallet are its ledger, seen by five minutes.

use billing_domain::auto_pay::history::STEP_SECONDS;
use billing_domain::{Money, OrganizationId, Timestamp, TransactionKind};
use billing_store::{NewLine, Origin, StoreError, WalletStep, step_of};

use crate::bench::{NOW, TestBank, at_once, id, money, on_both, usage_line, uuid};

on_both![
    lines_are_summed_by_when_they_were_posted,
    the_opening_balance_is_what_the_ledger_said_then,
    parallel_postings_lose_nothing,
    what_is_taken_back_of_an_automatic_top_up_is_automatic,
    nobody_elses_steps,
];

const EVER: i64 = i64::MAX;

fn credit(kind: TransactionKind, origin: Origin, amount: &str) -> NewLine {
    NewLine { kind, origin, amount: money(amount), ..usage_line(&uuid(), "0") }
}

fn later(steps: i64) -> Timestamp {
    NOW.plus_seconds(steps * STEP_SECONDS)
}

async fn post(bench: &TestBank, organization: &OrganizationId, lines: Vec<NewLine>, at: Timestamp) {
    bench.store.post(organization, lines, at).await.unwrap();
}

/// A wallet with something of everything, in three steps.
async fn eventful(bench: &TestBank) -> OrganizationId {
    let organization = bench.organization().await;
    let by_hand = credit(TransactionKind::TopUp, Origin::TopUp, "100");
    post(bench, &organization, vec![by_hand, usage_line(&uuid(), "7")], NOW).await;
    post(bench, &organization, vec![usage_line(&uuid(), "3")], NOW.plus_seconds(1)).await;
    let automatic = credit(TransactionKind::AutoTopUp, Origin::TopUp, "50");
    let correction = credit(TransactionKind::Adjustment, Origin::Adjustment, "-4");
    post(bench, &organization, vec![automatic, correction], later(2)).await;
    let late = NewLine { occurred_at: NOW.plus_seconds(-86_400), ..usage_line(&uuid(), "1.5") };
    post(bench, &organization, vec![late], later(9)).await;
    organization
}

async fn lines_are_summed_by_when_they_were_posted(bench: TestBank) {
    let organization = eventful(&bench).await;
    let first = step_of(NOW);
    let read = bench.store.wallet_steps(&organization, 0, EVER).await.unwrap();
    let step = |offset: i64, used: &str, by_hand: &str, automatic: &str| WalletStep {
        step: first + offset,
        used: money(used),
        by_hand: money(by_hand),
        automatic: money(automatic),
    };
    assert_eq!(read.steps, [step(0, "10", "100", "0"), step(2, "0", "-4", "50"), step(9, "1.5", "0", "0")]);
    assert_eq!((read.opening, read.first), (Money::ZERO, Some(first)));
    bench.assert_whole(&organization).await;
}

async fn the_opening_balance_is_what_the_ledger_said_then(bench: TestBank) {
    let organization = eventful(&bench).await;
    let first = step_of(NOW);
    for (from, opening) in [(first, "0"), (first + 1, "90"), (first + 3, "136"), (first + 10, "134.5")] {
        let read = bench.store.wallet_steps(&organization, from, first + 4).await.unwrap();
        assert_eq!(read.opening, money(opening), "{}", from - first);
        assert!(read.steps.iter().all(|step| step.step >= from && step.step < first + 4));
    }
    let unused = bench.organization().await;
    let read = bench.store.wallet_steps(&unused, 0, EVER).await.unwrap();
    assert_eq!((read.opening, read.first, read.steps), (Money::ZERO, None, Vec::new()));
}

async fn parallel_postings_lose_nothing(bench: TestBank) {
    let organization = bench.organization().await;
    at_once(20, |task| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move {
            let lines: Vec<_> = (0..5).map(|line| usage_line(&format!("{task}-{line}"), "0.11")).collect();
            let at = later(i64::try_from(task % 3).unwrap());
            store.post(&organization, lines.clone(), at).await.unwrap();
            // Sent again, it counts once.
            store.post(&organization, lines, at).await.unwrap();
        }
    })
    .await;
    let read = bench.store.wallet_steps(&organization, 0, EVER).await.unwrap();
    assert_eq!(Money::checked_sum(read.steps.iter().map(|step| step.used)), Some(money("11")));
    assert_eq!(read.steps.len(), 3);
    bench.assert_whole(&organization).await;
}

async fn what_is_taken_back_of_an_automatic_top_up_is_automatic(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = crate::refunds::paid(&bench, &organization, "60").await;
    bench.raw(format!("UPDATE top_ups SET kind = 'auto' WHERE id = '{top_up}'")).await.unwrap();
    crate::refunds::refunded(&bench, &organization, &top_up, "25").await;
    let read = bench.store.wallet_steps(&organization, 0, EVER).await.unwrap();
    assert_eq!(read.steps.iter().map(|step| step.automatic).collect::<Vec<_>>(), [money("-25")]);
    // Its own line was posted while it was one by hand.
    assert_eq!(read.steps[0].by_hand, money("60"));
    bench.assert_whole(&organization).await;
}

async fn nobody_elses_steps(bench: TestBank) {
    let (mine, other) = (eventful(&bench).await, bench.organization().await);
    assert_eq!(bench.store.wallet_steps(&other, 0, EVER).await.unwrap().steps, []);
    assert_eq!(bench.store.wallet_steps(&mine, 0, EVER).await.unwrap().steps.len(), 3);
    assert!(matches!(bench.store.wallet_steps(&id(), 0, EVER).await, Err(StoreError::NotFound)));
}
