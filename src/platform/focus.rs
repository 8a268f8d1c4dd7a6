//! Moving the keyboard focus where the work goes on.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Focuses the element with this id; answers whether there is one.
pub(crate) fn focus_id(id: &str) -> bool {
    let element = super::window::browser_window()
        .and_then(|window| window.document())
        .and_then(|page| page.get_element_by_id(id));
    element.is_some_and(|element| focus_element(&element))
}

/// Focuses the element with this id and brings its beginning to the top of the screen.
pub(crate) fn focus_at_top(id: &str) {
    let element = super::window::browser_window()
        .and_then(|window| window.document())
        .and_then(|page| page.get_element_by_id(id));
    if let Some(element) = element {
        focus_element(&element);
        element.scroll_into_view();
    }
}

/// The focus is inside the element with this id, not on itself.
pub(crate) fn is_within(id: &str) -> bool {
    let page = super::window::browser_window().and_then(|window| window.document());
    let around = page.as_ref().and_then(|page| page.get_element_by_id(id));
    let focused = page.and_then(|page| page.active_element());
    match (around, focused) {
        (Some(around), Some(focused)) => around != focused && around.contains(Some(&focused)),
        _ => false,
    }
}

/// Focuses this element; answers whether it can have focus.
pub(crate) fn focus_element(element: &Element) -> bool {
    element.dyn_ref::<HtmlElement>().is_some_and(|element| element.focus().is_ok())
}
