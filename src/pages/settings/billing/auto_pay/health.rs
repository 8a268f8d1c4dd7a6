//! How automatic payments are doing, as one line with its one next action.

use billing_contract::auto_pay::{AutoPay, HealthState};
use billing_domain::auto_pay::RETRY_AFTER_SECONDS;
use billing_domain::{Money, Timestamp};

use crate::ui::banner::Tone;

/// The one thing to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing.
    Nothing,
    /// Connect another card.
    AnotherCard,
    /// Raise the cap.
    RaiseCap,
    /// Try again.
    Resume,
}

/// The line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Health {
    /// How serious.
    pub(super) tone: Tone,
    /// One word.
    pub(super) word: &'static str,
    /// One sentence.
    pub(super) sentence: String,
    /// What to do.
    pub(super) next: Next,
}

/// The line for this state. `money` and `time` write for people.
pub(super) fn line(auto_pay: &AutoPay, money: impl Fn(Money) -> String, time: impl Fn(Timestamp) -> String) -> Health {
    let health = &auto_pay.health;
    let threshold = money(auto_pay.threshold);
    let at =
        |fallback: &str| health.next_charge_at.map_or_else(|| fallback.to_owned(), |next| format!("at {}", time(next)));
    let reason = health.reason.as_deref().unwrap_or("The bank refused the card.");
    let (tone, word, sentence, next) = match health.state {
        HealthState::Off => {
            (Tone::Info, "Off", format!("The wallet does not refill itself. It could, at {threshold}."), Next::Nothing)
        }
        HealthState::Armed => {
            (Tone::Good, "Armed", format!("Charges by itself when the balance falls to {threshold}."), Next::Nothing)
        }
        HealthState::Waiting => {
            (Tone::Info, "Waiting", format!("The next charge is possible {}.", at("within the hour")), Next::Nothing)
        }
        HealthState::Charging => (Tone::Info, "Charging", "The card is being charged now.".to_owned(), Next::Nothing),
        HealthState::Declined => {
            let tries = RETRY_AFTER_SECONDS.len();
            let attempt = health.attempt.unwrap_or(1);
            let next = at("later");
            (
                Tone::Warn,
                "Declined",
                format!("Declined {attempt} of {tries}, tried again {next}. {reason}"),
                Next::AnotherCard,
            )
        }
        HealthState::Paused => (Tone::Stop, "Paused", reason.to_owned(), Next::Resume),
        HealthState::Capped => {
            let again = time(auto_pay.month.resets_at);
            (
                Tone::Warn,
                "Capped",
                format!("The monthly cap leaves too little for a refill until {again}."),
                Next::RaiseCap,
            )
        }
    };
    Health { tone, word, sentence, next }
}

#[cfg(test)]
mod tests {
    use billing_contract::auto_pay::{Health as WireHealth, MonthFigures};
    use billing_domain::Currency;
    use billing_domain::auto_pay::Refill;

    use super::*;

    fn in_state(state: HealthState) -> AutoPay {
        AutoPay {
            enabled: true,
            currency: Currency::Usd,
            threshold: Money::from_major(20),
            refill: Refill::Fixed { amount: Money::from_major(50) },
            monthly_cap: Money::from_major(500),
            card_id: None,
            health: WireHealth {
                state,
                next_charge_at: Some(Timestamp::from_seconds(60)),
                attempt: Some(2),
                reason: None,
            },
            month: MonthFigures {
                spent: Money::ZERO,
                in_flight: Money::ZERO,
                left: Money::from_major(500),
                resets_at: Timestamp::from_seconds(0),
            },
            etag: String::new(),
        }
    }

    fn of(state: HealthState) -> Health {
        line(&in_state(state), |amount| format!("${amount}"), |at| at.to_string())
    }

    #[test]
    fn every_trouble_has_a_next_step_and_only_trouble_does() {
        for (state, next) in [
            (HealthState::Off, Next::Nothing),
            (HealthState::Armed, Next::Nothing),
            (HealthState::Waiting, Next::Nothing),
            (HealthState::Charging, Next::Nothing),
            (HealthState::Declined, Next::AnotherCard),
            (HealthState::Paused, Next::Resume),
            (HealthState::Capped, Next::RaiseCap),
        ] {
            assert_eq!(of(state).next, next, "{state:?}");
        }
        assert!(of(HealthState::Declined).sentence.starts_with("Declined 2 of 4, tried again at 1970"));
    }
}
