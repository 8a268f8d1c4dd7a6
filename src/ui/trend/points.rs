//! Where a line runs: many values on few columns, so that no low and no high is lost, in whole numbers.

use std::fmt::Write as _;

/// The drawing is this wide and this high, in its own units.
pub(super) const WIDTH: i64 = 1_000;
pub(super) const HEIGHT: i64 = 1_000;
/// More columns than this are finer than a screen shows.
const COLUMNS: usize = 250;

/// From the lowest value, or zero, at the bottom to the highest one at the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ValueRange {
    low: i64,
    high: i64,
}

impl ValueRange {
    /// Has room for all values, for `level` and for zero; a little air above.
    pub(super) fn of(values: &[i64], level: i64) -> Self {
        let low = values.iter().copied().chain([level]).min().unwrap_or_default().min(0);
        let high = values.iter().copied().chain([level]).max().unwrap_or_default().max(1);
        Self { low, high: high.saturating_add(high / 12) }
    }

    /// How far below the top a value lies.
    pub(super) fn down(self, value: i64) -> i64 {
        let height = i128::from(self.high) - i128::from(self.low);
        let below = (i128::from(self.high) - i128::from(value)) * i128::from(HEIGHT) / height.max(1);
        i64::try_from(below).unwrap_or(HEIGHT).clamp(0, HEIGHT)
    }
}

/// How far from the start the value at `index` of so many lies.
pub(super) fn x_position(index: usize, count: usize) -> i64 {
    let last = i64::try_from(count.saturating_sub(1).max(1)).unwrap_or(i64::MAX);
    i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(WIDTH) / last
}

/// The line as the `points` of a polyline: of each column its first, lowest, highest and last value, in their order.
pub(super) fn polyline_points(values: &[i64], span: ValueRange) -> String {
    let width = values.len().div_ceil(COLUMNS).max(1);
    let mut points = String::new();
    for (column, chunk) in values.chunks(width).enumerate() {
        let extreme = |better: fn(i64, i64) -> bool| {
            let mut best = 0;
            for (index, value) in chunk.iter().enumerate() {
                if better(*value, chunk[best]) {
                    best = index;
                }
            }
            best
        };
        let mut shown = [0, extreme(|one, other| one < other), extreme(|one, other| one > other), chunk.len() - 1];
        shown.sort_unstable();
        let mut before = None;
        for index in shown {
            if before.replace(index) != Some(index) {
                let (x, y) = (x_position(column * width + index, values.len()), span.down(chunk[index]));
                // Writing into a string never fails.
                let _ = write!(points, "{x},{y} ");
            }
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_the_level_are_always_in_the_picture() {
        let span = ValueRange::of(&[50, 60], 20);
        assert_eq!(span.down(0), HEIGHT);
        assert!(span.down(60) > 0 && span.down(20) < HEIGHT);
        let below = ValueRange::of(&[-10, 60], 20);
        assert_eq!(below.down(-10), HEIGHT);
        assert!(below.down(0) < HEIGHT);
        assert_eq!(ValueRange::of(&[i64::MAX, i64::MIN], 0).down(i64::MIN), HEIGHT);
        assert!((0..=HEIGHT).contains(&ValueRange::of(&[], 0).down(0)));
    }

    #[test]
    fn a_single_low_value_among_thousands_is_drawn() {
        let mut values = vec![1_000; 8_640];
        values[4_321] = 0;
        let span = ValueRange::of(&values, 100);
        let line = polyline_points(&values, span);
        assert!(line.contains(&format!(",{HEIGHT} ")), "the low is in it");
        assert!(line.split_whitespace().count() <= 4 * (COLUMNS + 1));
        assert!(line.starts_with("0,") && line.trim_end().rsplit(' ').next().unwrap().starts_with("1000,"));
    }

    #[test]
    fn few_values_are_all_drawn() {
        let values = [3, 1, 2];
        assert_eq!(polyline_points(&values, ValueRange::of(&values, 0)).split_whitespace().count(), 3);
        assert_eq!(polyline_points(&[], ValueRange::of(&[], 0)), "");
    }
}
