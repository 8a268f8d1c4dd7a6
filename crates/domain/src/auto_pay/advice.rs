//! Which threshold a wallet needs: enough to live through a card that is declined until the last try.

use super::history::{History, STEP_SECONDS};
use super::{RETRY_AFTER_SECONDS, Refill, Settings};
use crate::Money;
use crate::limits::ChargeLimits;

/// From the first try of a charge to the last one, seconds: so long may money be late.
pub const DECLINE_WINDOW_SECONDS: i64 = RETRY_AFTER_SECONDS[RETRY_AFTER_SECONDS.len() - 1];

/// A proposed threshold and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// At or below this the wallet should be refilled.
    pub threshold: Money,
    /// One refill should bring at least this, or a late one would be followed by the next at once.
    pub refill: Money,
    /// What the busiest stretch of the history cost that is as long as the decline window.
    pub busiest: Money,
    /// The same, an hour of it.
    pub busiest_hour: Money,
    /// False where the limits allow less than the wallet needs.
    pub is_enough: bool,
}

/// Advice from a history; `None` while nothing was used, or when a sum leaves its range.
///
/// The busiest hours are taken together with the step in which the threshold is crossed, since the balance may begin
/// them anywhere below it. Rounded up to whole major units (hundreds of yen).
/// See docs/decisions/0043-advised-threshold.md.
pub fn advise_settings(history: &History, limits: &ChargeLimits) -> Option<Advice> {
    let window = usize::try_from(DECLINE_WINDOW_SECONDS / STEP_SECONDS).ok()?;
    let needed = busiest_window(history, window.checked_add(1)?)?;
    if !needed.is_positive() {
        return None;
    }
    let whole = round_up(needed, Money::from_major(limits.currency.price_scale()))?;
    let busiest = busiest_window(history, window)?;
    Some(Advice {
        threshold: whole.min(limits.max),
        refill: whole.clamp(limits.min, limits.max),
        busiest,
        busiest_hour: Money::from_micros(busiest.micros() / (DECLINE_WINDOW_SECONDS / 3600)),
        is_enough: whole <= limits.max,
    })
}

impl Advice {
    /// Settings that follow the advice: its threshold, and a refill that brings enough. The cap stays what it is.
    pub fn applied_to(&self, settings: &Settings) -> Option<Settings> {
        let refill = match settings.refill {
            Refill::Fixed { amount } => Refill::Fixed { amount: amount.at_least(self.refill) },
            Refill::Target { balance } => {
                Refill::Target { balance: balance.at_least(self.threshold.checked_add(self.refill)?) }
            }
        };
        Some(Settings { threshold: self.threshold, refill, ..*settings })
    }

    /// The settings follow the advice already.
    pub fn is_followed_by(&self, settings: &Settings) -> bool {
        settings.threshold >= self.threshold && settings.typical_charge().is_some_and(|charge| charge >= self.refill)
    }
}

/// The most that so many steps in a row have used.
fn busiest_window(history: &History, window: usize) -> Option<Money> {
    let (mut sum, mut most) = (Money::ZERO, Money::ZERO);
    for (index, step) in history.steps.iter().enumerate() {
        sum = sum.checked_add(step.usage)?;
        if let Some(gone) = index.checked_sub(window).and_then(|before| history.steps.get(before)) {
            sum = sum.checked_sub(gone.usage)?;
        }
        most = most.at_least(sum);
    }
    Some(most)
}

fn round_up(amount: Money, unit: Money) -> Option<Money> {
    let rest = amount.micros().rem_euclid(unit.micros());
    if rest == 0 { Some(amount) } else { amount.checked_add(Money::from_micros(unit.micros() - rest)) }
}

#[cfg(test)]
mod tests;
