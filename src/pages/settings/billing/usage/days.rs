//! A bar a day, stacked by kind, with the month before behind it and what is expected of the days to come.

use billing_contract::usage::{Day, Usage};
use billing_domain::{Currency, Date, Money, Month, UsageKind, spending};
use leptos::prelude::*;

use super::super::BillingActions;
use super::super::words::usage_words;
use super::compare::factor_of_usual;
use crate::platform::signal::{ErasedMemo, ErasedProp};
use crate::platform::storage;
use crate::state::LiveWallet;
use crate::state::filter::Filter;
use crate::texts;
use crate::ui::chart::{BarChart, ChartBar, ChartWords, StepLine};
use crate::ui::dynamic;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::time::{DateStyle, date_text, month_text};

/// Under which this browser keeps whether the table is liked better.
const AS_TABLE: &str = "nexis-usage-as-table";

/// The chart of `month`; `actions` lead to the lines behind a day.
pub(super) fn render_chart(
    live: LiveWallet,
    actions: BillingActions,
    usage: ErasedMemo<Option<Usage>>,
    month: Month,
) -> AnyView {
    let currency = live.currency;
    let as_table = RwSignal::new(storage::get_preference(AS_TABLE).is_some_and(|kept| kept == "yes"));
    dynamic::effect_after(move |before: Option<bool>| {
        let now = as_table.get();
        if before.is_some_and(|before| before != now) {
            storage::set_preference(AS_TABLE, if now { "yes" } else { "no" });
        }
        now
    });
    let of = move |make: fn(&Usage) -> StepLine| {
        ErasedProp::derive(move || usage.read().as_ref().as_ref().map(make).unwrap_or_default())
    };
    let bars = move || {
        let today = live.today.get();
        usage.read().as_ref().as_ref().map(|usage| chart_bars(usage, today)).unwrap_or_default()
    };
    let summary = move || usage.read().as_ref().as_ref().map(describe_chart).unwrap_or_default();
    let open = move |index: usize| {
        let usage = usage.read_untracked();
        if let Some(day) = usage.as_ref().as_ref().and_then(|usage| usage.days.get(index)) {
            actions.show_lines(Filter { from: Some(day.date), to: Some(day.date), ..Filter::default() });
        }
    };
    let scale = move |height: u64| {
        let amount = Money::from_micros(i64::try_from(height).unwrap_or(i64::MAX));
        money_text(amount, currency, MoneyStyle::Total)
    };
    let words = ChartWords {
        bar: texts::usage::day(),
        bars: texts::usage::days_of(&month_text(month)),
        back: texts::usage::previous_day(),
        on: texts::usage::next_day(),
        mark: texts::usage::spike(),
        mark_within: texts::usage::spike_within(),
        open: texts::usage::show_transactions(),
    };
    view! {
        <BarChart
            summary=Signal::derive(summary)
            series=UsageKind::ALL.iter().map(|kind| usage_words(*kind).to_owned()).collect()
            words_of=words
            bars=ErasedProp::derive(bars)
            behind=of(previous_steps)
            ahead=of(projected_steps)
            slots=usize::from(month.length())
            scale_text=Callback::from(scale)
            as_table=as_table
            on_open=Callback::from(open)
        />
    }
    .into_any()
}

const fn bar_height(amount: Money) -> u64 {
    if amount.is_positive() { amount.micros().unsigned_abs() } else { 0 }
}

fn chart_bars(usage: &Usage, today: Date) -> Vec<ChartBar> {
    let text = |amount| money_text(amount, usage.currency, MoneyStyle::Total);
    let bar = |(index, day): (usize, &Day)| ChartBar {
        tick: day.date.day().to_string(),
        name: date_text(day.date, DateStyle::Weekday),
        parts: UsageKind::ALL.iter().map(|kind| bar_height(day.by_kind.of(*kind))).collect(),
        part_texts: UsageKind::ALL.iter().map(|kind| text(day.by_kind.of(*kind))).collect(),
        total_text: text(day.total),
        note: against_usual(day, usage.currency, today),
        behind_text: usage.previous_days.get(index).copied().map(text).unwrap_or_default(),
        mark: day.spike.as_ref().map(|spike| {
            factor_of_usual(day.total, spike.usual).map_or_else(String::new, |factor| format!("{factor}×"))
        }),
    };
    usage.days.iter().enumerate().map(bar).collect()
}

/// `1.3 × the usual day, $4.20 above $12.80`; nothing while nobody knows what is usual. A day that is not over is not small.
fn against_usual(day: &Day, currency: Currency, today: Date) -> String {
    let money = |amount| money_text(amount, currency, MoneyStyle::Total);
    let Some(usual) = day.usual else { return String::new() };
    let Some(factor) = factor_of_usual(day.total, usual) else { return texts::usage::usually_nothing().to_owned() };
    let difference = day.total.checked_sub(usual).unwrap_or(Money::ZERO);
    let (apart, usual) = (money(difference.magnitude()), money(usual));
    if difference.is_negative() && day.date == today {
        texts::usage::so_far(&usual)
    } else if difference.is_negative() {
        texts::usage::below_usual(&factor, &apart, &usual)
    } else {
        texts::usage::above_usual(&factor, &apart, &usual)
    }
}

/// The month before, day by day; no line where nothing was spent.
fn previous_steps(usage: &Usage) -> StepLine {
    if usage.previous_days.iter().all(|amount| amount.is_zero()) {
        return StepLine::default();
    }
    StepLine {
        name: month_text(usage.month.previous()),
        heights: usage.previous_days.iter().map(|amount| bar_height(*amount)).collect(),
    }
}

/// What today and the days to come are expected to cost.
fn projected_steps(usage: &Usage) -> StepLine {
    let (Some(pace), Some(today)) = (usage.pace.filter(|pace| pace.is_positive()), usage.days.last()) else {
        return StepLine::default();
    };
    let mut heights: Vec<u64> =
        spending::days_to_come(today.total, pace, today.date).into_iter().map(bar_height).collect();
    if let Some(first) = heights.first_mut() {
        *first = first.saturating_add(bar_height(today.total));
    }
    StepLine { name: texts::usage::projected_name().to_owned(), heights }
}

/// The chart in sentences, for those who do not see it.
fn describe_chart(usage: &Usage) -> String {
    let money = |amount| money_text(amount, usage.currency, MoneyStyle::Total);
    // The first of equals.
    let most = usage.days.iter().rev().max_by_key(|day| day.total);
    let (month, total) = (month_text(usage.month), money(usage.total));
    let spent = match most {
        Some(day) => {
            texts::usage::by_day_most(&month, &total, &date_text(day.date, DateStyle::Weekday), &money(day.total))
        }
        None => texts::usage::by_day(&month, &total),
    };
    let spike = |day: &Day| {
        let spike = day.spike.as_ref()?;
        let date = date_text(day.date, DateStyle::Weekday);
        Some(match factor_of_usual(day.total, spike.usual) {
            Some(factor) => texts::usage::spike_day(&date, &factor),
            None => date,
        })
    };
    let spikes: Vec<String> = usage.days.iter().filter_map(spike).collect();
    let count = u64::try_from(spikes.len()).unwrap_or(u64::MAX);
    let spikes = match spikes.into_iter().reduce(|all, next| texts::usage::listed(&all, &next)) {
        Some(spikes) => texts::usage::spikes(count, &spikes),
        None => texts::usage::no_spike().to_owned(),
    };
    let text = texts::usage::sentences(&spent, &spikes);
    match usage.projected {
        Some(amount) => texts::usage::sentences(&text, &texts::usage::said_projected(&money(amount))),
        None => text,
    }
}
