//! Opening and closing the browser's own modal dialog, which traps focus and handles Escape.

use web_sys::HtmlDialogElement;

/// Shows it as modal; focus moves inside. Nothing happens when it is open already.
pub(crate) fn show_modal(dialog: &HtmlDialogElement) {
    if !dialog.open() {
        // Fails only for an element outside the document, which has nothing to show.
        let _ = dialog.show_modal();
    }
}

/// Closes it; the browser gives focus back to where it was.
pub(crate) fn close(dialog: &HtmlDialogElement) {
    if dialog.open() {
        dialog.close();
    }
}
