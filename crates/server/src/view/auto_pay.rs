//! The health of automatic payments as the page says it in one line.

use billing_contract::auto_pay::{Health, HealthState};
use billing_domain::auto_pay::Plan;
use billing_domain::charge::DeclineCode;
use billing_store::{AutoPay, AutoPayState};

use crate::message::UserMessage;
use crate::message::decline::advise_payer;
use crate::recharge::health::{
    AWAITS_CARDHOLDER, CARD_REMOVED, DISPUTED, NO_CARD, NOT_CONFIRMED, SUSPECTED, awaits_cardholder,
};

/// The line that the page shows. `plan` is what the engine would do now.
pub(crate) fn map_health(auto_pay: &AutoPay, plan: Option<Plan>) -> Health {
    let state = &auto_pay.state;
    let blank =
        Health { state: HealthState::Off, next_charge_at: None, attempt: None, reason: None, translation: None };
    let Some(plan) = plan.filter(|_| auto_pay.enabled) else { return blank };
    let attempt = (state.failures > 0).then_some(state.failures);
    if plan == Plan::Wait && !awaits_cardholder(state) {
        return Health { state: HealthState::Charging, attempt, ..blank };
    }
    if let Some(reason) = &state.paused_reason {
        return explain(Health { state: HealthState::Paused, attempt, ..blank }, &pause_message(reason, state));
    }
    if state.reversed_at.is_some() {
        return explain(Health { state: HealthState::Paused, attempt, ..blank }, &UserMessage::auto_pay_reversed());
    }
    if let (Some(next), true) = (state.next_attempt_at, state.failures > 0) {
        let declined = Health { state: HealthState::Declined, next_charge_at: Some(next), attempt, ..blank };
        return match state.decline_code {
            Some(code) => explain(declined, &advise_payer(code)),
            None => declined,
        };
    }
    match plan {
        Plan::Rest => Health { state: HealthState::Armed, ..blank },
        Plan::Wait | Plan::Charge(_) => Health { state: HealthState::Charging, ..blank },
        Plan::NotBefore(at) => Health { state: HealthState::Waiting, next_charge_at: Some(at), ..blank },
        Plan::Capped(at) => {
            let capped = Health { state: HealthState::Capped, next_charge_at: Some(at), ..blank };
            explain(capped, &UserMessage::auto_pay_capped())
        }
    }
}

fn explain(mut health: Health, reason: &UserMessage) -> Health {
    health.reason = Some(reason.english());
    health.translation = Some(reason.on_the_wire());
    health
}

fn pause_message(reason: &str, state: &AutoPayState) -> UserMessage {
    match reason {
        AWAITS_CARDHOLDER => UserMessage::auto_pay_awaits_cardholder(),
        NOT_CONFIRMED => UserMessage::auto_pay_not_confirmed(),
        NO_CARD => UserMessage::auto_pay_no_card(),
        CARD_REMOVED => UserMessage::auto_pay_card_removed(),
        DISPUTED => UserMessage::auto_pay_disputed(),
        SUSPECTED => UserMessage::auto_pay_fraud_warning(),
        _ => advise_payer(state.decline_code.unwrap_or(DeclineCode::GenericDecline)),
    }
}
