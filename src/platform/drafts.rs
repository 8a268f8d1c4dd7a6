//! What stands typed in the fields of this page, kept in the tab while another version of the page is loaded.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::json::decode_json;
use super::{history, storage};

/// Where the tab keeps it.
const NAME: &str = "drafts";

/// What was typed into a field.
#[derive(Clone, Serialize, Deserialize)]
struct StoredDraft {
    /// The page that the field stands on.
    path: String,
    name: String,
    text: String,
}

thread_local! {
    static TYPED: RefCell<Vec<StoredDraft>> = const { RefCell::new(Vec::new()) };
}

/// This has been typed into the field of this name.
pub(crate) fn record_draft(name: &str, text: &str) {
    TYPED.with_borrow_mut(|typed| {
        typed.retain(|draft| draft.name != name);
        typed.push(StoredDraft { path: history::current_path(), name: name.to_owned(), text: text.to_owned() });
    });
}

/// The field of this name is gone: its form was sent or closed.
pub(crate) fn forget_draft(name: &str) {
    TYPED.with_borrow_mut(|typed| typed.retain(|draft| draft.name != name));
}

/// Loads the page anew, for which everything that stands typed is kept.
pub(crate) fn reload_page() {
    let typed = TYPED.with_borrow(Clone::clone);
    store_drafts(&typed);
    history::reload_document();
}

/// What was typed into the field of this name before the page was loaded anew; returned once.
pub(crate) fn take_draft(name: &str) -> Option<String> {
    let mut kept: Vec<StoredDraft> = decode_json(&storage::get_item(NAME)?)?;
    let path = history::current_path();
    let at = kept.iter().position(|draft| draft.name == name && draft.path == path)?;
    let draft = kept.swap_remove(at);
    store_drafts(&kept);
    Some(draft.text)
}

fn store_drafts(drafts: &[StoredDraft]) {
    match serde_json::to_string(drafts) {
        Ok(text) if !drafts.is_empty() => drop(storage::set_item(NAME, &text)),
        _ => storage::remove_item(NAME),
    }
}
