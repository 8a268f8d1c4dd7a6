//! Whether somebody can see the page at all.

use web_sys::VisibilityState;

use super::listener::Listener;

/// Whether the tab is in front.
pub(crate) fn is_visible() -> bool {
    let document = super::window::browser_window().and_then(|window| window.document());
    document.is_none_or(|document| document.visibility_state() != VisibilityState::Hidden)
}

/// Calls with [`is_visible`] whenever it changes, until dropped.
pub(crate) fn on_change(run: impl Fn(bool) + 'static) -> Option<Listener> {
    let document = super::window::browser_window()?.document()?;
    Some(Listener::new(&document, "visibilitychange", move |_| run(is_visible())))
}

/// Calls with `true` when the network comes back and `false` when it goes, until dropped.
pub(crate) fn on_network(run: impl Fn(bool) + Clone + 'static) -> Option<[Listener; 2]> {
    let window = super::window::browser_window()?;
    let back = run.clone();
    Some([
        Listener::new(&window, "online", move |_| back(true)),
        Listener::new(&window, "offline", move |_| run(false)),
    ])
}
