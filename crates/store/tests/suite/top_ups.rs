//! Top-ups: asked twice, charged once; settled twice, credited once.

use billing_domain::auto_pay::health::{Health, HealthEvent, PauseReason};
use billing_domain::charge::{DeclineCode, Outcome as Word, TopUpKind, TopUpStatus};
use billing_domain::{Money, OrganizationId, PaymentRef, TextMap, TransactionKind};
use billing_store::{
    AutoGuard, Created, CreditLine, NewCardSetup, NewTopUp, PendingCredit, ProviderUpdate, StoreError, TopUp,
};

use crate::auto_pay::switch_on;
use crate::bench::{NOW, TestBank, actor, at_once, day, id, key, money, on_both, owner};

on_both![
    fifty_parallel_requests_with_one_key_make_one_top_up,
    a_key_for_another_request_is_refused,
    a_request_that_fails_does_not_use_up_its_key,
    keys_that_moved_money_are_kept_for_ever,
    a_settlement_heard_twenty_times_at_once_credits_once,
    nothing_changes_a_final_top_up,
    every_open_state_can_still_settle,
    what_was_really_received_is_credited,
    one_automatic_top_up_at_most_is_open,
    a_worker_with_old_figures_cannot_charge_again,
    a_wallet_that_was_filled_or_a_pause_stops_a_charge_that_was_decided_on_before,
    a_due_top_up_is_leased_to_one_worker,
    a_lease_that_ran_out_can_be_taken_over,
    unknown_money_is_counted_apart,
    the_cap_counts_automatic_charges_of_the_month_only,
];

pub(crate) async fn new_top_up(bench: &TestBank, organization: &OrganizationId, amount: &str) -> NewTopUp {
    let cards = bench.store.cards(organization).await.unwrap();
    let card_id = match cards.into_iter().next() {
        Some(card) => card.id,
        None => bench.card(organization).await.id,
    };
    NewTopUp {
        id: id(),
        amount: money(amount),
        card_id: Some(card_id),
        requested_by: None,
        next_check_at: NOW.plus_seconds(30),
    }
}

pub(crate) async fn manual(bench: &TestBank, organization: &OrganizationId, amount: &str) -> TopUp {
    let new = new_top_up(bench, organization, amount).await;
    match bench.store.create_top_up(organization, &new, &key(&new.id, "f"), NOW).await.unwrap() {
        Created::New(top_up) => top_up,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn update(outcome: Word) -> ProviderUpdate {
    ProviderUpdate {
        outcome,
        provider_ref: Some(PaymentRef::from_trusted("ch_1")),
        decline_code: Some(DeclineCode::LostCard),
        next_action: Some("{}".to_owned()),
        received: None,
        next_check_at: NOW.plus_seconds(60),
    }
}

pub(crate) fn credit() -> CreditLine {
    CreditLine {
        id: id(),
        day: day("2026-11-24"),
        description: "Top-up with Visa •• 4242".to_owned(),
        source: "Olive Owner".to_owned(),
        details: TextMap::from([("card".to_owned(), "visa 4242".to_owned())]),
    }
}

pub(crate) async fn apply(bench: &TestBank, top_up: &TopUp, outcome: Word) -> TopUp {
    let (organization, id) = (&top_up.organization_id, &top_up.id);
    bench.store.apply_top_up(organization, id, &update(outcome), &credit(), NOW).await.unwrap().top_up
}

async fn fifty_parallel_requests_with_one_key_make_one_top_up(bench: TestBank) {
    let organization = bench.organization().await;
    let template = new_top_up(&bench, &organization, "100").await;
    let answers = at_once(50, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        let new = NewTopUp { id: id(), ..template.clone() };
        async move { store.create_top_up(&organization, &new, &key("attempt-1", "body"), NOW).await.unwrap() }
    })
    .await;
    let made: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            Created::New(top_up) => Some(top_up),
            _ => None,
        })
        .collect();
    assert_eq!(made.len(), 1);
    let replays = answers.iter().filter(|answer| **answer == Created::Replay(made[0].clone())).count();
    assert_eq!((replays, bench.count("top_ups").await), (49, 1));
    let top_up = apply(&bench, made[0], Word::Settled).await;
    let again = bench.store.create_top_up(&organization, &template, &key("attempt-1", "body"), NOW).await.unwrap();
    assert_eq!(again, Created::Replay(top_up), "in its present state");
}

