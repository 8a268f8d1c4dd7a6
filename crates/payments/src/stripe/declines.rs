//! Stripe's reasons for a refusal in ours.

use billing_domain::charge::DeclineCode;

use super::object::Object;
use crate::charge::Decline;

/// Reads an error of the card's bank: `code`, the bank's own `decline_code`, and the network's `advice_code`.
pub(super) fn read_decline(error: &Object) -> Decline {
    let (code, bank) = (error.text_or_empty("code"), error.text_or_empty("decline_code"));
    let known = from_bank(bank).or_else(|| from_code(code)).unwrap_or(DeclineCode::GenericDecline);
    let soft = known.class() == billing_domain::charge::DeclineClass::Soft;
    // The network counts attempts after this advice, and fines them.
    let hopeless = error.text("network_advice_code").is_some_and(|advice| matches!(advice, "01" | "03" | "21"))
        || error.text("advice_code") == Some("do_not_try_again");
    Decline { code: if soft && hopeless { DeclineCode::PickupCard } else { known } }
}

/// <https://docs.stripe.com/declines/codes>, by what the person can do about it.
fn from_bank(code: &str) -> Option<DeclineCode> {
    Some(match code {
        "insufficient_funds" | "withdrawal_count_limit_exceeded" | "card_velocity_exceeded" => {
            DeclineCode::InsufficientFunds
        }
        "lost_card" => DeclineCode::LostCard,
        "stolen_card" => DeclineCode::StolenCard,
        "pickup_card"
        | "restricted_card"
        | "security_violation"
        | "revocation_of_all_authorizations"
        | "revocation_of_authorization"
        | "stop_payment_order"
        | "merchant_blacklist" => DeclineCode::PickupCard,
        "fraudulent" => DeclineCode::Fraudulent,
        "expired_card" | "invalid_expiry_month" | "invalid_expiry_year" => DeclineCode::ExpiredCard,
        "incorrect_cvc" | "invalid_cvc" => DeclineCode::IncorrectCvc,
        "incorrect_number" | "invalid_number" | "invalid_account" | "new_account_information_available" => {
            DeclineCode::IncorrectNumber
        }
        "processing_error" | "issuer_not_available" => DeclineCode::ProcessingError,
        "try_again_later" | "reenter_transaction" | "approve_with_id" => DeclineCode::TryAgainLater,
        "authentication_required" | "mobile_device_authentication_required" => DeclineCode::AuthenticationRequired,
        "authentication_not_handled" => DeclineCode::AuthenticationFailed,
        _ => return None,
    })
}

fn from_code(code: &str) -> Option<DeclineCode> {
    Some(match code {
        "authentication_required" => DeclineCode::AuthenticationRequired,
        "payment_intent_authentication_failure" | "setup_intent_authentication_failure" => {
            DeclineCode::AuthenticationFailed
        }
        "expired_card" => DeclineCode::ExpiredCard,
        "incorrect_cvc" | "invalid_cvc" => DeclineCode::IncorrectCvc,
        "incorrect_number" | "invalid_number" => DeclineCode::IncorrectNumber,
        "processing_error" => DeclineCode::ProcessingError,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_banks_word_comes_first_and_the_networks_advice_stops_retries() {
        for (error, expected) in [
            (json!({"code": "card_declined", "decline_code": "insufficient_funds"}), DeclineCode::InsufficientFunds),
            (json!({"code": "card_declined", "decline_code": "do_not_honor"}), DeclineCode::GenericDecline),
            (
                json!({"code": "authentication_required", "decline_code": "authentication_required"}),
                DeclineCode::AuthenticationRequired,
            ),
            (json!({"code": "authentication_required"}), DeclineCode::AuthenticationRequired),
            (json!({"code": "payment_intent_authentication_failure"}), DeclineCode::AuthenticationFailed),
            (json!({"code": "expired_card"}), DeclineCode::ExpiredCard),
            (
                json!({"code": "card_declined", "decline_code": "generic_decline", "advice_code": "do_not_try_again"}),
                DeclineCode::PickupCard,
            ),
            (
                json!({"code": "card_declined", "decline_code": "generic_decline", "advice_code": "try_again_later"}),
                DeclineCode::GenericDecline,
            ),
            (
                json!({"code": "card_declined", "decline_code": "lost_card", "network_advice_code": "03"}),
                DeclineCode::LostCard,
            ),
            (json!({}), DeclineCode::GenericDecline),
        ] {
            assert_eq!(read_decline(&Object(error.clone())).code, expected, "{error}");
        }
    }
}
