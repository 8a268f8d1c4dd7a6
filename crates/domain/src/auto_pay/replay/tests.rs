//! What a replay may show and what not, as properties.

use proptest::prelude::*;

use super::*;
use crate::Currency;
use crate::auto_pay::history::StepFigures;
use crate::auto_pay::{PACE_SECONDS, Refill};

const LIMITS: ChargeLimits = ChargeLimits::default_for(Currency::Usd);
const FROM: Timestamp = Timestamp::from_seconds(1_796_083_200);

fn used(cents: i64) -> StepFigures {
    StepFigures { usage: Money::from_micros(cents * 10_000), by_hand: Money::ZERO }
}

/// Steps from `FROM` on; a month ends after `month_steps` of them, and again after as many.
fn history(opening: i32, steps: Vec<StepFigures>, month_steps: i64) -> History {
    let months = (0..40).map(|month| FROM.plus_seconds(month * month_steps * STEP_SECONDS)).collect();
    History { from: FROM, opening: Money::from_major(opening), steps, months }
}

fn settings(threshold: i32, refill: i32, cap: i32) -> Settings {
    Settings {
        threshold: Money::from_major(threshold),
        refill: Refill::Fixed { amount: Money::from_major(refill) },
        monthly_cap: Money::from_major(cap),
    }
}

fn run(settings: &Settings, history: &History) -> Replay {
    replay_settings(settings, &LIMITS, history, 0).unwrap()
}

#[test]
fn it_charges_where_the_threshold_is_crossed_and_tells_the_lowest_point() {
    let history = history(30, vec![used(500), used(500), used(500), used(100)], 1000);
    let replay = run(&settings(20, 50, 500), &history);
    let [charge] = replay.charges[..] else { panic!("{:?}", replay.charges) };
    assert_eq!((charge.step, charge.at, charge.before), (1, FROM.plus_seconds(600), Money::from_major(20)));
    assert_eq!((replay.lowest, replay.lowest_at), (Money::from_major(20), FROM.plus_seconds(600)));
    assert_eq!(replay.balances, [25, 70, 65, 64].map(Money::from_major));
    assert_eq!((replay.charged, replay.seconds_at_zero, replay.capped_at), (Money::from_major(50), 0, None));
}

#[test]
fn a_burst_waits_for_the_pace_and_the_minutes_at_zero_are_counted() {
    // 60 at once, and the refill of 10 brings too little: the next one comes after an hour.
    let mut steps = vec![used(6_000)];
    steps.extend([used(0); 12]);
    let replay = run(&settings(20, 10, 500), &history(30, steps, 1000));
    let at: Vec<i64> = replay.charges.iter().map(|charge| charge.at.seconds_since(FROM)).collect();
    assert_eq!(at, [300, 3900]);
    assert_eq!(replay.lowest, Money::from_major(-30));
    assert_eq!(replay.seconds_at_zero, 13 * 300);
}

#[test]
fn the_cap_stops_it_until_the_next_month() {
    let mut steps = vec![used(3_000), used(0), used(3_000)];
    steps.extend([used(0); 30]);
    let history = history(30, steps, 24);
    let replay = run(&settings(20, 30, 50), &history);
    let at: Vec<usize> = replay.charges.iter().map(|charge| charge.step).collect();
    // Step 23 ends where the second month begins.
    assert_eq!(at, [0, 23]);
    assert_eq!(replay.capped_at, Some(history.end_of(12)));
}

#[test]
fn what_was_added_by_hand_stays_and_nothing_replays_to_nothing() {
    let by_hand = StepFigures { usage: Money::from_major(15), by_hand: Money::from_major(100) };
    let replayed = run(&settings(20, 50, 500), &history(30, vec![by_hand], 1000));
    assert_eq!((replayed.charges.len(), replayed.lowest), (0, Money::from_major(15)));
    assert_eq!(replay_settings(&settings(20, 50, 500), &LIMITS, &history(30, Vec::new(), 1000), 0), None);
}

#[test]
fn sums_that_leave_their_range_are_no_figures() {
    let huge = StepFigures { usage: Money::from_micros(i64::MAX), by_hand: Money::ZERO };
    assert_eq!(replay_settings(&settings(20, 50, 500), &LIMITS, &history(-30, vec![huge, huge], 1000), 0), None);
}

prop_compose! {
    fn any_history()(
        opening in -20_i32..200,
        moves in prop::collection::vec((0_i64..800, 0_u8..60, 0_i64..20_000), 1..400),
        month in 20_i64..300,
    ) -> History {
        let steps = moves.into_iter().map(|(cents, chance, by_hand)| {
            let by_hand = if chance == 0 { by_hand - 5_000 } else { 0 };
            StepFigures { by_hand: Money::from_micros(by_hand * 10_000), ..used(cents) }
        });
        history(opening, steps.collect(), month)
    }
}

proptest! {
    #[test]
    fn no_charge_that_the_plan_would_refuse_and_not_a_cent_lost(
        history in any_history(),
        threshold in 0_i32..60,
        refill in 10_i32..120,
        cap in 120_i32..400,
        by_target: bool,
        late in prop::sample::select(vec![0_i64, 300, 3_600, 25_200]),
    ) {
        let fixed = settings(threshold, refill, cap);
        let target = Refill::Target { balance: Money::from_major(threshold + refill) };
        let settings = if by_target { Settings { refill: target, ..fixed } } else { fixed };
        let replay = replay_settings(&settings, &LIMITS, &history, late).unwrap();
        for charge in &replay.charges {
            prop_assert!(LIMITS.check(charge.amount).is_ok());
            prop_assert!(charge.before <= settings.threshold);
        }
        for pair in replay.charges.windows(2) {
            prop_assert!(pair[1].at.seconds_since(pair[0].at) >= PACE_SECONDS.max(late));
        }
        for month in history.months.windows(2) {
            let within = replay.charges.iter().filter(|charge| charge.at >= month[0] && charge.at < month[1]);
            prop_assert!(Money::checked_sum(within.map(|charge| charge.amount)).unwrap() <= settings.monthly_cap);
        }
        let end = history.end_of(history.steps.len() - 1);
        let arrived = replay.charges.iter().filter(|charge| charge.at.plus_seconds(late) <= end);
        let mut expected = Money::checked_sum(arrived.map(|charge| charge.amount)).unwrap();
        expected = expected.checked_add(history.opening).unwrap();
        for step in &history.steps {
            expected = expected.checked_add(step.by_hand).unwrap().checked_sub(step.usage).unwrap();
        }
        prop_assert_eq!(replay.balances.last(), Some(&expected));
        prop_assert!(replay.balances.iter().all(|balance| *balance >= replay.lowest));
        let at_zero = replay.balances.iter().filter(|balance| !balance.is_positive()).count();
        prop_assert_eq!(replay.seconds_at_zero, i64::try_from(at_zero).unwrap() * STEP_SECONDS);
    }

    #[test]
    fn above_the_threshold_nothing_is_charged_and_below_it_something_unless_capped(
        history in any_history(), threshold in 0_i32..60,
    ) {
        let replay = run(&settings(threshold, 10, 5_000), &history);
        let below = replay.balances.iter().any(|balance| *balance <= Money::from_major(threshold));
        prop_assert!(!below || !replay.charges.is_empty());
        if replay.lowest > Money::from_major(threshold) {
            prop_assert!(replay.charges.is_empty());
        }
    }
}
