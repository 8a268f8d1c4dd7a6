//! ICU4X, where the page is drawn without a browser. It has the patterns of numbers and dates; those of money, which its
//! stable part lacks, are below.

use std::str::FromStr;

use icu_datetime::fieldsets::{E, MDE, T, YM, YMD};
use icu_datetime::input::{Date, DateTime, Time};
use icu_datetime::{DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter};
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

use super::super::language::page_locale;
use super::{DateStyle, FormatterKey, current_zone};

/// Nothing is kept: the formatters are made of data in the program.
pub(super) const fn forget_dates() {}

/// Nothing is kept.
pub(super) const fn forget_all() {}

/// There is no browser that could be anywhere.
pub(crate) const fn browser_zone() -> Option<String> {
    None
}

/// Suggestions are for people who type.
pub(crate) const fn known_zones() -> Vec<String> {
    Vec::new()
}

/// A plain decimal with the digits that the key names.
pub(super) fn format_decimal(key: FormatterKey, decimal: &str) -> Option<String> {
    let (FormatterKey::Money { digits, .. } | FormatterKey::Number { digits }) = key else { return None };
    let locale = Locale::from_str(&page_locale()).ok()?;
    // Austria groups money as Germany does, but not other numbers: CLDR's `currencyGroup`, which ICU4X does not read.
    let of_money = matches!(key, FormatterKey::Money { .. }).then(|| Locale::from_str("de-u-nu-latn").ok()).flatten();
    let is_austrian =
        locale.id.language.as_str() == "de" && locale.id.region.is_some_and(|region| region.as_str() == "AT");
    let of_numbers = of_money.filter(|_| is_austrian).unwrap_or_else(|| locale.clone());
    let formatter = DecimalFormatter::try_new((&of_numbers).into(), Default::default()).ok()?;
    let mut value = Decimal::from_str(decimal.trim_start_matches('-')).ok()?;
    let digits = i16::try_from(digits).ok()?;
    value.round(-digits);
    value.absolute.pad_end(-digits);
    let number = formatter.format(&value).to_string();
    let sign = if decimal.starts_with('-') { "-" } else { "" };
    Some(match key {
        FormatterKey::Money { currency, .. } => write_money(&locale, sign, &number, currency),
        _ => format!("{sign}{number}"),
    })
}

/// The currency where the language writes it, by its narrow symbol (CLDR 48).
fn write_money(locale: &Locale, sign: &str, number: &str, currency: &str) -> String {
    let language = locale.id.language.as_str();
    let region = locale.id.region.map(|region| region.as_str().to_owned()).unwrap_or_default();
    let symbol = narrow_symbol(language, currency);
    let spaced = symbol.ends_with(|letter: char| letter.is_alphabetic());
    match (language, region.as_str()) {
        // As text from left to right, which the caller makes of it.
        ("ar", _) => format!("\u{200f}{sign}{number}\u{a0}{symbol}"),
        ("de", "AT" | "CH" | "LI") => format!("{sign}{symbol}\u{a0}{number}"),
        ("de", _) | ("es", "" | "ES") => format!("{sign}{number}\u{a0}{symbol}"),
        _ if spaced => format!("{sign}{symbol}\u{a0}{number}"),
        _ => format!("{sign}{symbol}{number}"),
    }
}

/// Of the currencies that a wallet can have.
fn narrow_symbol<'a>(language: &str, currency: &'a str) -> &'a str {
    match (language, currency) {
        ("ar", "USD") => "US$",
        ("ar", "GBP") => "UK£",
        ("ar", "JPY") => "JP¥",
        ("ar", "CAD") => "CA$",
        ("ar", "AUD") => "AU$",
        ("ar", "KWD") => "د.ك.\u{200f}",
        ("ja", "JPY") => "￥",
        (_, "USD" | "CAD" | "AUD") => "$",
        (_, "EUR") => "€",
        (_, "GBP") => "£",
        (_, "JPY") => "¥",
        _ => currency,
    }
}

