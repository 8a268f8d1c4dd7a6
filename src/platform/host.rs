//! Whether this document stands in a host's page: public/embed-loader.js says so before the program starts.

use js_sys::Reflect;

/// Where the loader leaves what it knows of the host.
const HOST: &str = "nexisHost";

/// A host's page shows this one in a frame: who is signed in, the language and the way back are the host's.
pub(crate) fn is_embedded() -> bool {
    cfg!(target_arch = "wasm32") && Reflect::has(&js_sys::global(), &HOST.into()).unwrap_or_default()
}

/// The host, or somebody for it, has ended the session: it would give no code for another one.
pub(crate) fn has_ended() -> bool {
    if !is_embedded() {
        return false;
    }
    let host = Reflect::get(&js_sys::global(), &HOST.into()).unwrap_or_default();
    Reflect::get(&host, &"over".into()).is_ok_and(|over| over.is_truthy())
}
