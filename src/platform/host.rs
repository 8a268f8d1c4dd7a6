//! Whether this document stands in a host's page: public/embed-loader.js says so before the program starts.

use js_sys::{Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// Where the loader leaves what it knows of the host.
const HOST: &str = "nexisHost";
const SHOW: &str = "nexisShow";

/// A host's page shows this one in a frame: who is signed in, the language and the way back are the host's.
pub(crate) fn is_embedded() -> bool {
    cfg!(target_arch = "wasm32") && Reflect::has(&js_sys::global(), &HOST.into()).unwrap_or_default()
}

/// Runs with the language that the host changes to while the page is open.
pub(crate) fn when_language_changes(run: impl Fn(String) + 'static) {
    let host = Reflect::get(&js_sys::global(), &HOST.into()).unwrap_or_default();
    let run: Closure<dyn Fn(String)> = Closure::new(run);
    // Fails only on a frozen object. It lives as long as the page.
    let _ = Reflect::set(&host, &"changeLanguage".into(), &run.into_js_value());
}

/// Brings what a host wants to be seen first to the top of the screen, by public/panels.js.
pub(crate) fn show_view(view: &str) {
    let show = Reflect::get(&js_sys::global(), &SHOW.into()).ok().and_then(|show| show.dyn_into::<Function>().ok());
    if let Some(show) = show {
        // The page is complete without it.
        let _ = show.call1(&JsValue::UNDEFINED, &view.into());
    }
}

/// The host, or somebody for it, has ended the session: it would give no code for another one.
pub(crate) fn has_ended() -> bool {
    if !is_embedded() {
        return false;
    }
    let host = Reflect::get(&js_sys::global(), &HOST.into()).unwrap_or_default();
    Reflect::get(&host, &"over".into()).is_ok_and(|over| over.is_truthy())
}
