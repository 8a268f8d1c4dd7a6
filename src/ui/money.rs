//! Amounts of money as people read them. Rounding happens here, on integers; the browser only writes the digits.

use billing_domain::decimal::write_scaled;
use billing_domain::{Currency, Money};
use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedProp};

use super::dynamic::{text, view};
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
    /// What one of many costs on average: always four digits behind the point, rounded half up.
    Average,
}

/// The amount in the reader's notation: `$1,234.50`, `−$0.114`, `< $0.01`.
pub(crate) fn money_text(amount: Money, currency: Currency, style: MoneyStyle) -> String {
    let minor = match style {
        MoneyStyle::Balance => amount.to_minor_down(currency),
        MoneyStyle::Line => return line_text(amount, currency),
        MoneyStyle::Average => return average_text(amount, currency),
        MoneyStyle::Total => amount.to_minor_half_even(currency),
    };
    if minor == 0 && !amount.is_zero() {
        let smallest = minor_text(1, currency);
        return if amount.is_negative() { format!("> \u{2212}{smallest}") } else { format!("< {smallest}") };
    }
    minor_text(minor, currency)
}

/// The amount without its minor units where there are none: `$25`, `$12.50`.
pub(crate) fn short_text(amount: Money, currency: Currency) -> String {
    let minor = amount.to_minor_half_even(currency);
    let text = write_decimal(minor, currency.exponent(), 0);
    let digits = if text.contains('.') { currency.exponent() } else { 0 };
    intl::format_money(&write_decimal(minor, currency.exponent(), digits), currency.code(), digits)
}

/// A price per unit, given as a plain decimal, with every digit that it has: `$0.0012`.
pub(crate) fn price_text(decimal: &str, currency: Currency) -> String {
    let digits = decimal.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    intl::format_money(decimal, currency.code(), u32::try_from(digits).unwrap_or_default().max(currency.exponent()))
}

/// The amount with its sign always written: `+$100.00`, `−$0.114`.
pub(crate) fn signed_text(amount: Money, currency: Currency) -> String {
    let text = money_text(amount, currency, MoneyStyle::Line);
    if amount.is_positive() { format!("+{text}") } else { text }
}

/// How many digits an amount has fewer behind its point than `usual`: the class `short-N` makes up for them in a
/// column, so that points stand below each other.
pub(crate) fn digits_short(amount: Money, currency: Currency, usual: u32) -> u32 {
    let exact = write_decimal(amount.micros(), 6, currency.exponent());
    let digits = exact.split_once('.').and_then(|(_, fraction)| u32::try_from(fraction.len()).ok());
    digits.map_or(0, |digits| usual.saturating_sub(digits))
}

/// The amount with the currency's code, where it must not be mistaken: `$100.00 USD`, but `100.00 US$`.
pub(crate) fn explicit_text(amount: Money, currency: Currency) -> String {
    let text = money_text(amount, currency, MoneyStyle::Total);
    // A code begins with its country's, and so does a sign that names it.
    let is_named = currency
        .code()
        .get(..2)
        .is_some_and(|country| text.as_bytes().windows(2).any(|pair| pair == country.as_bytes()));
    if is_named { text } else { format!("{text} {currency}") }
}

/// Whole minor units as a plain decimal, as requests name them: `100.00`, in yen `100`.
pub(crate) fn plain_text(amount: Money, currency: Currency) -> String {
    write_decimal(amount.to_minor_half_even(currency), currency.exponent(), currency.exponent())
}

/// Whole minor units for an input box, with the reader's decimal point: `100.00`, in yen `100`.
pub(crate) fn input_text(amount: Money, currency: Currency) -> String {
    plain_text(amount, currency).replace('.', &intl::number_separators().0.to_string())
}

/// An amount to show how one is written, with the digits of its currency: `12.50`, in yen `1250`.
pub(crate) fn example_text(currency: Currency) -> String {
    input_text(currency.example(), currency)
}

/// What stands in an input box as a plain decimal; the domain's rules say what is wrong with it.
pub(crate) fn typed_amount(text: &str, currency: Currency) -> String {
    let (point, group) = intl::number_separators();
    billing_domain::typed::parse_typed(text, point, group, currency)
}

