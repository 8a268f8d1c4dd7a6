//! How automatic charges go: a state machine that says when they pause, when a charge is tried again, and what ends a pause.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::RETRY_AFTER_SECONDS;
use crate::Timestamp;
use crate::charge::{DeclineClass, DeclineCode, Outcome, TopUpKind};
use crate::kind::named;

named! {
    /// Why nothing is charged until somebody does something.
    PauseReason {
        /// The bank wants to see the cardholder; the charge waits for them.
        AwaitsCardholder = "authentication_required",
        /// Nobody confirmed the charge that waited.
        NotConfirmed = "not_confirmed",
        /// The card was refused.
        Declined = "declined",
        /// There is no card to charge.
        NoCard = "no_card",
        /// The card that was agreed to is gone.
        CardRemoved = "card_removed",
        /// The card's bank took a charge back.
        Disputed = "disputed",
        /// The card's bank suspects that a payment was fraud.
        FraudSuspected = "fraud_warning",
    }
}

impl PauseReason {
    /// Only a person who agrees again, by new settings or by resuming, ends the pause.
    /// See docs/decisions/0039-pauses-that-need-a-person.md.
    pub const fn needs_agreement(self) -> bool {
        match self {
            Self::CardRemoved | Self::Disputed | Self::FraudSuspected => true,
            Self::AwaitsCardholder | Self::NotConfirmed | Self::Declined | Self::NoCard => false,
        }
    }
}

/// How the charges of one wallet go. The default is healthy: nothing declined, nothing paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why it rests; `None` while it runs.
    pub paused_reason: Option<PauseReason>,
    /// Why the last declined charge was refused.
    pub decline_code: Option<DeclineCode>,
    /// Declines in a row.
    pub failures: i64,
    /// Which attempt of the present need comes next or runs, from 1; 0 when there is no need.
    pub attempt: i64,
    /// When the present need was first tried: retries count from there.
    pub first_attempt_at: Option<Timestamp>,
    /// No charge before this moment.
    pub next_attempt_at: Option<Timestamp>,
    /// When the last charge began. No event changes it.
    pub last_charge_at: Option<Timestamp>,
    /// Money was given back, taken back or corrected then, and since then nobody has agreed again and no usage has crossed
    /// the threshold: nothing is charged.
    pub reversed_at: Option<Timestamp>,
}

/// What happens to automatic payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthEvent {
    /// An automatic charge was paid.
    ChargeSettled,
    /// A person's top-up was paid, which shows that a card works again.
    ManualTopUpSettled,
    /// The bank wants the cardholder to confirm an automatic charge.
    ChargeAwaitsCardholder,
    /// Nobody has confirmed it in time.
    ChargeExpired,
    /// An automatic charge was refused.
    ChargeDeclined {
        /// What the bank gave as the reason.
        code: DeclineCode,
        /// When the charge was begun.
        began_at: Timestamp,
    },
    /// There is no card to charge.
    CardMissing,
    /// The card that was agreed to has been removed.
    CardRemoved,
    /// Another card is the default one, where no card was agreed to by name.
    DefaultCardReplaced,
    /// The card's bank took a charge back: a cardholder who disputes has not agreed to the next charge.
    Disputed,
    /// The card's bank suspects fraud.
    FraudSuspected,
    /// A person has confirmed settings.
    SettingsConfirmed {
        /// They switch on or off, or name another card, so earlier troubles count no longer.
        restarts: bool,
    },
    /// A person agrees to the next charge.
    Agreed,
}

impl HealthEvent {
    /// What an outcome of a charge is to automatic payments; `None`: nothing. `code` counts only for declines.
    pub fn of_charge(
        kind: TopUpKind,
        outcome: Outcome,
        code: Option<DeclineCode>,
        began_at: Timestamp,
    ) -> Option<Self> {
        match (kind, outcome) {
            (TopUpKind::Auto, Outcome::Settled) => Some(Self::ChargeSettled),
            (TopUpKind::Manual, Outcome::Settled) => Some(Self::ManualTopUpSettled),
            (TopUpKind::Auto, Outcome::ActionRequired) => Some(Self::ChargeAwaitsCardholder),
            (TopUpKind::Auto, Outcome::Expired) => Some(Self::ChargeExpired),
            (TopUpKind::Auto, Outcome::Declined) => {
                Some(Self::ChargeDeclined { code: code.unwrap_or(DeclineCode::GenericDecline), began_at })
            }
            // A person sits at the page, and sees the decline there.
            (TopUpKind::Manual, Outcome::ActionRequired | Outcome::Expired | Outcome::Declined)
            // An outage never counts.
            | (_, Outcome::Accepted | Outcome::NoAnswer) => None,
        }
    }

