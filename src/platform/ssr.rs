//! What a browser would say of the document, where the server draws its first view. It belongs to the thread, which draws
//! one document and ends: nothing of one reader can be left for another.

use std::cell::RefCell;

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// Whose document it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct SsrPage {
    /// The path of its address, `/settings/billing`.
    pub(crate) path: String,
    /// The reader's locale, a BCP 47 tag, `de-AT`.
    pub(crate) locale: String,
}

thread_local! {
    static PAGE: RefCell<Option<SsrPage>> = const { RefCell::new(None) };
}

/// This thread draws this document.
pub(crate) fn use_page(page: SsrPage) {
    PAGE.set(Some(page));
}

/// The path of its address.
pub(super) fn page_path() -> Option<String> {
    PAGE.with_borrow(|page| page.as_ref().map(|page| page.path.clone()))
}

/// The reader's locale.
pub(super) fn page_locale() -> Option<String> {
    PAGE.with_borrow(|page| page.as_ref().map(|page| page.locale.clone()))
}

/// The code of its language, `de`; English for one that the page does not speak.
pub(super) fn page_language() -> Option<String> {
    page_locale().map(|locale| find_words(&locale).map_or("en", |(code, _)| code).to_owned())
}

/// The words of its language, as the browser would load them; `None` in English.
pub(super) fn page_words() -> Option<&'static str> {
    page_locale().and_then(|locale| find_words(&locale)).map(|(_, words)| words)
}

fn find_words(locale: &str) -> Option<(&'static str, &'static str)> {
    let code = locale.split('-').next().unwrap_or_default();
    WORDS.into_iter().find(|(known, _)| code.eq_ignore_ascii_case(known))
}
