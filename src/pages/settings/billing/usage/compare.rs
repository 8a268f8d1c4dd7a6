//! More or less than before, in whole percent, without a floating point.

use billing_domain::decimal::write_scaled;
use billing_domain::{Money, share};

use crate::platform::intl;
use crate::texts;

/// How an amount compares with an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UsageChange {
    /// There is nothing to compare with.
    Nothing,
    /// So many percent more; 0 for the same.
    More(i64),
    /// So many percent less.
    Less(i64),
}

impl UsageChange {
    /// From `before` to `now`, both positive or zero.
    pub(super) fn between(now: Money, before: Money) -> Self {
        if !before.is_positive() {
            return Self::Nothing;
        }
        let difference = i128::from(now.micros()) - i128::from(before.micros());
        let percent = divide_rounded(difference.abs() * 100, i128::from(before.micros()));
        if difference < 0 { Self::Less(percent) } else { Self::More(percent) }
    }

    /// `{percent}% more than {before}`, with places for the number and for what it is compared with.
    pub(super) fn template(self) -> &'static str {
        match self {
            Self::Nothing => texts::usage::compared_template(),
            Self::More(0) | Self::Less(0) => texts::usage::same_template(),
            Self::More(_) => texts::usage::more_template(),
            Self::Less(_) => texts::usage::less_template(),
        }
    }

    /// The number in it.
    pub(super) fn percent(self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::More(percent) | Self::Less(percent) => percent.to_string(),
        }
    }
}

/// `3.2`: how often `usual` goes into `amount`, rounded down; `None` when nothing is usual.
pub(super) fn factor_of_usual(amount: Money, usual: Money) -> Option<String> {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_scaled(&mut text, share::factor_tenths(amount, usual)?, 1, 1);
    Some(intl::format_number(&text))
}

fn divide_rounded(numerator: i128, denominator: i128) -> i64 {
    i64::try_from((numerator * 2 + denominator) / (denominator * 2)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_are_rounded_and_never_divide_by_nothing() {
        let dollars = Money::from_major;
        assert_eq!(UsageChange::between(dollars(112), dollars(100)), UsageChange::More(12));
        assert_eq!(UsageChange::between(dollars(50), dollars(100)), UsageChange::Less(50));
        assert_eq!(UsageChange::between(dollars(1), Money::ZERO), UsageChange::Nothing);
        assert_eq!(
            UsageChange::between(Money::from_micros(i64::MAX), Money::from_micros(1)),
            UsageChange::More(i64::MAX)
        );
    }

    #[test]
    fn factors_have_one_digit() {
        let dollars = Money::from_major;
        assert_eq!(factor_of_usual(dollars(32), dollars(10)).as_deref(), Some("3.2"));
        assert_eq!(factor_of_usual(dollars(29), dollars(10)).as_deref(), Some("2.9"));
        assert_eq!(factor_of_usual(Money::ZERO, dollars(10)).as_deref(), Some("0.0"));
        assert_eq!(factor_of_usual(dollars(1), Money::ZERO), None);
    }
}
