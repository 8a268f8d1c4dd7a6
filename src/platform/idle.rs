//! Work that can wait until the browser has nothing better to do, or until somebody uses the page.

use std::cell::{Cell, RefCell};

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::listener::Listener;
use super::window::browser_window;

/// Where the browser cannot say that it is idle (Safari), this long after.
const OTHERWISE_MILLISECONDS: i32 = 500;
/// The first signs of somebody who does something with the page.
const SIGNS: [&str; 4] = ["pointermove", "pointerdown", "keydown", "scroll"];

type Work = Box<dyn FnOnce()>;

thread_local! {
    static USED: Cell<bool> = const { Cell::new(false) };
    static WAITING: RefCell<Vec<Work>> = const { RefCell::new(Vec::new()) };
    static WATCHES: RefCell<Vec<Listener>> = const { RefCell::new(Vec::new()) };
}

/// Runs once, when the page has been painted and nothing waits.
pub(crate) fn when_idle(run: impl FnOnce() + 'static) {
    let Some(window) = browser_window() else { return };
    let function = Closure::once_into_js(run);
    let function = function.unchecked_ref();
    if window.request_idle_callback(function).is_err() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(function, OTHERWISE_MILLISECONDS);
    }
}

/// Runs once, in an idle moment after somebody has begun to use the page: whoever only reads the first screen loads no more.
pub(crate) fn when_used(run: impl FnOnce() + 'static) {
    if USED.get() {
        return when_idle(run);
    }
    let Some(window) = browser_window() else { return };
    WAITING.with_borrow_mut(|waiting| waiting.push(Box::new(run)));
    WATCHES.with_borrow_mut(|watches| {
        if watches.is_empty() {
            watches.extend(SIGNS.map(|sign| Listener::new(&window, sign, |_| note_use())));
        }
    });
}

fn note_use() {
    if USED.replace(true) {
        return;
    }
    when_idle(|| {
        // Not in the listeners' own calls.
        WATCHES.with_borrow_mut(Vec::clear);
        WAITING.take().into_iter().for_each(|run| run());
    });
}
