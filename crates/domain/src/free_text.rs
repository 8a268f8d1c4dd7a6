//! Text in words of the sender's own: the only form in which it is stored, shown to others or sent on.
//!
//! Three things never get through: more than its purpose needs, a card number (PCI DSS 3.5.1: unreadable wherever it is
//! stored), and characters that change how a text reads without being seen (Unicode TR36, "Bidirectional Text Spoofing").
//!
//! People see the error and correct it ([`FreeText::parse`]). A program that reports usage could not: what it sends is
//! masked, so that no billing line is lost over its description ([`FreeText::mask`]).

mod card_number;
mod characters;
mod digits;

use std::ops::Deref;

/// What a text is for, and with it what it may be. Lengths are in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// It must not be empty.
    pub required: bool,
    /// Longest text that is accepted, in characters.
    pub most: usize,
    /// It may have several lines.
    pub lines: bool,
}

impl Purpose {
    const fn line(most: usize) -> Self {
        Self { required: false, most, lines: false }
    }

    const fn lines(most: usize) -> Self {
        Self { required: false, most, lines: true }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// The name of an organization.
pub const ORGANIZATION_NAME: Purpose = Purpose::line(120).required();
/// The name of a person.
pub const PERSON_NAME: Purpose = Purpose::line(120).required();
/// A postal address on several lines.
pub const ADDRESS: Purpose = Purpose::lines(500);
/// A tax number as receipts print it.
pub const TAX_ID: Purpose = Purpose::line(40);
/// The name of the product, or of a link on its pages.
pub const LABEL: Purpose = Purpose::line(40).required();
/// An e-mail address (RFC 5321).
pub const EMAIL: Purpose = Purpose::line(254).required();
/// What a key of the host's is for.
pub const KEY_NAME: Purpose = Purpose::line(120).required();
/// What the host calls its price list.
pub const PLAN: Purpose = Purpose::line(80);
/// The name of a note of the host's.
pub const METADATA_NAME: Purpose = Purpose::line(40).required();
/// A note of the host's.
pub const METADATA_VALUE: Purpose = Purpose::line(500);
/// Why the host suspends or closes an organization.
pub const STATUS_REASON: Purpose = Purpose::line(200);
/// An id of the host's: card numbers are refused there too.
pub const EXTERNAL_ID: Purpose = Purpose::line(crate::external_id::MAX_EXTERNAL_ID).required();
/// For whoever opens a payment link.
pub const LINK_NOTE: Purpose = Purpose::lines(300);
/// What a member needs money for.
pub const REQUEST_REASON: Purpose = Purpose::lines(500).required();
/// An admin's answer to that.
pub const REQUEST_ANSWER: Purpose = Purpose::lines(500);
/// Why money is given back; stands on a ledger line.
pub const REFUND_REASON: Purpose = Purpose::line(200);
/// Why the operator gives credit or corrects a balance; stands on a ledger line.
pub const CREDIT_REASON: Purpose = Purpose::line(200).required();
/// Which wording of a consent was shown.
pub const CONSENT: Purpose = Purpose::line(100).required();
/// A client's idempotency key.
pub const IDEMPOTENCY_KEY: Purpose = Purpose::line(255).required();
/// What is searched for.
pub const SEARCH: Purpose = Purpose::line(100);
/// The id of a usage line, given by the platform.
pub const USAGE_ID: Purpose = Purpose::line(255).required();
/// What a usage line is about.
pub const USAGE_DESCRIPTION: Purpose = Purpose::lines(500);
/// Agent or mechanism behind a usage line.
pub const USAGE_SOURCE: Purpose = Purpose::line(120);
/// A word of the payment provider's: a card's scheme, the reason of a dispute.
pub const PROVIDER_WORD: Purpose = Purpose::line(64);

/// What stands in the place of a card number, in front of its last four digits.
const MASK: &str = "••••";

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreeTextError {
    /// Nothing was entered where something must be.
    #[error("This must not be empty.")]
    Required,
    /// Longer than this many characters.
    #[error("At most {0} characters.")]
    TooLong(usize),
    /// A control character, or one that is not seen and changes how the rest reads.
    #[error("Remove the characters that cannot be printed.")]
    Unprintable,
    /// What looks like the number of a card.
    #[error("This looks like a card number. Take it out.")]
    CardNumber,
}

impl FreeTextError {
    /// The name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong(_) => "too_long",
            Self::Unprintable => "unprintable",
            Self::CardNumber => "card_number",
        }
    }
}

/// A text that has been looked at. There is no other way to one than through the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FreeText(String);

