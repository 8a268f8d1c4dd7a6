//! How a sum is made up: shares that add up, the part that dominates, what one line costs, how far a day is from the
//! usual one.

use crate::Money;

/// The parts' shares of their sum in units of one `scale`th (100: percent, 1000: tenths of a percent), in their order.
///
/// They add up to exactly `scale`, by the method of the largest remainder, and none is a whole unit away from the exact
/// share. What is zero or negative has no share; when that is all of them, so have all.
pub fn compute_shares(parts: &[Money], scale: u32) -> Vec<u32> {
    let weights: Vec<u128> = parts.iter().map(|part| u128::from(part.micros().max(0).unsigned_abs())).collect();
    let whole: u128 = weights.iter().sum();
    if whole == 0 {
        return vec![0; parts.len()];
    }
    let exact = |weight: &u128| weight * u128::from(scale);
    let mut shares: Vec<u32> =
        weights.iter().map(|weight| u32::try_from(exact(weight) / whole).unwrap_or(scale)).collect();
    let missing = scale.saturating_sub(shares.iter().sum());
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // A stable sort: of equal remainders the first part gets the unit.
    order.sort_by_key(|index| std::cmp::Reverse(exact(&weights[*index]) % whole));
    for index in order.into_iter().take(usize::try_from(missing).unwrap_or(usize::MAX)) {
        shares[index] += 1;
    }
    shares
}

/// The part that alone is more than half of `whole`; there is one at most while the parts make up no more than it.
pub fn find_dominant(parts: &[Money], whole: Money) -> Option<usize> {
    let twice = |part: &Money| i128::from(part.micros()) * 2;
    parts.iter().position(|part| part.is_positive() && twice(part) > i128::from(whole.micros()))
}

/// The part that has risen most above its usual amount, the first of equals; `None` when none has risen.
///
/// `now` and `usual` are in the same order; what is missing in `usual` counts as zero.
pub fn largest_rise(now: &[Money], usual: &[Money]) -> Option<usize> {
    let rise = |index: usize| {
        let usual = usual.get(index).copied().unwrap_or(Money::ZERO);
        i128::from(now[index].micros()) - i128::from(usual.micros())
    };
    let highest = (0..now.len()).rev().max_by_key(|index| rise(*index))?;
    (rise(highest) > 0).then_some(highest)
}

/// What one of `lines` costs on average, rounded half to even to a micro-unit; `None` without lines.
pub fn per_line(amount: Money, lines: i64) -> Option<Money> {
    let lines = i128::from(lines);
    if lines <= 0 {
        return None;
    }
    let (floor, rest) = (i128::from(amount.micros()).div_euclid(lines), i128::from(amount.micros()).rem_euclid(lines));
    let up = rest * 2 > lines || (rest * 2 == lines && floor % 2 != 0);
    i64::try_from(floor + i128::from(up)).ok().map(Money::from_micros)
}

/// `amount` ÷ `usual` in tenths, rounded down (32 = 3.2 ×); `None` when nothing is usual.
pub fn factor_tenths(amount: Money, usual: Money) -> Option<i64> {
    if !usual.is_positive() {
        return None;
    }
    i64::try_from((i128::from(amount.micros()) * 10).div_euclid(i128::from(usual.micros()))).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn micros(values: &[i64]) -> Vec<Money> {
        values.iter().copied().map(Money::from_micros).collect()
    }

    #[test]
    fn thirds_add_up_and_the_first_gets_what_is_left() {
        assert_eq!(compute_shares(&micros(&[1, 1, 1]), 100), [34, 33, 33]);
        assert_eq!(compute_shares(&micros(&[2, 1]), 1000), [667, 333]);
        assert_eq!(compute_shares(&micros(&[0, -5]), 100), [0, 0]);
        assert_eq!(compute_shares(&micros(&[i64::MAX, i64::MAX]), 1000), [500, 500]);
        assert!(compute_shares(&[], 100).is_empty());
    }

    #[test]
    fn half_does_not_dominate() {
        assert_eq!(find_dominant(&micros(&[5, 5]), Money::from_micros(10)), None);
        assert_eq!(find_dominant(&micros(&[4, 6]), Money::from_micros(10)), Some(1));
        assert_eq!(find_dominant(&micros(&[0]), Money::ZERO), None);
        assert_eq!(find_dominant(&micros(&[i64::MAX]), Money::from_micros(i64::MAX)), Some(0));
    }

    #[test]
    fn what_rose_most_is_behind_it_though_another_one_cost_more() {
        assert_eq!(largest_rise(&micros(&[18, 16, 0]), &micros(&[10, 1, 0])), Some(1));
        assert_eq!(largest_rise(&micros(&[3, 3]), &micros(&[1, 1])), Some(0));
        assert_eq!(largest_rise(&micros(&[1]), &micros(&[1])), None);
        assert_eq!(largest_rise(&[], &[]), None);
    }

    #[test]
    fn the_average_is_rounded_half_to_even() {
        assert_eq!(per_line(Money::from_micros(5), 2), Some(Money::from_micros(2)));
        assert_eq!(per_line(Money::from_micros(7), 2), Some(Money::from_micros(4)));
        assert_eq!(per_line(Money::from_micros(7), 0), None);
        assert_eq!(factor_tenths(Money::from_micros(32), Money::from_micros(10)), Some(32));
        assert_eq!(factor_tenths(Money::from_micros(32), Money::ZERO), None);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_are_less_than_a_unit_off(
            values in proptest::collection::vec(-10_i64..i64::MAX, 1..20),
            scale in prop_oneof![Just(100_u32), Just(1000)],
        ) {
            let parts = micros(&values);
            let found = compute_shares(&parts, scale);
            let whole: i128 = values.iter().map(|value| i128::from(*value.max(&0))).sum();
            prop_assert_eq!(found.iter().sum::<u32>(), if whole > 0 { scale } else { 0 });
            for (value, share) in values.iter().zip(&found) {
                let off = i128::from(*share) * whole - i128::from(*value.max(&0)) * i128::from(scale);
                prop_assert!(off.abs() < whole.max(1), "{} of {}", share, value);
            }
        }

        #[test]
        fn a_larger_part_never_has_a_smaller_share(values in proptest::collection::vec(0_i64..i64::MAX, 2..20)) {
            let found = compute_shares(&micros(&values), 1000);
            for one in 0..values.len() {
                for other in 0..values.len() {
                    prop_assert!(values[one] <= values[other] || found[one] >= found[other]);
                }
            }
        }

        #[test]
        fn one_part_dominates_at_most(values in proptest::collection::vec(0_i64..1_000, 1..10)) {
            let parts = micros(&values);
            let whole = Money::checked_sum(parts.iter().copied()).unwrap();
            let over_half = values.iter().filter(|value| **value * 2 > whole.micros()).count();
            prop_assert!(over_half <= 1);
            prop_assert_eq!(find_dominant(&parts, whole).is_some(), over_half == 1);
        }

        #[test]
        fn the_average_is_at_most_half_a_micro_unit_off(amount in 0_i64..i64::MAX, lines in 1_i64..i64::MAX) {
            let average = per_line(Money::from_micros(amount), lines).unwrap();
            let off = i128::from(average.micros()) * i128::from(lines) - i128::from(amount);
            prop_assert!(off.abs() * 2 <= i128::from(lines));
        }
    }
}
