//! What a tab remembers over a reload, and forgets when it is closed; and what a browser remembers of how one likes it.

use web_sys::Storage;

const PERSON: &str = "person";

fn session_storage() -> Option<Storage> {
    super::window::browser_window()?.session_storage().ok()?
}

/// What was stored under this name; `None` also where the browser forbids storage.
pub(crate) fn get_item(name: &str) -> Option<String> {
    session_storage()?.get_item(name).ok()?
}

/// Stores the text; answers whether the browser allowed it.
pub(crate) fn set_item(name: &str, text: &str) -> bool {
    session_storage().is_some_and(|storage| storage.set_item(name, text).is_ok())
}

/// Forgets what was stored under this name.
pub(crate) fn remove_item(name: &str) {
    if let Some(storage) = session_storage() {
        let _ = storage.remove_item(name);
    }
}

/// What the tab remembers belongs to this person from now on; what another one left in it is forgotten.
pub(crate) fn keep_for(person: &str) {
    if get_item(PERSON).is_some_and(|known| known != person) {
        clear_items();
    }
    set_item(PERSON, person);
}

/// Forgets everything this tab stored, as at sign-out.
pub(crate) fn clear_items() {
    if let Some(storage) = session_storage() {
        let _ = storage.clear();
    }
}

fn local_storage() -> Option<Storage> {
    super::window::browser_window()?.local_storage().ok()?
}

/// How somebody likes the page in this browser; `None` also where the browser forbids storage.
pub(crate) fn get_preference(name: &str) -> Option<String> {
    local_storage()?.get_item(name).ok()?
}

/// Keeps how somebody likes the page, beyond the tab and the session; nothing that is about money or people.
pub(crate) fn set_preference(name: &str, text: &str) {
    if let Some(storage) = local_storage() {
        let _ = storage.set_item(name, text);
    }
}
