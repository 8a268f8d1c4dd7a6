//! The address bar, and leaving the page for another document.

fn browser_window() -> Option<web_sys::Window> {
    super::window::browser_window()
}

/// The path of the address, `/settings/billing`.
pub(crate) fn current_path() -> String {
    #[cfg(not(target_arch = "wasm32"))]
    if let Some(path) = super::ssr::page_path() {
        return path;
    }
    browser_window().and_then(|window| window.location().pathname().ok()).unwrap_or_default()
}

/// The query of the address with its `?`, or nothing.
pub(crate) fn current_query() -> String {
    browser_window().and_then(|window| window.location().search().ok()).unwrap_or_default()
}

/// Puts another query (without `?`; empty for none) behind the present path, without a new entry in the history.
pub(crate) fn replace_query(query: &str) {
    let Some(history) = browser_window().and_then(|window| window.history().ok()) else { return };
    let mut address = current_path();
    if !query.is_empty() {
        address.push('?');
        address.push_str(query);
    }
    // The state belongs to whoever wrote the entry. Refused only when called hundreds of times a minute.
    let state = history.state().unwrap_or_default();
    let _ = history.replace_state_with_url(&state, "", Some(&address));
}

/// Loads another address as a new document, forgetting everything that this one knows.
pub(crate) fn load_document(address: &str) {
    if let Some(window) = browser_window() {
        // Refused only by a sandboxed frame, where the page stays as it is.
        let _ = window.location().assign(address);
    }
}

/// Loads the present address again.
pub(crate) fn reload_document() {
    if let Some(window) = browser_window() {
        let _ = window.location().reload();
    }
}

/// What the tab and the history call this screen.
pub(crate) fn set_title(title: &str) {
    if let Some(document) = browser_window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}
