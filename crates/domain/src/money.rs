//! Amounts of money as `i64` micro-units of one currency, with checked arithmetic and rounding named at each use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Currency;
use crate::decimal::{self, DecimalError};

/// Digits behind the point that the ledger keeps.
pub const MICRO_DIGITS: u32 = 6;

/// A signed amount in micro-units (10⁻⁶) of a currency that the holder of the value knows (the wallet's).
///
/// On the wire it is a decimal string such as `"12.5"`; numbers are refused there. Written with at least two digits
/// behind the point so that people recognize it, and with as many more as it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// Zero, of any currency.
    pub const ZERO: Self = Self(0);

    /// From millionths of the major unit.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole major units (dollars). Panics in const evaluation only, when the constant is out of range.
    pub const fn from_major(major: i32) -> Self {
        Self(major as i64 * 1_000_000)
    }

    /// From minor units (cents); `None` when out of range.
    pub fn from_minor(minor: i64, currency: Currency) -> Option<Self> {
        minor.checked_mul(currency.micros_per_minor()).map(Self)
    }

    /// As millionths of the major unit.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// As minor units when it is a whole number of them, else `None`.
    pub const fn to_minor_exact(self, currency: Currency) -> Option<i64> {
        if self.0 % currency.micros_per_minor() == 0 { Some(self.0 / currency.micros_per_minor()) } else { None }
    }

    /// As minor units rounded towards minus infinity: never shows money that is not there. For balances.
    pub const fn to_minor_down(self, currency: Currency) -> i64 {
        self.0.div_euclid(currency.micros_per_minor())
    }

    /// As minor units rounded half to even. For amounts of single lines and sums of spending on display.
    pub const fn to_minor_half_even(self, currency: Currency) -> i64 {
        let unit = currency.micros_per_minor();
        let (floor, rest) = (self.0.div_euclid(unit), self.0.rem_euclid(unit));
        // `unit` is 1_000_000, 10_000 or 1_000: even, so half is exact.
        let up = rest > unit / 2 || (rest == unit / 2 && floor % 2 != 0);
        floor + up as i64
    }

    /// As minor units rounded towards plus infinity. For what has to be charged to cover a gap.
    pub const fn to_minor_up(self, currency: Currency) -> i64 {
        let unit = currency.micros_per_minor();
        self.0.div_euclid(unit) + (self.0.rem_euclid(unit) != 0) as i64
    }

    /// Sum, `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Difference, `None` on overflow.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// Sign changed, `None` on overflow.
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(negated) => Some(Self(negated)),
            None => None,
        }
    }

    /// Times an integer, `None` on overflow.
    pub const fn checked_mul(self, factor: i64) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// Sum of all, `None` on overflow.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The larger of the two.
    #[must_use]
    pub fn at_least(self, floor: Self) -> Self {
        self.max(floor)
    }

    /// Below zero: out of the wallet, of a line's amount.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Above zero: into the wallet, of a line's amount.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The distance from zero; saturates at the one value that has no positive twin.
    #[must_use]
    pub const fn magnitude(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// Reads an amount that a person pays: positive or zero, whole minor units, plain decimal.
    pub fn parse_payable(text: &str, currency: Currency) -> Result<Self, DecimalError> {
        let minor = decimal::parse_scaled(text, currency.exponent())?;
        Self::from_minor(minor, currency).ok_or(DecimalError::TooLarge)
    }
}

/// An amount with its currency, written in the digits that the currency has: `1000` yen, `10.00` dollars, more only where
/// the amount has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced {
    /// The amount, without its currency.
    pub money: Money,
    /// The currency that says how many digits are shown.
    pub currency: Currency,
}

impl Money {
    /// For people to read in a sentence that names no currency.
    pub const fn priced(self, currency: Currency) -> Priced {
        Priced { money: self, currency }
    }
}

impl fmt::Display for Priced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_scaled(f, self.money.0, MICRO_DIGITS, self.currency.exponent())
    }
}

impl FromStr for Money {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        decimal::parse_scaled(text, MICRO_DIGITS).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_scaled(f, self.0, MICRO_DIGITS, 2)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prints_at_least_two_digits_and_no_more_than_needed() {
        for (micros, text) in
            [(0, "0.00"), (12_500_000, "12.50"), (152_340_000, "152.34"), (-114_000, "-0.114"), (1, "0.000001")]
        {
            assert_eq!(Money::from_micros(micros).to_string(), text);
        }
    }

    #[test]
    fn the_wire_form_is_a_string_and_numbers_are_refused() {
        assert_eq!(serde_json::to_string(&Money::from_micros(12_500_000)).unwrap(), "\"12.50\"");
        assert_eq!(serde_json::from_str::<Money>("\"12.5\"").unwrap(), Money::from_micros(12_500_000));
        for bad in ["12.5", "12", "true", "null", "\"1e3\"", "\"NaN\"", "\"\"", "[]"] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_price_has_the_digits_of_its_currency() {
        for (text, currency, written) in [
            ("1000", Currency::Jpy, "1000"),
            ("10", Currency::Usd, "10.00"),
            ("1.5", Currency::Kwd, "1.500"),
            ("0.25", Currency::Jpy, "0.25"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!(money.priced(currency).to_string(), written);
        }
    }

    #[test]
    fn payable_amounts_are_whole_minor_units_of_their_currency() {
        assert_eq!(Money::parse_payable("10.50", Currency::Usd), Ok(Money::from_micros(10_500_000)));
        assert_eq!(Money::parse_payable("10.505", Currency::Usd), Err(DecimalError::TooPrecise));
        assert_eq!(Money::parse_payable("1000", Currency::Jpy), Ok(Money::from_micros(1_000_000_000)));
        assert_eq!(Money::parse_payable("1000.5", Currency::Jpy), Err(DecimalError::TooPrecise));
        assert_eq!(Money::parse_payable("1.234", Currency::Kwd), Ok(Money::from_micros(1_234_000)));
    }

    proptest! {
        #[test]
        fn roundings_bracket_the_value(micros: i64, index in 0_usize..Currency::ALL.len()) {
            let currency = Currency::ALL[index];
            let money = Money::from_micros(micros);
            let (down, near, up) =
                (money.to_minor_down(currency), money.to_minor_half_even(currency), money.to_minor_up(currency));
            prop_assert!(down <= near && near <= up && up - down <= 1);
            let unit = i128::from(currency.micros_per_minor());
            prop_assert!(i128::from(down) * unit <= i128::from(micros) && i128::from(micros) <= i128::from(up) * unit);
            let distance = (i128::from(near) * unit - i128::from(micros)).abs();
            prop_assert!(distance * 2 <= unit);
            prop_assert!(distance * 2 != unit || near % 2 == 0);
            if down == up { prop_assert_eq!(money.to_minor_exact(currency), Some(down)); }
        }

        #[test]
        fn the_wire_form_reads_back(micros: i64) {
            let money = Money::from_micros(micros);
            prop_assert_eq!(money.to_string().parse(), Ok(money));
        }
    }
}
