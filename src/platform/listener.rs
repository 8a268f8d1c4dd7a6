//! An event listener that ends when its owner drops it.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget, KeyboardEvent};

/// Removes its event listener when it is dropped.
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

/// Calls with the name of each key that is pressed in the element without Ctrl, Alt or Meta, unless somebody types into a
/// field. What answers `true` is done with.
pub(crate) fn on_key(element: &EventTarget, run: impl Fn(&str) -> bool + 'static) -> Listener {
    Listener::new(element, "keydown", move |event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
        let typing = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
        if !typing && !key.ctrl_key() && !key.alt_key() && !key.meta_key() && run(&key.key()) {
            event.prevent_default();
        }
    })
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.run.as_ref().unchecked_ref());
    }
}
