//! What is left of a page whose session is over: why, and the way on. Nothing of what it showed can be seen or used.

use leptos::prelude::*;

use crate::api::session::Over;
use crate::parts::brand::BrandMark;
use crate::platform::{focus, history, timers};
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};

/// Where the reader goes on.
const ID: &str = "main";

/// What has happened.
pub(super) fn heading(why: Over) -> &'static str {
    match why {
        Over::SignedOut | Over::RoleChanged => texts::app::signed_out(),
        Over::Replaced => texts::app::session_changed(),
    }
}

/// The page.
pub(super) fn page(why: Over) -> AnyView {
    let (text, next) = match why {
        Over::SignedOut | Over::RoleChanged => (texts::app::session_over(), texts::app::sign_in_again()),
        Over::Replaced => (texts::app::session_changed_text(), texts::app::load_again()),
    };
    // Its elements are in the document only afterwards.
    let later = StoredValue::new_local(Some(timers::after(0, || {
        focus::by_id(ID);
    })));
    on_cleanup(move || drop(later.try_update_value(Option::take)));
    view! {
        <main class="lone" id=ID tabindex="-1">
            <section class="sign-in">
                <BrandMark />
                <h1>{heading(why)}</h1>
                <p>{text}</p>
                <div class="buttons">
                    <Button style=ButtonStyle::Primary on_press=move || history::reload()>{next}</Button>
                </div>
            </section>
        </main>
    }
    .into_any()
}
