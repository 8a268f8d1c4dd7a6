//! Automatic payments: settings and their limits, and the plan that says whether, when and how much to charge.

pub mod advice;
pub mod health;
pub mod history;
pub mod replay;

use serde::{Deserialize, Serialize};

use crate::limits::{AmountError, ChargeAmount, ChargeLimits};
use crate::money::Priced;
use crate::{Money, Timestamp};

/// Seconds between two automatic charges.
pub const PACE_SECONDS: i64 = 3600;
/// Seconds from the first attempt to each following one after soft declines.
pub const RETRY_AFTER_SECONDS: [i64; 4] = [0, 3600, 3 * 3600, 7 * 3600];

/// How long an automatic charge waits for the cardholder whom its bank wants to see. Shorter than the day for which a
/// provider keeps idempotency keys.
/// See docs/decisions/0038-cardholder-confirmation.md.
pub const CONFIRM_SECONDS: i64 = 23 * 3600;

/// How the wallet is refilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "RefillFields")]
pub enum Refill {
    /// The same amount each time.
    Fixed {
        /// What is charged each time, whole minor units within the limits.
        amount: Money,
    },
    /// As much as brings the wallet up to a balance.
    Target {
        /// Where the wallet stands afterwards.
        balance: Money,
    },
}

/// What a refill is read from. Reading a tagged enum directly buffers values of any type, which weighs much in the browser.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefillFields {
    kind: RefillKind,
    #[serde(default)]
    amount: Option<Money>,
    #[serde(default)]
    balance: Option<Money>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefillKind {
    Fixed,
    Target,
}

impl TryFrom<RefillFields> for Refill {
    type Error = &'static str;

    fn try_from(fields: RefillFields) -> Result<Self, &'static str> {
        match (fields.kind, fields.amount, fields.balance) {
            (RefillKind::Fixed, Some(amount), None) => Ok(Self::Fixed { amount }),
            (RefillKind::Target, None, Some(balance)) => Ok(Self::Target { balance }),
            (RefillKind::Fixed, ..) => Err("a fixed refill has an amount and nothing else"),
            (RefillKind::Target, ..) => Err("a refill up to a target has a balance and nothing else"),
        }
    }
}

/// What a person confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// At or below this available + pending amount the wallet is refilled.
    pub threshold: Money,
    /// How a charge is sized.
    pub refill: Refill,
    /// Never more than this in a calendar month of the organization's zone.
    pub monthly_cap: Money,
}

impl Settings {
    /// They may charge more, or earlier, than `agreed` do. Another kind of refill is more, since nobody can tell.
    pub fn exceeds(&self, agreed: &Self) -> bool {
        let figure = |refill: Refill| match refill {
            Refill::Fixed { amount } => amount,
            Refill::Target { balance } => balance,
        };
        let another_kind = std::mem::discriminant(&self.refill) != std::mem::discriminant(&agreed.refill);
        self.threshold > agreed.threshold
            || self.monthly_cap > agreed.monthly_cap
            || another_kind
            || figure(self.refill) > figure(agreed.refill)
    }
}

/// Which setting is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// [`Settings::threshold`], outside its range.
    Threshold,
    /// The amount of [`Refill::Fixed`].
    RefillAmount,
    /// The balance of [`Refill::Target`].
    RefillBalance,
    /// [`Settings::monthly_cap`], outside its range.
    MonthlyCap,
}

impl Field {
    /// JSON pointer into the body of `PUT /auto-pay`.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Threshold => "/threshold",
            Self::RefillAmount => "/refill/amount",
            Self::RefillBalance => "/refill/balance",
            Self::MonthlyCap => "/monthly_cap",
        }
    }
}

