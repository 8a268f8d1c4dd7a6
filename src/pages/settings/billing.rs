//! The Billing tab: stacks the panels.

use leptos::prelude::*;

/// The tab's content, below the tabs. Shown to owners and admins only.
#[component]
pub(crate) fn BillingTab() -> AnyView {
    ().into_any()
}
