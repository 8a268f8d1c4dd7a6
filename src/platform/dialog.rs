//! Opening and closing the browser's own modal dialog, which traps focus and handles Escape.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};

/// Shows it as modal; focus moves inside. Nothing happens when it is open already.
pub(crate) fn show_modal(dialog: &HtmlDialogElement) {
    if !dialog.open() {
        // Fails only for an element outside the document, which has nothing to show.
        let _ = dialog.show_modal();
    }
}

/// The open modal dialog steps aside: it stays where it is without making the rest of the page inert, until this is
/// dropped. A challenge that somebody else's script puts over the page can be answered only then.
#[must_use = "the dialog is modal again once this is dropped"]
pub(crate) struct Aside(Option<HtmlDialogElement>);

/// Makes the open dialog step aside, if there is one.
/// See docs/decisions/0067-challenge-over-a-dialog.md.
pub(crate) fn step_aside() -> Aside {
    let found = super::window::browser_window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector("dialog:modal").ok().flatten())
        .and_then(|element| element.dyn_into::<HtmlDialogElement>().ok());
    if let Some(dialog) = &found {
        reopen_with(dialog, HtmlDialogElement::show);
    }
    Aside(found)
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(dialog) = self.0.take().filter(|dialog| dialog.open() && dialog.is_connected()) {
            reopen_with(&dialog, show_modal);
        }
    }
}

/// Closed and open in another way before any event is dispatched; the focus stays where it is.
fn reopen_with(dialog: &HtmlDialogElement, open: fn(&HtmlDialogElement)) {
    let focused = super::window::browser_window()
        .and_then(|window| window.document())
        .and_then(|document| document.active_element())
        .filter(|element| dialog.contains(Some(element)))
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    dialog.close();
    open(dialog);
    if let Some(element) = focused {
        // Fails for what has left the document only.
        let _ = element.focus();
    }
}

/// Closes it; the browser gives focus back to where it was.
pub(crate) fn close_modal(dialog: &HtmlDialogElement) {
    if dialog.open() {
        dialog.close();
    }
}
