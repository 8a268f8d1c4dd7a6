//! Printing.

/// Opens the browser's own dialog, which also makes a PDF.
pub(crate) fn print() {
    if let Some(window) = web_sys::window() {
        // Refused only by a sandboxed frame.
        let _ = window.print();
    }
}