/// Why settings are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// An amount outside its limits.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The target must lie above the threshold.
    #[error("the target must be above the threshold")]
    TargetNotAboveThreshold,
    /// From the threshold up to the target is less than the smallest charge.
    #[error("the target must be at least the smallest charge of {0} above the threshold")]
    GapBelowMinimum(Priced),
    /// One refill would already exceed the cap.
    #[error("the monthly cap must allow at least one refill of {0}")]
    CapBelowRefill(Priced),
}

impl SettingsError {
    /// The code of the field error on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Amount(error) => error.code(),
            Self::TargetNotAboveThreshold => "target_not_above_threshold",
            Self::GapBelowMinimum(_) => "gap_below_minimum",
            Self::CapBelowRefill(_) => "cap_below_refill",
        }
    }
}

impl Settings {
    /// Everything wrong with the settings at once; empty when they may be confirmed.
    pub fn problems(&self, limits: &ChargeLimits) -> Vec<(Field, SettingsError)> {
        let mut problems = Vec::new();
        let whole = |amount: Money| amount.to_minor_exact(limits.currency).is_some();
        if self.threshold.is_negative() {
            problems.push((Field::Threshold, AmountError::BelowMinimum(Money::ZERO.priced(limits.currency)).into()));
        } else if self.threshold > limits.max {
            problems.push((Field::Threshold, AmountError::AboveMaximum(limits.max.priced(limits.currency)).into()));
        } else if !whole(self.threshold) {
            problems.push((Field::Threshold, AmountError::NotChargeable.into()));
        }
        problems.extend(self.refill_problem(limits));
        let one_refill = self.typical_charge();
        if !whole(self.monthly_cap) {
            problems.push((Field::MonthlyCap, AmountError::NotChargeable.into()));
        } else if self.monthly_cap < limits.min {
            problems.push((Field::MonthlyCap, AmountError::BelowMinimum(limits.min.priced(limits.currency)).into()));
        } else if one_refill.is_some_and(|charge| self.monthly_cap < charge) {
            problems.push((
                Field::MonthlyCap,
                SettingsError::CapBelowRefill(one_refill.unwrap_or(limits.min).priced(limits.currency)),
            ));
        }
        problems
    }

    fn refill_problem(&self, limits: &ChargeLimits) -> Option<(Field, SettingsError)> {
        match self.refill {
            Refill::Fixed { amount } => {
                limits.check(amount).err().map(|error| (Field::RefillAmount, SettingsError::Amount(error)))
            }
            Refill::Target { balance } => {
                let error = if balance.to_minor_exact(limits.currency).is_none() {
                    AmountError::NotChargeable.into()
                } else if balance <= self.threshold {
                    SettingsError::TargetNotAboveThreshold
                } else {
                    match balance.checked_sub(self.threshold) {
                        Some(gap) if gap < limits.min => {
                            SettingsError::GapBelowMinimum(limits.min.priced(limits.currency))
                        }
                        Some(gap) if gap > limits.max => {
                            AmountError::AboveMaximum(limits.max.priced(limits.currency)).into()
                        }
                        Some(_) => return None,
                        None => AmountError::AboveMaximum(limits.max.priced(limits.currency)).into(),
                    }
                };
                Some((Field::RefillBalance, error))
            }
        }
    }

    /// What one refill from exactly the threshold charges.
    pub fn typical_charge(&self) -> Option<Money> {
        match self.refill {
            Refill::Fixed { amount } => Some(amount),
            Refill::Target { balance } => balance.checked_sub(self.threshold),
        }
    }
}

/// The figures the plan looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Balance − open holds.
    pub available: Money,
    /// Charges on their way that will be credited.
    pub pending_credit: Money,
    /// Automatic charges of this calendar month: settled + in flight + unknown.
    pub month_committed: Money,
    /// When this month's cap begins anew.
    pub month_resets_at: Timestamp,
    /// When the last automatic charge began.
    pub last_charge_at: Option<Timestamp>,
    /// An automatic charge is open.
    pub charging: bool,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Above the threshold: nothing.
    Rest,
    /// A charge is open: nothing until its outcome is known.
    Wait,
    /// Below the threshold, but the last charge is too recent: then.
    NotBefore(Timestamp),
    /// The cap leaves less than the needed charge: not before this month is over.
    Capped(Timestamp),
    /// Charge this much now.
    Charge(ChargeAmount),
}

