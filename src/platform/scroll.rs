//! How far an element is scrolled, and how high things in it are, in whole CSS pixels.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

/// How far the element is scrolled.
pub(crate) fn scroll_offset(element: &Element) -> i64 {
    element.scroll_top().into()
}

/// Scrolls the element at once.
pub(crate) fn set_scroll_offset(element: &Element, offset: i64) {
    let offset = i32::try_from(offset).unwrap_or(i32::MAX);
    if element.scroll_top() != offset {
        element.set_scroll_top(offset);
    }
}

/// How high the part of the element is in which its content is seen.
pub(crate) fn view_height(element: &Element) -> i64 {
    element.client_height().into()
}

/// How high the first element below this one is that the CSS selector finds.
pub(crate) fn height_of(element: &Element, selector: &str) -> Option<i64> {
    let found = element.query_selector(selector).ok().flatten()?;
    Some(whole_pixels(found.get_bounding_client_rect().height()))
}

#[expect(clippy::cast_possible_truncation, reason = "a length on the screen; the cast saturates")]
fn whole_pixels(pixels: f64) -> i64 {
    pixels.round() as i64
}

/// Scrolls the row that the element is in sideways, as far as it takes to see the whole element. `selector`: CSS.
pub(crate) fn show_in_row(selector: &str) {
    let page = super::window::browser_window().and_then(|window| window.document());
    let element = page.and_then(|page| page.query_selector(selector).ok().flatten());
    let Some((element, row)) =
        element.and_then(|element| element.closest("ul").ok().flatten().map(|row| (element, row)))
    else {
        return;
    };
    let (inner, outer) = (element.get_bounding_client_rect(), row.get_bounding_client_rect());
    let before = (whole_pixels(inner.left()) - whole_pixels(outer.left())).min(0);
    let after = (whole_pixels(inner.right()) - whole_pixels(outer.right())).max(0);
    let hidden = i32::try_from(before + after).unwrap_or_default();
    if hidden != 0 {
        // Also from right to left, where the offset is negative.
        row.set_scroll_left(row.scroll_left().saturating_add(hidden));
    }
}

/// Watches one element until dropped.
pub(crate) struct Resized {
    observer: ResizeObserver,
    _run: Closure<dyn FnMut()>,
}

/// Calls when the element has another size.
pub(crate) fn on_resize(element: &Element, run: impl FnMut() + 'static) -> Option<Resized> {
    let run = Closure::<dyn FnMut()>::new(run);
    let observer = ResizeObserver::new(run.as_ref().unchecked_ref()).ok()?;
    observer.observe(element);
    Some(Resized { observer, _run: run })
}

impl Drop for Resized {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
