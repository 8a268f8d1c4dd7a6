//! Words that the browser may translate. The rest of the page is not its to change: a translator replaces text nodes, and
//! a figure in a node that was taken out of the page would stand still.

use leptos::prelude::*;

/// Words without figures. The element's text is set, not its text node's, so that it follows whatever a translator has
/// put there.
pub(crate) fn prose(words: impl Into<Signal<String>>) -> AnyView {
    let words = words.into();
    // Properties are the browser's; what the server writes is replaced before anybody translates it.
    if cfg!(not(target_arch = "wasm32")) {
        return view! { <span translate="yes">{move || words.get()}</span> }.into_any();
    }
    view! { <span translate="yes" prop:textContent=move || words.get()></span> }.into_any()
}
