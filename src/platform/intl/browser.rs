//! The browser's own `Intl`.

use std::cell::RefCell;

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::super::language::page_locale;
use super::{DateStyle, FormatterKey, current_zone};

thread_local! {
    static FORMATTERS: RefCell<Vec<(FormatterKey, Function)>> = const { RefCell::new(Vec::new()) };
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

/// The zone has changed.
pub(super) fn forget_dates() {
    FORMATTERS.with_borrow_mut(|cached| cached.retain(|(key, _)| !matches!(key, FormatterKey::Date { .. })));
}

/// The language has changed.
pub(super) fn forget_all() {
    FORMATTERS.with_borrow_mut(Vec::clear);
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

/// A plain decimal with the digits that the key names.
pub(super) fn format_decimal(key: FormatterKey, decimal: &str) -> Option<String> {
    format_value(key, &JsValue::from_str(decimal))
}

/// An RFC 3339 instant, or a date or month without a zone (`utc`). `Intl` throws on an invalid one.
pub(super) fn format_instant(iso: &str, style: DateStyle, utc: bool) -> Option<String> {
    format_value(FormatterKey::Date { style, utc }, &Date::new(&JsValue::from_str(iso)))
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
    Array::of1(&page_locale().into())
}
