//! The first view of the page's document, drawn by the page's own components: figures are there before any program is.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use billing_contract::session::Bootstrap;
use billing_page::{FirstView, render_first_view};
use std::thread;
use tokio::sync::oneshot;

use crate::http::identity::find_cookie;
use crate::state::AppState;

/// Where the page keeps the language that a person chose (src/platform/language.rs).
const LANGUAGE_COOKIE: &str = "nexis-language";
/// For whom nothing says another language, as the page does.
const DEFAULT_LOCALE: &str = "en-US";
/// Longer than any tag that means something.
const LONGEST_TAG: usize = 35;
/// A page's components nest deeper than a thread's usual stack is made for in development builds.
const STACK_BYTES: usize = 8 << 20;

/// Draws it for this reader. `None` where it cannot be drawn, or more are being drawn than the machine has use for: the
/// document then has a frame without figures, as before its program has come.
/// See docs/decisions/0102-first-view.md.
pub(crate) async fn draw_first_view(state: &AppState, bootstrap: Bootstrap, parts: &Parts) -> Option<FirstView> {
    let _permit = state.first_views.try_acquire().ok()?;
    let locale =
        choose_locale(&parts.headers, bootstrap.session.as_ref().and_then(|session| session.locale.as_deref()));
    let path = parts.uri.path().to_owned();
    let (drawn, waiting) = oneshot::channel();
    let draw = move || drop(drawn.send(render_first_view(bootstrap, path, locale)));
    // A thread for each: whatever the page keeps of one reader ends with it, and a fault in a view harms no other request.
    thread::Builder::new().name("first-view".to_owned()).stack_size(STACK_BYTES).spawn(draw).ok()?;
    waiting.await.ok().flatten()
}

/// The locale that public/loader.js will choose: the person's choice in this browser, what the host wants for the session, what
/// the browser prefers; in the kind of that language that the browser prefers.
fn choose_locale(headers: &HeaderMap, of_session: Option<&str>) -> String {
    let preferred = accepted_tags(headers);
    let tags = find_cookie(headers, LANGUAGE_COOKIE).into_iter().chain(of_session);
    let tags = tags.chain(preferred.iter().copied());
    let language_of = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let Some(language) = tags.filter(|tag| is_tag(tag)).map(language_of).find(|code| is_spoken(code)) else {
        return DEFAULT_LOCALE.to_owned();
    };
    let own = preferred.iter().find(|tag| tag.len() > language.len() && language_of(tag) == language);
    match own {
        Some(tag) => (*tag).to_owned(),
        None if language == "en" => DEFAULT_LOCALE.to_owned(),
        None => language,
    }
}

/// The languages of the page.
fn is_spoken(code: &str) -> bool {
    billing_page::LANGUAGES.contains(&code)
}

fn is_tag(tag: &str) -> bool {
    (2..=LONGEST_TAG).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What the browser prefers, in its own order: browsers write their list with falling weights (RFC 9110 §12.5.4).
fn accepted_tags(headers: &HeaderMap) -> Vec<&str> {
    let list = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = list.split(',').take(10).map(|entry| entry.split(';').next().unwrap_or_default().trim());
    tags.filter(|tag| is_tag(tag)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accepted: &str, cookie: &str, of_session: Option<&str>) -> String {
        let headers = [(header::ACCEPT_LANGUAGE, accepted), (header::COOKIE, cookie)];
        let headers = headers.into_iter().map(|(name, value)| (name, value.parse().unwrap()));
        choose_locale(&headers.collect(), of_session)
    }

    #[test]
    fn the_choice_comes_first_then_the_host_then_the_browser() {
        for (accepted, cookie, session, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", "", None, "de-AT"),
            ("fr-FR,fr;q=0.9,es;q=0.8", "", None, "es"),
            ("fr", "", None, "en-US"),
            ("", "", None, "en-US"),
            ("en-GB,de-AT;q=0.5", "a=b; nexis-language=de", None, "de-AT"),
            ("en-GB", "nexis-language=ja", Some("de"), "ja"),
            ("en-GB", "", Some("ar"), "ar"),
            ("en-GB", "", Some("en"), "en-GB"),
            ("de", "nexis-language=<b>", None, "de"),
        ] {
            assert_eq!(chosen(accepted, cookie, session), expected, "{accepted} {cookie} {session:?}");
        }
    }
}
