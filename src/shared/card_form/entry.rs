//! What a person types on a card form: grouped as on the card, checked, and turned into a token in the browser.

use billing_domain::Date;
use billing_domain::sandbox_cards::{self, NumberError, SandboxCard};

use crate::texts;

/// Which field is wrong, and how to fix it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CardErrors {
    pub(crate) name: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) expiry: Option<String>,
    pub(crate) code: Option<String>,
}

impl CardErrors {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What stands in the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CardEntry {
    /// Name on the card.
    pub(crate) name: String,
    /// The number. Never leaves the browser.
    pub(crate) number: String,
    /// Written in the form `MM/YY`.
    pub(crate) expiry: String,
    /// Three digits, four on American Express. Never leaves the browser.
    pub(crate) code: String,
}

/// What is sent instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AcceptedCard {
    /// Stands for the number.
    pub(crate) token: &'static str,
    /// The month, 1 to 12.
    pub(crate) month: u8,
    /// The year with all four digits.
    pub(crate) year: u16,
}

impl CardEntry {
    /// The token and the expiry, or everything that is wrong at once.
    pub(crate) fn check(&self, today: Date) -> Result<AcceptedCard, CardErrors> {
        let card = sandbox_cards::by_number(self.number.trim());
        let expiry = parse_expiry(&self.expiry, today);
        let wrong = CardErrors {
            name: self.name.trim().is_empty().then(|| texts::card_form::name_missing().to_owned()),
            number: card.err().map(|error| number_sentence(error).to_owned()),
            expiry: expiry.err().map(str::to_owned),
            code: code_problem(&self.code, card.ok()),
        };
        match (card, expiry) {
            (Ok(card), Ok((month, year))) if wrong.is_empty() => Ok(AcceptedCard { token: card.token, month, year }),
            _ => Err(wrong),
        }
    }
}

fn number_sentence(error: NumberError) -> &'static str {
    match error {
        NumberError::Incomplete => texts::card_form::number_incomplete(),
        NumberError::Mistyped => texts::card_form::number_mistyped(),
        NumberError::NotATestCard => texts::card_form::no_test_number(),
    }
}

fn code_problem(code: &str, card: Option<&SandboxCard>) -> Option<String> {
    let code = code.trim();
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    let right = match card {
        Some(card) => code.len() == card.cvc_digits(),
        None => matches!(code.len(), 3 | 4),
    };
    let wanted = || match card {
        Some(card) => texts::card_form::code_wrong(if card.cvc_digits() == 4 { "4" } else { "3" }),
        None => texts::card_form::code_missing().to_owned(),
    };
    (!(digits && right)).then(wanted)
}

/// `12/30`, `1230`, `12 / 2030` → month and year.
fn parse_expiry(text: &str, today: Date) -> Result<(u8, u16), &'static str> {
    let how = texts::card_form::expiry_wrong;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.chars().any(|letter| !letter.is_ascii_digit() && !matches!(letter, '/' | ' ' | '-')) {
        return Err(how());
    }
    let (month, year) = match text.split_once(['/', '-', ' ']) {
        Some((month, year)) => (month.trim(), year.trim_matches(['/', '-', ' '])),
        None => digits.split_at_checked(2).ok_or_else(how)?,
    };
    let month: u8 = month.parse().map_err(|_| how())?;
    let year: u16 = match year.len() {
        2 => 2000 + year.parse::<u16>().map_err(|_| how())?,
        4 => year.parse().map_err(|_| how())?,
        _ => return Err(how()),
    };
    let last = billing_domain::Month::new(year, month).ok_or_else(how)?;
    if last < today.month() { Err(texts::card_form::expired()) } else { Ok((month, year)) }
}

/// The number with spaces as on the card, 4-4-4-4 or 4-6-5, while it is typed from the front; what is changed in the
/// middle stays as it is, so that the cursor does not jump.
pub(super) fn regroup_number(before: &str, typed: &str) -> String {
    let (old, new) = (digits_of(before), digits_of(typed));
    let plain = typed.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ' || byte == b'-');
    if plain && new.len() <= 19 && (new.starts_with(&old) || old.starts_with(&new)) {
        group_digits(&new)
    } else {
        typed.to_owned()
    }
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn group_digits(digits: &str) -> String {
    let is_amex = digits.starts_with("34") || digits.starts_with("37");
    let breaks: &[usize] = if is_amex { &[4, 10] } else { &[4, 8, 12, 16] };
    let mut out = String::with_capacity(digits.len() + 4);
    for (index, digit) in digits.chars().enumerate() {
        if breaks.contains(&index) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// The expiry with its stroke while it is typed from the front.
pub(super) fn with_stroke(before: &str, typed: &str) -> String {
    let grows = typed.len() > before.len();
    if grows && typed.len() == 2 && typed.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{typed}/")
    } else {
        typed.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Date {
        Date::new(2026, 11, 24).unwrap()
    }

    fn entry() -> CardEntry {
        CardEntry {
            name: "Ada Lovelace".to_owned(),
            number: "4242 4242 4242 4242".to_owned(),
            expiry: "12/30".to_owned(),
            code: "123".to_owned(),
        }
    }

    #[test]
    fn a_test_card_becomes_its_token() {
        assert_eq!(entry().check(today()), Ok(AcceptedCard { token: "pm_card_visa", month: 12, year: 2030 }));
        let amex = CardEntry { number: "3782 822463 10005".to_owned(), code: "1234".to_owned(), ..entry() };
        assert_eq!(amex.check(today()).map(|card| card.token), Ok("pm_card_amex"));
    }

    #[test]
    fn a_real_card_is_refused_by_a_sentence_about_test_numbers() {
        let real = CardEntry { number: "6011 1111 1111 1117".to_owned(), ..entry() };
        assert!(real.check(today()).unwrap_err().number.unwrap().contains("Only test card numbers"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let wrong = CardEntry::default().check(today()).unwrap_err();
        assert!(wrong.name.is_some() && wrong.number.is_some() && wrong.expiry.is_some() && wrong.code.is_some());
        let code = CardEntry { code: "1234".to_owned(), ..entry() }.check(today()).unwrap_err();
        assert_eq!(
            code,
            CardErrors { code: Some("Enter the 3 digits of the security code.".to_owned()), ..CardErrors::default() }
        );
    }

    #[test]
    fn expiries_are_read_as_people_write_them() {
        for (text, expected) in [
            ("12/30", Ok((12, 2030))),
            ("1230", Ok((12, 2030))),
            ("12 / 2030", Ok((12, 2030))),
            ("11/26", Ok((11, 2026))),
            ("3/27", Ok((3, 2027))),
        ] {
            assert_eq!(parse_expiry(text, today()), expected, "{text}");
        }
        assert_eq!(parse_expiry("10/26", today()), Err("This card has expired."));
        for text in ["", "1", "13/30", "00/30", "12/3", "ab/cd", "12/30/1", "１２/30"] {
            assert!(parse_expiry(text, today()).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_grouped_while_typed_and_left_alone_in_the_middle() {
        assert_eq!(regroup_number("4242", "42424"), "4242 4");
        assert_eq!(regroup_number("4242 4", "4242 "), "4242");
        assert_eq!(regroup_number("", "378282246310005"), "3782 822463 10005");
        assert_eq!(regroup_number("4242 4242", "4242 142"), "4242 142");
        assert_eq!(regroup_number("", "4242abc"), "4242abc");
        assert_eq!(with_stroke("1", "12"), "12/");
        assert_eq!(with_stroke("12/", "12"), "12");
    }
}
