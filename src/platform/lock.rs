//! Web Locks (W3C): one tab of the browser at a time, the others wait for their turn.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &Object, granted: &JsValue) -> Promise;
}

/// Waits for a lock, then holds it. Gives it back, or stops waiting, when dropped.
pub(crate) struct Lock {
    waiting: AbortController,
    held: Rc<RefCell<HeldLock>>,
}

#[derive(Default)]
struct HeldLock {
    over: bool,
    release: Option<Function>,
}

impl Lock {
    /// Asks for the lock of this name and calls `on_granted` once it is held; never before this has returned.
    ///
    /// `None` where the browser has no locks, as on pages that are not secure.
    pub(crate) fn request(name: &str, on_granted: impl FnOnce() + 'static) -> Option<Self> {
        let navigator = super::window::browser_window()?.navigator();
        let manager = Reflect::get(&navigator, &"locks".into()).ok().filter(JsValue::is_object)?;
        let manager: LockManager = manager.unchecked_into();
        let waiting = AbortController::new().ok()?;
        let options = Object::new();
        Reflect::set(&options, &"signal".into(), &waiting.signal()).ok()?;
        let held = Rc::<RefCell<HeldLock>>::default();
        let granted = {
            let held = Rc::clone(&held);
            Closure::once_into_js(move || {
                // Granted in the same moment in which it was given up: passed on at once.
                if held.borrow().over {
                    return JsValue::UNDEFINED;
                }
                // Held until this promise is kept.
                let promise = Promise::new(&mut |release, _| held.borrow_mut().release = Some(release));
                on_granted();
                promise.into()
            })
        };
        let outcome = manager.request(name, &options, &granted);
        wasm_bindgen_futures::spawn_local(async move {
            // Refused only because nobody waits any more.
            let _ = wasm_bindgen_futures::JsFuture::from(outcome).await;
        });
        Some(Self { waiting, held })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut held = self.held.borrow_mut();
        // Before it is aborted or released, in case it is just being granted.
        held.over = true;
        // Without effect once the lock is held.
        self.waiting.abort();
        if let Some(release) = held.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}
