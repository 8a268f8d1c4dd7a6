//! What a person typed into a box for an amount, as the plain decimal that [`crate::decimal`] reads.

use crate::Currency;

/// The zero of each script's decimal digits (Unicode 16, decimal numbers); the other nine follow it.
const ZEROS: [char; 75] = [
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{10d40}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{116d0}',
    '\u{116da}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11bf0}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{11f50}',
    '\u{16130}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{16d70}',
    '\u{1ccf0}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e4f0}',
    '\u{1e5f1}',
    '\u{1e950}',
    '\u{1fbf0}',
];

/// What a person typed where `point` stands before the fraction and `group` between thousands, as the plain decimal that
/// [`crate::decimal::parse_scaled`] reads. Digits may be of any script; the currency's own sign or code may stand at
/// either end; spaces and well-placed marks of thousands go. A mark that cannot be one of thousands, since one or two
/// digits follow at the end, is a decimal point whatever the language: `12,5` in English, `12.50` in German. Anything
/// else, another currency too, stays for `parse_scaled` to refuse.
pub fn parse_typed(text: &str, point: char, group: char, currency: Currency) -> String {
    let text: String = text.chars().filter_map(|letter| plain_character(letter, point, group)).collect();
    let text = text.trim();
    let (outer, amount) = without_minus(text);
    let (inner, digits) = without_minus(without_currency(amount, currency));
    let sign = match (outer, inner) {
        (true, true) => return text.to_owned(),
        (false, false) => "",
        _ => "-",
    };
    let (whole, fraction) = match digits.rsplit_once(point) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => match digits.rsplit_once(['.', ',']) {
            Some((whole, end)) if matches!(end.len(), 1 | 2) && !whole.contains(['.', ',']) => (whole, Some(end)),
            _ => (digits, None),
        },
    };
    let Some(whole) = without_groups(whole, group) else { return text.to_owned() };
    match fraction {
        Some(fraction) if !fraction.bytes().all(|byte| byte.is_ascii_digit()) => text.to_owned(),
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    }
}

/// The ASCII character that this one stands for; `None` for marks of direction, which nobody sees.
fn plain_character(letter: char, point: char, group: char) -> Option<char> {
    match letter {
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2066}'..='\u{2069}' | '\u{202a}'..='\u{202e}' => None,
        '\u{2212}' | '\u{2010}'..='\u{2012}' => Some('-'),
        // The Arabic decimal and thousands marks mean nothing else, in whatever language.
        '\u{66b}' => Some(point),
        '\u{66c}' => Some(group),
        _ => Some(ascii_digit(letter).or_else(|| half_width(letter)).unwrap_or(letter)),
    }
}

fn ascii_digit(letter: char) -> Option<char> {
    let code = u32::from(letter);
    let zero = ZEROS.iter().map(|zero| u32::from(*zero)).find(|zero| (*zero..*zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// `＄`, `．`, `Ｕ`: the full-width forms of ASCII.
fn half_width(letter: char) -> Option<char> {
    ('\u{ff01}'..='\u{ff5e}').contains(&letter).then(|| char::from_u32(u32::from(letter) - 0xfee0)).flatten()
}

fn without_minus(text: &str) -> (bool, &str) {
    text.strip_prefix('-').map_or((false, text), |rest| (true, rest.trim_start()))
}

/// The text without the currency's sign or code, once at each end.
fn without_currency(text: &str, currency: Currency) -> &str {
    let names = currency_names(currency);
    let text = names.iter().find_map(|name| strip_start(text, name)).unwrap_or(text).trim();
    names.iter().find_map(|name| strip_end(text, name)).unwrap_or(text).trim()
}

fn strip_start<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

fn strip_end<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(name.len())?)?;
    end.eq_ignore_ascii_case(name).then_some(rest)
}

/// What people write for a currency, longer names before those that they end with.
const fn currency_names(currency: Currency) -> &'static [&'static str] {
    match currency {
        Currency::Usd => &["USD", "US$", "$"],
        Currency::Eur => &["EUR", "\u{20ac}"],
        Currency::Gbp => &["GBP", "\u{a3}"],
        Currency::Chf => &["CHF", "SFr.", "Fr.", "Fr"],
        Currency::Cad => &["CAD", "CA$", "C$", "$"],
        Currency::Aud => &["AUD", "AU$", "A$", "$"],
        Currency::Jpy => &["JPY", "JP\u{a5}", "\u{a5}", "\u{ffe5}", "\u{5186}"],
        Currency::Kwd => &["KWD", "KD", "\u{62f}.\u{643}.", "\u{62f}.\u{643}"],
    }
}

