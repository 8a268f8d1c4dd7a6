//! The language of the page: chosen by loader.js before the program starts, written in `<html lang>`.

#[cfg(target_arch = "wasm32")]
use js_sys::{Array, Intl, Object};
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

#[cfg(not(target_arch = "wasm32"))]
use super::ssr;
use super::window::browser_window;

/// Where loader.js leaves the words of a language other than English.
const WORDS: &str = "nexisWords";
/// What loader.js leaves to change them.
const LOADER: &str = "nexisLanguage";
/// Under which the choice of a person is kept in this browser; loader.js reads it.
const CHOICE: &str = "nexis-language";

/// The words that were loaded, one message a line; `None` in English. They live as long as the page.
#[cfg(target_arch = "wasm32")]
pub(crate) fn loaded_words() -> Option<&'static str> {
    Reflect::get(&js_sys::global(), &WORDS.into()).ok()?.as_string().map(|words| &*String::leak(words))
}

/// The words of the language in which the page is drawn, one message a line; `None` in English.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn loaded_words() -> Option<&'static str> {
    ssr::page_words()
}

/// Loads the words of another language, which a host wants, for [`loaded_words`]; answers whether the page has changed. The
/// person's own choice in this browser comes first.
pub(crate) async fn load_language(tag: &str) -> bool {
    let run = Reflect::get(&js_sys::global(), &LOADER.into()).ok().and_then(|run| run.dyn_into::<Function>().ok());
    let loading = run.and_then(|run| run.call1(&JsValue::UNDEFINED, &tag.into()).ok());
    match loading.and_then(|loading| loading.dyn_into::<Promise>().ok()) {
        Some(loading) => JsFuture::from(loading).await.is_ok_and(|changed| changed.is_truthy()),
        None => false,
    }
}

/// The code of the page's language, `de`.
pub(crate) fn language_code() -> String {
    #[cfg(not(target_arch = "wasm32"))]
    if let Some(code) = ssr::page_language() {
        return code;
    }
    let root = browser_window().and_then(|window| window.document()?.document_element());
    root.and_then(|root| root.get_attribute("lang")).unwrap_or_else(|| "en".to_owned())
}

/// The locale in which numbers and dates are written: the reader's own kind of the page's language (`de-AT`), always
/// with the digits that the boxes take.
pub(crate) fn page_locale() -> String {
    let code = language_code();
    let own = browser_window().map(|window| window.navigator().languages());
    let own = own.and_then(|all| all.iter().filter_map(|one| one.as_string()).find(|one| is_of(one, &code)));
    #[cfg(not(target_arch = "wasm32"))]
    let own = own.or_else(ssr::page_locale).filter(|one| is_of(one, &code));
    let tag = own.unwrap_or_else(|| if code == "en" { "en-US".to_owned() } else { code });
    format!("{tag}-u-nu-latn")
}

fn is_of(tag: &str, code: &str) -> bool {
    tag.strip_prefix(code)
        .is_some_and(|region| region.starts_with('-') && region.split('-').all(|subtag| subtag != "u"))
}

/// Keeps the choice in this browser, for the next start of the page; forgotten where storage is forbidden.
pub(crate) fn choose_language(code: &str) {
    let storage = browser_window().and_then(|window| window.local_storage().ok().flatten());
    if let Some(storage) = storage {
        let _ = storage.set_item(CHOICE, code);
    }
    // For the server, which draws the first view of the next document.
    let document = browser_window().and_then(|window| window.document());
    let cookie = format!("{CHOICE}={code}; path=/; max-age=31536000; samesite=lax");
    if let Some(document) = document {
        // Fails only where cookies are forbidden.
        let _ = Reflect::set(&document, &"cookie".into(), &cookie.into());
    }
}

/// The plural category of a count in the page's language, `one`.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn plural_category(count: u64) -> String {
    super::intl::plural_category(count)
}

/// The plural category of a count in the page's language, `one`.
#[cfg(target_arch = "wasm32")]
pub(crate) fn plural_category(count: u64) -> String {
    let rules = Intl::PluralRules::new(&Array::of1(&page_locale().into()), &Object::new());
    // The typed method takes a floating-point number.
    let select = Reflect::get(&rules, &"select".into()).ok().and_then(|select| select.dyn_into::<Function>().ok());
    let count = JsValue::from(u32::try_from(count).unwrap_or(u32::MAX));
    let category = select.and_then(|select| select.call1(&rules, &count).ok());
    category.and_then(|category| category.as_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_belongs_to_its_language() {
        assert!(is_of("de-AT", "de"));
        assert!(!is_of("de", "de"));
        assert!(!is_of("den-AT", "de"));
        assert!(!is_of("ar-u-nu-arab", "ar"));
    }
}
