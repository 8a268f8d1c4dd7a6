//! What people enter about themselves: name, address, language, password; and what is wrong with it.

use billing_contract::FieldError;
use billing_domain::free_text::{EMAIL, FreeText, PERSON_NAME};

use crate::auth::passwords::MAX_PASSWORD;
use crate::message::UserMessage;
use crate::problem::{field_error, text_error};

/// Shortest password, characters (NIST SP 800-63B asks for 15 where it is the only proof, 8 beside another one).
pub(crate) const MIN_PASSWORD: usize = 12;
/// Longest language tag, bytes (RFC 5646 §4.4.1).
pub(crate) const MAX_LOCALE: usize = 35;

/// The name, without blanks around it.
pub(crate) fn check_name(pointer: &str, entered: &str) -> Result<String, FieldError> {
    FreeText::parse(PERSON_NAME, entered).map(FreeText::into_string).map_err(|error| text_error(pointer, error))
}

/// An address that mail can be sent to, as entered.
pub(crate) fn check_email(pointer: &str, entered: &str) -> Result<String, FieldError> {
    let email = FreeText::parse(EMAIL, entered).map_err(|error| text_error(pointer, error))?.into_string();
    if is_email(&email) {
        Ok(email)
    } else {
        Err(field_error(pointer, "malformed_email", UserMessage::email_malformed()))
    }
}

/// Whether mail could be sent there, as the mailer reads addresses.
pub(crate) fn is_email(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

/// The form of a language tag (RFC 5646): letters and digits in parts between hyphens.
pub(crate) fn is_language_tag(tag: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let language = tag.split('-').next().unwrap_or_default();
    let starts = language.len() >= 2 && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    tag.len() <= MAX_LOCALE && starts && tag.split('-').all(part)
}

/// A language tag, by its form alone: mails are in English where the language is not known.
pub(crate) fn check_locale(pointer: &str, entered: Option<&str>) -> Result<Option<String>, FieldError> {
    let Some(tag) = entered else { return Ok(None) };
    if is_language_tag(tag) {
        Ok(Some(tag.to_owned()))
    } else {
        Err(field_error(
            pointer,
            "wrong_value",
            crate::problem::Detail::general("Write a language tag like de or pt-BR."),
        ))
    }
}

/// Whether this may become the password of whoever signs in by `email`.
pub(crate) fn check_password(pointer: &str, password: &str, email: &str) -> Result<(), FieldError> {
    if password.len() > MAX_PASSWORD {
        return Err(field_error(pointer, "too_long", UserMessage::too_many_bytes(MAX_PASSWORD)));
    }
    if password.chars().count() < MIN_PASSWORD {
        return Err(field_error(pointer, "too_short", UserMessage::password_too_short(MIN_PASSWORD)));
    }
    if password.trim().to_lowercase() == email.trim().to_lowercase() {
        return Err(field_error(pointer, "same_as_email", UserMessage::password_is_email()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_the_address() {
        let code = |password: &str| check_password("/password", password, "Someone@Example.test").err().map(|e| e.code);
        assert_eq!(code("elevenchars").as_deref(), Some("too_short"));
        assert_eq!(code("パスワードは長く").as_deref(), Some("too_short"), "characters count, not bytes");
        assert_eq!(code(" someone@example.TEST").as_deref(), Some("same_as_email"));
        assert_eq!(code(&"x".repeat(MAX_PASSWORD + 1)).as_deref(), Some("too_long"));
        assert_eq!(code("correct horse"), None);
    }

    #[test]
    fn an_address_can_be_written_to() {
        for good in ["ann@acme.test", " Ann.Lee+billing@mail.acme.test "] {
            assert_eq!(check_email("/email", good).as_deref(), Ok(good.trim()), "{good}");
        }
        for (bad, code) in [("", "required"), ("ann", "malformed_email"), ("a b@acme.test", "malformed_email")] {
            assert_eq!(check_email("/email", bad).unwrap_err().code, code, "{bad}");
        }
    }

    #[test]
    fn a_language_tag_has_parts_of_letters_and_digits() {
        for (tag, fits) in [
            ("de", true),
            ("zh-Hant-TW", true),
            ("", false),
            ("de_DE", false),
            ("-", false),
            ("1", false),
            ("abcdefghi", false),
        ] {
            assert_eq!(check_locale("/locale", Some(tag)).is_ok(), fits, "{tag}");
        }
    }
}
