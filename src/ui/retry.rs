//! What to press when something could not be had: once more, or, in an old page, the new version, where trying again can
//! only fail again.

use leptos::prelude::*;

use crate::platform::{drafts, version};
use crate::texts;

use super::banner::{Banner, Tone};
use super::button::{Button, ButtonStyle};
use super::dynamic::view;
use super::icon::IconName;

/// The button beside a failure. In an old page it is not there: [`NewVersion`] is.
#[component]
pub(crate) fn Retry(#[prop(into)] on_press: Callback<()>) -> AnyView {
    let outdated = version::outdated_signal();
    let button = move || {
        (!outdated.get()).then(|| {
            view! { <Button icon=IconName::Refresh on_press=on_press>{texts::ui::try_again()}</Button> }
        })
    };
    view(button).into_any()
}

/// In an old page: that there is a new one, and the way to it, with everything that is typed but a card's details.
#[component]
pub(crate) fn NewVersion() -> AnyView {
    let outdated = version::outdated_signal();
    let shown = move || {
        outdated.get().then(|| {
            view! {
                <div class="new-version">
                    <Banner tone=Tone::Warn title=texts::ui::new_version() alert=true>
                        <p>{texts::ui::new_version_why()}</p>
                        <Button style=ButtonStyle::Primary icon=IconName::Refresh on_press=drafts::reload_page>
                            {texts::ui::load_new_version()}
                        </Button>
                    </Banner>
                </div>
            }
        })
    };
    view(shown).into_any()
}
