//! The sandbox bank's test cards: which public test number is which token, and how each card behaves.
//!
//! The browser turns a number into a token and never sends the number; the bank knows only tokens. Both read this one
//! table. The numbers are the public test numbers of card processing, plus two of our own.

use crate::charge::DeclineCode;

/// What the bank does when a card is connected or charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Goes through at once.
    Pass,
    /// The cardholder must confirm (3-D Secure), then it goes through; with nobody there it waits for that.
    Challenge,
    /// The cardholder must confirm, and it is refused all the same.
    ChallengeThenDecline(DeclineCode),
    /// Refused with this code.
    Decline(DeclineCode),
    /// Goes through, but the answer takes long.
    Slow,
    /// Goes through, but the answer is lost on its way.
    Silent,
    /// Goes through; later the cardholder disputes it as fraudulent.
    PassThenDispute,
}

/// What somebody who tries a card sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    /// Every charge goes through.
    Pays,
    /// Refused without a reason.
    NoReason,
    /// Refused for lack of money: a soft decline.
    InsufficientFunds,
    /// Refused as reported lost: a hard decline.
    Lost,
    /// Refused as reported stolen: a hard decline.
    Stolen,
    /// Refused as past its date.
    Expired,
    /// Refused for its security code.
    WrongCode,
    /// Refused because the bank itself fails.
    BankFails,
    /// Connects, then every payment is refused.
    ChargesRefused,
    /// Asks for confirmation once, when it is connected.
    ConfirmsOnce,
    /// Asks for confirmation every time.
    ConfirmsEveryTime,
    /// Asks for confirmation when you pay, never for automatic payments.
    ConfirmsWhenPaying,
    /// Asks for confirmation, then has not enough money.
    ConfirmsThenInsufficientFunds,
    /// 3-D Secure 2, then pays.
    SecureThenPays,
    /// The bank answers slowly.
    SlowBank,
    /// The bank does not answer.
    SilentBank,
    /// Pays, then disputes the payment.
    DisputedLater,
    /// 3-D Secure, then refused.
    SecureThenRefused,
}

/// One card that the sandbox bank has issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxCard {
    /// The digits that a person types. Never leaves the browser.
    pub number: &'static str,
    /// What the browser sends instead.
    pub token: &'static str,
    /// Card scheme as receipts name it, lower case.
    pub brand: &'static str,
    /// What trying it shows; the list of test cards says it in the page's language.
    pub behavior: Behavior,
    /// When it is connected.
    pub setup: Step,
    /// When it is charged with the cardholder present.
    pub on_session: Step,
    /// When it is charged by automatic payments.
    pub off_session: Step,
}

impl SandboxCard {
    /// The last four digits.
    pub fn last4(&self) -> &'static str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or_default()
    }

    /// Digits of the security code: four on American Express, else three.
    pub fn cvc_digits(&self) -> usize {
        if self.brand == "amex" { 4 } else { 3 }
    }
}

const VISA: SandboxCard = SandboxCard {
    number: "4242424242424242",
    token: "pm_card_visa",
    brand: "visa",
    behavior: Behavior::Pays,
    setup: Step::Pass,
    on_session: Step::Pass,
    off_session: Step::Pass,
};

/// Refused by the bank already when it is connected, as such cards are at real processors.
const fn refused_card(number: &'static str, token: &'static str, behavior: Behavior, code: DeclineCode) -> SandboxCard {
    let step = Step::Decline(code);
    SandboxCard { number, token, behavior, setup: step, on_session: step, off_session: step, ..VISA }
}

const fn visa_card(number: &'static str, token: &'static str, behavior: Behavior, steps: [Step; 3]) -> SandboxCard {
    let [setup, on_session, off_session] = steps;
    SandboxCard { number, token, behavior, setup, on_session, off_session, ..VISA }
}

