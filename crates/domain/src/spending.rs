//! What spending says about the future: burn rate, low mark, runway, projection, and which day was a spike.

use crate::share::factor_tenths;
use crate::{Date, Money, Timestamp};

/// How many complete days the burn rate looks back over.
pub const BURN_DAYS: usize = 7;
/// How many complete days before a day its spike verdict looks at.
pub const SPIKE_WINDOW_DAYS: usize = 14;
/// Fewer complete days than this give no spike verdict.
pub const SPIKE_MIN_DAYS: usize = 5;
const SPIKE_FACTOR: i64 = 3;
const SPIKE_FLOOR: Money = Money::from_major(1);
const LOW_MARK_FLOOR: Money = Money::from_major(5);
/// A runway beyond ten years is no forecast.
const MAX_RUNWAY_HOURS: i64 = 24 * 3650;

/// What is spent in a day at the present pace: the mean of the last [`BURN_DAYS`] complete days (fewer for a younger
/// wallet), or what today has cost so far when there is no complete day.
///
/// `complete_days` holds one total a day, days without usage included, the latest last.
/// See docs/decisions/0007-spending-figures.md.
pub fn daily_burn(complete_days: &[Money], today: Money) -> Money {
    let recent = &complete_days[complete_days.len().saturating_sub(BURN_DAYS)..];
    let Ok(count) = i64::try_from(recent.len()) else { return today };
    match Money::checked_sum(recent.iter().copied()) {
        Some(sum) if count > 0 => Money::from_micros(sum.micros() / count),
        _ => today,
    }
}

/// At or below this the wallet counts as low: the auto-pay threshold, else 24 hours of burn, at least 5.
pub fn low_mark(auto_pay_threshold: Option<Money>, daily_burn: Money) -> Money {
    auto_pay_threshold.unwrap_or_else(|| daily_burn.at_least(LOW_MARK_FLOOR))
}

/// How long the available money lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runway {
    /// When it will be gone.
    pub until: Timestamp,
    /// Whole hours until then.
    pub hours: i64,
}

/// `None` without spending, without money, or beyond ten years.
pub fn estimate_runway(available: Money, daily_burn: Money, now: Timestamp) -> Option<Runway> {
    if !available.is_positive() || !daily_burn.is_positive() {
        return None;
    }
    let seconds = i128::from(available.micros()) * 86_400 / i128::from(daily_burn.micros());
    let seconds = i64::try_from(seconds).ok().filter(|seconds| seconds / 3600 <= MAX_RUNWAY_HOURS)?;
    Some(Runway { until: now.plus_seconds(seconds), hours: seconds / 3600 })
}

/// What the month will have cost at its end: what it cost so far and [`days_to_come`].
///
/// `so_far` holds the month's days up to and with `today`.
pub fn projected_month(so_far: &[Money], daily_burn: Money, today: Date) -> Option<Money> {
    let current = *so_far.last()?;
    let spent = Money::checked_sum(so_far.iter().copied())?;
    spent.checked_add(Money::checked_sum(days_to_come(current, daily_burn, today))?)
}

/// What is still to be expected from each day from `today` to the end of its month: for today, which has cost `so_far`,
/// what lacks to the burn; for every later day the burn.
pub fn days_to_come(so_far: Money, daily_burn: Money, today: Date) -> Vec<Money> {
    let rest = daily_burn.checked_sub(so_far).unwrap_or(Money::ZERO).at_least(Money::ZERO);
    let left = today.month().length() - today.day();
    std::iter::once(rest).chain((0..left).map(|_| daily_burn)).collect()
}

/// The usual day: the median of the last 14 complete days. `None` with fewer than 5, which say nothing.
///
/// `before` holds the complete days before the day, days without usage included, the latest last.
pub fn usual_day(before: &[Money]) -> Option<Money> {
    let window = &before[before.len().saturating_sub(SPIKE_WINDOW_DAYS)..];
    if window.len() < SPIKE_MIN_DAYS { None } else { median_amount(window) }
}

/// The middle value; the mean of the two middle ones, rounded down, for an even count. `None` of nothing.
pub fn median_amount(amounts: &[Money]) -> Option<Money> {
    let mut sorted = amounts.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let sum = i128::from(sorted[middle - 1].micros()) + i128::from(upper.micros());
    i64::try_from(sum.div_euclid(2)).ok().map(Money::from_micros)
}

/// The verdict on a day: how many tenths of the usual it cost, when that is a spike, i.e. ≥ 3 × the median of the last
/// 14 complete days and at least 1 above it. No verdict with fewer than 5 days.
///
/// `None` in [`Spike::factor_tenths`] means that nothing is usual: the median is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spike {
    /// The median it was compared with.
    pub usual: Money,
    /// Day ÷ usual in tenths, rounded down (32 = 3.2 ×).
    pub factor_tenths: Option<i64>,
}

