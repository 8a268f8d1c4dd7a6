//! Why a card was refused and what to do about it, in sentences. Lost, stolen and suspected cards get the neutral one, so that
//! a thief learns nothing.
//! See docs/decisions/0024-one-decline-message.md.

use billing_domain::charge::DeclineCode;

use super::UserMessage;

/// For the person who pays: what happened and what to do.
pub(crate) fn advise_payer(code: DeclineCode) -> UserMessage {
    match code {
        DeclineCode::GenericDecline
        | DeclineCode::LostCard
        | DeclineCode::StolenCard
        | DeclineCode::PickupCard
        | DeclineCode::Fraudulent => UserMessage::declined_no_reason(),
        DeclineCode::InsufficientFunds => UserMessage::declined_insufficient_funds(),
        DeclineCode::ExpiredCard => UserMessage::declined_expired_card(),
        DeclineCode::IncorrectCvc => UserMessage::declined_incorrect_cvc(),
        DeclineCode::IncorrectNumber => UserMessage::declined_incorrect_number(),
        DeclineCode::ProcessingError | DeclineCode::TryAgainLater => UserMessage::declined_try_again_later(),
        DeclineCode::AuthenticationRequired => UserMessage::declined_needs_cardholder(),
        DeclineCode::AuthenticationFailed => UserMessage::declined_not_confirmed(),
    }
}

/// For somebody who cannot choose the amount, as behind a payment link.
pub(crate) fn advise_payer_of_fixed_amount(code: DeclineCode) -> UserMessage {
    match code {
        DeclineCode::InsufficientFunds => UserMessage::declined_insufficient_funds_fixed_amount(),
        DeclineCode::ExpiredCard => UserMessage::declined_expired_card_fixed_amount(),
        DeclineCode::IncorrectCvc => UserMessage::declined_incorrect_cvc_fixed_amount(),
        _ => advise_payer(code),
    }
}

/// What happened alone, for somebody who cannot try again: advice would only lead to a dead link.
pub(crate) fn describe_decline(code: DeclineCode) -> UserMessage {
    match code {
        DeclineCode::GenericDecline
        | DeclineCode::LostCard
        | DeclineCode::StolenCard
        | DeclineCode::PickupCard
        | DeclineCode::Fraudulent => UserMessage::declined_no_reason_without_advice(),
        DeclineCode::InsufficientFunds => UserMessage::declined_insufficient_funds_without_advice(),
        DeclineCode::ExpiredCard => UserMessage::declined_expired_card_without_advice(),
        DeclineCode::IncorrectCvc => UserMessage::declined_incorrect_cvc_without_advice(),
        DeclineCode::IncorrectNumber => UserMessage::declined_incorrect_number_without_advice(),
        DeclineCode::ProcessingError | DeclineCode::TryAgainLater => {
            UserMessage::declined_try_again_later_without_advice()
        }
        DeclineCode::AuthenticationRequired | DeclineCode::AuthenticationFailed => {
            UserMessage::declined_not_confirmed_without_advice()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_advised_to_do_what_cannot_be_done() {
        for code in DeclineCode::ALL {
            let (fixed, last) = (advise_payer_of_fixed_amount(*code).english(), describe_decline(*code).english());
            assert!(!fixed.contains("amount") && !fixed.contains("onnect"), "{code}: {fixed}");
            assert_eq!(last.matches('.').count(), 1, "{code}: one sentence, what happened: {last}");
            assert!(!["Use", "Try", "Check", "Connect"].iter().any(|word| last.contains(word)), "{code}: {last}");
        }
    }

    #[test]
    fn a_thief_learns_nothing_from_the_sentence() {
        for code in [DeclineCode::LostCard, DeclineCode::StolenCard, DeclineCode::Fraudulent] {
            assert_eq!(advise_payer(code), advise_payer(DeclineCode::GenericDecline));
            assert_eq!(describe_decline(code), describe_decline(DeclineCode::GenericDecline));
        }
    }
}
