//! The bar chart: a month with a spike, a month that has begun, one bar, and none.

use billing_domain::{Currency, Date, Money, Month};
use leptos::prelude::*;

use super::render_story;
use crate::platform::signal::ErasedProp;
use crate::ui::chart::{BarChart, ChartBar, ChartWords, StepLine};
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::time::{DateStyle, date_text};

/// Cents of a week of outbound calls, inbound calls and AI tasks.
const WEEK: [[u64; 3]; 7] =
    [[310, 520, 140], [290, 480, 190], [350, 560, 120], [270, 500, 160], [330, 610, 150], [40, 180, 20], [0, 90, 5]];
/// The day that stands out, counted from 0.
const SPIKE: usize = 11;

pub(super) fn render_charts(sheet: &'static str) -> AnyView {
    let named = move |what: &str| format!("{what}, {}", sheet.to_lowercase());
    view! {
        {render_story("A month with a spike", render_chart(named("A month with a spike"), 30))}
        {render_story("A month that has begun", render_chart(named("A month that has begun"), 6))}
        {render_story("One bar", render_chart(named("One bar"), 1))}
        {render_story("No bar", render_chart(named("No bar"), 0))}
    }
    .into_any()
}

fn render_chart(summary: String, days: usize) -> AnyView {
    let series = ["Outbound calls", "Inbound calls", "AI tasks"].map(str::to_owned);
    let words = ChartWords {
        bar: "Day",
        bars: "Days of November 2026".to_owned(),
        back: "Previous day",
        on: "Next day",
        mark: "Spike",
        mark_within: "spike",
        open: "Show transactions",
    };
    let usual = WEEK.iter().cycle().map(|day| day.iter().sum());
    let behind = StepLine { name: "October 2026".to_owned(), heights: usual.clone().take(30).collect() };
    let ahead = StepLine { name: "Projection".to_owned(), heights: usual.take(30 - days.min(30)).collect() };
    let dates = Month::new(2026, 11).map(Month::dates).into_iter().flatten();
    let bars: Vec<ChartBar> = dates.take(days).enumerate().map(|(index, date)| chart_bar(index, date)).collect();
    view! {
        <BarChart
            summary=summary
            series=series.to_vec()
            words_of=words
            bars=ErasedProp::from(bars)
            behind=ErasedProp::from(behind)
            ahead=ErasedProp::from(ahead)
            slots=30
            scale_text=Callback::from(|cents: u64| cents_text(cents))
            as_table=RwSignal::new(false)
            on_open=Callback::from(|_: usize| ())
        />
    }
    .into_any()
}

fn chart_bar(index: usize, date: Date) -> ChartBar {
    let usual = WEEK.get(index % WEEK.len()).copied().unwrap_or_default();
    let parts = if index == SPIKE { usual.map(|cents| cents * 3) } else { usual };
    ChartBar {
        tick: date.day().to_string(),
        name: date_text(date, DateStyle::Weekday),
        parts: parts.to_vec(),
        part_texts: parts.map(cents_text).to_vec(),
        total_text: cents_text(parts.iter().sum()),
        mark: (index == SPIKE).then(|| "3×".to_owned()),
        ..ChartBar::default()
    }
}

fn cents_text(cents: u64) -> String {
    let micros = i64::try_from(cents).unwrap_or_default().saturating_mul(10_000);
    money_text(Money::from_micros(micros), Currency::Usd, MoneyStyle::Total)
}
