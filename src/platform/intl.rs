//! Numbers, money and dates as people write them, in the page's language: by the browser's own `Intl`, fed with decimal
//! strings, and where there is no browser by ICU4X, which has the same data (CLDR).

use std::cell::{Cell, RefCell};

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod icu;

#[cfg(target_arch = "wasm32")]
use self::browser as formatter;
#[allow(unused_imports, reason = "the page behind a payment link asks for no zone")]
pub(crate) use self::formatter::{browser_zone, known_zones};
#[cfg(not(target_arch = "wasm32"))]
use self::icu as formatter;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::icu::plural_category;

/// How an instant or a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateStyle {
    /// `Nov 14, 2026, 2:05 PM`
    DateTime,
    /// `Nov 14, 2026, 2:05:09 PM GMT+1`
    Full,
    /// Written as `Nov 14, 2026`.
    Date,
    /// Written as `Saturday, November 14`.
    Weekday,
    /// Written as `Saturday 2:05 PM`.
    WeekdayTime,
    /// Written as `2:05 PM`.
    Time,
    /// Written as `November 2026`.
    Month,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FormatterKey {
    Money { currency: &'static str, digits: u32 },
    Number { digits: u32 },
    Date { style: DateStyle, utc: bool },
}

thread_local! {
    static ZONE: RefCell<String> = const { RefCell::new(String::new()) };
    static SEPARATORS: Cell<Option<(char, char)>> = const { Cell::new(None) };
}

/// From now on instants are written in this IANA zone, the organization's. An unknown one is ignored.
pub(crate) fn use_zone(zone: &str) {
    ZONE.with_borrow_mut(|present| zone.clone_into(present));
    formatter::forget_dates();
}

/// The page's language has changed.
pub(crate) fn forget_formatters() {
    formatter::forget_all();
    SEPARATORS.set(None);
}

/// The zone in which instants are written.
pub(crate) fn current_zone() -> String {
    ZONE.with_borrow(Clone::clone)
}

/// A plain decimal (`-1234.5`) as money with exactly `digits` behind the point: `−$1,234.50`.
pub(crate) fn format_money(decimal: &str, currency: &'static str, digits: u32) -> String {
    let text = formatter::format_decimal(FormatterKey::Money { currency, digits }, decimal);
    // `Intl` writes a hyphen in English; a minus sign is wider and is read out as one.
    isolate_ltr(text.unwrap_or_else(|| decimal.to_owned()).replace('-', "\u{2212}"))
}

/// Where text runs from right to left, an amount does not: without this `US$` would be read as `$US`.
fn isolate_ltr(text: String) -> String {
    const MARKS: [char; 3] = ['\u{200e}', '\u{200f}', '\u{61c}'];
    if !text.contains(MARKS) {
        return text;
    }
    format!("\u{2066}{}\u{2069}", text.replace(MARKS, ""))
}

/// A plain decimal (`1234.50`) as people write it, with the digits that it has; anything else as it is.
pub(crate) fn format_number(text: &str) -> String {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !digits(whole) || !digits(fraction) {
        return text.to_owned();
    }
    let digits = if text.contains('.') { u32::try_from(fraction.len()).unwrap_or(0) } else { 0 };
    formatter::format_decimal(FormatterKey::Number { digits }, text).unwrap_or_else(|| text.to_owned())
}

/// A count as people write it, `1,234`.
pub(crate) fn format_count(count: u64) -> String {
    format_number(&count.to_string())
}

/// An RFC 3339 instant in the organization's zone.
pub(crate) fn format_instant(rfc3339: &str, style: DateStyle) -> String {
    format_time(rfc3339, style, false)
}

/// A calendar date (`2026-11-14`) or month (`2026-11`), which has no zone.
pub(crate) fn format_date(iso: &str, style: DateStyle) -> String {
    format_time(iso, style, true)
}

fn format_time(iso: &str, style: DateStyle, utc: bool) -> String {
    // The text itself says more than nothing.
    formatter::format_instant(iso, style, utc).unwrap_or_else(|| iso.to_owned())
}

/// What stands between whole and fraction where the page's language is written, and between thousands: `.` and `,`.
pub(crate) fn number_separators() -> (char, char) {
    let found = SEPARATORS.get().unwrap_or_else(find_separators);
    SEPARATORS.set(Some(found));
    found
}

fn find_separators() -> (char, char) {
    let marks = formatter::format_decimal(FormatterKey::Number { digits: 1 }, "12345.6").unwrap_or_default();
    let mut marks = marks.chars().filter(|letter| !letter.is_ascii_digit());
    match (marks.next(), marks.next()) {
        (Some(group), Some(point)) => (point, group),
        // Five digits are grouped in every language that groups.
        (Some(point), None) => (point, '\u{202f}'),
        _ => ('.', ','),
    }
}
