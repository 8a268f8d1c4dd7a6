//! The chosen amount: slider, − and +, chips and box are one value, the text in the box.

use billing_domain::limits::{AmountError, ChargeAmount, ChargeLimits};
use billing_domain::slider;
use billing_domain::{Currency, Money};

use crate::texts;
use crate::ui::money::{example_text, typed_amount};

/// What the text in the box means.
pub(in super::super) fn parse_amount(text: &str, limits: &ChargeLimits) -> Result<ChargeAmount, AmountError> {
    limits.parse(&typed_amount(text, limits.currency))
}

/// The amount that slider and buttons start from: the box's own where it is one, else the nearest limit.
pub(super) fn anchor_amount(text: &str, limits: &ChargeLimits) -> Money {
    match Money::parse_payable(&typed_amount(text, limits.currency), limits.currency) {
        Ok(amount) => amount.clamp(limits.min, limits.max),
        Err(_) => limits.min,
    }
}

/// What is wrong with the text and how to fix it; `write` writes an amount as people read it.
pub(in super::super) fn describe_error(
    error: AmountError,
    currency: Currency,
    write: impl Fn(Money) -> String,
) -> String {
    let malformed = || texts::amount::malformed(&example_text(currency));
    match error {
        AmountError::BelowMinimum(least) => texts::amount::below(&write(least.money)),
        AmountError::AboveMaximum(most) => texts::amount::above(&write(most.money)),
        AmountError::NotChargeable => texts::amount::not_chargeable().to_owned(),
        AmountError::Malformed(_) => malformed(),
        AmountError::Decimal(error) => {
            use billing_domain::decimal::DecimalError;
            match error {
                DecimalError::Empty => texts::amount::empty().to_owned(),
                DecimalError::TooLarge => texts::amount::too_large().to_owned(),
                DecimalError::Malformed => malformed(),
                DecimalError::TooPrecise => texts::amount::too_precise(&example_text(currency)),
            }
        }
    }
}

pub(super) fn slider_stops(limits: &ChargeLimits) -> Vec<Money> {
    slider::slider_stops(limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ChargeLimits = ChargeLimits::default_for(Currency::Usd);

    #[test]
    fn the_box_may_hold_what_lies_between_two_stops() {
        assert_eq!(parse_amount(" 123.45 ", &LIMITS).unwrap().money(), Money::from_micros(123_450_000));
        assert_eq!(anchor_amount("123.45", &LIMITS), Money::from_micros(123_450_000));
    }

    #[test]
    fn the_slider_stays_inside_whatever_is_typed() {
        for (text, micros) in [("", 10), ("abc", 10), ("1", 10), ("99999", 5_000), ("-3", 10)] {
            assert_eq!(anchor_amount(text, &LIMITS), Money::from_major(micros), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_names_the_limit() {
        let text = |written: &str| {
            describe_error(parse_amount(written, &LIMITS).unwrap_err(), Currency::Usd, |amount| format!("${amount}"))
        };
        assert_eq!(text("9.99"), "The smallest top-up is $10.00.");
        assert_eq!(text("5000.01"), "The largest top-up is $5000.00.");
        assert_eq!(text(""), "Enter an amount.");
        assert_eq!(text("1.5.0"), "Write the amount in digits, like 12.50.");
        let yen = ChargeLimits::default_for(Currency::Jpy);
        let text = |written: &str| {
            describe_error(parse_amount(written, &yen).unwrap_err(), Currency::Jpy, |amount| format!("¥{amount}"))
        };
        assert_eq!(text("1.5.0"), "Write the amount in digits, like 1250.");
        assert_eq!(text("1000.0"), "Use at most the digits that the currency has, like 1250.");
    }
}
