//! What is wrong with an amount, in sentences.

use billing_domain::auto_pay::SettingsError;
use billing_domain::decimal::DecimalError;
use billing_domain::limits::{AmountError, ChargeLimits};

use super::UserMessage;

impl From<AmountError> for UserMessage {
    fn from(error: AmountError) -> Self {
        match error {
            AmountError::Decimal(error) => error.into(),
            AmountError::Malformed(example) => Self::amount_malformed(example),
            AmountError::BelowMinimum(minimum) => Self::amount_below_minimum(minimum),
            AmountError::AboveMaximum(maximum) => Self::amount_above_maximum(maximum),
            AmountError::NotChargeable => Self::amount_not_chargeable(),
        }
    }
}

impl From<DecimalError> for UserMessage {
    fn from(error: DecimalError) -> Self {
        match error {
            DecimalError::Empty => Self::amount_missing(),
            DecimalError::TooLarge => Self::amount_too_large(),
            DecimalError::Malformed => Self::amount_not_a_number(),
            DecimalError::TooPrecise => Self::amount_too_precise(),
        }
    }
}

impl From<SettingsError> for UserMessage {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Amount(error) => error.into(),
            SettingsError::TargetNotAboveThreshold => Self::refill_target_not_above_threshold(),
            SettingsError::GapBelowMinimum(minimum) => Self::refill_target_gap_below_minimum(minimum),
            SettingsError::CapBelowRefill(refill) => Self::monthly_cap_below_refill(refill),
        }
    }
}

/// The same with what may be entered instead.
pub(crate) fn describe_in_range(error: AmountError, limits: &ChargeLimits) -> UserMessage {
    let (minimum, maximum) = (limits.min.priced(limits.currency), limits.max.priced(limits.currency));
    match error {
        AmountError::Decimal(DecimalError::Empty) => UserMessage::amount_missing_in_range(minimum, maximum),
        AmountError::Decimal(DecimalError::TooLarge) => UserMessage::amount_too_large_in_range(minimum, maximum),
        AmountError::Decimal(DecimalError::TooPrecise) => UserMessage::amount_too_precise_in_range(minimum, maximum),
        AmountError::Decimal(DecimalError::Malformed) => UserMessage::amount_not_a_number(),
        AmountError::Malformed(example) => UserMessage::amount_malformed_in_range(example, minimum, maximum),
        AmountError::BelowMinimum(_) => UserMessage::amount_below_minimum_in_range(minimum, maximum),
        AmountError::AboveMaximum(_) => UserMessage::amount_above_maximum_in_range(maximum, minimum),
        AmountError::NotChargeable => UserMessage::amount_not_chargeable_in_range(minimum, maximum),
    }
}

#[cfg(test)]
mod tests {
    use billing_domain::Currency;

    use super::*;

    #[test]
    fn a_refused_amount_is_told_with_what_may_be_entered_instead() {
        let limits = ChargeLimits::default_for(Currency::Usd);
        let text = |written| describe_in_range(limits.parse(written).unwrap_err(), &limits).english();
        assert_eq!(text(""), "Enter an amount. Enter 10.00 to 5000.00.");
        assert_eq!(text("9.99"), "The smallest amount is 10.00. Enter 10.00 to 5000.00.");
        assert_eq!(text("5000.01"), "The largest amount is 5000.00. Enter 10.00 to 5000.00.");
        assert_eq!(text("x"), "Write the amount in digits, like 12.50. Enter 10.00 to 5000.00.");
        let plain = |written| UserMessage::from(limits.parse(written).unwrap_err()).english();
        assert_eq!(plain("9.99"), "The smallest amount is 10.00.");
        assert_eq!(plain("10.001"), "Too many digits behind the decimal point.");
    }
}
