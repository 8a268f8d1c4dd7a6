//! Confirming an intent: what the card's bank says, and what the cardholder does in the browser.

use serde_json::{Value, json};

use super::{methods, outcomes};
use crate::answer::{Answer, Outcome};
use crate::bank::Bank;
use crate::cards::{ALONE, Step, by_token};
use crate::faults::Fault;

/// Payment or set-up.
pub(super) fn is_payment(intent: &Value) -> bool {
    intent["object"] == "payment_intent"
}

fn name(intent: &Value) -> &'static str {
    if is_payment(intent) { "payment_intent" } else { "setup_intent" }
}

/// Confirms an intent with a payment method.
pub(super) fn confirm(bank: &mut Bank, intent: &str, method: &str, present: bool) -> Outcome {
    let card = methods::card_of(bank, method)?;
    let intent = bank.update(intent, json!({"payment_method": method}));
    let payment = is_payment(&intent);
    let by_card = if !payment {
        card.setup
    } else if present {
        card.present
    } else {
        card.absent
    };
    let step = match if payment { bank.faults.payment() } else { None } {
        Some(Fault::Decline(reason)) => return refuse(bank, &intent, &reason),
        Some(Fault::Challenge) if present => Step::Challenge(None),
        Some(Fault::Challenge) => {
            // It still asks once somebody is there.
            bank.faults.push(Fault::Challenge, None);
            ALONE
        }
        Some(_) => return Ok(outcomes::process_payment(bank, &intent)),
        None => by_card,
    };
    match step {
        Step::Pass => Ok(succeed(bank, &intent)),
        Step::Decline(reason) => refuse(bank, &intent, reason),
        Step::Challenge(then) => {
            let id = intent["id"].as_str().unwrap_or_default().to_owned();
            bank.after_challenge.insert(id.clone(), then.map(str::to_owned));
            let next = json!({"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "fake_challenge"}});
            let waiting = bank.update(&id, json!({"status": "requires_action", "next_action": next}));
            bank.emit(&format!("{}.requires_action", name(&intent)), &waiting);
            Ok(waiting)
        }
    }
}

fn succeed(bank: &mut Bank, intent: &Value) -> Value {
    if is_payment(intent) { outcomes::succeed_payment(bank, intent) } else { outcomes::succeed_setup(bank, intent) }
}

/// 402, with the intent inside; it may be tried again with another card.
fn refuse(bank: &mut Bank, intent: &Value, reason: &str) -> Outcome {
    let mut error = error(reason, is_payment(intent));
    error["payment_method"] =
        bank.any(intent["payment_method"].as_str().unwrap_or_default()).cloned().unwrap_or_default();
    let last = if is_payment(intent) { "last_payment_error" } else { "last_setup_error" };
    let id = intent["id"].as_str().unwrap_or_default();
    let fields = json!({"status": "requires_payment_method", "payment_method": Value::Null, "next_action": Value::Null, last: error});
    let refused = bank.update(id, fields);
    let failed = if is_payment(intent) { "payment_intent.payment_failed" } else { "setup_intent.setup_failed" };
    bank.emit(failed, &refused);
    error[name(intent)] = refused;
    Err(Answer { status: 402, body: json!({"error": error}), begun: true })
}

/// How Stripe words a refusal: some reasons are codes of their own, the others are the bank's.
fn error(reason: &str, payment: bool) -> Value {
    let failure = if payment { "payment_intent_authentication_failure" } else { "setup_intent_authentication_failure" };
    let (code, bank) = match reason {
        "authentication_failed" => (failure, None),
        "expired_card" | "incorrect_cvc" | "processing_error" | "incorrect_number" => (reason, None),
        "authentication_required" => (reason, Some(reason)),
        other => ("card_declined", Some(other)),
    };
    json!({"type": "card_error", "code": code, "decline_code": bank, "message": "Your card was declined."})
}

fn by_secret(bank: &Bank, secret: &str) -> Result<Value, Value> {
    let id = secret.split("_secret_").next().unwrap_or_default();
    let intent = bank.any(id).filter(|intent| intent["client_secret"] == secret).cloned();
    intent.ok_or_else(|| json!({"type": "invalid_request_error", "message": "No such intent"}))
}

fn unwrapped(outcome: Outcome) -> Result<Value, Value> {
    outcome.map_err(|answer| answer.body["error"].clone())
}

/// The form in the browser was filled in: what `confirmSetup` and `confirmPayment` do.
pub(crate) fn confirm_in_browser(bank: &mut Bank, secret: &str, token: &str) -> Result<Value, Value> {
    let intent = by_secret(bank, secret)?;
    if intent["status"] != "requires_payment_method" && intent["status"] != "requires_confirmation" {
        return Err(json!({"type": "invalid_request_error", "code": "intent_unexpected_state"}));
    }
    let Some(card) = by_token(token) else {
        return Err(
            json!({"type": "card_error", "code": "incorrect_number", "message": "Your card number is incorrect."}),
        );
    };
    let method = methods::make(bank, card);
    let (intent, method) = (intent["id"].as_str().unwrap_or_default(), method["id"].as_str().unwrap_or_default());
    unwrapped(confirm(bank, intent, method, true))
}

/// What `confirmPayment` does with a card that is there already: the cardholder has come for a payment that was refused
/// for want of them.
pub(crate) fn confirm_again(bank: &mut Bank, secret: &str, method: &str) -> Result<Value, Value> {
    let intent = by_secret(bank, secret)?;
    if !is_payment(&intent) || intent["status"] != "requires_payment_method" {
        return Err(json!({"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}));
    }
    let method = unwrapped(methods::named(bank, method))?;
    unwrapped(methods::usable(&method, &intent["customer"]).map(|()| Value::Null))?;
    let (intent, method) = (intent["id"].as_str().unwrap_or_default(), method["id"].as_str().unwrap_or_default());
    unwrapped(confirm(bank, intent, method, true))
}

/// The challenge was answered: what `handleNextAction` ends with.
pub(crate) fn authenticate(bank: &mut Bank, secret: &str, approve: bool) -> Result<Value, Value> {
    let intent = by_secret(bank, secret)?;
    if intent["status"] != "requires_action" {
        return Err(json!({"type": "invalid_request_error", "code": "intent_unexpected_state"}));
    }
    let id = intent["id"].as_str().unwrap_or_default();
    let then = bank.after_challenge.remove(id).flatten();
    let intent = bank.update(id, json!({"next_action": Value::Null}));
    match (approve, then) {
        (false, _) => unwrapped(refuse(bank, &intent, "authentication_failed")),
        (true, Some(reason)) => unwrapped(refuse(bank, &intent, &reason)),
        (true, None) => Ok(succeed(bank, &intent)),
    }
}
