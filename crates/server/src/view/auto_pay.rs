//! The health of automatic payments as the page says it in one line.

use billing_contract::auto_pay::{Health as HealthView, HealthState};
use billing_domain::auto_pay::Plan;
use billing_domain::auto_pay::health::PauseReason;
use billing_domain::charge::DeclineCode;
use billing_store::AutoPay;

use crate::message::UserMessage;
use crate::message::decline::advise_payer;

/// The line that the page shows. `plan` is what the engine would do now.
pub(crate) fn map_health(auto_pay: &AutoPay, plan: Option<Plan>) -> HealthView {
    let health = &auto_pay.health;
    let blank =
        HealthView { state: HealthState::Off, next_charge_at: None, attempt: None, reason: None, translation: None };
    let Some(plan) = plan.filter(|_| auto_pay.enabled) else { return blank };
    let attempt = (health.failures > 0).then_some(health.failures);
    if plan == Plan::Wait && !health.awaits_cardholder() {
        return HealthView { state: HealthState::Charging, attempt, ..blank };
    }
    if let Some(reason) = health.paused_reason {
        let paused = HealthView { state: HealthState::Paused, attempt, ..blank };
        return explain(paused, &pause_message(reason, health.decline_code));
    }
    if health.reversed_at.is_some() {
        return explain(HealthView { state: HealthState::Paused, attempt, ..blank }, &UserMessage::auto_pay_reversed());
    }
    if let (Some(next), true) = (health.next_attempt_at, health.failures > 0) {
        let declined = HealthView { state: HealthState::Declined, next_charge_at: Some(next), attempt, ..blank };
        return match health.decline_code {
            Some(code) => explain(declined, &advise_payer(code)),
            None => declined,
        };
    }
    match plan {
        Plan::Rest => HealthView { state: HealthState::Armed, ..blank },
        Plan::Wait | Plan::Charge(_) => HealthView { state: HealthState::Charging, ..blank },
        Plan::NotBefore(at) => HealthView { state: HealthState::Waiting, next_charge_at: Some(at), ..blank },
        Plan::Capped(at) => {
            let capped = HealthView { state: HealthState::Capped, next_charge_at: Some(at), ..blank };
            explain(capped, &UserMessage::auto_pay_capped())
        }
    }
}

fn explain(mut health: HealthView, reason: &UserMessage) -> HealthView {
    health.reason = Some(reason.english());
    health.translation = Some(Box::new(reason.on_the_wire()));
    health
}

fn pause_message(reason: PauseReason, decline_code: Option<DeclineCode>) -> UserMessage {
    match reason {
        PauseReason::AwaitsCardholder => UserMessage::auto_pay_awaits_cardholder(),
        PauseReason::NotConfirmed => UserMessage::auto_pay_not_confirmed(),
        PauseReason::NoCard => UserMessage::auto_pay_no_card(),
        PauseReason::CardRemoved => UserMessage::auto_pay_card_removed(),
        PauseReason::Disputed => UserMessage::auto_pay_disputed(),
        PauseReason::FraudSuspected => UserMessage::auto_pay_fraud_warning(),
        PauseReason::Declined => advise_payer(decline_code.unwrap_or(DeclineCode::GenericDecline)),
    }
}
