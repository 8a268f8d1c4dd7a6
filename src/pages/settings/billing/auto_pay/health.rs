//! How automatic payments are doing, as one line with its one next action.

use billing_contract::auto_pay::{AutoPay, HealthState};
use billing_domain::auto_pay::RETRY_AFTER_SECONDS;
use billing_domain::{Money, Timestamp};

use crate::texts;
use crate::ui::banner::Tone;

/// The one thing to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HealthAction {
    Nothing,
    AnotherCard,
    RaiseCap,
    Resume,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HealthLine {
    pub(super) tone: Tone,
    pub(super) word: &'static str,
    pub(super) sentence: String,
    pub(super) next: HealthAction,
}

/// The line for this state. `money` and `time` write for people.
pub(super) fn describe_health(
    auto_pay: &AutoPay,
    money: impl Fn(Money) -> String,
    time: impl Fn(Timestamp) -> String,
) -> HealthLine {
    let health = &auto_pay.health;
    let threshold = money(auto_pay.threshold);
    let next_at = health.next_charge_at.map(&time);
    let reason = match &health.reason {
        Some(reason) => texts::translate_sentence(reason, health.translation.as_deref()),
        None => texts::health::refused().to_owned(),
    };
    let (tone, word, sentence, next) = match health.state {
        HealthState::Off => {
            (Tone::Info, texts::health::off(), texts::health::off_text(&threshold), HealthAction::Nothing)
        }
        HealthState::Armed => {
            (Tone::Good, texts::health::armed(), texts::health::armed_text(&threshold), HealthAction::Nothing)
        }
        HealthState::Waiting => {
            let sentence = next_at
                .map_or_else(|| texts::health::waiting_soon().to_owned(), |next| texts::health::waiting_at(&next));
            (Tone::Info, texts::health::waiting(), sentence, HealthAction::Nothing)
        }
        HealthState::Charging => {
            (Tone::Info, texts::health::charging(), texts::health::charging_text().to_owned(), HealthAction::Nothing)
        }
        HealthState::Declined => {
            let tries = RETRY_AFTER_SECONDS.len().to_string();
            let attempt = health.attempt.unwrap_or(1).to_string();
            let sentence = match next_at {
                Some(next) => texts::health::declined_at(&attempt, &tries, &next, &reason),
                None => texts::health::declined_later(&attempt, &tries, &reason),
            };
            (Tone::Warn, texts::health::declined(), sentence, HealthAction::AnotherCard)
        }
        HealthState::Paused => (Tone::Stop, texts::health::paused(), reason, HealthAction::Resume),
        HealthState::Capped => {
            let again = time(auto_pay.month.resets_at);
            (Tone::Warn, texts::health::capped(), texts::health::capped_text(&again), HealthAction::RaiseCap)
        }
    };
    HealthLine { tone, word, sentence, next }
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
                translation: None,
            },
            last_charge_at: None,
            resumes_with_default_card: false,
            month: MonthFigures {
                spent: Money::ZERO,
                in_flight: Money::ZERO,
                left: Money::from_major(500),
                resets_at: Timestamp::from_seconds(0),
            },
            etag: String::new(),
            wallet: None,
        }
    }

    fn of(state: HealthState) -> HealthLine {
        describe_health(&in_state(state), |amount| format!("${amount}"), |at| at.to_string())
    }

    #[test]
    fn every_trouble_has_a_next_step_and_only_trouble_does() {
        for (state, next) in [
            (HealthState::Off, HealthAction::Nothing),
            (HealthState::Armed, HealthAction::Nothing),
            (HealthState::Waiting, HealthAction::Nothing),
            (HealthState::Charging, HealthAction::Nothing),
            (HealthState::Declined, HealthAction::AnotherCard),
            (HealthState::Paused, HealthAction::Resume),
            (HealthState::Capped, HealthAction::RaiseCap),
        ] {
            assert_eq!(of(state).next, next, "{state:?}");
        }
        assert!(of(HealthState::Declined).sentence.starts_with("Declined 2 of 4, tried again at 1970"));
    }
}
