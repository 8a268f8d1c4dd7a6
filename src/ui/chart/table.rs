//! The chart's figures as rows.

use leptos::prelude::*;

use super::{ChartBar, ChartState};
use crate::texts;
use crate::ui::dynamic::view;
use crate::ui::table::{Table, TableColumn};

/// The table in place of the plot.
pub(super) fn render_table(shared: ChartState) -> AnyView {
    let words = shared.words.get_value();
    let mut columns = vec![TableColumn::text(words.bar)];
    columns.extend(shared.names.get_value().into_iter().map(|name| TableColumn::figures(name).wide_only()));
    columns.push(TableColumn::figures(texts::chart::total()));
    let behind = shared.behind.read_untracked();
    let has_behind = !behind.heights.is_empty();
    if has_behind {
        columns.push(TableColumn::figures(behind.name.clone()).wide_only());
    }
    let row = move |bar: ChartBar| {
        let class = if bar.mark.is_some() { "cell-sub chart-mark" } else { "cell-sub" };
        let sign = bar.mark.as_ref().map(|_| view! { <span aria-hidden="true">"◆ "</span> });
        let text = if bar.mark.is_some() { texts::chart::marked(words.mark, &bar.note) } else { bar.note.clone() };
        let note = (!bar.note.is_empty()).then(|| view! { <span class=class>{sign}{text}</span> });
        let parts = bar.part_texts.into_iter().map(|text| view! { <td class="numeric wide-only">{text}</td> });
        let before = has_behind.then(|| view! { <td class="numeric wide-only muted">{bar.behind_text}</td> });
        view! {
            <tr>
                <th scope="row">{bar.name}{note}</th>{parts.collect_view()}
                <td class="numeric">{bar.total_text}</td>{before}
            </tr>
        }
    };
    let rows = view(move || shared.bars.get().into_iter().map(row).collect_view());
    view! {
        <div class="chart-table"><Table caption=shared.summary columns=columns><tbody>{rows}</tbody></Table></div>
    }
    .into_any()
}
