//! Handing text to other programs: the clipboard, and the device's own way to share.

use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Copies the text; answers whether the browser allowed it (it does so on secure pages only).
pub(crate) async fn copy_text(text: &str) -> bool {
    call_browser(&["clipboard"], "writeText", &text.into()).await
}

/// Whether the device has a way to share.
pub(crate) fn can_share() -> bool {
    browser_navigator().is_some_and(|navigator| Reflect::has(&navigator, &"share".into()).unwrap_or(false))
}

/// Opens the device's way to share; answers whether something was shared.
pub(crate) async fn share_link(title: &str, url: &str) -> bool {
    let data = Object::new();
    for (name, text) in [("title", title), ("url", url)] {
        // Fails only on a frozen object.
        let _ = Reflect::set(&data, &name.into(), &text.into());
    }
    call_browser(&[], "share", &data).await
}

fn browser_navigator() -> Option<JsValue> {
    super::window::browser_window().map(|window| window.navigator().into())
}

/// Neither interface is everywhere, so both are looked up when they are used.
async fn call_browser(below: &[&str], function: &str, argument: &JsValue) -> bool {
    let Some(mut owner) = browser_navigator() else { return false };
    for name in below {
        owner = Reflect::get(&owner, &(*name).into()).unwrap_or_default();
    }
    let Ok(run) = Reflect::get(&owner, &function.into()) else { return false };
    let Some(run) = run.dyn_ref::<js_sys::Function>() else { return false };
    match run.call1(&owner, argument).map(JsCast::dyn_into::<Promise>) {
        Ok(Ok(promise)) => JsFuture::from(promise).await.is_ok(),
        _ => false,
    }
}