    /// What may change a pause that needs a person: their agreement, or a reason for another such pause.
    const fn overrides_agreement(self) -> bool {
        match self {
            Self::Agreed | Self::SettingsConfirmed { .. } | Self::CardRemoved | Self::Disputed => true,
            Self::ChargeSettled
            | Self::ManualTopUpSettled
            | Self::ChargeAwaitsCardholder
            | Self::ChargeExpired
            | Self::ChargeDeclined { .. }
            | Self::CardMissing
            | Self::DefaultCardReplaced
            // The first reason stays.
            | Self::FraudSuspected => false,
        }
    }
}

impl Health {
    /// The state after an event; `None` when it stays as it is.
    pub fn apply(&self, event: HealthEvent) -> Option<Self> {
        if self.needs_agreement() && !event.overrides_agreement() {
            return None;
        }
        match event {
            HealthEvent::ChargeSettled => Some(self.recovered()),
            // See docs/decisions/0039-pauses-that-need-a-person.md.
            HealthEvent::ManualTopUpSettled => {
                (self.paused_reason.is_some() || self.failures > 0).then(|| self.recovered())
            }
            HealthEvent::ChargeAwaitsCardholder => Some(Self {
                paused_reason: Some(PauseReason::AwaitsCardholder),
                decline_code: Some(DeclineCode::AuthenticationRequired),
                next_attempt_at: None,
                ..*self
            }),
            HealthEvent::ChargeExpired => {
                self.awaits_cardholder().then_some(Self { paused_reason: Some(PauseReason::NotConfirmed), ..*self })
            }
            HealthEvent::ChargeDeclined { code, began_at } => Some(self.declined(code, began_at)),
            HealthEvent::CardMissing => Some(Self { paused_reason: Some(PauseReason::NoCard), ..*self }),
            HealthEvent::CardRemoved => Some(self.paused(PauseReason::CardRemoved)),
            HealthEvent::DefaultCardReplaced => self.paused_reason.is_some().then(|| self.recovered()),
            HealthEvent::Disputed => Some(self.paused(PauseReason::Disputed)),
            HealthEvent::FraudSuspected => Some(self.paused(PauseReason::FraudSuspected)),
            HealthEvent::SettingsConfirmed { restarts } => {
                (restarts || self.needs_agreement() || self.reversed_at.is_some()).then(|| self.agreed())
            }
            HealthEvent::Agreed => Some(self.agreed()),
        }
    }

    /// Nothing is charged by itself now.
    pub fn rests(&self, now: Timestamp) -> bool {
        self.paused_reason.is_some()
            || self.reversed_at.is_some()
            || self.next_attempt_at.is_some_and(|next| next > now)
    }

    /// Paused until a person agrees again.
    pub fn needs_agreement(&self) -> bool {
        self.paused_reason.is_some_and(PauseReason::needs_agreement)
    }

    /// Paused while a charge waits for the cardholder. Whatever ends that pause has taken the charge's place: a manual
    /// top-up, another card, a person who resumed or switched off; asking for both would fill the wallet twice.
    /// See docs/decisions/0038-cardholder-confirmation.md.
    pub fn awaits_cardholder(&self) -> bool {
        self.paused_reason == Some(PauseReason::AwaitsCardholder)
    }

    /// No declines, nothing paused; the pace goes on, and what waits since money was given back goes on waiting.
    fn recovered(&self) -> Self {
        Self { last_charge_at: self.last_charge_at, reversed_at: self.reversed_at, ..Self::default() }
    }

    /// The same after a person has agreed to the next charge: money that was given back before counts no longer.
    fn agreed(&self) -> Self {
        Self { reversed_at: None, ..self.recovered() }
    }

    fn paused(&self, reason: PauseReason) -> Self {
        Self { paused_reason: Some(reason), ..self.recovered() }
    }

    /// Soft declines are tried again 1, 3 and 7 hours after the first attempt, then it pauses; hard ones pause at once.
    /// What a person was asked to confirm is not tried again without one.
    fn declined(&self, code: DeclineCode, began_at: Timestamp) -> Self {
        let failures = self.failures.saturating_add(1);
        let first_attempt_at = self.first_attempt_at.unwrap_or(began_at);
        let retry = match code.class() {
            DeclineClass::Soft if !self.awaits_cardholder() => {
                usize::try_from(failures).ok().and_then(|index| RETRY_AFTER_SECONDS.get(index))
            }
            DeclineClass::Soft | DeclineClass::Hard | DeclineClass::NeedsPerson => None,
        };
        Self {
            paused_reason: retry.is_none().then_some(PauseReason::Declined),
            decline_code: Some(code),
            failures,
            attempt: if retry.is_some() { failures.saturating_add(1) } else { failures },
            first_attempt_at: Some(first_attempt_at),
            next_attempt_at: retry.map(|seconds| first_attempt_at.plus_seconds(*seconds)),
            last_charge_at: self.last_charge_at,
            reversed_at: self.reversed_at,
        }
    }
}

#[cfg(test)]
mod tests;
