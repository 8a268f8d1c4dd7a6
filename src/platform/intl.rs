//! Numbers, money and dates as people write them, by the browser's own `Intl`, fed with decimal strings, in the page's
//! language.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

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

impl DateStyle {
    const fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::DateTime => &[("dateStyle", "medium"), ("timeStyle", "short")],
            Self::Full => &[
                ("year", "numeric"),
                ("month", "short"),
                ("day", "numeric"),
                ("hour", "numeric"),
                ("minute", "2-digit"),
                ("second", "2-digit"),
                ("timeZoneName", "short"),
            ],
            Self::Date => &[("dateStyle", "medium")],
            Self::Weekday => &[("weekday", "long"), ("month", "long"), ("day", "numeric")],
            Self::WeekdayTime => &[("weekday", "long"), ("hour", "numeric"), ("minute", "2-digit")],
            Self::Time => &[("timeStyle", "short")],
            Self::Month => &[("month", "long"), ("year", "numeric")],
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
enum FormatterKey {
    Money { currency: &'static str, digits: u32 },
    Number { digits: u32 },
    Date { style: DateStyle, utc: bool },
}

thread_local! {
    static ZONE: RefCell<String> = const { RefCell::new(String::new()) };
    static FORMATTERS: RefCell<Vec<(FormatterKey, Function)>> = const { RefCell::new(Vec::new()) };
    static SEPARATORS: Cell<Option<(char, char)>> = const { Cell::new(None) };
}

/// From now on instants are written in this IANA zone, the organization's. An unknown one is ignored.
pub(crate) fn use_zone(zone: &str) {
    ZONE.with_borrow_mut(|present| zone.clone_into(present));
    FORMATTERS.with_borrow_mut(|cached| cached.retain(|(key, _)| !matches!(key, FormatterKey::Date { .. })));
}

/// The page's language has changed.
pub(crate) fn forget_formatters() {
    FORMATTERS.with_borrow_mut(Vec::clear);
    SEPARATORS.set(None);
}

/// The zone in which instants are written.
pub(crate) fn current_zone() -> String {
    ZONE.with_borrow(Clone::clone)
}

/// The IANA zone that the browser itself is in.
pub(crate) fn browser_zone() -> Option<String> {
    let options = Intl::DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
}

/// Every IANA zone that the browser knows, for a list of suggestions.
pub(crate) fn known_zones() -> Vec<String> {
    // `supportedValuesOf` is younger than the rest of `Intl`: without it there are no suggestions.
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).unwrap_or_default();
    let Ok(list) = Reflect::get(&intl, &"supportedValuesOf".into()) else { return Vec::new() };
    let Ok(list) = list.dyn_into::<Function>() else { return Vec::new() };
    let zones = list.call1(&intl, &"timeZone".into()).map(|zones| Array::from(&zones));
    zones.map(|zones| zones.iter().filter_map(|zone| zone.as_string()).collect()).unwrap_or_default()
}

/// A plain decimal (`-1234.5`) as money with exactly `digits` behind the point: `−$1,234.50`.
pub(crate) fn format_money(decimal: &str, currency: &'static str, digits: u32) -> String {
    let text = format_value(FormatterKey::Money { currency, digits }, &JsValue::from_str(decimal));
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
    if cfg!(not(target_arch = "wasm32")) || !digits(whole) || !digits(fraction) {
        return text.to_owned();
    }
    let digits = if text.contains('.') { u32::try_from(fraction.len()).unwrap_or(0) } else { 0 };
    format_value(FormatterKey::Number { digits }, &JsValue::from_str(text)).unwrap_or_else(|| text.to_owned())
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
    let date = Date::new(&JsValue::from_str(iso));
    // `Intl` throws on an invalid date; the text itself says more than nothing.
    format_value(FormatterKey::Date { style, utc }, &date).unwrap_or_else(|| iso.to_owned())
}

fn format_value(key: FormatterKey, value: &JsValue) -> Option<String> {
    let cached = FORMATTERS.with_borrow(|all| all.iter().find(|(has, _)| *has == key).map(|(_, run)| run.clone()));
    let run = cached.unwrap_or_else(|| {
        let run = new_formatter(&key);
        FORMATTERS.with_borrow_mut(|all| all.push((key, run.clone())));
        run
    });
    run.call1(&JsValue::UNDEFINED, value).ok()?.as_string()
}

fn new_formatter(key: &FormatterKey) -> Function {
    let options = Object::new();
    let set = |name: &str, value: JsValue| {
        // Fails only on a frozen object.
        let _ = Reflect::set(&options, &name.into(), &value);
    };
    match key {
        FormatterKey::Money { digits, .. } | FormatterKey::Number { digits } => {
            if let FormatterKey::Money { currency, .. } = key {
                set("style", "currency".into());
                set("currency", (*currency).into());
                set("currencyDisplay", "narrowSymbol".into());
            }
            set("minimumFractionDigits", (*digits).into());
            set("maximumFractionDigits", (*digits).into());
            Intl::NumberFormat::new(&page_locales(), &options).format()
        }
        FormatterKey::Date { style, utc } => {
            for (name, value) in style.options() {
                set(name, (*value).into());
            }
            let zone = if *utc { "UTC".to_owned() } else { current_zone() };
            if !zone.is_empty() {
                set("timeZone", zone.into());
            }
            Intl::DateTimeFormat::new(&page_locales(), &options).format()
        }
    }
}

fn page_locales() -> Array {
    Array::of1(&super::language::page_locale().into())
}

/// What stands between whole and fraction where the page's language is written, and between thousands: `.` and `,`.
pub(crate) fn number_separators() -> (char, char) {
    if cfg!(not(target_arch = "wasm32")) {
        return ('.', ',');
    }
    let found = SEPARATORS.get().unwrap_or_else(find_separators);
    SEPARATORS.set(Some(found));
    found
}

fn find_separators() -> (char, char) {
    let formatter = Intl::NumberFormat::new(&page_locales(), &Object::new()).format();
    let sample = formatter.call1(&JsValue::UNDEFINED, &JsValue::from_str("12345.6"));
    let marks = sample.ok().and_then(|text| text.as_string()).unwrap_or_default();
    let mut marks = marks.chars().filter(|letter| !letter.is_ascii_digit());
    match (marks.next(), marks.next()) {
        (Some(group), Some(point)) => (point, group),
        // Five digits are grouped in every language that groups.
        (Some(point), None) => (point, '\u{202f}'),
        _ => ('.', ','),
    }
}