async fn a_key_for_another_request_is_refused(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let new = new_top_up(&bench, &organization, "100").await;
    bench.store.create_top_up(&organization, &new, &key("k", "body"), NOW).await.unwrap();
    let changed = NewTopUp { id: id(), amount: money("200"), ..new };
    let answer = bench.store.create_top_up(&organization, &changed, &key("k", "other body"), NOW).await.unwrap();
    assert_eq!(answer, Created::Reused);
    assert_eq!(bench.count("top_ups").await, 1);
    // A key is the organization's own.
    let theirs = new_top_up(&bench, &other, "200").await;
    let answer = bench.store.create_top_up(&other, &theirs, &key("k", "other body"), NOW).await.unwrap();
    assert!(matches!(answer, Created::New(_)));
}

async fn a_request_that_fails_does_not_use_up_its_key(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let new = new_top_up(&bench, &organization, "100").await;
    let removed = bench.card(&organization).await;
    bench.store.remove_card(&organization, &removed.id, &actor(), NOW).await.unwrap();
    for card_id in [bench.card(&other).await.id, removed.id, id()] {
        let bad = NewTopUp { card_id: Some(card_id), ..new.clone() };
        let answer = bench.store.create_top_up(&organization, &bad, &key("k", "body"), NOW).await;
        assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    }
    let answer = bench.store.create_top_up(&organization, &new, &key("k", "body"), NOW).await.unwrap();
    assert!(matches!(answer, Created::New(_)));
}

async fn keys_that_moved_money_are_kept_for_ever(bench: TestBank) {
    let organization = bench.organization().await;
    let new = new_top_up(&bench, &organization, "100").await;
    bench.store.create_top_up(&organization, &new, &key("k", "body"), NOW).await.unwrap();
    let setup = NewCardSetup { id: id(), user_id: None, provider: "sandbox".to_owned(), request: "{}".to_owned() };
    bench.store.create_card_setup(&organization, &setup, Some(&key("c", "body")), NOW).await.unwrap();
    assert_eq!(bench.store.purge_idempotency_keys(NOW).await.unwrap(), 0, "it is young");
    let again = bench.store.create_top_up(&organization, &new, &key("k", "body"), NOW).await.unwrap();
    let Created::Replay(top_up) = again else { panic!("{again:?}") };
    apply(&bench, &top_up, Word::Settled).await;
    let year = NOW.plus_seconds(365 * 24 * 3_600);
    assert_eq!(bench.store.purge_idempotency_keys(year).await.unwrap(), 1, "that of the set-up");
    let other = NewTopUp { id: id(), ..new };
    let again = bench.store.create_top_up(&organization, &other, &key("k", "body"), year).await.unwrap();
    assert!(matches!(&again, Created::Replay(same) if same.id == top_up.id), "{again:?}");
    let reused = bench.store.create_top_up(&organization, &other, &key("k", "another"), year).await.unwrap();
    assert_eq!(reused, Created::Reused);
}

async fn a_settlement_heard_twenty_times_at_once_credits_once(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = manual(&bench, &organization, "100").await;
    let answers = at_once(20, |_| {
        let (store, top_up) = (bench.store.clone(), top_up.clone());
        async move {
            let settled = update(Word::Settled);
            store.apply_top_up(&top_up.organization_id, &top_up.id, &settled, &credit(), NOW).await.unwrap()
        }
    })
    .await;
    let credits: Vec<_> = answers.iter().filter_map(|applied| applied.credit.as_ref()).collect();
    assert_eq!((credits.len(), answers.iter().filter(|applied| applied.changed).count()), (1, 1));
    let line = &credits[0].line;
    assert_eq!(
        (line.amount, line.kind, line.reference.as_str()),
        (money("100"), TransactionKind::TopUp, top_up.id.as_str())
    );
    assert_eq!(line.contra, "processor:sandbox");
    assert!(answers.iter().all(|applied| applied.top_up.status == TopUpStatus::Succeeded));
    assert!(answers.iter().all(|applied| applied.wallet.balance == money("100")));
    assert_eq!(answers[0].top_up.settled_at, Some(NOW));
    assert_eq!(bench.count("ledger").await, 1);
    bench.assert_whole(&organization).await;
}

