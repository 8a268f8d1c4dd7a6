//! The short grace for inbound calls once the money is gone.

use crate::{Currency, Money, Timestamp};

/// The operator's settings about when work is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A wallet without a card counts as not connected.
    pub require_card: bool,
    /// How long inbound calls go on at or below zero, seconds.
    pub grace_seconds: i64,
    /// How far below zero inbound calls may take the wallet; zero or positive.
    pub grace_amount: Money,
}

impl Policy {
    /// What holds where the operator says nothing else.
    pub const fn default_for(currency: Currency) -> Self {
        let grace_amount = Money::from_major(5 * currency.price_scale());
        Self { require_card: true, grace_seconds: 30 * 60, grace_amount }
    }

    /// The available amount at which grace ends, zero or negative.
    pub const fn grace_floor(&self) -> Money {
        Money::from_micros(self.grace_amount.micros().saturating_neg())
    }

    /// When a grace that began at `started` runs out by time.
    pub const fn grace_ends_at(&self, started: Timestamp) -> Timestamp {
        started.plus_seconds(self.grace_seconds)
    }

    /// Whether grace still lasts: both the time and the money are not used up. The last instant and the floor itself
    /// count as used up.
    pub fn in_grace(&self, available: Money, started: Timestamp, now: Timestamp) -> bool {
        now < self.grace_ends_at(started) && available > self.grace_floor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grace_is_worth_about_as_much_in_every_currency() {
        for (currency, floor) in [(Currency::Usd, -5), (Currency::Kwd, -5), (Currency::Jpy, -500)] {
            assert_eq!(Policy::default_for(currency).grace_floor(), Money::from_major(floor), "{currency}");
        }
    }
}
