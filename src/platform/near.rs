//! Whether an element is on the screen, or one scroll away from it.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// How far from the screen is near.
const MARGIN: &str = "300px 0px";

/// Watches one element until dropped.
pub(crate) struct NearWatch {
    observer: IntersectionObserver,
}

/// Calls when the element is near the screen, also if it is so from the beginning; it may call more than once. `None` where
/// the browser cannot say.
pub(crate) fn watch_nearness(element: &Element, run: impl Fn() + 'static) -> Option<NearWatch> {
    // The browser's to drop: it may call once more after the watch has ended, and the watch may end in a call.
    let run = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let mut entries = entries.iter().filter_map(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok());
        if entries.any(|entry| entry.is_intersecting()) {
            run();
        }
    });
    let run = run.into_js_value();
    let options = IntersectionObserverInit::new();
    options.set_root_margin(MARGIN);
    let observer = IntersectionObserver::new_with_options(run.unchecked_ref(), &options).ok()?;
    observer.observe(element);
    Some(NearWatch { observer })
}

impl Drop for NearWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