/// The digits without marks of thousands; `None` where one stands elsewhere than before three digits.
fn without_groups(whole: &str, group: char) -> Option<String> {
    let is_mark = |letter: char| letter == group || letter.is_whitespace() || matches!(letter, '\'' | '\u{2019}');
    let mut parts = whole.split(is_mark);
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let fits = rest.is_empty() || (matches!(first.len(), 1..=3) && rest.iter().all(|part| part.len() == 3));
    let all = format!("{first}{}", rest.concat());
    (fits && all.bytes().all(|byte| byte.is_ascii_digit())).then_some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decimal::write_scaled;

    #[test]
    fn what_people_type_is_read_as_their_language_means_it() {
        for (text, english, german) in [
            ("1234.50", "1234.50", "1234.50"),
            ("1,234.50", "1234.50", "1,234.50"),
            ("1.234,50", "1.234,50", "1234.50"),
            ("1,234", "1234", "1.234"),
            ("1.234", "1.234", "1234"),
            ("12,5", "12.5", "12.5"),
            ("12.5", "12.5", "12.5"),
            (" 1 234 ", "1234", "1234"),
            ("1'234.50", "1234.50", "1234.50"),
            ("-3", "-3", "-3"),
            ("1,23,456", "1,23,456", "1,23,456"),
            ("1,2345", "1,2345", "1.2345"),
            ("abc", "abc", "abc"),
            ("", "", ""),
        ] {
            assert_eq!(parse_typed(text, '.', ',', Currency::Usd), english, "{text} in English");
            assert_eq!(parse_typed(text, ',', '.', Currency::Usd), german, "{text} in German");
        }
    }

    #[test]
    fn digits_of_every_script_are_digits() {
        for (text, plain) in [
            ("\u{665}\u{660}", "50"),
            ("\u{661}\u{66c}\u{662}\u{663}\u{664}\u{66b}\u{665}\u{660}", "1234.50"),
            ("\u{6f1}\u{6f2}\u{66b}\u{6f5}", "12.5"),
            ("\u{967}\u{968}.\u{96b}\u{966}", "12.50"),
            ("\u{9e7}\u{9e8}", "12"),
            ("\u{e51}\u{e52}", "12"),
            ("\u{ff11}\u{ff0c}\u{ff12}\u{ff13}\u{ff14}\u{ff0e}\u{ff15}\u{ff10}", "1234.50"),
            ("\u{1d7d9}\u{1d7d8}", "10"),
            ("\u{200f}50\u{200e}", "50"),
        ] {
            assert_eq!(parse_typed(text, '.', ',', Currency::Usd), plain, "{text}");
        }
        assert_eq!(parse_typed("\u{661}\u{662}\u{66b}\u{665}", ',', '.', Currency::Eur), "12.5", "in German too");
    }

    #[test]
    fn each_zero_is_followed_by_its_nine_digits_and_by_no_other_scripts() {
        let mut seen = std::collections::BTreeSet::new();
        for zero in ZEROS {
            for digit in 0..10 {
                let letter = char::from_u32(u32::from(zero) + digit).unwrap();
                assert_eq!(ascii_digit(letter), char::from_digit(digit, 10), "{zero:?} {digit}");
                assert!(letter.is_numeric() || u32::from(letter) > 0x10_000, "{letter:?}");
                assert!(seen.insert(letter), "{letter:?} stands for two digits");
            }
        }
    }

    #[test]
    fn the_currency_may_stand_at_either_end() {
        for text in ["$50", "50 $", "USD 50", "50 USD", "50usd", "US$ 50", "$50.00 USD", "\u{ff04}\u{ff15}\u{ff10}"] {
            let read = parse_typed(text, '.', ',', Currency::Usd);
            assert!(matches!(read.as_str(), "50" | "50.00"), "{text}: {read}");
        }
        for (text, currency, plain) in [
            ("-$3", Currency::Usd, "-3"),
            ("$-3", Currency::Usd, "-3"),
            ("50 \u{20ac}", Currency::Eur, "50"),
            ("\u{ffe5}1,000", Currency::Jpy, "1000"),
            ("1000\u{5186}", Currency::Jpy, "1000"),
            ("12.500 \u{62f}.\u{643}.\u{200f}", Currency::Kwd, "12.500"),
            ("CA$50", Currency::Cad, "50"),
            ("Fr. 50", Currency::Chf, "50"),
        ] {
            assert_eq!(parse_typed(text, '.', ',', currency), plain, "{text}");
        }
    }

    #[test]
    fn another_currency_and_what_could_mean_two_things_are_left_to_be_refused() {
        for text in
            ["50 \u{20ac}", "EUR 50", "CA$50", "-$-3", "--3", "$50 $50", "5$0", "50-60", "\u{4e94}\u{5341}", "1e3"]
        {
            let read = parse_typed(text, '.', ',', Currency::Usd);
            assert!(crate::decimal::parse_scaled(&read, 2).is_err(), "{text}: {read}");
        }
        assert_eq!(parse_typed("$", '.', ',', Currency::Usd), "");
    }

    proptest! {
        #[test]
        fn what_is_written_for_people_is_read_back(value in 0_i64..=i64::MAX / 2, comma: bool) {
            let mut plain = String::new();
            write_scaled(&mut plain, value, 2, 2).unwrap();
            let (point, group) = if comma { (',', '.') } else { ('.', ',') };
            let (whole, fraction) = plain.split_once('.').unwrap();
            let mut grouped = String::new();
            for (index, digit) in whole.chars().enumerate() {
                if index > 0 && (whole.len() - index) % 3 == 0 {
                    grouped.push(group);
                }
                grouped.push(digit);
            }
            prop_assert_eq!(parse_typed(&format!("{grouped}{point}{fraction}"), point, group, Currency::Usd), plain);
        }
    }
}
