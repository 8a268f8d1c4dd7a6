//! Noticing that something has come into view, and where it is.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// Watches one element until dropped.
pub(crate) struct InView {
    observer: IntersectionObserver,
    _run: Closure<dyn FnMut(js_sys::Array)>,
}

/// Calls with `true` when the element comes within 600 px of the screen, and with `false` when it leaves.
pub(crate) fn in_view(element: &Element, run: impl Fn(bool) + 'static) -> Option<InView> {
    let run = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last = entries.get(entries.length().saturating_sub(1));
        if let Some(entry) = last.dyn_ref::<IntersectionObserverEntry>() {
            run(entry.is_intersecting());
        }
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin("600px 0px");
    let observer = IntersectionObserver::new_with_options(run.as_ref().unchecked_ref(), &options).ok()?;
    observer.observe(element);
    Some(InView { observer, _run: run })
}

impl Drop for InView {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Where the element's top edge lies relative to the screen's, and the screen's height, in whole CSS pixels.
pub(crate) fn position(element: &Element) -> (i32, i32) {
    let height = web_sys::window().and_then(|window| window.inner_height().ok()).and_then(|height| height.as_f64());
    (whole(element.get_bounding_client_rect().top()), whole(height.unwrap_or_default()))
}

/// How high the element is, in whole CSS pixels.
pub(crate) fn height(element: &Element) -> i32 {
    whole(element.get_bounding_client_rect().height())
}

#[expect(clippy::cast_possible_truncation, reason = "a length on the screen; the cast saturates")]
fn whole(pixels: f64) -> i32 {
    pixels as i32
}
