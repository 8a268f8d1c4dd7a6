//! The browser's window, which is where everything else of it begins.

use web_sys::Window;

/// The window; `None` where the page is drawn without a browser.
pub(super) fn browser_window() -> Option<Window> {
    if cfg!(not(target_arch = "wasm32")) {
        return None;
    }
    web_sys::window()
}
