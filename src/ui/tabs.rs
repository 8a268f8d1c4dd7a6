//! Tabs that are addresses: real links, of which one is the present page.

use leptos::prelude::*;

use super::dynamic::effect;
use crate::platform::scroll;

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
    // Where they do not all fit, the row scrolls: the present page is seen in any case.
    effect(move || scroll::show_in_row(&format!(".tabs a[href='{}']", current.read())));
    // Browsers leave a link that is in sight in part where it is.
    let focused = |_| scroll::show_in_row(".tabs a:focus");
    let each = |tab: Tab| {
        let is_current = Signal::derive(move || (current.read().as_str() == tab.address).then_some("page"));
        view! { <li><a href=tab.address aria-current=is_current>{tab.text}</a></li> }
    };
    view! { <nav class="tabs" aria-label=label><ul on:focusin=focused>{tabs.into_iter().map(each).collect_view()}</ul></nav> }.into_any()
}