async fn nothing_changes_a_final_top_up(bench: TestBank) {
    let organization = bench.organization().await;
    for last in [Word::Settled, Word::Declined, Word::Expired] {
        let top_up = manual(&bench, &organization, "10").await;
        let ended = apply(&bench, &top_up, last).await;
        assert!(ended.status.is_final() && ended.next_check_at.is_none());
        let balance = bench.store.wallet(&organization).await.unwrap().balance;
        for late in [Word::Settled, Word::Declined, Word::NoAnswer, Word::Accepted] {
            let settled = update(late);
            let applied = bench.store.apply_top_up(&organization, &top_up.id, &settled, &credit(), NOW).await.unwrap();
            assert_eq!((applied.changed, &applied.credit, &applied.top_up), (false, &None, &ended));
        }
        assert_eq!(bench.store.wallet(&organization).await.unwrap().balance, balance);
    }
    bench.assert_whole(&organization).await;
}

async fn every_open_state_can_still_settle(bench: TestBank) {
    let organization = bench.organization().await;
    for before in [Word::Accepted, Word::ActionRequired, Word::NoAnswer] {
        let top_up = manual(&bench, &organization, "10").await;
        let open = apply(&bench, &top_up, before).await;
        assert_eq!(open.next_check_at, Some(NOW.plus_seconds(60)));
        assert_eq!(open.next_action.is_some(), before == Word::ActionRequired);
        assert_eq!((open.decline_code, open.checks), (None, 1));
        assert_eq!(bench.store.open_top_ups(&organization).await.unwrap(), vec![open.clone()]);
        assert_eq!(apply(&bench, &open, Word::Settled).await.status, TopUpStatus::Succeeded);
    }
    assert_eq!(bench.store.wallet(&organization).await.unwrap().balance, money("30"));
    assert_eq!(bench.store.open_top_ups(&organization).await.unwrap(), []);
    let declined = apply(&bench, &manual(&bench, &organization, "10").await, Word::Declined).await;
    assert_eq!(declined.decline_code, Some(DeclineCode::LostCard));
    bench.assert_whole(&organization).await;
}

async fn what_was_really_received_is_credited(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = manual(&bench, &organization, "100").await;
    let less = ProviderUpdate { received: Some(money("99.5")), ..update(Word::Settled) };
    let nothing = ProviderUpdate { received: Some(Money::ZERO), ..update(Word::Settled) };
    let refused = bench.store.apply_top_up(&organization, &top_up.id, &nothing, &credit(), NOW).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    let applied = bench.store.apply_top_up(&organization, &top_up.id, &less, &credit(), NOW).await.unwrap();
    assert_eq!(applied.wallet.balance, money("99.5"));
    bench.assert_whole(&organization).await;
}

async fn automatic(bench: &TestBank, organization: &OrganizationId, amount: &str) -> Created<TopUp> {
    let auto_pay = bench.store.auto_pay(organization).await.unwrap();
    let guard = AutoGuard { version: auto_pay.version, last_charge_at: auto_pay.health.last_charge_at };
    let new = new_top_up(bench, organization, amount).await;
    bench.store.create_auto_top_up(organization, &new, &guard, NOW).await.unwrap()
}

async fn one_automatic_top_up_at_most_is_open(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    for organization in [&organization, &other] {
        switch_on(&bench, organization).await;
    }
    manual(&bench, &organization, "20").await;
    let Created::New(mut first) = automatic(&bench, &organization, "50").await else { panic!("the first is new") };
    assert_eq!(first.kind, TopUpKind::Auto);
    for state in [Word::Accepted, Word::NoAnswer, Word::ActionRequired] {
        assert_eq!(automatic(&bench, &organization, "50").await, Created::Blocked);
        first = apply(&bench, &first, state).await;
    }
    // Now automatic payments are paused as well. Somebody agrees to the next charge while this one still waits.
    let paused = bench.store.auto_pay(&organization).await.unwrap().health;
    assert_eq!(paused.paused_reason, Some(PauseReason::AwaitsCardholder));
    let agreed = paused.apply(HealthEvent::Agreed).unwrap();
    bench.store.record_auto_pay_health(&organization, &paused, &agreed, NOW).await.unwrap();
    assert_eq!(automatic(&bench, &organization, "50").await, Created::Blocked);
    assert!(matches!(automatic(&bench, &other, "50").await, Created::New(_)));
    let settled = apply(&bench, &first, Word::Settled).await;
    let line = bench.store.lines_after(&organization, 0, 1).await.unwrap().remove(0).line;
    assert_eq!((settled.status, line.kind), (TopUpStatus::Succeeded, TransactionKind::AutoTopUp));
    assert!(matches!(automatic(&bench, &organization, "50").await, Created::New(_)));
    assert_eq!(bench.count("top_ups WHERE kind = 'auto'").await, 3);
}

