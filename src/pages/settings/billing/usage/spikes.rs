//! The days that stand out, by name: how much more than usual, of what, from whom, and the way to those lines.

use billing_contract::usage::{Day, Spike, Usage};
use billing_domain::Currency;
use leptos::prelude::*;

use super::super::Doors;
use super::super::words::usage_words_within;
use crate::state::filter::Filter;
use crate::ui::button::Button;
use crate::ui::icon::IconName;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::time::{DateStyle, date_text};

/// The list; nothing when no day stands out. `doors` lead to the lines behind a spike.
pub(super) fn list(usage: &Usage, doors: Doors) -> AnyView {
    let currency = usage.currency;
    let rows: Vec<AnyView> =
        usage.days.iter().filter_map(|day| Some(row(day, day.spike.as_ref()?, currency, doors))).collect();
    (!rows.is_empty()).then(|| view! { <ul class="spikes" aria-label="Spikes">{rows}</ul> }).into_any()
}

/// `3.2 × the usual day`.
pub(super) fn factor_text(spike: &Spike) -> String {
    spike.factor.as_ref().map_or_else(|| "far above the usual".to_owned(), |factor| format!("{factor} × the usual day"))
}

fn row(day: &Day, spike: &Spike, currency: Currency, doors: Doors) -> AnyView {
    let money = |amount| money_text(amount, currency, MoneyStyle::Total);
    let sources: Vec<String> =
        spike.sources.iter().map(|source| format!("{} {}", source.source, money(source.amount))).collect();
    let mut cause = format!("Mostly {}", usage_words_within(spike.kind));
    if !sources.is_empty() {
        cause.push_str(": ");
        cause.push_str(&sources.join(", "));
    }
    let filter =
        Filter { kinds: vec![spike.kind.into()], from: Some(day.date), to: Some(day.date), text: String::new() };
    view! {
        <li>
            <span class="spike-mark" aria-hidden="true">"◆"</span>
            <div>
                <p>
                    <strong>{format!("Spike on {}: {}", date_text(day.date, DateStyle::Weekday), factor_text(spike))}</strong>
                </p>
                <p class="small">{format!("{} instead of about {}. {cause}.", money(day.total), money(spike.usual))}</p>
            </div>
            <Button icon=IconName::ArrowRight on_press=move || doors.show_lines(filter.clone())>"Show these transactions"</Button>
        </li>
    }
    .into_any()
}
