//! The rules on free text: card numbers in every spelling, and no honest text taken for one.

use proptest::prelude::*;

use super::*;

/// Public test numbers of every scheme and length, 13 to 19 digits.
const NUMBERS: &[&str] = &[
    "4222222222222",
    "36227206271667",
    "30569309025904",
    "378282246310005",
    "371449635398431",
    "4242424242424242",
    "5555555555554444",
    "2223003122003222",
    "6011111111111117",
    "3566002020360505",
    "6200000000000005",
    "6205500000000000004",
];

const NOTE: Purpose = LINK_NOTE;

fn check_digit(number: &str) -> char {
    (b'0'..=b'9')
        .map(char::from)
        .find(|digit| crate::sandbox_cards::luhn_holds(format!("{number}{digit}").as_bytes()))
        .unwrap()
}

/// 4-4-4-4, 4-6-5 or 4-6-4, and fours for the rest.
fn printed(number: &str) -> Vec<&str> {
    let sizes: &[usize] = match number.len() {
        13 => &[4, 3, 3, 3],
        14 => &[4, 6, 4],
        15 => &[4, 6, 5],
        _ => &[4, 4, 4, 4, 4],
    };
    let (mut rest, mut groups) = (number, Vec::new());
    for size in sizes {
        let (group, tail) = rest.split_at((*size).min(rest.len()));
        groups.push(group);
        rest = tail;
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn in_script(number: &str, zero: char) -> String {
    number.chars().map(|digit| char::from_u32(u32::from(zero) + u32::from(digit) - 0x30).unwrap()).collect()
}

/// Every way in which a number may be spelt, by name.
fn spellings(number: &str) -> Vec<(String, String)> {
    let groups = printed(number);
    let mut all = vec![("together".to_owned(), number.to_owned())];
    let separators = [
        " ", "-", ".", "_", "/", ",", ":", "|", "·", "•", "\u{a0}", "\u{202f}", "\u{2009}", "\u{3000}", "–", "—",
        "\u{2011}", " - ", "\n", "\t", "x", "o", "l", "ー", " x ", "*", "'", "\\", "+", "=", ";",
    ];
    for separator in separators {
        all.push((format!("groups with {separator:?}"), groups.join(separator)));
    }
    for unseen in
        ["\u{200b}", "\u{200d}", "\u{2060}", "\u{feff}", "\u{ad}", "\u{202e}", "\u{e0031}", "\u{fe0f}\u{20e3}"]
    {
        all.push((format!("groups with {unseen:?}"), groups.join(unseen)));
        let apart: Vec<String> = number.chars().map(String::from).collect();
        all.push((format!("digits with {unseen:?}"), apart.join(unseen)));
    }
    for zero in ['０', '٠', '۰', '०', '𝟎', '𝟢', '₀'] {
        all.push((format!("digits from {zero}"), in_script(number, zero)));
    }
    all
}

#[test]
fn every_spelling_of_every_scheme_is_found() {
    for number in NUMBERS {
        for (name, spelt) in spellings(number) {
            for text in [spelt.clone(), format!("card {spelt} please"), format!("\"{spelt}\".")] {
                assert!(contains_card_number(&text), "{number}, {name}: {text:?}");
            }
        }
    }
}

#[test]
fn digits_one_by_one_and_in_pairs_are_found_for_cards_of_a_scheme() {
    for number in NUMBERS.iter().filter(|number| number.len() > 13) {
        for separator in [" ", "-", ".", "/", ",", "\u{a0}"] {
            let apart: Vec<String> = number.chars().map(String::from).collect();
            assert!(contains_card_number(&apart.join(separator)), "{number} {separator:?}");
            let pairs: Vec<String> =
                number.as_bytes().chunks(2).map(|pair| String::from_utf8(pair.to_vec()).unwrap()).collect();
            assert!(contains_card_number(&pairs.join(separator)), "{number} {separator:?}");
        }
    }
}

#[test]
fn what_stands_around_hides_nothing() {
    for text in [
        "x4242424242424242x",
        "order-4242-4242-4242-4242",
        "tok_4242_4242_4242_4242",
        "4242 4242 4242 4242 12/27 123",
        "7 4242 4242 4242 4242",
        "+4242 4242 4242 4242",
        "4242 4242-4242.4242",
        "id=4242424242424242&x=1",
    ] {
        assert!(contains_card_number(text), "{text}");
    }
}

#[test]
fn honest_texts_pass() {
    for text in [
        "",
        "Call to +1 415 555 0100, 95 seconds",
        "+4915123456789",
        "+49 171 5550100424",
        "Called 415-555-0100, 415-555-0101, 415-555-0102 and 415-555-0103",
        "2026-11-24 09:30:00",
        "2026-11-24T09:30:00.123456Z",
        "1764057600009",
        "1764057600000000009",
        "01923456-1234-7123-8123-123456789012",
        "4242424242424241",
        "4242 4242 4242 4241",
        "Kaiserstraße 12, 60311 Frankfurt am Main",
        "1 Main St\nAustin, TX 78701\n+1 512 555 0100",
        "$4,242.00 of $42,424.24",
        "99999999999999999999999999999999",
    ] {
        assert!(!contains_card_number(text), "{text}");
    }
}

#[test]
fn people_are_told_what_is_wrong() {
    let parse = |text: &str| FreeText::parse(NOTE, text).map(FreeText::into_string);
    assert_eq!(parse("  For November\r\nThank you  ").as_deref(), Ok("For November\nThank you"));
    assert_eq!(parse(&"ü".repeat(301)), Err(FreeTextError::TooLong(300)));
    assert_eq!(parse("pay with 4242/4242/4242/4242"), Err(FreeTextError::CardNumber));
    for unseen in [
        '\0',
        '\u{7}',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{202a}',
        '\u{202e}',
        '\u{2028}',
        '\u{2029}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{e0041}',
        '\u{3164}',
    ] {
        assert_eq!(parse(&format!("a{unseen}b")), Err(FreeTextError::Unprintable), "{unseen:?}");
    }
    assert_eq!(FreeText::parse(REFUND_REASON, "a\nb"), Err(FreeTextError::Unprintable), "one line");
    assert_eq!(FreeText::parse(ORGANIZATION_NAME, " \n "), Err(FreeTextError::Required));
}

#[test]
fn joiners_stay_where_scripts_and_emoji_need_them() {
    for text in ["می\u{200c}خواهم", "क\u{200d}ष", "👩\u{200d}💻", "Zoë O’Brien-Łukasz", "株式会社", "❤\u{fe0f}"]
    {
        assert!(FreeText::parse(NOTE, text).is_ok(), "{text}");
        assert_eq!(&*FreeText::mask(USAGE_SOURCE, text).unwrap(), text);
    }
}

#[test]
fn what_programs_send_is_masked() {
    let mask = |text: &str| FreeText::mask(USAGE_DESCRIPTION, text).map(FreeText::into_string);
    assert_eq!(mask("card 4242 4242 4242 4242, thanks").as_deref(), Ok("card ••••4242, thanks"));
    assert_eq!(mask("４２４２４２４２４２４２４２４２").as_deref(), Ok("••••4242"));
    assert_eq!(mask("Agent\u{202e} Ava\u{200b}").as_deref(), Ok("Agent Ava"));
    assert_eq!(mask("Call\nwith\ttwo lines ").as_deref(), Ok("Call\nwith\ttwo lines "));
    assert_eq!(mask("a\0b"), Err(FreeTextError::Unprintable));
    assert_eq!(mask(&"x".repeat(501)), Err(FreeTextError::TooLong(500)));
    // What is left of the first number begins the next one.
    assert!(!contains_card_number(&mask("4242 4242 4242 4242 4242 4242 4242").unwrap()));
}

#[test]
fn a_name_in_a_sentence_is_quoted_short_and_on_one_line() {
    assert_eq!(FreeText::quote("Northwind Dental", 60), "“Northwind Dental”");
    assert_eq!(FreeText::quote("Your account\r\nwas \"suspended\"\u{202e}", 60), "“Your account was 'suspended'”");
    assert_eq!(FreeText::quote(&"x".repeat(100), 10), "“xxxxxxxxx…”");
}

proptest! {
    #[test]
    fn any_card_number_in_any_spelling_is_found_and_masked(
        number in "(4[0-9]{14}|5[1-5][0-9]{13}|222[3-9][0-9]{11}|3[47][0-9]{12}|36[0-9]{11}|6011[0-9]{11}|62[0-9]{16})",
        before in "([a-z ]{0,12} )?",
        after in "( [a-z ]{0,12})?",
    ) {
        let number = format!("{number}{}", check_digit(&number));
        for (name, spelt) in spellings(&number) {
            let text = format!("{before}{spelt}{after}");
            prop_assert!(contains_card_number(&text), "{}: {:?}", name, text);
            prop_assert_eq!(FreeText::parse(NOTE, &text).map(drop).is_err(), true);
            let masked = FreeText::mask(Purpose { most: 5000, ..USAGE_DESCRIPTION }, &text).unwrap();
            prop_assert!(!contains_card_number(&masked), "{}: {:?}", name, masked);
        }
    }

    #[test]
    fn no_uuid_is_ever_taken_for_a_card(bits: u128, version in 1_u8..=8, variant in "[89ab]") {
        let hex = format!("{bits:032x}");
        let id = format!("{}-{}-{version}{}-{variant}{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]);
        prop_assert!(!contains_card_number(&id), "{}", id);
        prop_assert!(!contains_card_number(&id.to_uppercase()));
    }

    #[test]
    fn a_number_that_fails_the_check_is_no_card(number in "[0-9]{13,19}") {
        prop_assume!(!crate::sandbox_cards::luhn_holds(number.as_bytes()));
        let text = format!("call-{}", number);
        prop_assert!(!contains_card_number(&number) && !contains_card_number(&text));
    }

    #[test]
    fn a_longer_or_shorter_number_is_no_card(number in "([0-9]{1,12}|[0-9]{20,60})") {
        prop_assert!(!contains_card_number(&number));
    }

    #[test]
    fn telephone_numbers_pass(country in "[1-9][0-9]{0,2}", rest in "[0-9]{6,11}", separator in "[ .-]") {
        let together = format!("+{country}{rest}");
        prop_assert!(together.len() > 16 || is_amex(&together) || !contains_card_number(&together), "{}", together);
        let (area, number) = rest.split_at(3);
        let grouped = format!("+{country}{separator}{area}{separator}{number}");
        prop_assert!(grouped.len() > 18 || is_amex(&together) || !contains_card_number(&grouped), "{}", grouped);
    }

    #[test]
    fn times_in_milliseconds_and_nanoseconds_pass(seconds in 1_500_000_000_u64..1_999_999_999, part in 0_u64..1_000_000_000) {
        let millis = format!("{seconds}{:03}", part % 1000);
        let nanos = format!("{seconds}{part:09}");
        prop_assert!(!contains_card_number(&millis) && !contains_card_number(&nanos));
    }

    #[test]
    fn arbitrary_text_never_panics_and_masking_is_stable(text: String) {
        let _ = FreeText::parse(NOTE, &text);
        let _ = FreeText::quote(&text, 20);
        if let Ok(masked) = FreeText::mask(USAGE_DESCRIPTION, &text) {
            prop_assert!(!contains_card_number(&masked));
            prop_assert_eq!(FreeText::mask(Purpose { most: 5000, ..USAGE_DESCRIPTION }, &masked), Ok(masked));
        }
    }
}

fn is_amex(number: &str) -> bool {
    number.len() == 16 && (number.starts_with("+34") || number.starts_with("+37"))
}
