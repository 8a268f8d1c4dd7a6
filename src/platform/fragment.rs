//! What stands behind `#` in the address: no server and no log ever sees it.

use super::listener::Listener;

/// Takes it out of the address, so that neither the bar nor the history keeps it.
pub(crate) fn take_fragment() -> Option<String> {
    let window = super::window::browser_window()?;
    let location = window.location();
    let hash = location.hash().ok()?;
    let text = hash.strip_prefix('#').filter(|text| !text.is_empty())?.to_owned();
    let (path, history) = (location.pathname().ok()?, window.history().ok()?);
    history.replace_state_with_url(&history.state().unwrap_or_default(), "", Some(&path)).ok()?;
    Some(text)
}

/// Calls when another one is put behind the address of this document, until dropped.
pub(crate) fn on_change(run: impl Fn() + 'static) -> Option<Listener> {
    let window = super::window::browser_window()?;
    Some(Listener::new(&window, "hashchange", move |_| run()))
}
