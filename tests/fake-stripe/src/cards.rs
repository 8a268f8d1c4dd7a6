//! Stripe's test cards, in a table of this stand-in's own.

/// What happens when a card is connected or charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Goes through.
    Pass,
    /// The cardholder must confirm; then it goes through, or is refused for this reason.
    Challenge(Option<&'static str>),
    /// Refused for this reason.
    Decline(&'static str),
}

/// A test card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card {
    /// What a person types into the form.
    pub number: &'static str,
    /// What stands for it in code.
    pub token: &'static str,
    /// Scheme.
    pub brand: &'static str,
    /// When it is connected.
    pub setup: Step,
    /// When it is charged in the cardholder's presence.
    pub present: Step,
    /// When it is charged without.
    pub absent: Step,
}

const fn card(number: &'static str, token: &'static str, setup: Step, present: Step, absent: Step) -> Card {
    Card { number, token, brand: "visa", setup, present, absent }
}

const fn refused(number: &'static str, token: &'static str, reason: &'static str) -> Card {
    card(number, token, Step::Decline(reason), Step::Decline(reason), Step::Decline(reason))
}

const fn good(number: &'static str, token: &'static str, brand: &'static str) -> Card {
    Card { brand, ..card(number, token, Step::Pass, Step::Pass, Step::Pass) }
}

/// What a bank that must ask says where nobody can be asked.
pub(crate) const ALONE: Step = Step::Decline("authentication_required");

/// All of them; the last two are not Stripe's but stand for slow and lost answers.
pub const CARDS: &[Card] = &[
    good("4242424242424242", "pm_card_visa", "visa"),
    good("5555555555554444", "pm_card_mastercard", "mastercard"),
    good("378282246310005", "pm_card_amex", "amex"),
    refused("4000000000000002", "pm_card_visa_chargeDeclined", "generic_decline"),
    refused("4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    refused("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", "lost_card"),
    refused("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", "stolen_card"),
    refused("4000000000000069", "pm_card_chargeDeclinedExpiredCard", "expired_card"),
    refused("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
    refused("4000000000000119", "pm_card_chargeDeclinedProcessingError", "processing_error"),
    card(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        Step::Pass,
        Step::Decline("generic_decline"),
        Step::Decline("generic_decline"),
    ),
    card("4000002500003155", "pm_card_authenticationRequiredOnSetup", Step::Challenge(None), Step::Pass, Step::Pass),
    card("4000002760003184", "pm_card_authenticationRequired", Step::Challenge(None), Step::Challenge(None), ALONE),
    card(
        "4000003800000446",
        "pm_card_authenticationRequiredSetupForOffSession",
        Step::Pass,
        Step::Challenge(None),
        Step::Pass,
    ),
    card(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        Step::Challenge(None),
        Step::Challenge(Some("insufficient_funds")),
        Step::Decline("insufficient_funds"),
    ),
    card("4000000000003220", "pm_card_threeDSecure2Required", Step::Challenge(None), Step::Challenge(None), ALONE),
    card(
        "4000008400001629",
        "pm_card_threeDSecureRequiredChargeDeclined",
        Step::Challenge(Some("generic_decline")),
        Step::Challenge(Some("generic_decline")),
        ALONE,
    ),
    good("4000000000000259", DISPUTED, "visa"),
    good("4000000000005001", SLOW, "visa"),
    good("4000000000006009", SILENT, "visa"),
];

/// Every payment with it is disputed at once.
pub const DISPUTED: &str = "pm_card_createDispute";
/// Every answer about a payment with it takes long.
pub const SLOW: &str = "pm_card_slowAnswer";
/// Every answer about a payment with it is lost.
pub const SILENT: &str = "pm_card_noAnswer";

/// The card behind a token.
pub(crate) fn by_token(token: &str) -> Option<&'static Card> {
    CARDS.iter().find(|card| card.token == token)
}

/// The card with this number; spaces are fine.
pub(crate) fn by_number(typed: &str) -> Option<&'static Card> {
    let digits: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    CARDS.iter().find(|card| card.number == digits)
}
