//! The currencies a wallet may be kept in, and how many decimal digits a card charge in them has.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Money;

/// An ISO 4217 currency from the short allow-list that has been thought through (minor-unit digits, own minimum).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Currency {
    /// United States dollar, 2 digits.
    Usd,
    /// Euro, 2 digits.
    Eur,
    /// Pound sterling, 2 digits.
    Gbp,
    /// Swiss franc, 2 digits.
    Chf,
    /// Canadian dollar, 2 digits.
    Cad,
    /// Australian dollar, 2 digits.
    Aud,
    /// Japanese yen, no minor unit.
    Jpy,
    /// Kuwaiti dinar, 3 digits.
    Kwd,
}

impl Currency {
    /// Every currency of the allow-list.
    pub const ALL: [Self; 8] = [Self::Usd, Self::Eur, Self::Gbp, Self::Chf, Self::Cad, Self::Aud, Self::Jpy, Self::Kwd];

    /// The ISO 4217 code, upper case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Chf => "CHF",
            Self::Cad => "CAD",
            Self::Aud => "AUD",
            Self::Jpy => "JPY",
            Self::Kwd => "KWD",
        }
    }

    /// Decimal digits of the minor unit (ISO 4217 "exponent"): 0 for JPY, 3 for KWD, else 2.
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Jpy => 0,
            Self::Kwd => 3,
            _ => 2,
        }
    }

    /// By how much amounts that people think of in dollars are multiplied: a yen is about a cent.
    pub const fn price_scale(self) -> i32 {
        if self.exponent() == 0 { 100 } else { 1 }
    }

    /// An amount to show how one is written: 12.50, in yen 1250.
    pub const fn example(self) -> Money {
        Money::from_micros(if self.exponent() == 0 { 1_250_000_000 } else { 12_500_000 })
    }

    /// Micro-units (10⁻⁶ of the major unit) in one minor unit.
    pub const fn micros_per_minor(self) -> i64 {
        10_i64.pow(6 - self.exponent())
    }
}

/// The code is not on the allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this currency is not supported")]
pub struct UnknownCurrency;

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::ALL.into_iter().find(|currency| currency.code() == code).ok_or(UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}
