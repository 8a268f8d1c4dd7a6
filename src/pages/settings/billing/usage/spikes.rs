//! The days that stand out, by name: how much more than usual, of what, from whom, and the way to those lines.

use billing_contract::usage::{Day, Spike};
use billing_domain::{Currency, Money, share};
use leptos::prelude::*;

use super::super::BillingActions;
use super::super::words::{source_words, usage_words_within};
use super::compare::factor_of_usual;
use crate::state::filter::Filter;
use crate::texts;
use crate::ui::button::Button;
use crate::ui::icon::IconName;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::time::{DateStyle, date_text};

/// The list; nothing when no day stands out. `actions` lead to the lines behind a spike.
pub(super) fn render_list(days: &[Day], currency: Currency, actions: BillingActions) -> AnyView {
    let rows: Vec<AnyView> =
        days.iter().filter_map(|day| Some(render_row(day, day.spike.as_ref()?, currency, actions))).collect();
    (!rows.is_empty())
        .then(|| view! { <ul class="spikes" aria-label=texts::usage::spikes_label()>{rows}</ul> })
        .into_any()
}

/// The source that alone is more than half of the spike's kind, and its place among the sources.
fn dominant_source<'s>(day: &Day, spike: &'s Spike) -> Option<(usize, &'s str)> {
    let amounts: Vec<Money> = spike.sources.iter().map(|source| source.amount).collect();
    let index = share::find_dominant(&amounts, day.by_kind.of(spike.kind))?;
    let name = spike.sources.get(index).map(|source| source.source.as_str()).filter(|source| !source.is_empty())?;
    Some((index, name))
}

/// The lines behind a spike: that day, that kind, and the source if one dominates.
fn spike_filter(day: &Day, spike: &Spike) -> Filter {
    let text = dominant_source(day, spike).map(|(_, name)| name.to_owned()).unwrap_or_default();
    Filter { kinds: vec![spike.kind.into()], from: Some(day.date), to: Some(day.date), text }
}

fn render_row(day: &Day, spike: &Spike, currency: Currency, actions: BillingActions) -> AnyView {
    let money = |amount| money_text(amount, currency, MoneyStyle::Total);
    let date = date_text(day.date, DateStyle::Weekday);
    let title = match factor_of_usual(day.total, spike.usual) {
        Some(factor) => texts::usage::spike_times(&date, &factor),
        None => texts::usage::spike_from_nothing(&date),
    };
    let above = day.total.checked_sub(spike.usual).unwrap_or(day.total);
    let much = texts::usage::spike_much(&money(day.total), &money(above), &money(spike.usual));
    let of_kind = day.by_kind.of(spike.kind);
    let (kinds, of_them) = (usage_words_within(spike.kind), money(of_kind));
    let mut parts: Vec<Money> = spike.sources.iter().map(|source| source.amount).collect();
    let named = Money::checked_sum(parts.iter().copied()).and_then(|named| of_kind.checked_sub(named));
    parts.push(named.unwrap_or(Money::ZERO));
    let shares = share::compute_shares(&parts, 100).into_iter().map(|share| texts::usage::percent(&share.to_string()));
    let shares: Vec<String> = shares.collect();
    let cause = match dominant_source(day, spike) {
        Some((index, source)) => {
            let share = shares.get(index).map(String::as_str).unwrap_or_default();
            texts::usage::spike_cause_source(kinds, &of_them, share, source)
        }
        None if spike.sources.len() > 1 => texts::usage::spike_cause_several(kinds, &of_them),
        None => texts::usage::spike_cause(kinds, &of_them),
    };
    let source = |(source, share): (&billing_contract::usage::SourceAmount, String)| {
        view! {
            <li>{source_words(&source.source)}" "<bdi class="money">{money(source.amount)}</bdi>" "<span class="muted">{share}</span></li>
        }
    };
    let sources = spike.sources.iter().zip(shares).map(source).collect_view();
    let filter = spike_filter(day, spike);
    view! {
        <li>
            <span class="spike-mark" aria-hidden="true">"◆"</span>
            <div>
                <p><strong>{title}</strong></p>
                <p class="small">{texts::usage::sentences(&much, &cause)}</p>
                <ul class="spike-sources" aria-label=texts::usage::largest_sources()>{sources}</ul>
            </div>
            <Button icon=IconName::ArrowRight on_press=move || actions.show_lines(filter.clone())>{texts::status_bar::show_lines()}</Button>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use billing_contract::usage::{ByKind, SourceAmount};
    use billing_domain::{Date, TransactionKind, UsageKind};

    use super::*;

    fn day(sources: &[(&str, i32)]) -> Day {
        let source = |(source, dollars): &(&str, i32)| SourceAmount {
            source: (*source).to_owned(),
            amount: Money::from_major(*dollars),
        };
        Day {
            date: Date::from_days(20_000),
            total: Money::from_major(12),
            by_kind: ByKind { outbound_call: Money::from_major(10), ..ByKind::default() },
            usual: Some(Money::from_major(2)),
            spike: Some(Spike {
                factor: Some("6.0".to_owned()),
                usual: Money::from_major(2),
                kind: UsageKind::OutboundCall,
                sources: sources.iter().map(source).collect(),
            }),
        }
    }

    fn text(sources: &[(&str, i32)]) -> String {
        let day = day(sources);
        let filter = spike_filter(&day, day.spike.as_ref().unwrap());
        assert_eq!((filter.from, filter.to), (Some(day.date), Some(day.date)));
        assert_eq!(filter.kinds, [TransactionKind::OutboundCall]);
        filter.text
    }

    #[test]
    fn only_a_source_that_dominates_narrows_the_lines_behind_a_spike() {
        assert_eq!(text(&[("Agent Nora", 6), ("Agent Ava", 4)]), "Agent Nora");
        assert_eq!(text(&[("Agent Nora", 5), ("Agent Ava", 5)]), "");
        assert_eq!(text(&[("", 9)]), "", "no name to look for");
        assert_eq!(text(&[]), "");
    }
}
