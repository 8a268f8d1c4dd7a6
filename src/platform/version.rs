//! Whether the server has another version of the page by now: then this one's later parts are gone, and its answers may be
//! of another shape.

use std::cell::Cell;

use leptos::prelude::{ArcRwSignal, GetUntracked, Set};
use leptos::task::spawn_local;

use super::fetch;

thread_local! {
    static ASKING: Cell<bool> = const { Cell::new(false) };
    static OUTDATED: ArcRwSignal<bool> = ArcRwSignal::new(false);
}

/// Whether this page is an old one; a signal.
pub(crate) fn outdated_signal() -> ArcRwSignal<bool> {
    OUTDATED.with(Clone::clone)
}

/// Something went wrong as it does in an old page: asks whether the server still has the program that runs here.
pub(crate) fn check_version() {
    // One question at a time, and none any more once the answer is known.
    if cfg!(not(target_arch = "wasm32")) || ASKING.get() || outdated_signal().get_untracked() {
        return;
    }
    let Some(address) = own_program() else { return };
    ASKING.set(true);
    spawn_local(async move {
        let gone = fetch::is_gone(&address).await;
        ASKING.set(false);
        // For good: an old page does not become a new one without being loaded.
        if gone {
            outdated_signal().set(true);
        }
    });
}

/// The address of the program, whose name stands for its contents; `None` where it has no such name.
fn own_program() -> Option<String> {
    let document = super::window::browser_window()?.document()?;
    let link = document.query_selector("link[rel=preload][as=fetch]").ok()??;
    // Development builds have names without a hash, of which nothing can be concluded.
    link.get_attribute("href").filter(|address| address.contains('-'))
}
