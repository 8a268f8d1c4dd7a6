//! The settings as they are typed: what they mean, what is wrong with them, what is sent.

use billing_contract::auto_pay::{AutoPay, EnteredRefill, HealthState, PutAutoPay};
use billing_contract::wallet::Wallet;
use billing_domain::auto_pay::{Field, Plan, Refill, Settings, SettingsError, Situation, plan_charge};
use billing_domain::limits::{AmountError, ChargeLimits};
use billing_domain::{Currency, Money, Timestamp};

use super::super::top_up::choice;
use crate::texts;
use crate::ui::money::{plain_text, typed_amount};

/// The fields as they stand; `by_target` chooses which of the two refill boxes counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettingsDraft {
    /// At or below this.
    pub(super) threshold: String,
    /// Up to a balance instead of by a fixed amount.
    pub(super) by_target: bool,
    /// The fixed amount, or the balance to reach.
    pub(super) refill: String,
    /// At most in a month.
    pub(super) monthly_cap: String,
    pub(super) card_id: Option<String>,
    /// The version of the settings that was shown: a change by somebody else meanwhile is not overwritten unseen.
    pub(super) etag: String,
}

/// A wrong field and how to fix it.
pub(super) type FieldProblem = (Field, String);

impl SettingsDraft {
    /// What is set now, or proposed.
    pub(super) fn of(auto_pay: &AutoPay, write: impl Fn(Money) -> String) -> Self {
        let (by_target, refill) = match auto_pay.refill {
            Refill::Fixed { amount } => (false, amount),
            Refill::Target { balance } => (true, balance),
        };
        Self {
            threshold: write(auto_pay.threshold),
            by_target,
            refill: write(refill),
            monthly_cap: write(auto_pay.monthly_cap),
            card_id: auto_pay.card_id.clone(),
            etag: auto_pay.etag.clone(),
        }
    }

    const fn refill_field(&self) -> Field {
        if self.by_target { Field::RefillBalance } else { Field::RefillAmount }
    }

    /// The settings, or everything that is wrong at once. `write` writes an amount as people read it.
    pub(super) fn check(
        &self,
        limits: &ChargeLimits,
        write: impl Fn(Money) -> String,
    ) -> Result<Settings, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut read = |field: Field, text: &str| {
            Money::parse_payable(&typed_amount(text, limits.currency), limits.currency)
                .map_err(|error| {
                    let reason = AmountError::of(error, limits.currency).into();
                    problems.push((field, describe_error(reason, limits.currency, &write)));
                })
                .ok()
        };
        let threshold = read(Field::Threshold, &self.threshold);
        let refill = read(self.refill_field(), &self.refill);
        let monthly_cap = read(Field::MonthlyCap, &self.monthly_cap);
        let (Some(threshold), Some(refill), Some(monthly_cap)) = (threshold, refill, monthly_cap) else {
            return Err(problems);
        };
        let refill = if self.by_target { Refill::Target { balance: refill } } else { Refill::Fixed { amount: refill } };
        let settings = Settings { threshold, refill, monthly_cap };
        let problems = settings.problems(limits);
        if problems.is_empty() {
            return Ok(settings);
        }
        Err(problems
            .into_iter()
            .map(|(field, error)| (field, describe_error(error, limits.currency, &write)))
            .collect())
    }
}

/// The request that switches on or off with these settings; amounts with the digits of their currency.
pub(super) fn build_request(
    settings: &Settings,
    currency: Currency,
    enabled: bool,
    card_id: Option<String>,
) -> PutAutoPay {
    let entered = |amount| plain_text(amount, currency).into();
    let refill = match settings.refill {
        Refill::Fixed { amount } => EnteredRefill::Fixed { amount: entered(amount) },
        Refill::Target { balance } => EnteredRefill::Target { balance: entered(balance) },
    };
    PutAutoPay {
        enabled,
        threshold: entered(settings.threshold),
        refill,
        monthly_cap: entered(settings.monthly_cap),
        card_id,
    }
}

