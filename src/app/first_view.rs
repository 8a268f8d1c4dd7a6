//! The first view of a document, drawn by the server: the app itself, mounted once into text.

use std::sync::OnceLock;

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use billing_contract::session::Bootstrap;
use leptos::prelude::*;

use super::App;
use crate::platform::language;
use crate::platform::ssr::{self, SsrPage};

/// The first view of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstView {
    /// What belongs into the document's body, as HTML.
    pub html: String,
    /// The code of its language, `de`.
    pub language: String,
}

/// Draws what the page shows first.
///
/// `path`: of the document's address; `locale`: the reader's, a BCP 47 tag such as `de-AT`. It must run on a thread of its
/// own, which ends with it: what the page keeps for a document belongs to the thread. `None` when the view cannot be drawn.
pub fn render_first_view(bootstrap: Bootstrap, path: String, locale: String) -> Option<FirstView> {
    static READY: OnceLock<bool> = OnceLock::new();
    // What the page would do later, it does in the browser.
    if !*READY.get_or_init(|| Executor::init_custom_executor(NeverExecutor).is_ok()) {
        return None;
    }
    ssr::use_page(SsrPage { path, locale });
    let owner = Owner::new();
    let html = owner.with(|| view! { <App first=Some(bootstrap) /> }.to_html());
    owner.unset_with_forced_cleanup();
    // Nothing is hydrated, so nobody looks for the marks between texts.
    Some(FirstView { html: without_inline_styles(&html.replace("<!>", "")), language: language::language_code() })
}

/// A document with our content policy may have no `style` attributes; a script may set the same (`public/first_view.js`).
fn without_inline_styles(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    // In text a person may have written it; `<` and `>` in it are escaped, as they are in attributes.
    for (index, piece) in html.split('<').enumerate() {
        if index == 0 {
            out.push_str(piece);
            continue;
        }
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        out.push('<');
        out.push_str(&tag.replace(" style=\"", " data-style=\""));
        out.push('>');
        out.push_str(text);
    }
    out
}

/// Begins nothing.
struct NeverExecutor;

impl CustomExecutor for NeverExecutor {
    fn spawn(&self, future: PinnedFuture<()>) {
        drop(future);
    }

    fn spawn_local(&self, future: PinnedLocalFuture<()>) {
        drop(future);
    }

    fn poll_local(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_attributes_are_renamed() {
        let html = r#"a <b style="--x: 1%" title="1 &gt; 2"> style="b" </b><br>"#;
        let expected = r#"a <b data-style="--x: 1%" title="1 &gt; 2"> style="b" </b><br>"#;
        assert_eq!(without_inline_styles(html), expected);
    }
}
