//! A real table with a caption and headed columns; when it is wider than its place, it scrolls inside itself.

use leptos::prelude::*;

use super::field::unique_id;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableColumn {
    pub(crate) heading: String,
    /// Figures, aligned at the end.
    pub(crate) numeric: bool,
    /// Left out where the table is narrow.
    pub(crate) wide_only: bool,
}

impl TableColumn {
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

/// The cells of the head.
pub(super) fn render_head(columns: Vec<TableColumn>) -> AnyView {
    let head = columns.into_iter().map(|column| {
        view! { <th scope="col" class:numeric=column.numeric class:wide-only=column.wide_only>{column.heading}</th> }
    });
    head.collect_view().into_any()
}

/// A table. The children are its `<tbody>` and, if there is one, `<tfoot>`; cells of figures have the class `numeric`.
#[component]
pub(crate) fn Table(
    /// What the table shows, read out before it.
    #[prop(into)]
    caption: Signal<String>,
    columns: Vec<TableColumn>,
    /// The rows, inside a `<tbody>` element.
    children: Children,
) -> AnyView {
    let id = unique_id("table");
    view! {
        <div class="table-frame" role="region" tabindex="0" aria-labelledby=id.clone()>
            <table class="table">
                <caption class="visually-hidden" id=id.clone()>{caption}</caption>
                <thead><tr>{render_head(columns)}</tr></thead>
                {children()}
            </table>
        </div>
    }
    .into_any()
}
