//! A real table with a caption and headed columns; when it is wider than its place, it scrolls inside itself.

use leptos::prelude::*;

use crate::platform::signal::Given;

use super::field::unique_id;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) heading: String,
    /// Figures, aligned at the end.
    pub(crate) numeric: bool,
    /// Left out where the table is narrow.
    pub(crate) wide_only: bool,
}

impl Column {
    /// A column of words.
    pub(crate) fn text(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), numeric: false, wide_only: false }
    }

    /// A column of figures.
    pub(crate) fn figures(heading: impl Into<String>) -> Self {
        Self { numeric: true, ..Self::text(heading) }
    }

    /// Only where there is room. Give its cells the class `wide-only` too.
    pub(crate) fn wide_only(self) -> Self {
        Self { wide_only: true, ..self }
    }
}

/// A table. The children are its `<tbody>` and, if there is one, `<tfoot>`; cells of figures have the class `numeric`.
#[component]
pub(crate) fn Table(
    /// What the table shows, read out before it.
    #[prop(into)]
    caption: Signal<String>,
    /// The columns.
    columns: Vec<Column>,
    /// How many rows there are altogether when not all of them are in the document; −1 when unknown.
    #[prop(optional, into)]
    row_count: Given<Option<i64>>,
    /// `<tbody>`.
    children: Children,
) -> AnyView {
    let id = unique_id("table");
    let head = columns.into_iter().map(|column| {
        view! { <th scope="col" class:numeric=column.numeric class:wide-only=column.wide_only>{column.heading}</th> }
    });
    view! {
        <div class="table-frame" role="region" tabindex="0" aria-labelledby=id.clone()>
            <table class="table" aria-rowcount=Signal::derive(move || row_count.get().map(|count| count.to_string()))>
                <caption class="visually-hidden" id=id.clone()>{caption}</caption>
                <thead><tr>{head.collect_view()}</tr></thead>
                {children()}
            </table>
        </div>
    }
    .into_any()
}
