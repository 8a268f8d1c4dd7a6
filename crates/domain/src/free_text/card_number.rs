//! Finds card numbers in text, however they are spelt: 13 to 19 digits whose check digit fits (ISO/IEC 7812-1, annex B).
//!
//! A long number of another kind passes the check once in ten times, so the stranger a spelling is, the more has to fit:
//! - digits together, or grouped as cards print them: a number that card schemes give out (it begins with 2 to 6);
//! - any other grouping, or a number that touches letters: beginning and length of a known scheme;
//! - letters between the groups: always the same ones, or both of the above.
//!
//! UUIDs and telephone numbers (`+` and at most 15 digits, ITU-T E.164) are no card numbers.

use std::ops::Range;

use super::{characters, digits};
use crate::sandbox_cards::luhn_holds;

const SHORTEST: usize = 13;
const LONGEST: usize = 19;
/// Between two groups of one number stands no more than this.
const SEPARATOR_CHARACTERS: usize = 4;
const SEPARATOR_LETTERS: usize = 3;
/// How cards are printed. The last group of four groups of four may be followed by three more digits.
const PRINTED: &[&[usize]] = &[
    &[4, 4, 4, 4],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 3],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 3, 3, 3],
    &[4, 4, 4, 1],
    &[4, 4, 5],
    &[6, 13],
    &[8, 8],
];
/// First digits as a number, how many digits that number has, and how long its cards are: Visa, Mastercard (two), American
/// Express (two), Diners Club (three), Discover (three), JCB, `UnionPay` (two), Mir, Maestro.
const SCHEMES: &[(u32, u32, usize, &[usize])] = &[
    (4, 4, 1, &[16, 19]),
    (51, 55, 2, &[16]),
    (2221, 2720, 4, &[16]),
    (34, 34, 2, &[15]),
    (37, 37, 2, &[15]),
    (300, 305, 3, &[14]),
    (36, 36, 2, &[14]),
    (38, 39, 2, &[14, 16]),
    (6011, 6011, 4, &[16, 19]),
    (644, 649, 3, &[16, 19]),
    (65, 65, 2, &[16, 19]),
    (3528, 3589, 4, &[16, 19]),
    (62, 62, 2, &[16, 17, 18, 19]),
    (81, 81, 2, &[16, 17, 18, 19]),
    (2200, 2204, 4, &[16, 17, 18, 19]),
    (6759, 6763, 4, &[13, 14, 15, 16, 17, 18, 19]),
];

/// Digits that stand together.
#[derive(Debug)]
struct Group {
    span: Range<usize>,
    digits: Vec<u8>,
    /// A letter stands directly before or behind.
    touches_letter: bool,
    /// `+` stands before it.
    after_plus: bool,
    /// What stands between the group before and this one; `None`: too much for one number.
    separator: Option<String>,
}

/// Where the card numbers of a text stand, in bytes, from first to last digit; they never overlap.
pub(super) fn find_card_numbers(text: &str) -> Vec<Range<usize>> {
    if text.chars().filter_map(digits::digit_value).take(SHORTEST).count() < SHORTEST {
        return Vec::new();
    }
    let groups = digit_groups(text);
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(rest) = groups.get(start..).filter(|rest| !rest.is_empty()) {
        match longest_number(rest, start > 0 && rest.first().is_some_and(|group| group.separator.is_some())) {
            Some(window) => {
                let (first, last) = (window.first(), window.last());
                found.extend(first.zip(last).map(|(first, last)| first.span.start..last.span.end));
                start += window.len();
            }
            None => start += 1,
        }
    }
    found
}

/// The longest card number that begins with the first group.
fn longest_number(groups: &[Group], continues: bool) -> Option<&[Group]> {
    let mut length = 0;
    let mut reach = 0;
    for (index, group) in groups.iter().enumerate() {
        length += group.digits.len();
        if length > LONGEST || (index > 0 && group.separator.is_none()) {
            break;
        }
        reach = index + 1;
    }
    (1..=reach).rev().find_map(|count| {
        let window = groups.get(..count)?;
        let goes_on = groups.get(count).is_some_and(|next| next.separator.is_some());
        is_card_number(window, continues || goes_on).then_some(window)
    })
}

