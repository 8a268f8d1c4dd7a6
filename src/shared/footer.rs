//! The end of every page: where help is, the operator's links, the choice of the language.

use billing_contract::session::Brand;
use leptos::prelude::*;

use super::brand::current_brand;
use crate::platform::{history, language};
use crate::texts;

/// The end of a page.
#[component]
pub(crate) fn Footer() -> AnyView {
    let present = language::language_code();
    let names = texts::LANGUAGES.iter().map(|(code, name)| {
        view! { <option value=*code lang=*code selected=*code == present>{*name}</option> }.into_any()
    });
    let names = names.collect_view();
    let Brand { support_email, support_url, links, .. } = current_brand();
    let link = |label: String, url: String| view! { <a href=url rel="external noopener">{label}</a> }.into_any();
    // A page that people read comes before a letter that they have to write.
    let help = support_url.or_else(|| support_email.map(|email| format!("mailto:{email}")));
    let help = help.map(|address| link(texts::footer::help().to_owned(), address));
    let links = links.into_iter().map(|one| link(one.label, one.url)).collect_view();
    // Another language starts the page anew: what is on screen then comes out of one language only.
    let choose = |code: String| {
        language::choose_language(&code);
        history::reload_document();
    };
    view! {
        <footer class="footer">
            {help}
            {links}
            <select name="language" aria-label=texts::footer::language()
                on:change=move |event| choose(event_target_value(&event))>
                {names}
            </select>
        </footer>
    }
    .into_any()
}
