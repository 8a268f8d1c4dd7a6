//! The machine in examples, then every state against every event.

use proptest::prelude::*;

use super::*;

const BEGAN: Timestamp = Timestamp::from_seconds(1_000_000);

fn armed() -> Health {
    Health { last_charge_at: Some(BEGAN), ..Health::default() }
}

fn decline(present: &Health, code: DeclineCode, began_at: Timestamp) -> Health {
    present.apply(HealthEvent::ChargeDeclined { code, began_at }).unwrap()
}

#[test]
fn soft_declines_are_tried_at_1_3_and_7_hours_and_then_it_pauses() {
    let mut health = armed();
    for (failures, hours) in [(1, 1), (2, 3), (3, 7)] {
        let began = health.next_attempt_at.unwrap_or(BEGAN);
        health = decline(&health, DeclineCode::InsufficientFunds, began);
        assert_eq!((health.failures, health.paused_reason), (failures, None));
        assert_eq!(health.next_attempt_at, Some(BEGAN.plus_seconds(hours * 3600)));
    }
    health = decline(&health, DeclineCode::InsufficientFunds, BEGAN.plus_seconds(7 * 3600));
    assert_eq!((health.failures, health.paused_reason), (4, Some(PauseReason::Declined)));
    assert_eq!(health.next_attempt_at, None);
}

#[test]
fn a_hard_decline_and_a_missing_cardholder_pause_at_once() {
    for code in [DeclineCode::LostCard, DeclineCode::AuthenticationRequired, DeclineCode::Fraudulent] {
        let health = decline(&Health::default(), code, BEGAN);
        assert_eq!((health.paused_reason, health.next_attempt_at), (Some(PauseReason::Declined), None), "{code}");
    }
}

#[test]
fn a_charge_that_waits_for_the_cardholder_pauses_and_whatever_comes_of_it_is_not_tried_again_alone() {
    let waiting = armed().apply(HealthEvent::ChargeAwaitsCardholder).unwrap();
    assert_eq!((waiting.paused_reason, waiting.failures), (Some(PauseReason::AwaitsCardholder), 0));
    for settled in [HealthEvent::ChargeSettled, HealthEvent::ManualTopUpSettled] {
        assert_eq!(waiting.apply(settled), Some(armed()), "{settled:?}");
    }
    let lapsed = waiting.apply(HealthEvent::ChargeExpired).unwrap();
    assert_eq!(lapsed.paused_reason, Some(PauseReason::NotConfirmed));
    for code in [DeclineCode::InsufficientFunds, DeclineCode::AuthenticationFailed, DeclineCode::LostCard] {
        let refused = decline(&waiting, code, BEGAN);
        assert_eq!((refused.paused_reason, refused.next_attempt_at), (Some(PauseReason::Declined), None), "{code}");
    }
}

#[test]
fn a_manual_top_up_ends_a_pause_and_keeps_the_pace() {
    let paused = decline(&armed(), DeclineCode::LostCard, BEGAN);
    let resumed = paused.apply(HealthEvent::ManualTopUpSettled).unwrap();
    assert_eq!(resumed, armed());
    assert_eq!(resumed.apply(HealthEvent::ManualTopUpSettled), None);
}

#[test]
fn what_a_person_sees_at_the_page_and_an_outage_do_not_count() {
    for outcome in [Outcome::ActionRequired, Outcome::Expired, Outcome::Declined] {
        let event = HealthEvent::of_charge(TopUpKind::Manual, outcome, Some(DeclineCode::LostCard), BEGAN);
        assert_eq!(event, None, "{outcome:?}");
    }
    for kind in TopUpKind::ALL {
        for outcome in [Outcome::NoAnswer, Outcome::Accepted] {
            assert_eq!(HealthEvent::of_charge(*kind, outcome, None, BEGAN), None, "{kind} {outcome:?}");
        }
    }
    assert_eq!(Health::default().apply(HealthEvent::ChargeExpired), None, "a charge that waited for nobody");
    let without_code = HealthEvent::of_charge(TopUpKind::Auto, Outcome::Declined, None, BEGAN);
    let generic = HealthEvent::ChargeDeclined { code: DeclineCode::GenericDecline, began_at: BEGAN };
    assert_eq!(without_code, Some(generic));
}

