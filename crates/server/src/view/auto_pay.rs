//! The health of automatic payments as the page says it in one line.

use billing_contract::auto_pay::{Health as HealthView, HealthState};
use billing_domain::auto_pay::Plan;
use billing_domain::auto_pay::health::PauseReason;
use billing_domain::charge::DeclineCode;
use billing_store::AutoPay;

/// Said while automatic payments wait because money was given back, taken back or corrected.
const REVERSED: &str = "Money was given back or corrected, so nothing is charged for it. Automatic payments go on once \
                        usage brings the balance down to the threshold again, or when you resume them.";

/// The line that the page shows. `plan` is what the engine would do now.
pub(crate) fn map_health(auto_pay: &AutoPay, plan: Option<Plan>) -> HealthView {
    let health = &auto_pay.health;
    let blank = HealthView { state: HealthState::Off, next_charge_at: None, attempt: None, reason: None };
    let Some(plan) = plan.filter(|_| auto_pay.enabled) else { return blank };
    let attempt = (health.failures > 0).then_some(health.failures);
    if plan == Plan::Wait && !health.awaits_cardholder() {
        return HealthView { state: HealthState::Charging, attempt, ..blank };
    }
    if let Some(reason) = health.paused_reason {
        return HealthView {
            state: HealthState::Paused,
            attempt,
            reason: Some(pause_sentence(reason, health.decline_code)),
            ..blank
        };
    }
    if health.reversed_at.is_some() {
        return HealthView { state: HealthState::Paused, attempt, reason: Some(REVERSED.to_owned()), ..blank };
    }
    if let (Some(next), true) = (health.next_attempt_at, health.failures > 0) {
        let reason = health.decline_code.map(|code| code.sentence().to_owned());
        return HealthView { state: HealthState::Declined, next_charge_at: Some(next), attempt, reason };
    }
    match plan {
        Plan::Rest => HealthView { state: HealthState::Armed, ..blank },
        Plan::Wait | Plan::Charge(_) => HealthView { state: HealthState::Charging, ..blank },
        Plan::NotBefore(at) => HealthView { state: HealthState::Waiting, next_charge_at: Some(at), ..blank },
        Plan::Capped(at) => HealthView {
            state: HealthState::Capped,
            next_charge_at: Some(at),
            reason: Some("The monthly cap leaves too little for another charge.".to_owned()),
            ..blank
        },
    }
}

fn pause_sentence(reason: PauseReason, decline_code: Option<DeclineCode>) -> String {
    match reason {
        PauseReason::AwaitsCardholder => {
            "The bank wants the cardholder to confirm the last automatic payment. Nothing is charged before.".to_owned()
        }
        PauseReason::NotConfirmed => {
            "The last automatic payment was not confirmed with the bank, and nothing was charged.".to_owned()
        }
        PauseReason::NoCard => "There is no card to charge. Connect a card.".to_owned(),
        PauseReason::CardRemoved => "The card for automatic payments was removed. Choose another one.".to_owned(),
        PauseReason::Disputed => {
            "A payment was disputed, and the card's bank took it back. Settle that, then resume.".to_owned()
        }
        PauseReason::FraudSuspected => {
            "The card's bank suspects that a payment was fraud. Settle that with the cardholder, then resume."
                .to_owned()
        }
        PauseReason::Declined => decline_code.unwrap_or(DeclineCode::GenericDecline).sentence().to_owned(),
    }
}
