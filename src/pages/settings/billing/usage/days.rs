//! A bar a day, stacked by kind.

use billing_contract::usage::{Day, Usage};
use billing_domain::{Currency, Money, UsageKind};
use leptos::prelude::*;

use crate::platform::signal::Given;

use super::super::Doors;
use super::super::words::usage_words;
use super::spikes::factor_text;
use crate::state::filter::Filter;
use crate::ui::chart::{Bar, BarChart, Series};
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::time::{DateStyle, date_text, month_text};

/// The chart of a month; `doors` lead to the lines behind a day.
pub(super) fn chart(usage: &Usage, doors: Doors) -> AnyView {
    let currency = usage.currency;
    let spikes = usage.days.iter().filter(|day| day.spike.is_some()).count();
    let summary = match spikes {
        0 => format!("Spending by day in {}, no spike", month_text(usage.month)),
        1 => format!("Spending by day in {}, one spike", month_text(usage.month)),
        many => format!("Spending by day in {}, {many} spikes", month_text(usage.month)),
    };
    let series = UsageKind::ALL.iter().map(|kind| Series { name: usage_words(*kind).to_owned() }).collect();
    let bars: Vec<Bar> = usage.days.iter().map(|day| bar(day, currency)).collect();
    let dates = StoredValue::new(usage.days.iter().map(|day| day.date).collect::<Vec<_>>());
    let open = Callback::from(move |index: usize| {
        if let Some(date) = dates.with_value(|dates| dates.get(index).copied()) {
            doors.show_lines(Filter { from: Some(date), to: Some(date), ..Filter::default() });
        }
    });
    let scale = move |height: u64| {
        let amount = Money::from_micros(i64::try_from(height).unwrap_or(i64::MAX));
        money_text(amount, currency, MoneyStyle::Total)
    };
    view! {
        <BarChart
            summary=summary
            series=series
            bars=Given::from(bars)
            slots=usize::from(usage.month.length())
            scale_text=Callback::from(scale)
            on_open=("Show transactions", open)
        />
    }
    .into_any()
}

fn bar(day: &Day, currency: Currency) -> Bar {
    let text = |amount| money_text(amount, currency, MoneyStyle::Total);
    Bar {
        tick: day.date.day().to_string(),
        name: date_text(day.date, DateStyle::Weekday),
        parts: UsageKind::ALL.iter().map(|kind| day.by_kind.of(*kind).micros().max(0).unsigned_abs()).collect(),
        part_texts: UsageKind::ALL.iter().map(|kind| text(day.by_kind.of(*kind))).collect(),
        total_text: text(day.total),
        mark: day.spike.as_ref().map(factor_text),
    }
}
