//! Disputes: each movement once, in whatever order the words come, below zero if need be.

use billing_domain::auto_pay::health::{HealthEvent, PauseReason};
use billing_domain::auto_pay::{Refill, Settings};
use billing_domain::charge::{DisputeState, Outcome};
use billing_domain::{
    Currency, CustomerRef, DisputeRef, Money, OrganizationId, PaymentRef, ProviderEventId, TopUpId, TransactionKind,
};
use billing_store::{AutoPayUpdate, CreditLine, DisputeApplied, DisputeUpdate, NewTopUp, ProviderUpdate, StoreError};

use crate::bench::{NOW, TestBank, actor, at_once, id, key, money, on_both, usage_line};

on_both![
    a_dispute_takes_once_and_gives_back_once,
    every_order_of_words_ends_the_same,
    a_spent_top_up_takes_the_wallet_below_zero_and_pauses_automatic_payments,
    racing_words_post_each_movement_once,
    somebody_elses_top_up_and_another_currency_are_refused,
    a_customer_is_noted_once_for_an_account_and_events_are_remembered,
];

fn credit_line(description: &str) -> CreditLine {
    CreditLine {
        id: id(),
        day: NOW.utc_date(),
        description: description.to_owned(),
        source: "Card's bank".to_owned(),
        details: Default::default(),
    }
}

/// A paid top-up of 25; its id.
async fn paid(bench: &TestBank, organization: &OrganizationId) -> TopUpId {
    let card = bench.card(organization).await;
    let new =
        NewTopUp { id: id(), amount: money("25"), card_id: Some(card.id), requested_by: None, next_check_at: NOW };
    bench.store.create_top_up(organization, &new, &key(&new.id, "f"), NOW).await.unwrap();
    let word = ProviderUpdate {
        outcome: Outcome::Settled,
        provider_ref: Some(PaymentRef::from_trusted("pi_1")),
        decline_code: None,
        next_action: None,
        received: None,
        next_check_at: NOW,
    };
    bench.store.apply_top_up(organization, &new.id, &word, &credit_line("Top-up"), NOW).await.unwrap();
    new.id
}

fn dispute_update(top_up: &TopUpId, state: DisputeState) -> DisputeUpdate {
    DisputeUpdate {
        provider: "stripe".to_owned(),
        provider_ref: DisputeRef::from_trusted("dp_1"),
        top_up_id: top_up.to_owned(),
        amount: money("25"),
        currency: Currency::Usd,
        reason: "fraudulent".to_owned(),
        state,
    }
}

async fn apply(bench: &TestBank, organization: &OrganizationId, word: &DisputeUpdate) -> DisputeApplied {
    let (taken, back) = (credit_line("Dispute"), credit_line("Dispute returned"));
    bench.store.apply_dispute(organization, word, &taken, &back, NOW).await.unwrap()
}

async fn disputes(bench: &TestBank, organization: &OrganizationId) -> Vec<Money> {
    let lines = bench.store.lines_after(organization, 0, 100).await.unwrap();
    lines.iter().filter(|line| line.line.kind == TransactionKind::Dispute).map(|line| line.line.amount).collect()
}

async fn a_dispute_takes_once_and_gives_back_once(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization).await;
    for (state, posted, lines) in [
        (DisputeState::Noted, false, vec![]),
        (DisputeState::Withdrawn, true, vec![money("-25")]),
        (DisputeState::Withdrawn, false, vec![money("-25")]),
        (DisputeState::Returned, true, vec![money("-25"), money("25")]),
        (DisputeState::Returned, false, vec![money("-25"), money("25")]),
        (DisputeState::Noted, false, vec![money("-25"), money("25")]),
    ] {
        assert_eq!(apply(&bench, &organization, &dispute_update(&top_up, state)).await.posted, posted, "{state:?}");
        assert_eq!(disputes(&bench, &organization).await, lines, "{state:?}");
        let taken = bench.store.payment(&organization, &top_up, 10).await.unwrap().disputed;
        assert_eq!(taken.is_positive(), lines.len() == 1, "{state:?}: {taken}");
    }
    let lines = bench.store.lines_after(&organization, 0, 100).await.unwrap();
    assert_eq!(lines.last().unwrap().line.corrects, Some(2));
    bench.assert_whole(&organization).await;
}

async fn every_order_of_words_ends_the_same(bench: TestBank) {
    use DisputeState::{Noted, Returned, Withdrawn};
    for order in [
        [Noted, Withdrawn, Returned],
        [Noted, Returned, Withdrawn],
        [Withdrawn, Noted, Returned],
        [Withdrawn, Returned, Noted],
        [Returned, Noted, Withdrawn],
        [Returned, Withdrawn, Noted],
    ] {
        let organization = bench.organization().await;
        let top_up = paid(&bench, &organization).await;
        for state in order {
            let word = DisputeUpdate {
                provider_ref: DisputeRef::from_trusted(format!("dp_{organization}")),
                ..dispute_update(&top_up, state)
            };
            apply(&bench, &organization, &word).await;
        }
        assert_eq!(disputes(&bench, &organization).await, [money("-25"), money("25")], "{order:?}");
        assert_eq!(bench.store.wallet(&organization).await.unwrap().balance, money("25"), "{order:?}");
    }
}

