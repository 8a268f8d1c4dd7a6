//! Where the axis ends: the next round number, whose half is round too.

/// The drawing is this high: hundredths of a percent.
pub(super) const HEIGHT: u64 = 10_000;

/// An axis from zero to `top`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// The axis' end; never 0.
    pub(super) top: u64,
}

impl Scale {
    /// An axis that has room for `highest`.
    pub(super) fn up_to(highest: u64) -> Self {
        let mut unit = 1_u64;
        loop {
            for step in [1, 2, 4, 5, 6, 8] {
                let top = unit.saturating_mul(step);
                // An odd end has no half that is a whole number.
                if top >= highest && (top.is_multiple_of(2) || top == u64::MAX) {
                    return Self { top };
                }
            }
            unit = unit.saturating_mul(10);
        }
    }

    /// Where `value` lies on a line of `length`, rounded down; what is not nothing is at least 1.
    pub(super) fn place(self, value: u64, length: u64) -> u64 {
        let place = u128::from(value.min(self.top)) * u128::from(length) / u128::from(self.top);
        u64::try_from(place).unwrap_or(length).max(u64::from(value > 0))
    }
}

/// A part of [`HEIGHT`] as the style sheet and SVG write it.
pub(super) fn percent_text(part: u64) -> String {
    format!("{}.{:02}%", part / 100, part % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_the_next_round_number() {
        for (highest, top) in
            [(0, 2), (1, 2), (2, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 20), (41, 50), (51, 60), (85, 100)]
        {
            assert_eq!(Scale::up_to(highest).top, top, "{highest}");
        }
        assert!(Scale::up_to(u64::MAX).top == u64::MAX);
    }

    #[test]
    fn no_bar_leaves_the_picture_and_none_vanishes() {
        for highest in [1, 7, 12_345_678, i64::MAX.unsigned_abs()] {
            let scale = Scale::up_to(highest);
            assert!(scale.place(highest, 1000) <= 1000);
            assert!(scale.place(1, 1000) >= 1);
            assert_eq!(scale.place(0, 1000), 0);
        }
    }
}
