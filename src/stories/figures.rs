//! Money in every style, from more than there is to less than a cent, and instants in every style.

use billing_domain::{Currency, Money, Timestamp};
use leptos::prelude::*;

use super::render_story;
use crate::ui::money::{Amount, Figure, MoneyStyle, explicit_text, signed_text};
use crate::ui::time::{DateStyle, Instant};

const AMOUNTS: [i64; 6] = [1_234_567_890_000, 100_000_000, 12_345_678, 1_000, 0, -4_999_999];
const STYLES: [(&str, MoneyStyle); 3] =
    [("Balance", MoneyStyle::Balance), ("Line", MoneyStyle::Line), ("Total", MoneyStyle::Total)];
const DATES: [(&str, DateStyle); 7] = [
    ("Date and time", DateStyle::DateTime),
    ("Full", DateStyle::Full),
    ("Date", DateStyle::Date),
    ("Weekday", DateStyle::Weekday),
    ("Weekday and time", DateStyle::WeekdayTime),
    ("Time", DateStyle::Time),
    ("Month", DateStyle::Month),
];
/// 2026-11-18, 14:15:09 in Chicago.
const MOMENT: Timestamp = Timestamp::from_seconds(1_795_032_909);

pub(super) fn render_figures(_: &'static str) -> AnyView {
    let large = [(187_654_321, Currency::Usd), (-4_999_999, Currency::Usd), (1_200_000_000, Currency::Jpy)];
    let large =
        large.map(|(micros, currency)| view! { <Figure amount=Money::from_micros(micros) currency=currency /> });
    let styles = STYLES.map(|(name, style)| render_story(name, render_facts(amount_facts(style))));
    let signed = AMOUNTS.map(|micros| (plain_text(micros), render_signed(micros)));
    let explicit = Currency::ALL.map(|currency| {
        let text = explicit_text(Money::from_micros(100_000_000), currency);
        (currency.code().to_owned(), view! { <bdi class="money">{text}</bdi> }.into_any())
    });
    let dates = DATES.map(|(name, style)| (name.to_owned(), view! { <Instant at=MOMENT style=style /> }.into_any()));
    view! {
        {render_story("The figure of a screen", large.collect_view())}
        {styles.collect_view()}
        {render_story("With its sign", render_facts(signed))}
        {render_story("With its currency", render_facts(explicit))}
        {render_story("Instants", render_facts(dates))}
    }
    .into_any()
}

fn plain_text(micros: i64) -> String {
    Money::from_micros(micros).to_string()
}

fn amount_facts(style: MoneyStyle) -> [(String, AnyView); 6] {
    let each = |micros: i64| {
        let shown = view! { <Amount amount=Money::from_micros(micros) currency=Currency::Usd style=style /> };
        (plain_text(micros), shown.into_any())
    };
    AMOUNTS.map(each)
}

fn render_signed(micros: i64) -> AnyView {
    let amount = Money::from_micros(micros);
    view! { <bdi class="money" class:money-in=amount.is_positive()>{signed_text(amount, Currency::Usd)}</bdi> }
        .into_any()
}

/// Names at the beginning of each line, figures at its end.
fn render_facts(lines: impl IntoIterator<Item = (String, AnyView)>) -> AnyView {
    let line = |(name, shown): (String, AnyView)| view! { <div><dt>{name}</dt><dd>{shown}</dd></div> };
    view! { <dl class="facts">{lines.into_iter().map(line).collect_view()}</dl> }.into_any()
}