async fn a_worker_with_old_figures_cannot_charge_again(bench: TestBank) {
    let organization = bench.organization().await;
    switch_on(&bench, &organization).await;
    let version = bench.store.auto_pay(&organization).await.unwrap().version;
    let guard = AutoGuard { version, last_charge_at: None };
    let template = new_top_up(&bench, &organization, "50").await;
    let answers = at_once(10, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        let new = NewTopUp { id: id(), ..template.clone() };
        async move {
            let created = store.create_auto_top_up(&organization, &new, &guard, NOW).await;
            // Settled at once, so that the unique index alone would let the next one through.
            if let Ok(Created::New(top_up)) = &created {
                let settled = update(Word::Settled);
                store.apply_top_up(&organization, &top_up.id, &settled, &credit(), NOW).await.unwrap();
            }
            created
        }
    })
    .await;
    let new = answers.iter().filter(|answer| matches!(answer, Ok(Created::New(_)))).count();
    let stale = answers.iter().filter(|answer| matches!(answer, Err(StoreError::Stale))).count();
    assert_eq!((new, stale), (1, 9));
    assert_eq!(bench.store.auto_pay(&organization).await.unwrap().health.last_charge_at, Some(NOW));
    let old_version = AutoGuard { version: version - 1, last_charge_at: Some(NOW) };
    let answer = bench.store.create_auto_top_up(&organization, &template, &old_version, NOW).await;
    assert!(matches!(answer, Err(StoreError::Stale)));
}

async fn a_wallet_that_was_filled_or_a_pause_stops_a_charge_that_was_decided_on_before(bench: TestBank) {
    let organization = bench.organization().await;
    let version = switch_on(&bench, &organization).await.version;
    let guard = AutoGuard { version, last_charge_at: None };
    let new = new_top_up(&bench, &organization, "50").await;
    let create = async || bench.store.create_auto_top_up(&organization, &new, &guard, NOW).await;
    let healthy = Health::default();
    for resting in [
        Health { paused_reason: Some(PauseReason::CardRemoved), ..healthy },
        Health { next_attempt_at: Some(NOW.plus_seconds(1)), ..healthy },
    ] {
        bench.store.record_auto_pay_health(&organization, &healthy, &resting, NOW).await.unwrap();
        assert!(matches!(create().await, Err(StoreError::Stale)), "{resting:?}");
        bench.store.record_auto_pay_health(&organization, &resting, &healthy, NOW).await.unwrap();
    }
    // One micro above the threshold: pending, unknown and settled all count.
    let enough = manual(&bench, &organization, "200.000001").await;
    for outcome in [None, Some(Word::NoAnswer), Some(Word::Settled)] {
        if let Some(outcome) = outcome {
            apply(&bench, &enough, outcome).await;
        }
        assert!(matches!(create().await, Err(StoreError::Stale)), "{outcome:?}");
    }
    assert_eq!(bench.count("top_ups WHERE kind = 'auto'").await, 0);
    let other = bench.organization().await;
    switch_on(&bench, &other).await;
    apply(&bench, &manual(&bench, &other, "200").await, Word::Settled).await;
    assert!(matches!(automatic(&bench, &other, "50").await, Created::New(_)), "at the threshold");
}

async fn a_due_top_up_is_leased_to_one_worker(bench: TestBank) {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let organization = bench.organization().await;
        for _ in 0..10 {
            ids.push(manual(&bench, &organization, "10").await.id);
        }
    }
    let (later, until) = (NOW.plus_seconds(30), NOW.plus_seconds(90));
    assert_eq!(bench.store.lease_due_top_ups(&owner("early"), until, NOW, 100).await.unwrap(), []);
    let batches = at_once(8, |worker| {
        let store = bench.store.clone();
        async move { store.lease_due_top_ups(&owner(&format!("worker-{worker}")), until, later, 4).await.unwrap() }
    })
    .await;
    let mut leased: Vec<_> = batches.into_iter().flatten().map(|top_up| top_up.id).collect();
    // On PostgreSQL a row that somebody else is just taking is skipped, which may leave some for the next round.
    leased.extend(
        bench.store.lease_due_top_ups(&owner("last"), until, later, 100).await.unwrap().into_iter().map(|t| t.id),
    );
    leased.sort();
    ids.sort();
    assert_eq!(leased, ids);
}

