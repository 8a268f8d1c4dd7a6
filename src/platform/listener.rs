//! An event listener that ends when its owner drops it.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

/// Listens until dropped.
pub(crate) struct Listener {
    target: EventTarget,
    event: &'static str,
    run: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub(super) fn new(target: &EventTarget, event: &'static str, run: impl FnMut(Event) + 'static) -> Self {
        let run = Closure::<dyn FnMut(Event)>::new(run);
        // Fails only for a null callback.
        let _ = target.add_event_listener_with_callback(event, run.as_ref().unchecked_ref());
        Self { target: target.clone(), event, run }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.run.as_ref().unchecked_ref());
    }
}
