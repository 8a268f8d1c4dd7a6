//! Price × quantity, exact. What is posted is whole micro-units; the part of one that remains is carried to the next line of
//! the same wallet and kind, so that the sum of what was posted is never further from the exact sum than half a micro-unit.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::Money;
use crate::decimal::{self, DecimalError};

/// Digits behind the point that a quantity may carry.
pub const QUANTITY_DIGITS: u32 = 9;
/// Digits behind the point that a unit price may carry: 0.0375 for a million tokens is 0.0000000375 for one.
pub const PRICE_DIGITS: u32 = 18;

/// A micro-unit in the unit of a [`Remainder`].
const MICRO_UNIT: i128 = 10_i128.pow(QUANTITY_DIGITS + PRICE_DIGITS - crate::money::MICRO_DIGITS);

/// Why a usage line cannot be priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// The text is no plain decimal.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// Below zero: usage never adds money.
    #[error("must not be negative")]
    Negative,
    /// The product does not fit the ledger.
    #[error("this amount is too large")]
    TooLarge,
}

/// A part of a micro-unit, in units of 10⁻²⁷ of the currency. As text it is that whole number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remainder(i128);

impl Remainder {
    /// Nothing is carried: the price came to whole micro-units.
    pub const ZERO: Self = Self(0);

    /// Nothing is carried to the next line.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Remainder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Remainder {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What a line costs, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// Whole micro-units, zero or positive.
    pub whole: Money,
    /// What it is beyond them: less than a micro-unit, zero or positive.
    pub part: Remainder,
}

impl Cost {
    /// What is posted for it, and what is carried to the next line. A cost in whole micro-units is posted as it is and
    /// leaves what is carried alone. Any other takes what is carried along and is rounded half to even. `None`: it does
    /// not fit the ledger.
    /// See docs/decisions/0005-sub-micro-remainders.md.
    pub const fn round(self, carried: Remainder) -> Option<(Money, Remainder)> {
        if self.part.is_zero() {
            return Some((self.whole, carried));
        }
        // Above −½ and below 1½ micro-units: it comes to none or to one.
        let total = self.part.0 + carried.0;
        let up = total * 2 > MICRO_UNIT || (total * 2 == MICRO_UNIT && self.whole.micros() % 2 != 0);
        match self.whole.checked_add(Money::from_micros(up as i64)) {
            Some(posted) => Some((posted, Remainder(total - up as i128 * MICRO_UNIT))),
            None => None,
        }
    }
}

/// Reads a quantity: plain decimal, not negative, at most [`QUANTITY_DIGITS`] behind the point.
pub fn parse_quantity(text: &str) -> Result<Decimal, PricingError> {
    parse_decimal(text, QUANTITY_DIGITS)
}

/// Reads a unit price: plain decimal, not negative, at most [`PRICE_DIGITS`] behind the point.
pub fn parse_price(text: &str) -> Result<Decimal, PricingError> {
    parse_decimal(text, PRICE_DIGITS)
}

fn parse_decimal(text: &str, digits: u32) -> Result<Decimal, PricingError> {
    let scaled = decimal::parse_wide(text, digits)?;
    if scaled < 0 {
        return Err(PricingError::Negative);
    }
    Decimal::try_from_i128_with_scale(scaled, digits).map_err(|_| DecimalError::TooLarge.into())
}

/// What `quantity` units cost at `unit_price`. More digits behind the point than may be carried are refused.
/// See docs/decisions/0001-integer-decimals.md.
pub fn compute_cost(quantity: Decimal, unit_price: Decimal) -> Result<Cost, PricingError> {
    let quantity = scale_to_units(quantity, QUANTITY_DIGITS)?;
    let price = scale_to_units(unit_price, PRICE_DIGITS)?;
    // The exact product has more digits than 128 bits: the price is taken in two parts, of which the first is in
    // micro-units and the second less than one.
    let split = 10_i128.pow(PRICE_DIGITS - crate::money::MICRO_DIGITS);
    let nano = 10_i128.pow(QUANTITY_DIGITS);
    let times = |factor: i128| quantity.checked_mul(factor).ok_or(PricingError::TooLarge);
    let (major, minor) = (times(price / split)?, times(price % split)?);
    let rest =
        (major % nano).checked_mul(split).and_then(|rest| rest.checked_add(minor)).ok_or(PricingError::TooLarge)?;
    let whole = (major / nano).checked_add(rest / MICRO_UNIT).ok_or(PricingError::TooLarge)?;
    let whole = i64::try_from(whole).map_err(|_| PricingError::TooLarge)?;
    Ok(Cost { whole: Money::from_micros(whole), part: Remainder(rest % MICRO_UNIT) })
}

