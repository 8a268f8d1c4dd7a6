//! The health of automatic payments as the page says it in one line.

use billing_contract::auto_pay::{Health, HealthState};
use billing_domain::auto_pay::Plan;
use billing_domain::charge::DeclineCode;
use billing_store::{AutoPay, AutoPayState};

use crate::recharge::health::{
    AWAITS_CARDHOLDER, CARD_REMOVED, DISPUTED, NO_CARD, NOT_CONFIRMED, SUSPECTED, awaits_cardholder,
};

/// Said while automatic payments wait because money was given back, taken back or corrected.
const REVERSED: &str = "Money was given back or corrected, so nothing is charged for it. Automatic payments go on once \
                        usage brings the balance down to the threshold again, or when you resume them.";

/// The line that the page shows. `plan` is what the engine would do now.
pub(crate) fn map_health(auto_pay: &AutoPay, plan: Option<Plan>) -> Health {
    let state = &auto_pay.state;
    let blank = Health { state: HealthState::Off, next_charge_at: None, attempt: None, reason: None };
    let Some(plan) = plan.filter(|_| auto_pay.enabled) else { return blank };
    let attempt = (state.failures > 0).then_some(state.failures);
    if plan == Plan::Wait && !awaits_cardholder(state) {
        return Health { state: HealthState::Charging, attempt, ..blank };
    }
    if let Some(reason) = &state.paused_reason {
        return Health { state: HealthState::Paused, attempt, reason: Some(pause_sentence(reason, state)), ..blank };
    }
    if state.reversed_at.is_some() {
        return Health { state: HealthState::Paused, attempt, reason: Some(REVERSED.to_owned()), ..blank };
    }
    if let (Some(next), true) = (state.next_attempt_at, state.failures > 0) {
        let reason = state.decline_code.map(|code| code.sentence().to_owned());
        return Health { state: HealthState::Declined, next_charge_at: Some(next), attempt, reason };
    }
    match plan {
        Plan::Rest => Health { state: HealthState::Armed, ..blank },
        Plan::Wait | Plan::Charge(_) => Health { state: HealthState::Charging, ..blank },
        Plan::NotBefore(at) => Health { state: HealthState::Waiting, next_charge_at: Some(at), ..blank },
        Plan::Capped(at) => Health {
            state: HealthState::Capped,
            next_charge_at: Some(at),
            reason: Some("The monthly cap leaves too little for another charge.".to_owned()),
            ..blank
        },
    }
}

fn pause_sentence(reason: &str, state: &AutoPayState) -> String {
    match reason {
        AWAITS_CARDHOLDER => {
            "The bank wants the cardholder to confirm the last automatic payment. Nothing is charged before.".to_owned()
        }
        NOT_CONFIRMED => {
            "The last automatic payment was not confirmed with the bank, and nothing was charged.".to_owned()
        }
        NO_CARD => "There is no card to charge. Connect a card.".to_owned(),
        CARD_REMOVED => "The card for automatic payments was removed. Choose another one.".to_owned(),
        DISPUTED => "A payment was disputed, and the card's bank took it back. Settle that, then resume.".to_owned(),
        SUSPECTED => "The card's bank suspects that a payment was fraud. Settle that with the cardholder, then resume."
            .to_owned(),
        _ => state.decline_code.unwrap_or(DeclineCode::GenericDecline).sentence().to_owned(),
    }
}
