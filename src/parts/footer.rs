//! The end of every page: the choice of its language.

use leptos::prelude::*;

use crate::platform::{history, language};
use crate::texts;

/// The end of a page.
#[component]
pub(crate) fn Footer() -> AnyView {
    let present = language::code();
    let names = texts::LANGUAGES.iter().map(|(code, name)| {
        view! { <option value=*code lang=*code selected=*code == present>{*name}</option> }.into_any()
    });
    let names = names.collect_view();
    // Another language starts the page anew: what is on screen then comes out of one language only.
    let choose = |code: String| {
        language::choose(&code);
        history::reload();
    };
    view! {
        <footer class="footer">
            <select name="language" aria-label=texts::footer::language()
                on:change=move |event| choose(event_target_value(&event))>
                {names}
            </select>
        </footer>
    }
    .into_any()
}