/// See [`Spike`]. `before` is that of [`usual_day`].
pub fn detect_spike(day: Money, before: &[Money]) -> Option<Spike> {
    let usual = usual_day(before)?;
    let high_enough = usual.checked_mul(SPIKE_FACTOR).is_some_and(|bar| day >= bar);
    let far_enough = usual.checked_add(SPIKE_FLOOR).is_some_and(|bar| day >= bar);
    (high_enough && far_enough).then(|| Spike { usual, factor_tenths: factor_tenths(day, usual) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dollars(values: &[i32]) -> Vec<Money> {
        values.iter().map(|value| Money::from_major(*value)).collect()
    }

    #[test]
    fn the_pace_is_the_mean_of_the_last_complete_week() {
        assert_eq!(daily_burn(&dollars(&[99, 7, 7, 7, 7, 7, 7, 14]), Money::ZERO), Money::from_major(8));
        assert_eq!(daily_burn(&dollars(&[4, 2]), Money::from_major(9)), Money::from_major(3));
        assert_eq!(daily_burn(&[], Money::from_major(9)), Money::from_major(9));
    }

    #[test]
    fn the_low_mark_is_the_threshold_or_a_day_of_burn_but_five_at_least() {
        assert_eq!(low_mark(Some(Money::from_major(2)), Money::from_major(30)), Money::from_major(2));
        assert_eq!(low_mark(None, Money::from_major(30)), Money::from_major(30));
        assert_eq!(low_mark(None, Money::from_major(1)), Money::from_major(5));
    }

    #[test]
    fn runway_needs_money_and_spending() {
        let now = Timestamp::from_seconds(0);
        let day = estimate_runway(Money::from_major(10), Money::from_major(10), now).unwrap();
        assert_eq!((day.hours, day.until), (24, Timestamp::from_seconds(86_400)));
        assert_eq!(estimate_runway(Money::ZERO, Money::from_major(1), now), None);
        assert_eq!(estimate_runway(Money::from_major(1), Money::ZERO, now), None);
        assert_eq!(estimate_runway(Money::from_micros(i64::MAX), Money::from_micros(1), now), None);
    }

    #[test]
    fn the_projection_adds_the_pace_for_the_days_to_come() {
        let today = Date::new(2026, 11, 28).unwrap();
        assert_eq!(projected_month(&dollars(&[10, 2]), Money::from_major(5), today), Some(Money::from_major(25)));
        assert_eq!(projected_month(&[], Money::from_major(5), today), None);
    }

    #[test]
    fn a_spike_needs_three_times_the_usual_a_unit_above_and_five_days() {
        let usual = dollars(&[2, 2, 2, 2, 2]);
        assert_eq!(detect_spike(Money::from_major(6), &usual).unwrap().factor_tenths, Some(30));
        assert_eq!(detect_spike(Money::from_micros(5_999_999), &usual), None);
        assert_eq!(detect_spike(Money::from_major(60), &usual[1..]), None);
        assert_eq!(detect_spike(Money::from_micros(999_999), &dollars(&[0; 5])), None);
        assert_eq!(detect_spike(Money::from_major(1), &dollars(&[0; 5])).unwrap().factor_tenths, None);
    }

    #[test]
    fn today_is_expected_to_cost_a_usual_day_at_least() {
        let today = Date::new(2026, 11, 28).unwrap();
        let (two, five) = (Money::from_major(2), Money::from_major(5));
        assert_eq!(days_to_come(two, five, today), dollars(&[3, 5, 5]));
        assert_eq!(days_to_come(five, two, today), dollars(&[0, 2, 2]));
        assert_eq!(days_to_come(Money::ZERO, two, Date::new(2026, 11, 30).unwrap()), dollars(&[2]));
    }

    proptest! {
        #[test]
        fn the_projection_is_no_less_than_what_was_spent_and_grows_with_the_pace(
            spent in proptest::collection::vec(0_i64..1_000_000, 1..31),
            burn in 0_i64..1_000_000,
        ) {
            let so_far: Vec<_> = spent.iter().copied().map(Money::from_micros).collect();
            let today = Date::new(2026, 10, u8::try_from(spent.len()).unwrap()).unwrap();
            let project = |burn| projected_month(&so_far, Money::from_micros(burn), today).unwrap();
            let sum = Money::checked_sum(so_far.iter().copied()).unwrap();
            prop_assert!(project(burn) >= sum && project(burn + 1) >= project(burn));
            prop_assert_eq!(days_to_come(Money::ZERO, Money::from_micros(burn), today).len(), 32 - spent.len());
        }

        #[test]
        fn the_median_has_as_many_below_as_above(values in proptest::collection::vec(0_i64..1_000, 1..30)) {
            let amounts: Vec<_> = values.iter().map(|v| Money::from_micros(*v)).collect();
            let middle = median_amount(&amounts).unwrap();
            let below = amounts.iter().filter(|amount| **amount < middle).count();
            let above = amounts.iter().filter(|amount| **amount > middle).count();
            prop_assert!(below <= amounts.len() / 2 && above <= amounts.len() / 2);
        }
    }
}