async fn a_lease_that_ran_out_can_be_taken_over(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = manual(&bench, &organization, "10").await;
    let lease = async |name: &str, seconds: i64| {
        let now = NOW.plus_seconds(seconds);
        bench
            .store
            .lease_top_up(&organization, &top_up.id, &owner(name), now.plus_seconds(60), now)
            .await
            .unwrap()
            .is_some()
    };
    assert!(lease("handler", 0).await);
    assert!(!lease("worker", 59).await);
    assert!(lease("worker", 60).await);
    apply(&bench, &top_up, Word::NoAnswer).await;
    assert!(lease("handler", 61).await, "the word ends the lease");
    apply(&bench, &top_up, Word::Declined).await;
    assert!(!lease("worker", 1000).await, "nothing to do for a final one");
    assert_eq!(bench.store.lease_due_top_ups(&owner("w"), NOW, NOW.plus_seconds(1000), 10).await.unwrap(), []);
}

async fn unknown_money_is_counted_apart(bench: TestBank) {
    let organization = bench.organization().await;
    assert_eq!(bench.store.pending_credit(&organization).await.unwrap(), PendingCredit::default());
    for (amount, outcome) in [
        ("10", None),
        ("20", Some(Word::Accepted)),
        ("40", Some(Word::NoAnswer)),
        ("80", Some(Word::ActionRequired)),
        ("160", Some(Word::Settled)),
        ("320", Some(Word::Declined)),
    ] {
        let top_up = manual(&bench, &organization, amount).await;
        if let Some(outcome) = outcome {
            apply(&bench, &top_up, outcome).await;
        }
    }
    let pending = bench.store.pending_credit(&organization).await.unwrap();
    assert_eq!(pending, PendingCredit { in_flight: money("30"), unknown: money("40"), waiting: money("0") });
}

async fn the_cap_counts_automatic_charges_of_the_month_only(bench: TestBank) {
    let organization = bench.organization().await;
    switch_on(&bench, &organization).await;
    apply(&bench, &manual(&bench, &organization, "10").await, Word::Settled).await;
    for (amount, outcome) in [("50", Word::Settled), ("60", Word::Declined), ("70", Word::NoAnswer)] {
        let Created::New(top_up) = automatic(&bench, &organization, amount).await else { panic!("none is open") };
        apply(&bench, &top_up, outcome).await;
        // A decline makes the next charge wait; somebody agrees to it.
        let health = bench.store.auto_pay(&organization).await.unwrap().health;
        let agreed = health.apply(HealthEvent::Agreed).unwrap();
        bench.store.record_auto_pay_health(&organization, &health, &agreed, NOW).await.unwrap();
    }
    let spent = bench.store.auto_spent(&organization, NOW, NOW.plus_seconds(1)).await.unwrap();
    assert_eq!((spent.settled, spent.in_flight, spent.unknown), (money("50"), Money::ZERO, money("70")));
    let before = bench.store.auto_spent(&organization, NOW.plus_seconds(-9), NOW).await.unwrap();
    assert_eq!(before, billing_store::AutoSpent::default());
    // What an outcome is to automatic payments is written if it changes the top-up, and only then.
    let top_up = bench.store.open_top_ups(&organization).await.unwrap().remove(0);
    let health = async || bench.store.auto_pay(&organization).await.unwrap().health;
    let before = health().await;
    bench.store.apply_top_up(&organization, &top_up.id, &update(Word::NoAnswer), &credit(), NOW).await.unwrap();
    assert_eq!(health().await, before);
    let declined = update(Word::Declined);
    let event = HealthEvent::of_charge(top_up.kind, Word::Declined, declined.decline_code, top_up.created_at);
    let after = before.apply(event.unwrap()).unwrap();
    for changed in [true, false] {
        let applied = bench.store.apply_top_up(&organization, &top_up.id, &declined, &credit(), NOW).await.unwrap();
        assert_eq!((applied.changed, applied.auto_pay_changed), (changed, changed));
        assert_eq!(health().await, after);
    }
    // When the last charge began is not theirs to write.
    assert_eq!((after.failures, after.last_charge_at), (1, Some(NOW)));
}