/// Marks of direction are for the whole amount, not for its sign.
const MARKS: [char; 2] = ['\u{2066}', '\u{2069}'];

/// The currency's sign as the reader knows it, `$`.
pub(crate) fn currency_sign(currency: Currency) -> String {
    let none = intl::format_money("0", currency.code(), 0);
    let around = |letter: char| letter.is_ascii_digit() || letter.is_whitespace() || MARKS.contains(&letter);
    none.trim_matches(around).to_owned()
}

/// The reader writes the sign behind the amount: `20,00 €`.
pub(crate) fn is_sign_last(currency: Currency) -> bool {
    intl::format_money("0", currency.code(), 0).trim_start_matches(MARKS).starts_with('0')
}

fn line_text(amount: Money, currency: Currency) -> String {
    price_text(&write_decimal(amount.micros(), 6, currency.exponent()), currency)
}

fn average_text(amount: Money, currency: Currency) -> String {
    let hundreds = amount.micros().saturating_add(50).div_euclid(100);
    intl::format_money(&write_decimal(hundreds, 4, 4), currency.code(), 4)
}

fn minor_text(minor: i64, currency: Currency) -> String {
    intl::format_money(
        &write_decimal(minor, currency.exponent(), currency.exponent()),
        currency.code(),
        currency.exponent(),
    )
}

fn write_decimal(value: i64, scale: u32, min_digits: u32) -> String {
    let mut text = String::new();
    // Writing into a string never fails.
    let _ = write_scaled(&mut text, value, scale, min_digits);
    text
}

/// An amount within a sentence or a table: tabular figures, kept apart from the direction of the text around it.
#[component]
pub(crate) fn Amount(
    #[prop(into)] amount: ErasedProp<Money>,
    currency: Currency,
    #[prop(optional)] style: MoneyStyle,
) -> AnyView {
    view! { <bdi class="money">{text(move || money_text(amount.get(), currency, style))}</bdi> }.into_any()
}

/// The amount that a screen is about: large, with the minor units smaller. Read out as one amount.
#[component]
pub(crate) fn Figure(
    #[prop(into)] amount: ErasedProp<Money>,
    currency: Currency,
    #[prop(default = MoneyStyle::Balance)] style: MoneyStyle,
) -> AnyView {
    let text = ErasedMemo::new(move || money_text(amount.get(), currency, style));
    let parts = view(move || {
        let text = text.get();
        let (whole, rest) = point_of(&text, currency).and_then(|at| text.split_at_checked(at)).unwrap_or((&text, ""));
        // Behind the digits may stand the currency.
        let digits = rest.char_indices().skip(1).find(|(_, letter)| !letter.is_ascii_digit());
        let (minor, after) = digits.and_then(|(at, _)| rest.split_at_checked(at)).unwrap_or((rest, ""));
        view! { {whole.to_owned()}<span class="figure-minor">{minor.to_owned()}</span>{after.to_owned()} }
    });
    view! { <bdi class="figure" class:figure-negative=Signal::derive(move || amount.get().is_negative())>{parts}</bdi> }
        .into_any()
}

/// Where the minor units begin; the currency's own sign may have points too.
fn point_of(text: &str, currency: Currency) -> Option<usize> {
    let point = intl::number_separators().0;
    let before_digit = |at: usize| text.get(at + point.len_utf8()..)?.chars().next().filter(char::is_ascii_digit);
    text.rmatch_indices(point).map(|(at, _)| at).find(|at| currency.exponent() > 0 && before_digit(*at).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_in_a_column_when_what_is_missing_is_added() {
        let short = |micros, currency| digits_short(Money::from_micros(micros), currency, 4);
        assert_eq!(short(117_700, Currency::Usd), 0);
        assert_eq!(short(85_000, Currency::Usd), 1);
        assert_eq!(short(-50_000_000, Currency::Usd), 2);
        assert_eq!(short(51_288, Currency::Usd), 0, "longer than usual sticks out");
        assert_eq!(short(1_200_000_000, Currency::Jpy), 0, "no point, nothing to align");
    }
}
