//! What the advised threshold must live through, as properties.

use proptest::prelude::*;

use super::*;
use crate::auto_pay::history::StepFigures;
use crate::auto_pay::replay::replay_settings;
use crate::{Currency, Timestamp};

const LIMITS: ChargeLimits = ChargeLimits::default_for(Currency::Usd);

fn history(cents: impl IntoIterator<Item = i64>) -> History {
    let steps =
        cents.into_iter().map(|cents| StepFigures { usage: Money::from_micros(cents * 10_000), by_hand: Money::ZERO });
    History { steps: steps.collect(), ..History::default() }
}

#[test]
fn the_busiest_seven_hours_and_the_step_that_crosses_make_the_threshold() {
    // A dollar every five minutes for ten hours, after a quiet day.
    let mut cents = vec![0; 288];
    cents.extend([100; 120]);
    let advice = advise_settings(&history(cents), &LIMITS).unwrap();
    assert_eq!(advice.busiest, Money::from_major(84));
    assert_eq!(advice.busiest_hour, Money::from_major(12));
    assert_eq!((advice.threshold, advice.refill), (Money::from_major(85), Money::from_major(85)));
    assert!(advice.is_enough);
}

#[test]
fn it_is_rounded_up_and_kept_within_the_limits() {
    let little = advise_settings(&history([1]), &LIMITS).unwrap();
    assert_eq!((little.threshold, little.refill), (Money::from_major(1), LIMITS.min));
    let much = advise_settings(&history([600_000]), &LIMITS).unwrap();
    assert_eq!((much.threshold, much.refill, much.is_enough), (LIMITS.max, LIMITS.max, false));
    let yen = advise_settings(&history([10_100]), &ChargeLimits::default_for(Currency::Jpy)).unwrap();
    assert_eq!(yen.threshold, Money::from_major(200));
}

#[test]
fn nothing_used_is_no_reason_for_advice() {
    assert_eq!(advise_settings(&history([]), &LIMITS), None);
    assert_eq!(advise_settings(&history([0; 50]), &LIMITS), None);
}

#[test]
fn following_it_keeps_the_cap_and_a_larger_refill() {
    let advice = advise_settings(&history([4_150]), &LIMITS).unwrap();
    let settings = |refill| Settings { threshold: Money::from_major(5), refill, monthly_cap: Money::from_major(70) };
    let small = settings(Refill::Fixed { amount: Money::from_major(20) });
    let followed = advice.applied_to(&small).unwrap();
    assert_eq!(followed.refill, Refill::Fixed { amount: Money::from_major(42) });
    assert_eq!((followed.threshold, followed.monthly_cap), (Money::from_major(42), Money::from_major(70)));
    let large = settings(Refill::Target { balance: Money::from_major(500) });
    assert_eq!(advice.applied_to(&large).unwrap().refill, large.refill);
    assert!(!advice.is_followed_by(&small) && advice.is_followed_by(&followed));
}

proptest! {
    /// The promise: whoever follows the advice lives through any decline of the same history.
    #[test]
    fn with_every_charge_late_by_the_whole_window_the_wallet_never_reaches_zero(
        cents in prop::collection::vec(prop_oneof![3 => Just(0_i64), 3 => 0_i64..60, 1 => 0_i64..400], 1..2_000),
        by_hand in prop::collection::vec((0_usize..2_000, 1_i32..100), 0..4),
        above in 1_i64..5_000_000,
        by_target: bool,
        start in 10_i32..40,
    ) {
        let mut history = history(cents);
        for (at, amount) in by_hand {
            if let Some(step) = history.steps.get_mut(at) {
                step.by_hand = Money::from_major(amount);
            }
        }
        history.months = vec![Timestamp::from_seconds(0), Timestamp::from_seconds(i64::from(u32::MAX))];
        let Some(advice) = advise_settings(&history, &LIMITS) else { return Ok(()) };
        prop_assume!(advice.is_enough);
        let amount = Money::from_major(start);
        let refill = if by_target { Refill::Target { balance: amount } } else { Refill::Fixed { amount } };
        let settings = Settings { threshold: Money::ZERO, refill, monthly_cap: Money::from_major(1_000_000) };
        let settings = advice.applied_to(&settings).unwrap();
        prop_assert_eq!(settings.problems(&LIMITS), []);
        prop_assert!(advice.is_followed_by(&settings));
        history.opening = settings.threshold.checked_add(Money::from_micros(above)).unwrap();
        let replay = replay_settings(&settings, &LIMITS, &history, DECLINE_WINDOW_SECONDS).unwrap();
        prop_assert_eq!(replay.capped_at, None);
        prop_assert!(replay.lowest.is_positive(), "{:?}", replay.lowest);
        prop_assert_eq!(replay.seconds_at_zero, 0);
    }
}
