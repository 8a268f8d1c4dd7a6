//! Cost per source: who or what spent the month's money, and the way to those lines.

use billing_contract::usage::{OtherSources, Usage};
use billing_domain::{Currency, Money, Month, UsageKind, share};
use leptos::prelude::*;

use super::super::BillingActions;
use super::super::words::{count_text, source_words};
use crate::platform::intl;
use crate::platform::signal::ErasedMemo;
use crate::state::filter::Filter;
use crate::texts;
use crate::ui::dynamic::{memo, text, view};
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::table::{Table, TableColumn};
use crate::ui::time::month_text;

/// What one source cost, as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct SourceRow {
    /// `None` for all others together.
    source: Option<String>,
    amount: Money,
    lines: i64,
    /// Tenths of a percent of the month.
    share: u32,
}

/// The named sources and then the others, if there are any, with shares that add up.
fn source_costs(usage: &Usage) -> Vec<SourceRow> {
    let OtherSources { amount, lines } = usage.other_sources;
    let named = usage.sources.iter().map(|cost| (Some(cost.source.clone()), cost.amount, cost.lines));
    let others = (lines > 0).then_some((None, amount, lines));
    let all: Vec<_> = named.chain(others).collect();
    let amounts: Vec<Money> = all.iter().map(|(_, amount, _)| *amount).collect();
    let shares = share::compute_shares(&amounts, 1000);
    all.into_iter()
        .zip(shares)
        .map(|((source, amount, lines), share)| SourceRow { source, amount, lines, share })
        .collect()
}

/// The table; its rows stay while their figures change.
pub(super) fn render_table(
    currency: Currency,
    actions: BillingActions,
    usage: ErasedMemo<Option<Usage>>,
    month: Month,
) -> AnyView {
    let all = memo(move || usage.read().as_ref().as_ref().map(source_costs).unwrap_or_default());
    let columns = vec![
        TableColumn::text(texts::usage::source()),
        TableColumn::figures(texts::top_up::amount()),
        TableColumn::figures(texts::usage::share()).wide_only(),
        TableColumn::figures(texts::usage::lines()).wide_only(),
        TableColumn::figures(texts::usage::average()).wide_only(),
    ];
    let row = move |source: Option<String>| {
        let key = source.clone();
        let cost = memo(move || all.read().iter().find(|cost| cost.source == key).cloned().unwrap_or_default());
        let name = match source {
            Some(source) if !source.is_empty() => {
                let title = source.clone();
                let filter = source_filter(source, month);
                view! {
                    <button type="button" class="source-name" title=texts::status_bar::show_lines()
                        on:click=move |_| actions.show_lines(filter.clone())>{title}</button>
                }
                .into_any()
            }
            // There is no word to look for.
            Some(_) => view! { <span class="muted">{source_words("")}</span> }.into_any(),
            None => view! { <span class="muted">{texts::usage::all_others()}</span> }.into_any(),
        };
        let bar = Signal::derive(move || share_percent(cost.read().share));
        view! {
            <tr>
                <th scope="row">
                    {name}
                    <span class="source-share" aria-hidden="true" style:--share=bar></span>
                    <span class="cell-sub narrow-only">{text(move || in_short(&cost.read()))}</span>
                </th>
                <td class="numeric">{text(move || money_text(cost.read().amount, currency, MoneyStyle::Total))}</td>
                <td class="numeric wide-only">{text(move || share_text(cost.read().share))}</td>
                <td class="numeric wide-only">{text(move || count_text(cost.read().lines))}</td>
                <td class="numeric wide-only">{text(move || average_text(&cost.read(), currency))}</td>
            </tr>
        }
        .into_any()
    };
    let sources = memo(move || all.read().iter().map(|cost| cost.source.clone()).collect::<Vec<_>>());
    let caption = texts::usage::sources_caption(&month_text(month));
    let body = move || {
        let columns = columns.clone();
        view! {
            <Table caption=caption.clone() columns=columns>
                <tbody><For each=move || sources.get() key=Clone::clone children=row /></tbody>
            </Table>
        }
    };
    view! {
        <div class="sources">
            <h3>{texts::usage::sources()}</h3>
            {view(body)}
        </div>
    }
    .into_any()
}

/// The usage of one source in the month.
fn source_filter(source: String, month: Month) -> Filter {
    Filter {
        kinds: UsageKind::ALL.iter().map(|kind| (*kind).into()).collect(),
        from: Some(month.first_day()),
        to: Some(month.last_day()),
        text: source,
    }
}

/// 382 is `38.2%`, for the style sheet.
fn share_percent(share: u32) -> String {
    format!("{}.{}%", share / 10, share % 10)
}

/// 382 is `38.2%`, for people.
fn share_text(share: u32) -> String {
    texts::usage::percent(&intl::format_number(&format!("{}.{}", share / 10, share % 10)))
}

fn line_count(lines: i64) -> u64 {
    lines.max(0).unsigned_abs()
}

fn average_text(cost: &SourceRow, currency: Currency) -> String {
    let average = share::per_line(cost.amount, cost.lines);
    average.map(|average| money_text(average, currency, MoneyStyle::Average)).unwrap_or_default()
}

/// What a narrow table says below the name.
fn in_short(cost: &SourceRow) -> String {
    texts::usage::in_short(line_count(cost.lines), &share_text(cost.share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_source_are_its_usage_of_the_month() {
        let filter = source_filter("Agent Ava".to_owned(), "2026-02".parse().unwrap());
        assert_eq!(
            filter.to_query(),
            "kind=outbound_call%2Cinbound_call%2Cai_task&from=2026-02-01&to=2026-02-28&q=Agent%20Ava"
        );
        assert_eq!(share_percent(1000), "100.0%");
        assert_eq!(share_percent(7), "0.7%");
    }
}
