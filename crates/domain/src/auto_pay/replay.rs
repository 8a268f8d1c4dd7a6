//! What automatic payments would have done: settings run over a wallet's own history by the plan that the worker uses.

use super::history::{History, STEP_SECONDS};
use super::{Plan, Settings, Situation, plan_charge};
use crate::limits::{ChargeAmount, ChargeLimits};
use crate::{Money, Timestamp};

/// A charge that would have been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayedCharge {
    /// In which step of the history; it begins at the step's end.
    pub step: usize,
    /// When the charge would have been made.
    pub at: Timestamp,
    /// What would have been charged.
    pub amount: Money,
    /// The balance just before.
    pub before: Money,
}

/// What would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Every charge, the earliest first.
    pub charges: Vec<ReplayedCharge>,
    /// Sum of the charges.
    pub charged: Money,
    /// The lowest balance on the way.
    pub lowest: Money,
    /// When it was reached.
    pub lowest_at: Timestamp,
    /// How long the balance was zero or less.
    pub seconds_at_zero: i64,
    /// When the monthly cap first left too little for a refill.
    pub capped_at: Option<Timestamp>,
    /// The balance at the end of each step.
    pub balances: Vec<Money>,
}

/// A charge that is on its way.
struct Flight {
    amount: ChargeAmount,
    lands_at: Timestamp,
}

/// Runs settings over a history. Each charge arrives `late_seconds` after it began: 0 for a card that is good, the
/// decline window for one that is declined until the last try. `None` without a history, or when a sum leaves its range.
///
/// Within a step usage comes before credits, so that nothing looks better than it was.
pub fn replay_settings(
    settings: &Settings,
    limits: &ChargeLimits,
    history: &History,
    late_seconds: i64,
) -> Option<Replay> {
    let mut run = Run::new(history);
    for index in 0..history.steps.len() {
        run.step(settings, limits, index, late_seconds)?;
    }
    (!history.steps.is_empty()).then_some(run.replay)
}

/// A replay on its way.
struct Run<'h> {
    history: &'h History,
    replay: Replay,
    balance: Money,
    flight: Option<Flight>,
    last_charge_at: Option<Timestamp>,
    month_ends_at: Timestamp,
    month_committed: Money,
}

impl<'h> Run<'h> {
    fn new(history: &'h History) -> Self {
        let replay = Replay {
            charges: Vec::new(),
            charged: Money::ZERO,
            lowest: history.opening,
            lowest_at: history.from,
            seconds_at_zero: 0,
            capped_at: None,
            balances: Vec::with_capacity(history.steps.len()),
        };
        Self {
            history,
            replay,
            balance: history.opening,
            flight: None,
            last_charge_at: None,
            month_ends_at: history.month_end(history.from),
            month_committed: Money::ZERO,
        }
    }

    fn step(&mut self, settings: &Settings, limits: &ChargeLimits, index: usize, late_seconds: i64) -> Option<()> {
        let (moved, now) = (self.history.steps.get(index)?, self.history.end_of(index));
        self.balance = self.balance.checked_sub(moved.usage)?;
        self.note_lowest(now);
        self.balance = self.balance.checked_add(moved.by_hand)?;
        self.note_lowest(now);
        self.land(now)?;
        if now >= self.month_ends_at {
            (self.month_ends_at, self.month_committed) = (self.history.month_end(now), Money::ZERO);
        }
        match plan_charge(settings, limits, &self.situation(), now) {
            Plan::Charge(amount) => {
                let (step, before) = (index, self.balance);
                self.replay.charges.push(ReplayedCharge { step, at: now, amount: amount.money(), before });
                self.replay.charged = self.replay.charged.checked_add(amount.money())?;
                self.month_committed = self.month_committed.checked_add(amount.money())?;
                self.last_charge_at = Some(now);
                self.flight = Some(Flight { amount, lands_at: now.plus_seconds(late_seconds) });
                self.land(now)?;
            }
            Plan::Capped(_) => {
                self.replay.capped_at.get_or_insert(now);
            }
            Plan::Rest | Plan::Wait | Plan::NotBefore(_) => {}
        }
        if !self.balance.is_positive() {
            self.replay.seconds_at_zero = self.replay.seconds_at_zero.saturating_add(STEP_SECONDS);
        }
        self.replay.balances.push(self.balance);
        Some(())
    }

    fn situation(&self) -> Situation {
        Situation {
            available: self.balance,
            pending_credit: self.flight.as_ref().map_or(Money::ZERO, |flight| flight.amount.money()),
            month_committed: self.month_committed,
            month_resets_at: self.month_ends_at,
            last_charge_at: self.last_charge_at,
            charging: self.flight.is_some(),
        }
    }

    fn land(&mut self, now: Timestamp) -> Option<()> {
        if let Some(flight) = self.flight.take_if(|flight| flight.lands_at <= now) {
            self.balance = self.balance.checked_add(flight.amount.money())?;
        }
        Some(())
    }

    fn note_lowest(&mut self, now: Timestamp) {
        if self.balance < self.replay.lowest {
            (self.replay.lowest, self.replay.lowest_at) = (self.balance, now);
        }
    }
}

#[cfg(test)]
mod tests;