/// `amid_more`: more groups stand before or behind it.
fn is_card_number(window: &[Group], amid_more: bool) -> bool {
    let number: Vec<u8> = window.iter().flat_map(|group| group.digits.iter().copied()).collect();
    if !(SHORTEST..=LONGEST).contains(&number.len()) || !luhn_holds(&to_ascii(&number)) {
        return false;
    }
    let scheme = is_of_scheme(&number);
    if !scheme && !matches!(number.first(), Some(2..=6)) {
        return false;
    }
    // Of numbers in the form of a telephone's, American Express alone has the length of a card that no telephone has.
    let telephone = window.first().is_some_and(|group| group.after_plus) && number.len() <= 15;
    if telephone && !(scheme && number.len() == 15) {
        return false;
    }
    let [first, others @ ..] = window else { return false };
    let separators: Vec<&str> = others.iter().filter_map(|group| group.separator.as_deref()).collect();
    let same = separators.windows(2).all(|pair| pair.first() == pair.last());
    let letters = separators.iter().any(|separator| separator.chars().any(char::is_alphanumeric));
    let sizes: Vec<usize> = window.iter().map(|group| group.digits.len()).collect();
    let printed = PRINTED.contains(&sizes.as_slice());
    if others.is_empty() {
        return scheme || !first.touches_letter;
    }
    match (letters, same, printed) {
        (true, true, _) => true,
        (true, false, true) | (false, true, false) => scheme,
        (true, false, false) => false,
        (false, _, true) => scheme || !amid_more,
        // A list of telephone numbers has several signs between two of them.
        (false, false, false) => scheme && separators.iter().all(|separator| separator.chars().count() == 1),
    }
}

fn to_ascii(number: &[u8]) -> Vec<u8> {
    number.iter().map(|digit| digit + b'0').collect()
}

fn is_of_scheme(number: &[u8]) -> bool {
    SCHEMES.iter().any(|(first, last, size, lengths)| {
        let beginning = number.iter().take(*size).fold(0, |sum, digit| sum * 10 + u32::from(*digit));
        (*first..=*last).contains(&beginning) && lengths.contains(&number.len())
    })
}

fn digit_groups(text: &str) -> Vec<Group> {
    let uuids = find_uuids(text);
    let mut groups: Vec<Group> = Vec::new();
    // What was passed since the last digit; `None`: too much, or nothing yet.
    let mut between: Option<String> = None;
    let mut previous = None;
    let mut plus = false;
    for (at, one) in text.char_indices() {
        if characters::is_invisible(one) || characters::is_mark_on_another(one) {
            continue;
        }
        let value = digits::digit_value(one).filter(|_| !uuids.iter().any(|uuid| uuid.contains(&at)));
        let Some(value) = value else {
            if let Some(last) = groups.last_mut().filter(|_| previous == Some(true)) {
                last.touches_letter |= one.is_alphanumeric();
                between = Some(String::new());
            }
            between = between
                .filter(|_| !uuids.iter().any(|uuid| uuid.contains(&at)))
                .and_then(|passed| lengthen_separator(passed, one));
            plus = one == '+' || (plus && matches!(one, ' ' | '(' | '\u{a0}'));
            previous = Some(false);
            continue;
        };
        let end = at + one.len_utf8();
        match groups.last_mut().filter(|_| previous == Some(true)) {
            Some(group) => {
                group.digits.push(value);
                group.span.end = end;
            }
            None => groups.push(Group {
                span: at..end,
                digits: vec![value],
                touches_letter: text
                    .get(..at)
                    .and_then(|before| before.chars().next_back())
                    .is_some_and(char::is_alphanumeric),
                after_plus: plus,
                separator: between.take(),
            }),
        }
        plus = false;
        previous = Some(true);
    }
    groups
}

/// A separator with one more character; `None` once it is too long to stand within a number.
fn lengthen_separator(mut passed: String, one: char) -> Option<String> {
    passed.extend(one.to_lowercase());
    let letters = passed.chars().filter(|one| one.is_alphanumeric()).count();
    (passed.chars().count() <= SEPARATOR_CHARACTERS && letters <= SEPARATOR_LETTERS).then_some(passed)
}

/// Where UUIDs stand (RFC 9562: 8-4-4-4-12 hexadecimal digits with version and variant).
fn find_uuids(text: &str) -> Vec<Range<usize>> {
    const LENGTH: usize = 36;
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    for (dash, _) in text.match_indices('-') {
        let Some(start) = dash.checked_sub(8) else { continue };
        if found.last().is_some_and(|last| last.end > start) {
            continue;
        }
        if bytes.get(start..start + LENGTH).is_some_and(is_uuid) {
            found.push(start..start + LENGTH);
        }
    }
    found
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        14 => matches!(byte, b'1'..=b'8'),
        19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
        _ => byte.is_ascii_hexdigit(),
    })
}