/// The settings that are in force.
pub(in crate::pages::settings::billing) const fn settings_in_force(auto_pay: &AutoPay) -> Settings {
    Settings { threshold: auto_pay.threshold, refill: auto_pay.refill, monthly_cap: auto_pay.monthly_cap }
}

/// What would be charged as soon as these settings are in force: the server's own plan, from the figures of the page.
pub(in crate::pages::settings::billing) fn charged_at_once(
    settings: &Settings,
    limits: &ChargeLimits,
    wallet: &Wallet,
    auto_pay: &AutoPay,
    now: Timestamp,
) -> Option<Money> {
    let situation = Situation {
        available: wallet.available,
        pending_credit: wallet.pending_credit,
        month_committed: auto_pay.month.spent.checked_add(auto_pay.month.in_flight)?,
        month_resets_at: auto_pay.month.resets_at,
        last_charge_at: auto_pay.last_charge_at,
        charging: auto_pay.health.state == HealthState::Charging,
    };
    match plan_charge(settings, limits, &situation, now) {
        Plan::Charge(amount) => Some(amount.money()),
        _ => None,
    }
}

fn describe_error(error: SettingsError, currency: Currency, write: &impl Fn(Money) -> String) -> String {
    match error {
        SettingsError::Amount(AmountError::BelowMinimum(least)) => texts::auto_pay::at_least(&write(least.money)),
        SettingsError::Amount(AmountError::AboveMaximum(most)) => texts::auto_pay::at_most(&write(most.money)),
        SettingsError::Amount(error) => choice::describe_error(error, currency, write),
        SettingsError::TargetNotAboveThreshold => texts::auto_pay::target_not_above().to_owned(),
        SettingsError::GapBelowMinimum(least) => texts::auto_pay::gap_below(&write(least.money)),
        SettingsError::CapBelowRefill(refill) => texts::auto_pay::cap_below(&write(refill.money)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ChargeLimits = ChargeLimits::default_for(Currency::Usd);

    fn write(amount: Money) -> String {
        format!("${amount}")
    }

    fn draft() -> SettingsDraft {
        SettingsDraft {
            threshold: "20".to_owned(),
            by_target: false,
            refill: " 50.00 ".to_owned(),
            monthly_cap: "500".to_owned(),
            card_id: None,
            etag: String::new(),
        }
    }

    #[test]
    fn what_is_typed_becomes_what_is_sent() {
        let settings = draft().check(&LIMITS, write).unwrap();
        let body = serde_json::to_value(build_request(&settings, Currency::Usd, true, None)).unwrap();
        assert_eq!(
            body,
            serde_json::json!({"enabled": true, "threshold": "20.00", "refill": {"kind": "fixed", "amount": "50.00"}, "monthly_cap": "500.00"})
        );
    }

    #[test]
    fn a_currency_without_cents_is_sent_without_them() {
        let limits = ChargeLimits::default_for(Currency::Jpy);
        let typed = |text: &str| text.to_owned();
        let yen =
            SettingsDraft { threshold: typed("2000"), refill: typed("5000"), monthly_cap: typed("50000"), ..draft() };
        let settings = yen.check(&limits, write).unwrap();
        assert_eq!(build_request(&settings, Currency::Jpy, true, None).monthly_cap.text(), "50000");
    }

    #[test]
    fn all_wrong_fields_are_named_at_once() {
        let wrong = SettingsDraft {
            threshold: "x".to_owned(),
            refill: String::new(),
            monthly_cap: "1,5,0".to_owned(),
            ..draft()
        };
        let fields: Vec<Field> = wrong.check(&LIMITS, write).unwrap_err().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, [Field::Threshold, Field::RefillAmount, Field::MonthlyCap]);
        let target = SettingsDraft { by_target: true, refill: "15".to_owned(), ..draft() };
        assert_eq!(target.check(&LIMITS, write).unwrap_err()[0].0, Field::RefillBalance);
    }
}
