//! Price × quantity, exact, rounded once half to even to a micro-unit (DESIGN §4, Money).

use rust_decimal::{Decimal, RoundingStrategy};

use crate::Money;
use crate::decimal::{self, DecimalError};
use crate::money::MICRO_DIGITS;

/// Digits behind the point that a quantity or a unit price may carry.
pub const MAX_FRACTION_DIGITS: u32 = 9;

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

/// Reads a quantity or unit price: plain decimal, not negative, at most [`MAX_FRACTION_DIGITS`] behind the point.
pub fn parse_factor(text: &str) -> Result<Decimal, PricingError> {
    let nanos = decimal::parse_scaled(text, MAX_FRACTION_DIGITS)?;
    if nanos < 0 { Err(PricingError::Negative) } else { Ok(Decimal::new(nanos, MAX_FRACTION_DIGITS)) }
}

/// What `quantity` units cost at `unit_price`, as a positive amount.
pub fn cost(quantity: Decimal, unit_price: Decimal) -> Result<Money, PricingError> {
    let product = quantity.checked_mul(unit_price).ok_or(PricingError::TooLarge)?;
    let rounded = product.round_dp_with_strategy(MICRO_DIGITS, RoundingStrategy::MidpointNearestEven);
    let scaled = rounded.checked_mul(Decimal::new(1_000_000, 0)).ok_or(PricingError::TooLarge)?;
    i64::try_from(scaled.trunc().mantissa() / 10_i128.pow(scaled.trunc().scale()))
        .map(Money::from_micros)
        .map_err(|_| PricingError::TooLarge)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cost_of(quantity: &str, price: &str) -> Result<Money, PricingError> {
        cost(parse_factor(quantity)?, parse_factor(price)?)
    }

    #[test]
    fn rounds_once_and_half_to_even() {
        for (quantity, price, micros) in [
            ("95", "0.0012", 114_000),
            ("1", "0.0000005", 0),
            ("3", "0.0000005", 2),
            ("5", "0.0000005", 2),
            ("1", "0.000000501", 1),
            ("0", "12", 0),
            ("0.5", "0.000001", 0),
            ("1.5", "0.000001", 2),
        ] {
            assert_eq!(cost_of(quantity, price), Ok(Money::from_micros(micros)), "{quantity} × {price}");
        }
        assert_eq!(cost_of("-1", "1"), Err(PricingError::Negative));
        assert_eq!(cost_of("9223372036", "9223372036"), Err(PricingError::TooLarge));
        assert!(cost_of("1e3", "1").is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_wide_integers(quantity in 0_i64..1_000_000_000_000_000, price in 0_i64..1_000_000_000_000) {
            // Both in units of 10⁻⁹: the exact product in 10⁻¹⁸, rounded by hand to 10⁻⁶.
            let exact = i128::from(quantity) * i128::from(price);
            let unit = 10_i128.pow(12);
            let (floor, rest) = (exact / unit, exact % unit);
            let expected = floor + i128::from(rest > unit / 2 || (rest == unit / 2 && floor % 2 == 1));
            let ours = cost(Decimal::new(quantity, 9), Decimal::new(price, 9));
            let expected = i64::try_from(expected).map(Money::from_micros).map_err(|_| PricingError::TooLarge);
            prop_assert_eq!(ours, expected);
        }
    }
}
