//! The first view of a document, drawn by the server: the app itself, mounted once into text.

use std::sync::OnceLock;

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use billing_contract::session::Bootstrap;
use leptos::prelude::*;

use super::App;
use crate::platform::language;
use crate::platform::ssr::{self, SsrPage};
use crate::routes::DocumentPath;

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
    ssr::use_page(SsrPage { path: path.clone(), locale });
    let owner = Owner::new();
    let html = owner.with(|| {
        provide_context(DocumentPath(path));
        view! { <App first=Some(bootstrap) /> }.to_html()
    });
    owner.unset_with_forced_cleanup();
    Some(FirstView { html: rewrite_tags(&html), language: language::language_code() })
}

/// The HTML without comments, which only hydration looks for, and with `data-style` for each `style` attribute: our content
/// policy lets a document have none, but a script may set the same (`public/first_view.js`).
///
/// Its forms send nothing: outside a dialog the method `dialog` does nothing (HTML §4.10.22.3), while a form that nobody
/// listens to yet would send what is typed, a password too, in its address.
fn rewrite_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    // `<` and `>` are escaped in texts and in attributes.
    while let Some((text, after)) = rest.split_once('<') {
        out.push_str(text);
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        rest = after;
        // `<!>` stands between two texts.
        if tag != "!" {
            out.push('<');
            let tag = match tag.strip_prefix("form") {
                Some(rest) => format!("form method=\"dialog\"{rest}"),
                None => tag.to_owned(),
            };
            out.push_str(&tag.replace(" style=\"", " data-style=\""));
            out.push('>');
        }
    }
    out.push_str(rest);
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
    fn comments_go_and_styles_become_data_of_their_element() {
        let html = r#"a<!> <b style="--x: 1%" title="1 &gt; 2"> style="b" <!--<() />--></b><br>"#;
        let expected = r#"a <b data-style="--x: 1%" title="1 &gt; 2"> style="b" </b><br>"#;
        assert_eq!(rewrite_tags(html), expected);
    }

    #[test]
    fn a_form_sends_nothing() {
        assert_eq!(rewrite_tags("<form class=\"x\"></form>"), "<form method=\"dialog\" class=\"x\"></form>");
    }
}
