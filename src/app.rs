//! The shell around every screen: who is signed in, where they are, and what is read out.

use leptos::prelude::*;

use crate::ui::announcer::{LiveRegions, provide_announcer};

/// Puts the app into the page.
pub(crate) fn mount() {
    mount_to_body(App);
}

#[component]
fn App() -> AnyView {
    let announcer = provide_announcer();
    view! { <LiveRegions announcer=announcer /> }.into_any()
}
