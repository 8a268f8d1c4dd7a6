//! How much may be charged at once, and the proof that an amount was checked.

use crate::decimal::DecimalError;
use crate::money::Priced;
use crate::{Currency, Money};

/// The smallest and the largest single charge, in the wallet's currency; both whole minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargeLimits {
    /// The wallet's currency.
    pub currency: Currency,
    /// The smallest charge, whole minor units.
    pub min: Money,
    /// The largest charge, whole minor units.
    pub max: Money,
}

/// Why an amount cannot be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing, too much, or more digits than can be kept.
    #[error(transparent)]
    Decimal(DecimalError),
    /// Not an amount at all; how one is written in this currency.
    #[error("write the amount in digits, like {0}")]
    Malformed(Priced),
    /// Under the limit, which is given.
    #[error("the smallest amount is {0}")]
    BelowMinimum(Priced),
    /// Over the limit, which is given.
    #[error("the largest amount is {0}")]
    AboveMaximum(Priced),
    /// Not a whole number of minor units.
    #[error("a card cannot be charged a fraction of the smallest coin")]
    NotChargeable,
}

impl AmountError {
    /// Why a text is no amount of this currency.
    pub const fn of(error: DecimalError, currency: Currency) -> Self {
        match error {
            DecimalError::Malformed => Self::Malformed(currency.example().priced(currency)),
            other => Self::Decimal(other),
        }
    }

    /// The code of the field error on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Decimal(DecimalError::Empty) => "required",
            Self::Decimal(DecimalError::TooLarge) | Self::AboveMaximum(_) => "above_maximum",
            Self::Decimal(DecimalError::Malformed) | Self::Malformed(_) => "not_a_decimal",
            Self::Decimal(DecimalError::TooPrecise) | Self::NotChargeable => "too_precise",
            Self::BelowMinimum(_) => "below_minimum",
        }
    }
}

/// An amount within the limits and in whole minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargeAmount(Money);

impl ChargeAmount {
    /// The checked amount, positive.
    pub const fn money(self) -> Money {
        self.0
    }
}

impl ChargeLimits {
    /// 10 to 5,000; in yen 1,000 to 500,000.
    pub const fn default_for(currency: Currency) -> Self {
        let scale = currency.price_scale();
        Self { currency, min: Money::from_major(10 * scale), max: Money::from_major(5_000 * scale) }
    }

    /// Reads what a person or a client wrote.
    pub fn parse(&self, text: &str) -> Result<ChargeAmount, AmountError> {
        let amount = Money::parse_payable(text, self.currency);
        self.check(amount.map_err(|error| AmountError::of(error, self.currency))?)
    }

    /// Checks an amount that is already one.
    pub fn check(&self, amount: Money) -> Result<ChargeAmount, AmountError> {
        if amount.to_minor_exact(self.currency).is_none() {
            Err(AmountError::NotChargeable)
        } else if amount < self.min {
            Err(AmountError::BelowMinimum(self.min.priced(self.currency)))
        } else if amount > self.max {
            Err(AmountError::AboveMaximum(self.max.priced(self.currency)))
        } else {
            Ok(ChargeAmount(amount))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_chargeable_amount_passes() {
        let limits = ChargeLimits::default_for(Currency::Usd);
        for good in ["10", "10.00", "12.34", "5000"] {
            assert!(limits.parse(good).is_ok(), "{good}");
        }
        for (bad, code) in [
            ("-1", "below_minimum"),
            ("0", "below_minimum"),
            ("9.99", "below_minimum"),
            ("5000.01", "above_maximum"),
            ("0.001", "too_precise"),
            ("1e3", "not_a_decimal"),
            ("NaN", "not_a_decimal"),
            ("1,50", "not_a_decimal"),
            ("５", "not_a_decimal"),
            ("", "required"),
        ] {
            assert_eq!(limits.parse(bad).unwrap_err().code(), code, "{bad}");
        }
        assert_eq!(limits.parse(&"9".repeat(200)).unwrap_err().code(), "above_maximum");
        let yen = ChargeLimits::default_for(Currency::Jpy);
        assert_eq!(yen.parse("1,000").unwrap_err().to_string(), "write the amount in digits, like 1250");
        assert_eq!(limits.parse("1,000").unwrap_err().to_string(), "write the amount in digits, like 12.50");
        assert_eq!(yen.parse("999").unwrap_err().to_string(), "the smallest amount is 1000");
        assert_eq!(limits.check(Money::from_micros(10_000_001)), Err(AmountError::NotChargeable));
    }
}
