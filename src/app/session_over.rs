//! What is left of a page whose session is over: why, and the way on. Nothing of what it showed can be seen or used.

use leptos::prelude::*;

use crate::api::session_end::SessionEnd;
use crate::platform::{focus, history, host, timers};
use crate::shared::brand::BrandMark;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};

/// Where the reader goes on.
const ID: &str = "main";

/// `by_host`: the session was opened by a host, and only there another one can be had.
pub(super) fn heading_for(why: SessionEnd, by_host: bool) -> &'static str {
    match why {
        _ if by_host => texts::portal::ended(),
        SessionEnd::SignedOut | SessionEnd::RoleChanged => texts::app::signed_out(),
        SessionEnd::Replaced => texts::app::session_changed(),
    }
}

pub(super) fn render_page(why: SessionEnd, by_host: bool) -> AnyView {
    let embedded = host::is_embedded();
    // A frame that is loaded again asks its host for another code, unless it was the host that ended the session.
    let leads_on = !by_host || (embedded && !host::has_ended());
    let (text, next) = match why {
        _ if by_host => (texts::portal::ended_text(), texts::app::load_again()),
        SessionEnd::SignedOut | SessionEnd::RoleChanged => (texts::app::session_over(), texts::app::sign_in_again()),
        SessionEnd::Replaced => (texts::app::session_changed_text(), texts::app::load_again()),
    };
    // Its elements are in the document only afterwards.
    let later = StoredValue::new_local(Some(timers::run_after(0, || {
        focus::focus_id(ID);
    })));
    on_cleanup(move || drop(later.try_update_value(Option::take)));
    view! {
        <main class="lone" id=ID tabindex="-1">
            <section class="sign-in">
                {(!embedded).then(|| view! { <BrandMark /> })}
                <h1>{heading_for(why, by_host)}</h1>
                <p>{text}</p>
                {leads_on.then(|| view! {
                    <div class="buttons">
                        <Button style=ButtonStyle::Primary on_press=move || history::reload_document()>{next}</Button>
                    </div>
                })}
            </section>
        </main>
    }
    .into_any()
}
