//! Timers that end when their owner drops them.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::window::browser_window;

/// Cancels its browser timer when it is dropped.
#[must_use = "a timer that is dropped never runs"]
pub(crate) struct Timer {
    id: i32,
    repeats: bool,
    _run: Option<Closure<dyn FnMut()>>,
}

/// Runs once after so many milliseconds.
pub(crate) fn run_after(milliseconds: i32, run: impl FnMut() + 'static) -> Timer {
    start_timer(milliseconds, false, Box::new(run))
}

/// Runs again and again with so many milliseconds between.
pub(crate) fn run_every(milliseconds: i32, run: impl FnMut() + 'static) -> Timer {
    start_timer(milliseconds, true, Box::new(run))
}

fn start_timer(milliseconds: i32, repeats: bool, run: Box<dyn FnMut()>) -> Timer {
    let Some(window) = browser_window() else { return Timer { id: 0, repeats, _run: None } };
    let run = Closure::wrap(run);
    let function = run.as_ref().unchecked_ref();
    let id = if repeats {
        window.set_interval_with_callback_and_timeout_and_arguments_0(function, milliseconds)
    } else {
        window.set_timeout_with_callback_and_timeout_and_arguments_0(function, milliseconds)
    };
    Timer { id: id.unwrap_or_default(), repeats, _run: Some(run) }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(window) = browser_window() {
            if self.repeats {
                window.clear_interval_with_handle(self.id);
            } else {
                window.clear_timeout_with_handle(self.id);
            }
        }
    }
}

/// Waits so many milliseconds.
pub(crate) async fn sleep(milliseconds: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        if let Some(window) = browser_window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        }
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}