async fn a_spent_top_up_takes_the_wallet_below_zero_and_pauses_automatic_payments(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization).await;
    bench.post(&organization, usage_line("call-1", "20")).await;
    let settings =
        Settings { threshold: money("1"), refill: Refill::Fixed { amount: money("10") }, monthly_cap: money("100") };
    let update = AutoPayUpdate { enabled: true, settings, card_id: None, consent: None, updated_by: id() };
    let version = bench.store.auto_pay(&organization).await.unwrap().version;
    bench.store.put_auto_pay(&organization, version, &update, HealthEvent::Agreed, &actor(), NOW).await.unwrap();
    // It may differ from the charge.
    let more = DisputeUpdate { amount: money("26"), ..dispute_update(&top_up, DisputeState::Withdrawn) };
    let applied = apply(&bench, &organization, &more).await;
    assert_eq!(applied, DisputeApplied { posted: true, auto_pay_changed: true });
    assert_eq!(bench.store.wallet(&organization).await.unwrap().balance, money("-21"));
    let health = bench.store.auto_pay(&organization).await.unwrap().health;
    assert_eq!(health.paused_reason, Some(PauseReason::Disputed));
    // What was taken comes back, not what is said later.
    apply(&bench, &organization, &dispute_update(&top_up, DisputeState::Returned)).await;
    assert_eq!(disputes(&bench, &organization).await, [money("-26"), money("26")]);
}

async fn racing_words_post_each_movement_once(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization).await;
    let store = bench.store.clone();
    at_once(20, |number| {
        let state = if number % 2 == 0 { DisputeState::Withdrawn } else { DisputeState::Returned };
        let (store, organization, word) = (store.clone(), organization.clone(), dispute_update(&top_up, state));
        async move {
            let (taken, back) = (credit_line("Dispute"), credit_line("Dispute returned"));
            store.apply_dispute(&organization, &word, &taken, &back, NOW).await.unwrap()
        }
    })
    .await;
    assert_eq!(disputes(&bench, &organization).await, [money("-25"), money("25")]);
    bench.assert_whole(&organization).await;
}

async fn somebody_elses_top_up_and_another_currency_are_refused(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let top_up = paid(&bench, &organization).await;
    let attempt = async |organization: &OrganizationId, word: DisputeUpdate| {
        bench.store.apply_dispute(organization, &word, &credit_line("a"), &credit_line("b"), NOW).await.unwrap_err()
    };
    assert!(matches!(attempt(&other, dispute_update(&top_up, DisputeState::Withdrawn)).await, StoreError::NotFound));
    let euros = DisputeUpdate { currency: Currency::Eur, ..dispute_update(&top_up, DisputeState::Withdrawn) };
    assert!(matches!(attempt(&organization, euros).await, StoreError::Corrupt(_)));
    assert_eq!(disputes(&bench, &organization).await, []);
}

async fn a_customer_is_noted_once_for_an_account_and_events_are_remembered(bench: TestBank) {
    let organization = bench.organization().await;
    let keep = async |account: &str, customer: &str| {
        bench.store.keep_provider_customer(account, &organization, &CustomerRef::from_trusted(customer), NOW).await
    };
    assert_eq!(keep("acct_1/test", "cus_1").await.unwrap().as_str(), "cus_1");
    assert_eq!(keep("acct_1/test", "cus_2").await.unwrap().as_str(), "cus_1");
    assert_eq!(keep("acct_1/live", "cus_3").await.unwrap().as_str(), "cus_3");
    let stranger =
        bench.store.keep_provider_customer("acct_1/test", &id(), &CustomerRef::from_trusted("cus_4"), NOW).await;
    assert!(matches!(stranger, Err(StoreError::NotFound)));
    let event = ProviderEventId::from_trusted("evt_1");
    assert!(!bench.store.provider_event_handled("stripe", &event).await.unwrap());
    for _ in 0..2 {
        bench.store.note_provider_event("stripe", &event, NOW).await.unwrap();
    }
    assert!(bench.store.provider_event_handled("stripe", &event).await.unwrap());
    assert_eq!(bench.store.purge_provider_events(NOW.plus_seconds(1)).await.unwrap(), 1);
    let top_up = paid(&bench, &organization).await;
    assert_eq!(bench.store.top_up_owner(&top_up).await.unwrap(), Some(organization.clone()));
    assert_eq!(bench.store.top_up_owner(&id()).await.unwrap(), None);
    assert_eq!(bench.store.card_providers().await.unwrap().len(), 1);
}
