//! Whether an element is on the screen, or one scroll away from it.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// How far from the screen is near.
const MARGIN: &str = "300px 0px";

/// Watches one element until dropped.
pub(crate) struct NearWatch {
    observer: IntersectionObserver,
    _run: Closure<dyn FnMut(js_sys::Array)>,
}

/// Calls when the element is near the screen, also if it is so from the beginning; it may call more than once. `None` where
/// the browser cannot say.
pub(crate) fn watch_nearness(element: &Element, run: impl Fn() + 'static) -> Option<NearWatch> {
    let run = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let mut entries = entries.iter().filter_map(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok());
        if entries.any(|entry| entry.is_intersecting()) {
            run();
        }
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin(MARGIN);
    let observer = IntersectionObserver::new_with_options(run.as_ref().unchecked_ref(), &options).ok()?;
    observer.observe(element);
    Some(NearWatch { observer, _run: run })
}

impl Drop for NearWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
