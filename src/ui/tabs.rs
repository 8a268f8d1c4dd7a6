//! Tabs that are addresses: real links, of which one is the present page.

use leptos::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tab {
    pub(crate) address: &'static str,
    pub(crate) text: &'static str,
}

/// A row of links.
#[component]
pub(crate) fn Tabs(
    /// What the row is, read out.
    label: &'static str,
    tabs: Vec<Tab>,
    #[prop(into)] current: Signal<String>,
) -> AnyView {
    let each = |tab: Tab| {
        let is_current = Signal::derive(move || (current.read().as_str() == tab.address).then_some("page"));
        view! { <li><a href=tab.address aria-current=is_current>{tab.text}</a></li> }
    };
    view! { <nav class="tabs" aria-label=label><ul>{tabs.into_iter().map(each).collect_view()}</ul></nav> }.into_any()
}
