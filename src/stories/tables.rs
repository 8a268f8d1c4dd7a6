//! A table with words, figures, a foot, and a column that narrow places leave out.

use leptos::prelude::*;

use super::render_story;
use crate::ui::banner::Tone;
use crate::ui::pill::Pill;
use crate::ui::table::{Table, TableColumn};

const ROWS: [(&str, &str, &str, Tone, &str); 3] = [
    ("Nov 18, 2:05 PM", "Reminder: appointment tomorrow, to +1 312 555 0142", "Agent Milo", Tone::Good, "−$0.114"),
    ("Nov 18, 1:58 PM", "Insurance eligibility checked", "Agent Iris", Tone::Warn, "−$0.17"),
    ("Nov 18, 1:40 PM", "Top-up", "Visa •• 4242", Tone::Info, "+$100.00"),
];

pub(super) fn render_tables(sheet: &'static str) -> AnyView {
    let columns = || {
        vec![
            TableColumn::text("When"),
            TableColumn::text("What"),
            TableColumn::text("State").wide_only(),
            TableColumn::figures("Amount"),
        ]
    };
    let row = |(when, what, source, tone, amount): (&'static str, &'static str, &'static str, Tone, &'static str)| {
        view! {
            <tr>
                <td>{when}</td>
                <th scope="row">{what}<span class="cell-sub">{source}</span></th>
                <td class="wide-only"><Pill tone=tone text="Posted" /></td>
                <td class="numeric"><bdi class="money">{amount}</bdi></td>
            </tr>
        }
    };
    let caption = format!("Transactions, {}", sheet.to_lowercase());
    let nothing = format!("A table without rows, {}", sheet.to_lowercase());
    let full = view! {
        <Table caption=caption columns=columns()>
            <tbody>{ROWS.map(row).collect_view()}</tbody>
            <tfoot>
                <tr><th scope="row">"Together"</th><td></td><td class="wide-only"></td><td class="numeric">"+$99.716"</td></tr>
            </tfoot>
        </Table>
    };
    let bare = view! { <Table caption=nothing columns=columns()><tbody></tbody></Table> };
    view! {
        {render_story("With a foot", full)}
        {render_story("Without rows", bare)}
    }
    .into_any()
}
