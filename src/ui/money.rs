//! Amounts of money as people read them. Rounding happens here, on integers; the browser only writes the digits.

use billing_domain::decimal::write_scaled;
use billing_domain::{Currency, Money};
use leptos::prelude::*;

use crate::platform::signal::{Derived, Given};

use super::dynamic::{part, words};
use crate::platform::intl;

/// What an amount is, which decides how it is rounded for display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MoneyStyle {
    /// What is in the wallet: rounded down, never showing money that is not there.
    Balance,
    /// A single ledger line: every digit that it has, at least the minor units.
    Line,
    /// A sum, a price, a card charge: rounded half to even; what is smaller than a minor unit is shown as `< $0.01`.
    #[default]
    Total,
}

/// The amount in the reader's notation: `$1,234.50`, `−$0.114`, `< $0.01`.
pub(crate) fn money_text(amount: Money, currency: Currency, style: MoneyStyle) -> String {
    let minor = match style {
        MoneyStyle::Balance => amount.to_minor_down(currency),
        MoneyStyle::Line => return line_text(amount, currency),
        MoneyStyle::Total => amount.to_minor_half_even(currency),
    };
    if minor == 0 && !amount.is_zero() {
        let smallest = minor_text(1, currency);
        return if amount.is_negative() { format!("> \u{2212}{smallest}") } else { format!("< {smallest}") };
    }
    minor_text(minor, currency)
}

/// The amount with its sign always written: `+$100.00`, `−$0.114`.
pub(crate) fn signed_text(amount: Money, currency: Currency) -> String {
    let text = money_text(amount, currency, MoneyStyle::Line);
    if amount.is_positive() { format!("+{text}") } else { text }
}

/// The amount with the currency's code, where it must not be mistaken: `$100.00 USD`.
pub(crate) fn explicit_text(amount: Money, currency: Currency) -> String {
    let text = money_text(amount, currency, MoneyStyle::Total);
    if text.contains(currency.code()) { text } else { format!("{text} {currency}") }
}

/// Whole minor units as a plain decimal, as requests name them: `100.00`, in yen `100`.
pub(crate) fn plain_text(amount: Money, currency: Currency) -> String {
    decimal(amount.to_minor_half_even(currency), currency.exponent(), currency.exponent())
}

/// Whole minor units for an input box, with the reader's decimal point: `100.00`, in yen `100`.
pub(crate) fn input_text(amount: Money, currency: Currency) -> String {
    plain_text(amount, currency).replace('.', &intl::separators().0.to_string())
}

/// What stands in an input box as a plain decimal; the domain's rules say what is wrong with it.
pub(crate) fn typed(text: &str) -> String {
    let (point, group) = intl::separators();
    billing_domain::decimal::typed(text, point, group)
}

/// The currency's sign as the reader knows it, `$`.
pub(crate) fn sign(currency: Currency) -> String {
    let one = intl::money("0", currency.code(), 0);
    one.trim_matches(|letter: char| letter.is_ascii_digit() || letter.is_whitespace()).to_owned()
}

fn line_text(amount: Money, currency: Currency) -> String {
    let text = decimal(amount.micros(), 6, currency.exponent());
    let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    intl::money(&text, currency.code(), u32::try_from(digits).unwrap_or(6))
}

fn minor_text(minor: i64, currency: Currency) -> String {
    intl::money(&decimal(minor, currency.exponent(), currency.exponent()), currency.code(), currency.exponent())
}

fn decimal(value: i64, scale: u32, min_digits: u32) -> String {
    let mut text = String::new();
    // Writing into a string never fails.
    let _ = write_scaled(&mut text, value, scale, min_digits);
    text
}

/// An amount within a sentence or a table: tabular figures, kept apart from the direction of the text around it.
#[component]
pub(crate) fn Amount(
    /// The amount.
    #[prop(into)]
    amount: Given<Money>,
    /// Its currency.
    currency: Currency,
    /// What it is.
    #[prop(optional)]
    style: MoneyStyle,
) -> AnyView {
    view! { <bdi class="money">{words(move || money_text(amount.get(), currency, style))}</bdi> }.into_any()
}

/// The amount that a screen is about: large, with the minor units smaller. Read out as one amount.
#[component]
pub(crate) fn Figure(
    /// The amount.
    #[prop(into)]
    amount: Given<Money>,
    /// Its currency.
    currency: Currency,
    /// What it is.
    #[prop(default = MoneyStyle::Balance)]
    style: MoneyStyle,
) -> AnyView {
    let text = Derived::new(move || money_text(amount.get(), currency, style));
    let parts = part(move || {
        let text = text.get();
        let point = if currency.exponent() == 0 { None } else { text.rfind(intl::separators().0) };
        let (whole, rest) = text.split_at(point.unwrap_or(text.len()));
        // Behind the digits may stand the currency.
        let digits = rest.char_indices().skip(1).find(|(_, letter)| !letter.is_ascii_digit());
        let (minor, after) = rest.split_at(digits.map_or(rest.len(), |(at, _)| at));
        view! { {whole.to_owned()}<span class="figure-minor">{minor.to_owned()}</span>{after.to_owned()} }
    });
    view! { <bdi class="figure" class:figure-negative=Signal::derive(move || amount.get().is_negative())>{parts}</bdi> }
        .into_any()
}
