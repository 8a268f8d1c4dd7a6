//! The address bar, and leaving the page for another document.

fn window() -> Option<web_sys::Window> {
    web_sys::window()
}

/// The path of the address, `/settings/billing`.
pub(crate) fn path() -> String {
    window().and_then(|window| window.location().pathname().ok()).unwrap_or_default()
}

/// The query of the address with its `?`, or nothing.
pub(crate) fn query() -> String {
    window().and_then(|window| window.location().search().ok()).unwrap_or_default()
}

/// Loads another address as a new document, forgetting everything that this one knows.
pub(crate) fn load(address: &str) {
    if let Some(window) = window() {
        // Refused only by a sandboxed frame, where the page stays as it is.
        let _ = window.location().assign(address);
    }
}

/// Loads the present address again.
pub(crate) fn reload() {
    if let Some(window) = window() {
        let _ = window.location().reload();
    }
}

/// What the tab and the history call this screen.
pub(crate) fn set_title(title: &str) {
    if let Some(document) = window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}
