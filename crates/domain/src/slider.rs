//! The non-linear stops of the top-up slider: fine where people choose often, coarse where amounts are large.

use crate::Money;
use crate::limits::ChargeLimits;

/// Stops in major units; a currency without minor unit takes them times 100.
const STOPS: [i32; 24] = [
    10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000, 2_500, 3_000, 3_500,
    4_000, 4_250, 4_500, 5_000,
];

/// The amounts offered as chips, in major units.
const CHIPS: [i32; 4] = [25, 50, 100, 250];

/// The slider's stops within the limits, ascending, with the limits themselves as first and last.
pub fn slider_stops(limits: &ChargeLimits) -> Vec<Money> {
    let inner = STOPS.iter().map(|stop| Money::from_major(stop * limits.currency.price_scale()));
    let mut stops = vec![limits.min];
    stops.extend(inner.filter(|stop| *stop > limits.min && *stop < limits.max));
    if limits.max > limits.min {
        stops.push(limits.max);
    }
    stops
}

/// Quick-pick amounts within the limits, ascending.
pub fn quick_picks(limits: &ChargeLimits) -> Vec<Money> {
    let all = CHIPS.iter().map(|chip| Money::from_major(chip * limits.currency.price_scale()));
    all.filter(|chip| *chip >= limits.min && *chip <= limits.max).collect()
}

/// The index of the stop nearest to `value`; the lower one when it lies in the middle. 0 when there are none.
pub fn nearest_stop(stops: &[Money], value: Money) -> usize {
    let distance = |stop: &Money| (i128::from(stop.micros()) - i128::from(value.micros())).abs();
    stops.iter().enumerate().min_by_key(|(_, stop)| distance(stop)).map_or(0, |(index, _)| index)
}

/// The next stop above `value`, for the + button; the last one at the end.
pub fn step_up(stops: &[Money], value: Money) -> Money {
    stops.iter().copied().find(|stop| *stop > value).or(stops.last().copied()).unwrap_or(value)
}

/// The next stop below `value`, for the − button; the first one at the end.
pub fn step_down(stops: &[Money], value: Money) -> Money {
    stops.iter().rev().copied().find(|stop| *stop < value).or(stops.first().copied()).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    proptest! {
        #[test]
        fn stops_ascend_from_limit_to_limit(index in 0_usize..Currency::ALL.len(), min in 1_i32..2_000, span in 1_i32..9_000) {
            let limits = ChargeLimits {
                currency: Currency::ALL[index],
                min: Money::from_major(min),
                max: Money::from_major(min + span),
            };
            let stops = slider_stops(&limits);
            prop_assert!(stops.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!((stops.first(), stops.last()), (Some(&limits.min), Some(&limits.max)));
            prop_assert!(stops.iter().chain(&quick_picks(&limits)).all(|stop| limits.check(*stop).is_ok()));
        }

        #[test]
        fn stepping_walks_the_stops_and_stays_inside(value in 0_i64..6_000_000_000) {
            let stops = slider_stops(&ChargeLimits::default_for(Currency::Usd));
            let value = Money::from_micros(value);
            let (up, down) = (step_up(&stops, value), step_down(&stops, value));
            prop_assert!(stops.contains(&up) && stops.contains(&down));
            prop_assert!(up > value || up == *stops.last().unwrap());
            prop_assert!(down < value || down == stops[0]);
            prop_assert_eq!(nearest_stop(&stops, up), stops.iter().position(|s| *s == up).unwrap());
        }
    }
}
