//! The wallet's status and what it allows: one pure function of the figures and the time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::grace::Policy;
use crate::kind::named;
use crate::{Money, Timestamp, UsageKind};

named! {
    /// What the wallet's state means for calls and tasks.
    WalletStatus {
        /// No card has been connected: nothing runs.
        NotConnected = "not_connected",
        /// Enough money: everything runs.
        Active = "active",
        /// At or below the low mark: everything runs, with a warning.
        Low = "low",
        /// At or below zero, grace lasts: inbound calls only.
        Grace = "grace",
        /// At or below zero, grace used up: nothing runs.
        Paused = "paused",
    }
}

named! {
    /// Whether the operator lets an organization use the service.
    OrganizationStatus {
        /// As usual.
        Active = "active",
        /// New work is refused and automatic payments rest; people may still read and pay.
        Suspended = "suspended",
        /// For good: nothing but reading.
        Closed = "closed",
    }
}

named! {
    /// Why new work is refused.
    Refusal {
        /// No card has been connected.
        NotConnected = "not_connected",
        /// The money is gone; inbound calls may still run.
        BalanceExhausted = "balance_exhausted",
        /// Grace is used up; nothing runs.
        Paused = "paused",
        /// The wallet has money, but less than this piece of work may cost.
        Insufficient = "insufficient",
        /// The operator has suspended or closed the organization.
        Suspended = "suspended",
    }
}

/// What the status depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Balance − open holds.
    pub available: Money,
    /// A card has been connected.
    pub card_connected: bool,
    /// When the available amount last fell to zero or below; `None` while it is above.
    pub exhausted_since: Option<Timestamp>,
    /// At or below this the wallet is low.
    pub low_mark: Money,
}

/// The status now.
/// See docs/decisions/0008-exhausted-trial-credit.md.
pub fn wallet_status(facts: &Facts, policy: &Policy, now: Timestamp) -> WalletStatus {
    let connected = facts.card_connected || (!policy.require_card && facts.available.is_positive());
    // Trial credit that is used up ends like any other money; only a wallet that never had anything is unconnected.
    let had_credit = !policy.require_card && facts.exhausted_since.is_some();
    if !connected && !had_credit {
        return WalletStatus::NotConnected;
    }
    if facts.available.is_positive() {
        return if facts.available <= facts.low_mark { WalletStatus::Low } else { WalletStatus::Active };
    }
    match facts.exhausted_since {
        Some(since) if policy.in_grace(facts.available, since, now) => WalletStatus::Grace,
        _ => WalletStatus::Paused,
    }
}

impl WalletStatus {
    /// Whether new work of this kind may start.
    pub const fn admits(self, kind: UsageKind) -> Result<(), Refusal> {
        match (self, kind) {
            (Self::Active | Self::Low, _) | (Self::Grace, UsageKind::InboundCall) => Ok(()),
            (Self::NotConnected, _) => Err(Refusal::NotConnected),
            (Self::Grace, _) => Err(Refusal::BalanceExhausted),
            (Self::Paused, _) => Err(Refusal::Paused),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn facts(available: i64) -> Facts {
        Facts {
            available: Money::from_micros(available),
            card_connected: true,
            exhausted_since: (available <= 0).then_some(NOW),
            low_mark: Money::from_major(5),
        }
    }

    fn at(facts: Facts, seconds: i64) -> WalletStatus {
        wallet_status(&facts, &Policy::default_for(Currency::Usd), NOW.plus_seconds(seconds))
    }

    #[test]
    fn every_row_of_the_table() {
        assert_eq!(at(Facts { card_connected: false, ..facts(9_000_000) }, 0), WalletStatus::NotConnected);
        assert_eq!(at(facts(5_000_001), 0), WalletStatus::Active);
        assert_eq!(at(facts(5_000_000), 0), WalletStatus::Low);
        assert_eq!(at(facts(1), 0), WalletStatus::Low);
        assert_eq!(at(facts(0), 0), WalletStatus::Grace);
        assert_eq!(at(facts(0), 30 * 60 - 1), WalletStatus::Grace);
        assert_eq!(at(facts(0), 30 * 60), WalletStatus::Paused);
        assert_eq!(at(facts(-4_999_999), 0), WalletStatus::Grace);
        assert_eq!(at(facts(-5_000_000), 0), WalletStatus::Paused);
    }

    #[test]
    fn trial_credit_connects_while_it_lasts_and_then_pauses() {
        let trial = Policy { require_card: false, ..Policy::default_for(Currency::Usd) };
        let without_card = |available| Facts { card_connected: false, ..facts(available) };
        assert_eq!(wallet_status(&without_card(9_000_000), &trial, NOW), WalletStatus::Active);
        assert_eq!(wallet_status(&without_card(-1), &trial, NOW), WalletStatus::Grace);
        let untouched = Facts { exhausted_since: None, ..without_card(0) };
        assert_eq!(wallet_status(&untouched, &trial, NOW), WalletStatus::NotConnected);
    }

    #[test]
    fn grace_admits_inbound_calls_only() {
        use UsageKind::{AiTask, InboundCall, OutboundCall};
        for kind in [OutboundCall, AiTask] {
            assert_eq!(WalletStatus::Grace.admits(kind), Err(Refusal::BalanceExhausted));
            assert_eq!(WalletStatus::Low.admits(kind), Ok(()));
        }
        assert_eq!(WalletStatus::Grace.admits(InboundCall), Ok(()));
        assert_eq!(WalletStatus::Paused.admits(InboundCall), Err(Refusal::Paused));
    }

    proptest! {
        #[test]
        fn more_money_never_refuses_more(low: i64, more in 0_i64..1_000_000_000, seconds in 0_i64..10_000) {
            let rank = |status| match status {
                WalletStatus::NotConnected | WalletStatus::Paused => 0,
                WalletStatus::Grace => 1,
                WalletStatus::Low => 2,
                WalletStatus::Active => 3,
            };
            let high = low.saturating_add(more);
            prop_assert!(rank(at(facts(low), seconds)) <= rank(at(facts(high), seconds)));
        }
    }
}