/// The plural category of a count, `one`.
pub(crate) fn plural_category(count: u64) -> String {
    let locale = Locale::from_str(&page_locale()).unwrap_or(Locale::UNKNOWN);
    let rules = PluralRules::try_new(locale.into(), Default::default());
    let category = rules.map_or(PluralCategory::Other, |rules| rules.category_for(count));
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
    .to_owned()
}

/// An RFC 3339 instant in the zone, or a date or month without one (`utc`).
pub(super) fn format_instant(iso: &str, style: DateStyle, utc: bool) -> Option<String> {
    let at = if utc {
        let day = if iso.len() == "2026-11".len() { format!("{iso}-01") } else { iso.to_owned() };
        civil::Date::from_str(&day).ok()?.to_datetime(civil::Time::midnight())
    } else {
        let zone = TimeZone::get(&current_zone()).unwrap_or(TimeZone::UTC);
        zone.to_datetime(Timestamp::from_str(iso).ok()?)
    };
    let date = Date::try_new_gregorian(at.year().into(), at.month().unsigned_abs(), at.day().unsigned_abs()).ok()?;
    let [hour, minute, second] = [at.hour(), at.minute(), at.second()].map(i8::unsigned_abs);
    let at = DateTime { date, time: Time::try_new(hour, minute, second, 0).ok()? };
    let locale = Locale::from_str(&page_locale()).ok()?;
    let language = DateTimeFormatterPreferences::from(&locale);
    macro_rules! write_with {
        ($fields:expr) => {
            FixedCalendarDateTimeFormatter::try_new(language, $fields).ok()?.format(&at).to_string()
        };
    }
    let text = match style {
        DateStyle::DateTime => write_with!(YMD::medium().with_time_hm()),
        DateStyle::Full => write_with!(YMD::medium().with_time_hms()),
        DateStyle::Date => write_with!(YMD::medium()),
        DateStyle::Weekday => write_with!(MDE::long()),
        DateStyle::WeekdayTime => write_with!(E::long().with_time_hm()),
        DateStyle::Time => write_with!(T::hm()),
        DateStyle::Month => write_with!(YM::long()),
    };
    // Browsers write a plain space before AM and PM, for programs that read what they wrote before CLDR 42.
    let text = text.replace('\u{202f}', " ");
    Some(if locale.id.language.as_str() == "es" { with_plain_hour(&text) } else { text })
}

/// Browsers write the hour of a Spanish time without a zero before it: `9 dic 2026, 8:38`.
fn with_plain_hour(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.strip_prefix('0') {
        Some(rest) if rest.contains(':') => rest,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::intl::use_zone;
    use crate::platform::ssr::{SsrPage, use_page};

    fn written(locale: &str) -> [String; 4] {
        use_page(SsrPage { path: String::new(), locale: locale.to_owned() });
        use_zone("Europe/Vienna");
        let at = |style| format_instant("2026-11-04T07:05:09Z", style, false).unwrap();
        let money = FormatterKey::Money { currency: "USD", digits: 2 };
        [
            format_decimal(money, "-1234.5").unwrap(),
            at(DateStyle::DateTime),
            at(DateStyle::Weekday),
            format_instant("2026-11", DateStyle::Month, true).unwrap(),
        ]
    }

    /// As Node 20 writes them.
    #[test]
    fn money_and_dates_are_written_as_browsers_write_them() {
        for (locale, expected) in [
            ("en-US", ["-$1,234.50", "Nov 4, 2026, 8:05 AM", "Wednesday, November 4", "November 2026"]),
            ("en-GB", ["-$1,234.50", "4 Nov 2026, 08:05", "Wednesday 4 November", "November 2026"]),
            ("de", ["-1.234,50\u{a0}$", "04.11.2026, 08:05", "Mittwoch, 4. November", "November 2026"]),
            ("de-AT", ["-$\u{a0}1.234,50", "04.11.2026, 08:05", "Mittwoch, 4. November", "November 2026"]),
            ("es", ["-1234,50\u{a0}$", "4 nov 2026, 8:05", "miércoles, 4 de noviembre", "noviembre de 2026"]),
            ("ja", ["-$1,234.50", "2026/11/04 8:05", "11月4日水曜日", "2026年11月"]),
        ] {
            assert_eq!(written(locale), expected, "{locale}");
        }
    }
}
