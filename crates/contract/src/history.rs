//! `GET /wallet/history`: what moved the wallet, in steps of a few minutes; what a replay runs over.

use billing_domain::auto_pay::history::{History, STEP_SECONDS, StepFigures};
use billing_domain::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// The most days that may be asked for.
pub const MAX_DAYS: i64 = 92;

/// What moved in one step, by when it was posted; what is left out is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryStep {
    /// Which one, from 0.
    pub index: u32,
    /// What was used; positive.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub usage: Money,
    /// Manual top-ups, refunds of them, corrections; signed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub by_hand: Money,
    /// Automatic top-ups, and what was taken back of them; signed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub automatic: Money,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference; told on 64 bits only")]
const fn is_zero(amount: &Money) -> bool {
    amount.is_zero()
}

/// Complete steps up to now. Shorter than asked for where the wallet is younger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WalletHistory {
    /// The wallet's currency.
    pub currency: Currency,
    /// Where the first step begins.
    pub from: Timestamp,
    /// Where the last step ends.
    pub to: Timestamp,
    /// How long a step is.
    pub step_seconds: i64,
    /// The balance at `from`.
    pub opening: Money,
    /// The steps in which anything moved, in order.
    pub steps: Vec<HistoryStep>,
    /// Where calendar months of the organization's zone begin: from the one of `from` to the first after `to`.
    pub months: Vec<Timestamp>,
}

impl WalletHistory {
    /// The history without automatic credits, one step after the other. `None` for steps of another length, or that
    /// are not in the span.
    pub fn without_automatic(&self) -> Option<History> {
        let seconds = self.to.seconds_since(self.from);
        if self.step_seconds != STEP_SECONDS || !(0..=(MAX_DAYS + 1) * 86_400).contains(&seconds) {
            return None;
        }
        let mut steps = vec![StepFigures::default(); usize::try_from(seconds / STEP_SECONDS).ok()?];
        for moved in &self.steps {
            let step = steps.get_mut(usize::try_from(moved.index).ok()?)?;
            *step = StepFigures { usage: moved.usage, by_hand: moved.by_hand };
        }
        Some(History { from: self.from, opening: self.opening, steps, months: self.months.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(steps: Vec<HistoryStep>) -> WalletHistory {
        let from = Timestamp::from_seconds(1_796_083_200);
        WalletHistory {
            currency: Currency::Usd,
            from,
            to: from.plus_seconds(3 * STEP_SECONDS),
            step_seconds: STEP_SECONDS,
            opening: Money::from_major(7),
            steps,
            months: vec![from],
        }
    }

    #[test]
    fn gaps_are_filled_and_automatic_credits_left_out() {
        let moved = HistoryStep {
            index: 1,
            usage: Money::from_major(2),
            automatic: Money::from_major(50),
            by_hand: Money::ZERO,
        };
        let replayable = history(vec![moved]).without_automatic().unwrap();
        let step = StepFigures { usage: Money::from_major(2), by_hand: Money::ZERO };
        assert_eq!(replayable.steps, [StepFigures::default(), step, StepFigures::default()]);
        assert_eq!(replayable.opening, Money::from_major(7));
    }

    #[test]
    fn what_does_not_fit_is_no_history() {
        assert_eq!(history(vec![HistoryStep { index: 3, ..HistoryStep::default() }]).without_automatic(), None);
        assert_eq!(WalletHistory { step_seconds: 60, ..history(Vec::new()) }.without_automatic(), None);
        let far = Timestamp::from_seconds(i64::from(u32::MAX));
        assert_eq!(WalletHistory { to: far, ..history(Vec::new()) }.without_automatic(), None);
    }

    #[test]
    fn zero_amounts_are_left_out_and_read_back() {
        let step = HistoryStep { index: 4, usage: Money::from_micros(114_000), ..HistoryStep::default() };
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(json, r#"{"index":4,"usage":"0.114"}"#);
        assert_eq!(serde_json::from_str::<HistoryStep>(&json).unwrap(), step);
    }
}