/// Every card of the sandbox bank.
pub const CARDS: &[SandboxCard] = &[
    VISA,
    SandboxCard { number: "5555555555554444", token: "pm_card_mastercard", brand: "mastercard", ..VISA },
    SandboxCard { number: "378282246310005", token: "pm_card_amex", brand: "amex", ..VISA },
    refused_card("4000000000000002", "pm_card_visa_chargeDeclined", Behavior::NoReason, DeclineCode::GenericDecline),
    refused_card(
        "4000000000009995",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        Behavior::InsufficientFunds,
        DeclineCode::InsufficientFunds,
    ),
    refused_card("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", Behavior::Lost, DeclineCode::LostCard),
    refused_card(
        "4000000000009979",
        "pm_card_visa_chargeDeclinedStolenCard",
        Behavior::Stolen,
        DeclineCode::StolenCard,
    ),
    refused_card("4000000000000069", "pm_card_chargeDeclinedExpiredCard", Behavior::Expired, DeclineCode::ExpiredCard),
    refused_card(
        "4000000000000127",
        "pm_card_chargeDeclinedIncorrectCvc",
        Behavior::WrongCode,
        DeclineCode::IncorrectCvc,
    ),
    refused_card(
        "4000000000000119",
        "pm_card_chargeDeclinedProcessingError",
        Behavior::BankFails,
        DeclineCode::ProcessingError,
    ),
    visa_card(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        Behavior::ChargesRefused,
        [Step::Pass, Step::Decline(DeclineCode::GenericDecline), Step::Decline(DeclineCode::GenericDecline)],
    ),
    visa_card(
        "4000002500003155",
        "pm_card_authenticationRequiredOnSetup",
        Behavior::ConfirmsOnce,
        [Step::Challenge, Step::Pass, Step::Pass],
    ),
    visa_card(
        "4000002760003184",
        "pm_card_authenticationRequired",
        Behavior::ConfirmsEveryTime,
        [Step::Challenge, Step::Challenge, Step::Challenge],
    ),
    visa_card(
        "4000003800000446",
        "pm_card_authenticationRequiredSetupForOffSession",
        Behavior::ConfirmsWhenPaying,
        [Step::Pass, Step::Challenge, Step::Pass],
    ),
    visa_card(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        Behavior::ConfirmsThenInsufficientFunds,
        [
            Step::Challenge,
            Step::ChallengeThenDecline(DeclineCode::InsufficientFunds),
            Step::Decline(DeclineCode::InsufficientFunds),
        ],
    ),
    visa_card(
        "4000000000003220",
        "pm_card_threeDSecure2Required",
        Behavior::SecureThenPays,
        [Step::Challenge, Step::Challenge, Step::Challenge],
    ),
    visa_card(
        "4000008400001629",
        "pm_card_threeDSecureRequiredChargeDeclined",
        Behavior::SecureThenRefused,
        [
            Step::ChallengeThenDecline(DeclineCode::GenericDecline),
            Step::ChallengeThenDecline(DeclineCode::GenericDecline),
            Step::ChallengeThenDecline(DeclineCode::GenericDecline),
        ],
    ),
    visa_card(
        "4000000000000259",
        "pm_card_createDispute",
        Behavior::DisputedLater,
        [Step::Pass, Step::PassThenDispute, Step::PassThenDispute],
    ),
    // Ours: no processor offers them, and the page must be seen to stay honest with both.
    visa_card("4000000000005001", "pm_card_slowAnswer", Behavior::SlowBank, [Step::Pass, Step::Slow, Step::Slow]),
    visa_card("4000000000006009", "pm_card_noAnswer", Behavior::SilentBank, [Step::Pass, Step::Silent, Step::Silent]),
];

/// Why a typed number is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Nothing, too few or too many digits, or something that is no digit.
    #[error("enter the whole card number")]
    Incomplete,
    /// The check digit does not fit: mistyped.
    #[error("this card number is wrong: check the digits")]
    Mistyped,
    /// A plausible number that the sandbox bank has not issued: perhaps a real card, which must not be used here.
    #[error("the sandbox takes test cards only: never enter a real card here")]
    NotATestCard,
}

/// The test card that a person typed; spaces and dashes between digits are fine.
pub fn by_number(typed: &str) -> Result<&'static SandboxCard, NumberError> {
    let mut digits = [0; LONGEST];
    let mut length = 0;
    for byte in typed.bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
        if !byte.is_ascii_digit() || length == LONGEST {
            return Err(NumberError::Incomplete);
        }
        digits[length] = byte;
        length += 1;
    }
    let digits = &digits[..length];
    if length < SHORTEST {
        return Err(NumberError::Incomplete);
    }
    if !luhn_holds(digits) {
        return Err(NumberError::Mistyped);
    }
    CARDS.iter().find(|card| card.number.as_bytes() == digits).ok_or(NumberError::NotATestCard)
}

/// The card behind a token.
pub fn by_token(token: &str) -> Option<&'static SandboxCard> {
    CARDS.iter().find(|card| card.token == token)
}

/// Digits of the shortest card number (ISO/IEC 7812).
const SHORTEST: usize = 13;
/// Digits of the longest card number.
const LONGEST: usize = 19;

/// The Luhn check over ASCII digits.
pub(crate) fn luhn_holds(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (position % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_found_by_its_number_and_by_its_token() {
        for card in CARDS {
            assert_eq!(by_number(card.number), Ok(card));
            assert_eq!(by_token(card.token), Some(card));
            assert_eq!(CARDS.iter().filter(|other| other.token == card.token).count(), 1, "{}", card.token);
        }
        assert_eq!(by_number(" 4242 4242-4242 4242 ").map(|card| card.token), Ok("pm_card_visa"));
        assert_eq!(by_number("378282246310005").map(|card| (card.last4(), card.cvc_digits())), Ok(("0005", 4)));
    }

    #[test]
    fn a_mistyped_and_a_real_card_get_different_words() {
        for typed in ["", "4242", "4242 4242 4242 424x", "４２４２", &"4".repeat(20)] {
            assert_eq!(by_number(typed), Err(NumberError::Incomplete), "{typed}");
        }
        assert_eq!(by_number("4242424242424241"), Err(NumberError::Mistyped));
        assert_eq!(by_number("6011111111111117"), Err(NumberError::NotATestCard));
    }
}