/// As a count of 10^-`digits` units, not negative.
fn scale_to_units(value: Decimal, digits: u32) -> Result<i128, PricingError> {
    let value = value.normalize();
    if value.is_sign_negative() && !value.is_zero() {
        return Err(PricingError::Negative);
    }
    let missing = digits.checked_sub(value.scale()).ok_or(DecimalError::TooPrecise)?;
    value.mantissa().checked_mul(10_i128.pow(missing)).ok_or(PricingError::TooLarge)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cost_of(quantity: &str, price: &str) -> Result<Cost, PricingError> {
        compute_cost(parse_quantity(quantity)?, parse_price(price)?)
    }

    /// What is posted for it in a wallet with nothing carried.
    fn alone(quantity: &str, price: &str) -> i64 {
        cost_of(quantity, price).unwrap().round(Remainder::ZERO).unwrap().0.micros()
    }

    #[test]
    fn one_line_is_rounded_half_to_even() {
        for (quantity, price, micros) in [
            ("95", "0.0012", 114_000),
            ("1", "0.0000005", 0),
            ("3", "0.0000005", 2),
            ("5", "0.0000005", 2),
            ("1", "0.000000501", 1),
            ("0", "12", 0),
            ("0.5", "0.000001", 0),
            ("1.5", "0.000001", 2),
            ("1000000", "0.0000000375", 37_500),
            ("1", "0.000000000000000001", 0),
        ] {
            assert_eq!(alone(quantity, price), micros, "{quantity} × {price}");
        }
        assert_eq!(cost_of("-1", "1"), Err(PricingError::Negative));
        assert_eq!(cost_of("9223372036", "9223372036"), Err(PricingError::TooLarge));
        assert_eq!(cost_of("1", "0.0000000000000000001"), Err(DecimalError::TooPrecise.into()));
        assert_eq!(cost_of("0.0000000001", "1"), Err(DecimalError::TooPrecise.into()));
        assert!(cost_of("1e3", "1").is_err());
    }

    #[test]
    fn tiny_lines_add_up_instead_of_costing_nothing_for_ever() {
        // 0.0375 for a million tokens, one token at a time.
        let cost = cost_of("1", "0.0000000375").unwrap();
        let (mut carried, mut posted) = (Remainder::ZERO, 0);
        for _ in 0..1_000_000 {
            let (amount, next) = cost.round(carried).unwrap();
            (carried, posted) = (next, posted + amount.micros());
        }
        assert_eq!((posted, carried), (37_500, Remainder::ZERO));
    }

    #[test]
    fn a_remainder_reads_back() {
        for remainder in [Remainder::ZERO, Remainder(-MICRO_UNIT / 2), Remainder(MICRO_UNIT / 2), Remainder(1)] {
            assert_eq!(remainder.to_string().parse(), Ok(remainder));
        }
    }

    proptest! {
        #[test]
        fn a_cost_is_exact(quantity in 0_i64..1_000_000_000_000, price in 0_i64..1_000_000_000_000_000_000) {
            // In 10⁻⁹ and 10⁻¹⁸; this product fits.
            let exact = i128::from(quantity) * i128::from(price);
            let ours = compute_cost(Decimal::new(quantity, 9), Decimal::new(price, 18)).unwrap();
            prop_assert_eq!(i128::from(ours.whole.micros()) * MICRO_UNIT + ours.part.0, exact);
            prop_assert!((0..MICRO_UNIT).contains(&ours.part.0));
        }

        #[test]
        fn the_sum_of_what_is_posted_never_drifts(
            lines in proptest::collection::vec((0_i64..10_000_000_000, 0_i64..3_000_000_000_000_000), 1..200),
        ) {
            let (mut exact, mut posted, mut carried) = (0_i128, 0_i128, Remainder::ZERO);
            for (quantity, price) in lines {
                let cost = compute_cost(Decimal::new(quantity, 9), Decimal::new(price, 18)).unwrap();
                let (amount, next) = cost.round(carried).unwrap();
                prop_assert!(!amount.is_negative());
                carried = next;
                exact += i128::from(quantity) * i128::from(price);
                posted += i128::from(amount.micros()) * MICRO_UNIT;
                prop_assert_eq!(exact - posted, carried.0);
                prop_assert!(carried.0.abs() * 2 <= MICRO_UNIT, "{}", carried);
            }
        }
    }
}
