//! Printing, with an open dialog as part of the page.

use super::dialog;

/// Opens the browser's way to print, and comes back when that is closed. An open dialog is printed like the rest of the
/// page: what is modal lies above it, where it has one sheet only.
pub(crate) fn print_page() {
    let _aside = dialog::step_aside();
    if let Some(window) = super::window::browser_window() {
        // Refused only inside a frame that may not.
        let _ = window.print();
    }
}
