//! What a wallet went through, in steps of a few minutes: what a replay runs over and advice is drawn from.

use crate::{Money, Timestamp};

/// Seconds in one step of a history.
pub const STEP_SECONDS: i64 = 300;

/// What moved in one step. Automatic charges are not in it: proposed settings take their place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepFigures {
    /// What was used; positive (negative where usage was taken back).
    pub usage: Money,
    /// Manual top-ups, refunds, corrections: signed.
    pub by_hand: Money,
}

/// Steps without a gap, from `from` on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Where the first step begins.
    pub from: Timestamp,
    /// The balance where the first step begins.
    pub opening: Money,
    /// One step after the other.
    pub steps: Vec<StepFigures>,
    /// Where calendar months of the organization's zone begin: the one of `from`, and every later one up to one that
    /// begins after the end.
    pub months: Vec<Timestamp>,
}

impl History {
    /// Where a step ends; its figures are known then.
    pub fn end_of(&self, step: usize) -> Timestamp {
        let count = i64::try_from(step).unwrap_or(i64::MAX).saturating_add(1);
        self.from.plus_seconds(count.saturating_mul(STEP_SECONDS))
    }

    /// When the month of this instant is over.
    pub(super) fn month_end(&self, at: Timestamp) -> Timestamp {
        let later = self.months.iter().copied().find(|begins| *begins > at);
        later.unwrap_or_else(|| self.end_of(self.steps.len()))
    }
}