impl FreeText {
    /// What a person entered, without blanks around it and with plain line ends, or why it cannot be kept.
    pub fn parse(purpose: Purpose, entered: &str) -> Result<Self, FreeTextError> {
        Self::parse_exact(purpose, entered.trim())
    }

    /// The same with the blanks around it: for ids, which are compared letter by letter.
    pub fn parse_exact(purpose: Purpose, sent: &str) -> Result<Self, FreeTextError> {
        let text = check_plain(purpose, sent)?;
        if contains_card_number(&text) { Err(FreeTextError::CardNumber) } else { Ok(Self(text)) }
    }

    /// The same for what is never stored, as a search: it may be any number.
    pub fn parse_unstored(purpose: Purpose, entered: &str) -> Result<Self, FreeTextError> {
        check_plain(purpose, entered.trim()).map(Self)
    }

    /// What a program sent: card numbers are cut down to their last four digits, unseen characters left out. Refused is only
    /// what is no text at all: control characters, and more than fits.
    pub fn mask(purpose: Purpose, sent: &str) -> Result<Self, FreeTextError> {
        check_length(purpose, sent)?;
        if sent.chars().any(|one| characters::is_control(one) && !(purpose.lines && matches!(one, '\n' | '\r' | '\t')))
        {
            return Err(FreeTextError::Unprintable);
        }
        let seen = if sent.is_ascii() { sent.to_owned() } else { without_unseen(sent) };
        Ok(Self(mask_card_numbers(seen)))
    }

    /// The name of somebody or something within a sentence of ours: in quotation marks, on one line, and no longer than
    /// `most` characters. For texts that were stored before there were rules, too.
    pub fn quote(name: &str, most: usize) -> String {
        let line: String = without_unseen(name).split(|one: char| one.is_control() || one.is_whitespace()).fold(
            String::new(),
            |mut line, word| {
                if !word.is_empty() {
                    line.push_str(if line.is_empty() { "" } else { " " });
                    line.extend(word.chars().map(|one| if matches!(one, '"' | '“' | '”') { '\'' } else { one }));
                }
                line
            },
        );
        let line = mask_card_numbers(line);
        if line.chars().count() <= most {
            return format!("“{line}”");
        }
        let shortened: String = line.chars().take(most.saturating_sub(1)).collect();
        format!("“{}…”", shortened.trim_end())
    }

    /// The text, as it is stored and shown.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for FreeText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<FreeText> for String {
    fn from(text: FreeText) -> Self {
        text.0
    }
}

/// Whether what looks like a card number is in it, in whatever spelling.
pub fn contains_card_number(text: &str) -> bool {
    !card_number::find_card_numbers(text).is_empty()
}

fn check_length(purpose: Purpose, text: &str) -> Result<(), FreeTextError> {
    if purpose.required && text.is_empty() {
        return Err(FreeTextError::Required);
    }
    // Bytes first: counting is for those that may be too long.
    if text.len() > purpose.most && text.chars().count() > purpose.most {
        return Err(FreeTextError::TooLong(purpose.most));
    }
    Ok(())
}

fn check_plain(purpose: Purpose, text: &str) -> Result<String, FreeTextError> {
    let text = text.replace("\r\n", "\n");
    check_length(purpose, &text)?;
    let mut before = None;
    let mut rest = text.chars();
    while let Some(one) = rest.next() {
        let line_end = purpose.lines && one == '\n';
        if characters::is_control(one) && !line_end {
            return Err(FreeTextError::Unprintable);
        }
        if characters::is_invisible(one) && !characters::is_honest_joiner(before, one, rest.clone().next()) {
            return Err(FreeTextError::Unprintable);
        }
        before = Some(one);
    }
    Ok(text)
}

fn without_unseen(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars();
    while let Some(one) = rest.next() {
        if characters::is_line_separator(one) {
            kept.push(' ');
        } else if !characters::is_invisible(one) || characters::is_honest_joiner(before, one, rest.clone().next()) {
            kept.push(one);
        }
        before = Some(one);
    }
    kept
}

/// Repeated, since the last digits of one number can be the first ones of another.
fn mask_card_numbers(mut text: String) -> String {
    loop {
        let found = card_number::find_card_numbers(&text);
        if found.is_empty() {
            return text;
        }
        for span in found.into_iter().rev() {
            let last: Vec<u8> = text.get(span.clone()).map(last_four).unwrap_or_default();
            let last: String = last.into_iter().map(|digit| char::from(b'0' + digit)).collect();
            text.replace_range(span, &format!("{MASK}{last}"));
        }
    }
}

fn last_four(number: &str) -> Vec<u8> {
    let digits: Vec<u8> = number.chars().filter_map(digits::digit_value).collect();
    digits.get(digits.len().saturating_sub(4)..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests;
