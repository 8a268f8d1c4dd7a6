//! Automatic payments: nobody overwrites what they have not seen.

use billing_domain::auto_pay::health::{Health, HealthEvent, PauseReason};
use billing_domain::auto_pay::{Refill, Settings};
use billing_domain::charge::DeclineCode;
use billing_domain::{OrganizationId, UserId};
use billing_store::{AutoPay, AutoPayUpdate, StoreError};

use crate::bench::{NOW, TestBank, actor, at_once, money, on_both};

on_both![
    settings_read_back_as_they_were_confirmed,
    of_two_people_who_change_the_same_settings_one_is_told,
    a_card_that_is_not_connected_here_cannot_be_charged,
    the_state_is_replaced_only_by_who_knows_it,
];

/// Settings are confirmed, and nothing begins anew.
const CONFIRMED: HealthEvent = HealthEvent::SettingsConfirmed { restarts: false };

pub(crate) fn update() -> AutoPayUpdate {
    AutoPayUpdate {
        enabled: true,
        settings: Settings {
            threshold: money("200"),
            refill: Refill::Fixed { amount: money("50") },
            monthly_cap: money("500"),
        },
        card_id: None,
        consent: Some("v1".to_owned()),
        updated_by: UserId::from_trusted("somebody"),
    }
}

pub(crate) async fn switch_on(bench: &TestBank, organization: &OrganizationId) -> AutoPay {
    let present = bench.store.auto_pay(organization).await.unwrap();
    bench.store.put_auto_pay(organization, present.version, &update(), CONFIRMED, &actor(), NOW).await.unwrap()
}

async fn settings_read_back_as_they_were_confirmed(bench: TestBank) {
    let organization = bench.organization().await;
    let first = bench.store.auto_pay(&organization).await.unwrap();
    assert_eq!((first.enabled, first.settings, first.version), (false, None, 1));
    assert_eq!(bench.store.auto_pay_enabled().await.unwrap(), Vec::new());
    let on = switch_on(&bench, &organization).await;
    assert_eq!((on.settings, on.version, on.consent.as_deref()), (Some(update().settings), 2, Some("v1")));
    assert_eq!(bench.store.auto_pay(&organization).await.unwrap(), on);
    assert_eq!(bench.store.auto_pay_enabled().await.unwrap(), vec![organization.clone()]);
    let target = Settings { refill: Refill::Target { balance: money("300") }, ..update().settings };
    let off = AutoPayUpdate { enabled: false, settings: target, ..update() };
    let off = bench.store.put_auto_pay(&organization, 2, &off, CONFIRMED, &actor(), NOW).await.unwrap();
    assert_eq!((off.settings, off.enabled), (Some(target), false));
    assert_eq!(bench.store.auto_pay_enabled().await.unwrap(), Vec::new());
}

async fn of_two_people_who_change_the_same_settings_one_is_told(bench: TestBank) {
    let organization = bench.organization().await;
    let answers = at_once(10, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move { store.put_auto_pay(&organization, 1, &update(), CONFIRMED, &actor(), NOW).await }
    })
    .await;
    let stale = answers.iter().filter(|answer| matches!(answer, Err(StoreError::Stale))).count();
    assert_eq!((stale, answers.iter().filter(|answer| answer.is_ok()).count()), (9, 1));
    assert_eq!(bench.store.auto_pay(&organization).await.unwrap().version, 2);
}

async fn a_card_that_is_not_connected_here_cannot_be_charged(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    for card in [bench.card(&organization).await, bench.card(&other).await] {
        bench.store.remove_card(&card.organization_id, &card.id, &actor(), NOW).await.unwrap();
        let update = AutoPayUpdate { card_id: Some(card.id), ..update() };
        let answer = bench.store.put_auto_pay(&organization, 1, &update, CONFIRMED, &actor(), NOW).await;
        assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    }
    let theirs = AutoPayUpdate { card_id: Some(bench.card(&other).await.id), ..update() };
    assert!(matches!(
        bench.store.put_auto_pay(&organization, 1, &theirs, CONFIRMED, &actor(), NOW).await,
        Err(StoreError::NotFound)
    ));
    let ours = AutoPayUpdate { card_id: Some(bench.card(&organization).await.id), ..update() };
    let put = bench.store.put_auto_pay(&organization, 1, &ours, CONFIRMED, &actor(), NOW).await.unwrap();
    assert_eq!(put.card_id, ours.card_id);
}

async fn the_state_is_replaced_only_by_who_knows_it(bench: TestBank) {
    let organization = bench.organization().await;
    let paused = Health {
        paused_reason: Some(PauseReason::Declined),
        decline_code: Some(DeclineCode::InsufficientFunds),
        failures: 4,
        attempt: 4,
        first_attempt_at: Some(NOW),
        next_attempt_at: Some(NOW.plus_seconds(3600)),
        last_charge_at: None,
        reversed_at: None,
    };
    let first = Health::default();
    bench.store.record_auto_pay_health(&organization, &first, &paused, NOW).await.unwrap();
    let answer = bench.store.record_auto_pay_health(&organization, &first, &first, NOW).await;
    assert!(matches!(answer, Err(StoreError::Stale)), "{answer:?}");
    let present = bench.store.auto_pay(&organization).await.unwrap();
    assert_eq!((present.health, present.version), (paused, 1));
    // With new settings it follows from the health as it is by then, whatever the caller has read.
    let put = bench.store.put_auto_pay(&organization, 1, &update(), CONFIRMED, &actor(), NOW).await.unwrap();
    assert_eq!(put.health, paused, "that somebody confirms an amount ends no pause");
    let put =
        bench.store.put_auto_pay(&organization, 2, &update(), HealthEvent::CardRemoved, &actor(), NOW).await.unwrap();
    let removed = Health { paused_reason: Some(PauseReason::CardRemoved), ..Health::default() };
    assert_eq!(put.health, removed);
    let put = bench.store.put_auto_pay(&organization, 3, &update(), CONFIRMED, &actor(), NOW).await.unwrap();
    assert_eq!(put.health, Health::default(), "they agree to a card again");
    // When the last charge began is written with a charge alone.
    let forged = Health { last_charge_at: Some(NOW), ..Health::default() };
    bench.store.record_auto_pay_health(&organization, &Health::default(), &forged, NOW).await.unwrap();
    assert_eq!(bench.store.auto_pay(&organization).await.unwrap().health, Health::default());
}