#[test]
fn only_new_consent_changes_the_settings_state() {
    let declined = decline(&armed(), DeclineCode::InsufficientFunds, BEGAN);
    assert_eq!(declined.apply(HealthEvent::SettingsConfirmed { restarts: false }), None);
    assert_eq!(declined.apply(HealthEvent::SettingsConfirmed { restarts: true }), Some(armed()));
    let reversed = Health { reversed_at: Some(BEGAN), ..armed() };
    for paused in [reversed, armed().apply(HealthEvent::CardRemoved).unwrap()] {
        assert_eq!(paused.apply(HealthEvent::SettingsConfirmed { restarts: false }), Some(armed()));
    }
}

fn events() -> impl Strategy<Value = HealthEvent> {
    let declined = (prop::sample::select(DeclineCode::ALL), 0..2_000_000_i64)
        .prop_map(|(code, at)| HealthEvent::ChargeDeclined { code, began_at: Timestamp::from_seconds(at) });
    prop_oneof![
        Just(HealthEvent::ChargeSettled),
        Just(HealthEvent::ManualTopUpSettled),
        Just(HealthEvent::ChargeAwaitsCardholder),
        Just(HealthEvent::ChargeExpired),
        declined,
        Just(HealthEvent::CardMissing),
        Just(HealthEvent::CardRemoved),
        Just(HealthEvent::DefaultCardReplaced),
        Just(HealthEvent::Disputed),
        Just(HealthEvent::FraudSuspected),
        any::<bool>().prop_map(|restarts| HealthEvent::SettingsConfirmed { restarts }),
        Just(HealthEvent::Agreed),
    ]
}

fn moments() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::of(any::<i64>().prop_map(Timestamp::from_micros))
}

prop_compose! {
    /// Whatever a database may hold, reachable or not.
    fn healths()(
        paused_reason in prop::option::of(prop::sample::select(PauseReason::ALL)),
        decline_code in prop::option::of(prop::sample::select(DeclineCode::ALL)),
        failures in any::<i64>(),
        attempt in any::<i64>(),
        first_attempt_at in moments(),
        next_attempt_at in moments(),
        last_charge_at in moments(),
        reversed_at in moments(),
    ) -> Health {
        Health { paused_reason, decline_code, failures, attempt, first_attempt_at, next_attempt_at, last_charge_at, reversed_at }
    }
}

proptest! {
    #[test]
    fn a_pause_that_needs_a_person_is_ended_by_nothing_else(health in healths(), event in events()) {
        let after = health.apply(event).unwrap_or(health);
        let agrees = matches!(event, HealthEvent::Agreed | HealthEvent::SettingsConfirmed { .. });
        if health.needs_agreement() && !agrees {
            prop_assert!(after.needs_agreement(), "{event:?} led to {:?}", after.paused_reason);
        }
        if agrees && after != health {
            prop_assert_eq!(after.paused_reason, None);
        }
    }

    #[test]
    fn money_that_was_given_back_is_forgotten_only_by_a_person(health in healths(), event in events()) {
        let after = health.apply(event).unwrap_or(health);
        let agrees = matches!(event, HealthEvent::Agreed | HealthEvent::SettingsConfirmed { .. });
        if agrees {
            prop_assert!(after.reversed_at.is_none());
        } else {
            prop_assert_eq!(after.reversed_at, health.reversed_at);
        }
    }

    #[test]
    fn no_event_moves_the_last_charge(health in healths(), event in events()) {
        let after = health.apply(event).unwrap_or(health);
        prop_assert_eq!(after.last_charge_at, health.last_charge_at);
    }

    #[test]
    fn what_is_paused_has_no_next_attempt_and_retries_end(steps in prop::collection::vec(events(), 0..40)) {
        let mut health = Health::default();
        for event in steps {
            health = health.apply(event).unwrap_or(health);
            if matches!(event, HealthEvent::ChargeDeclined { .. }) {
                prop_assert!(health.paused_reason.is_some() != health.next_attempt_at.is_some());
            }
            if health.paused_reason.is_none() {
                prop_assert!(health.failures < 4, "tried again after {} declines", health.failures);
            }
            if let Some(paused) = health.paused_reason {
                prop_assert!(health.rests(BEGAN), "{paused}");
            }
        }
    }
}
