//! Work that can wait until the browser has nothing better to do.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Where the browser cannot say that it is idle (Safari), this long after.
const OTHERWISE_MILLISECONDS: i32 = 500;

/// Runs once, when the page has been painted and nothing waits.
pub(crate) fn when_idle(run: impl FnOnce() + 'static) {
    let Some(window) = super::window::browser_window() else { return };
    let function = Closure::once_into_js(run);
    let function = function.unchecked_ref();
    if window.request_idle_callback(function).is_err() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(function, OTHERWISE_MILLISECONDS);
    }
}