/// The plan for confirmed settings in the present situation.
pub fn plan_charge(settings: &Settings, limits: &ChargeLimits, situation: &Situation, now: Timestamp) -> Plan {
    if situation.charging {
        return Plan::Wait;
    }
    let Some(expected) = situation.available.checked_add(situation.pending_credit) else { return Plan::Rest };
    if expected > settings.threshold {
        return Plan::Rest;
    }
    let earliest = situation.last_charge_at.map(|last| last.plus_seconds(PACE_SECONDS));
    if let Some(earliest) = earliest.filter(|earliest| *earliest > now) {
        return Plan::NotBefore(earliest);
    }
    let Some(amount) = needed_charge(settings, limits, expected) else { return Plan::Rest };
    match situation.month_committed.checked_add(amount.money()) {
        Some(total) if total <= settings.monthly_cap => Plan::Charge(amount),
        _ => Plan::Capped(situation.month_resets_at),
    }
}

/// One charge that closes the gap: the fixed amount, or up to the target in whole minor units, within the limits.
fn needed_charge(settings: &Settings, limits: &ChargeLimits, expected: Money) -> Option<ChargeAmount> {
    match settings.refill {
        Refill::Fixed { amount } => limits.check(amount).ok(),
        Refill::Target { balance } => {
            let gap = balance.checked_sub(expected)?.to_minor_up(limits.currency);
            let gap = Money::from_minor(gap, limits.currency)?;
            limits.check(gap.clamp(limits.min, limits.max)).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const LIMITS: ChargeLimits = ChargeLimits::default_for(Currency::Usd);

    #[test]
    fn a_refill_reads_back_and_a_half_or_mixed_one_is_refused() {
        for (refill, json) in [
            (Refill::Fixed { amount: Money::from_major(50) }, r#"{"kind":"fixed","amount":"50.00"}"#),
            (Refill::Target { balance: Money::from_major(100) }, r#"{"kind":"target","balance":"100.00"}"#),
        ] {
            assert_eq!(serde_json::to_string(&refill).unwrap(), json);
            assert_eq!(serde_json::from_str::<Refill>(json).unwrap(), refill);
        }
        for json in [
            r#"{"kind":"fixed"}"#,
            r#"{"kind":"fixed","balance":"1"}"#,
            r#"{"kind":"target","amount":"1","balance":"1"}"#,
            r#"{"kind":"other","amount":"1"}"#,
            r#"{"kind":"fixed","amount":"1","more":1}"#,
            r#"{"amount":"1"}"#,
        ] {
            assert!(serde_json::from_str::<Refill>(json).is_err(), "{json}");
        }
    }

    fn settings() -> Settings {
        Settings {
            threshold: Money::from_major(20),
            refill: Refill::Fixed { amount: Money::from_major(50) },
            monthly_cap: Money::from_major(120),
        }
    }

    fn situation(available: i32) -> Situation {
        Situation {
            available: Money::from_major(available),
            pending_credit: Money::ZERO,
            month_committed: Money::ZERO,
            month_resets_at: NOW.plus_seconds(999),
            last_charge_at: None,
            charging: false,
        }
    }

    fn charged(plan: Plan) -> Option<Money> {
        match plan {
            Plan::Charge(amount) => Some(amount.money()),
            _ => None,
        }
    }

    #[test]
    fn fires_at_the_threshold_and_counts_what_is_on_its_way() {
        assert_eq!(charged(plan_charge(&settings(), &LIMITS, &situation(20), NOW)), Some(Money::from_major(50)));
        assert_eq!(plan_charge(&settings(), &LIMITS, &situation(21), NOW), Plan::Rest);
        let pending = Situation { pending_credit: Money::from_major(10), ..situation(11) };
        assert_eq!(plan_charge(&settings(), &LIMITS, &pending, NOW), Plan::Rest);
        let open = Situation { charging: true, ..situation(0) };
        assert_eq!(plan_charge(&settings(), &LIMITS, &open, NOW), Plan::Wait);
    }

    #[test]
    fn the_pace_defers_and_the_cap_holds_to_the_cent() {
        let recent = Situation { last_charge_at: Some(NOW.plus_seconds(-3599)), ..situation(0) };
        assert_eq!(plan_charge(&settings(), &LIMITS, &recent, NOW), Plan::NotBefore(NOW.plus_seconds(1)));
        let exactly = Situation { month_committed: Money::from_major(70), ..situation(0) };
        assert!(charged(plan_charge(&settings(), &LIMITS, &exactly, NOW)).is_some());
        let over = Situation { month_committed: Money::from_micros(70_010_000), ..situation(0) };
        assert_eq!(plan_charge(&settings(), &LIMITS, &over, NOW), Plan::Capped(NOW.plus_seconds(999)));
    }

    #[test]
    fn a_target_is_reached_by_one_charge() {
        let target = Settings { refill: Refill::Target { balance: Money::from_major(100) }, ..settings() };
        assert_eq!(charged(plan_charge(&target, &LIMITS, &situation(-5), NOW)), Some(Money::from_major(105)));
        let odd = Situation { available: Money::from_micros(19_999_999), ..situation(0) };
        assert_eq!(charged(plan_charge(&target, &LIMITS, &odd, NOW)), Some(Money::from_micros(80_010_000)));
    }

    #[test]
    fn wrong_settings_are_named_by_field() {
        let fields =
            |settings: Settings| settings.problems(&LIMITS).into_iter().map(|(f, e)| (f, e.code())).collect::<Vec<_>>();
        assert_eq!(fields(settings()), []);
        let wrong = Settings {
            threshold: Money::from_micros(-1),
            refill: Refill::Fixed { amount: Money::from_major(9) },
            monthly_cap: Money::from_major(1),
        };
        assert_eq!(
            fields(wrong),
            [
                (Field::Threshold, "below_minimum"),
                (Field::RefillAmount, "below_minimum"),
                (Field::MonthlyCap, "below_minimum")
            ]
        );
        let target =
            |balance| Settings { refill: Refill::Target { balance: Money::from_major(balance) }, ..settings() };
        assert_eq!(fields(target(20)), [(Field::RefillBalance, "target_not_above_threshold")]);
        assert_eq!(fields(target(29)), [(Field::RefillBalance, "gap_below_minimum")]);
        let tight = Settings { monthly_cap: Money::from_major(49), ..settings() };
        assert_eq!(fields(tight), [(Field::MonthlyCap, "cap_below_refill")]);
    }

    proptest! {
        #[test]
        fn never_beyond_the_cap_and_always_chargeable(
            available in -50_000_000_i64..50_000_000,
            committed in 0_i64..200_000_000,
            target in 30_i32..500,
            fixed: bool,
        ) {
            let refill = if fixed {
                Refill::Fixed { amount: Money::from_major(target) }
            } else {
                Refill::Target { balance: Money::from_major(target) }
            };
            let settings = Settings { refill, ..settings() };
            let situation = Situation {
                available: Money::from_micros(available),
                month_committed: Money::from_micros(committed),
                ..situation(0)
            };
            if let Plan::Charge(amount) = plan_charge(&settings, &LIMITS, &situation, NOW) {
                prop_assert!(LIMITS.check(amount.money()).is_ok());
                prop_assert!(committed + amount.money().micros() <= settings.monthly_cap.micros());
                prop_assert!(available <= settings.threshold.micros());
            }
        }
    }
}
