//! The bar at the side: the product, where one can go, who is signed in.

use billing_contract::session::Session;
use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedSignal};
use crate::texts;

use crate::routes::Route;
use crate::shared::brand::BrandMark;
use crate::shared::words::role_word;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::lazy::render_lazy;

use super::switcher;

/// The bar of somebody who is signed in.
#[component]
pub(super) fn Sidebar(
    /// Who is signed in.
    session: ErasedSignal<Session>,
    route: ErasedMemo<Option<Route>>,
    /// Signing out is under way.
    #[prop(into)]
    leaving: Signal<bool>,
    #[prop(into)] on_sign_out: Callback<()>,
) -> AnyView {
    let Session { user, role, .. } = session.get_untracked();
    let manages = role.manages_billing();
    // Where the gear leads: the tab that people come for, if they have it.
    let settings = if manages { Route::Billing } else { Route::Organization };
    let in_settings = move || {
        let asks = !manages && route.get() == Some(Route::Billing);
        (route.get().is_some() && !asks).then_some("true")
    };
    let asking = move || (route.get() == Some(Route::Billing)).then_some("page");
    let ask = (!manages).then(|| {
        view! {
            <li><a href=Route::Billing.address() aria-current=asking><Icon name=IconName::Wallet /><span>{Route::Billing.title()}</span></a></li>
        }
    });
    // Of several organizations one goes to another from here.
    let organization = if session.read_untracked().organizations > 1 {
        let switcher = render_lazy(switcher::load, move || switcher::switcher(session));
        view! { <div class="sidebar-organization stack">{switcher}</div> }.into_any()
    } else {
        let name = dynamic::view(move || session.read().organization.name.clone());
        view! { <p class="sidebar-organization">{name}</p> }.into_any()
    };
    view! {
        <header class="sidebar">
            <BrandMark />
            {organization}
            <nav aria-label=texts::app::main_navigation()>
                <ul>
                    <li>
                        <a href=settings.address() aria-current=in_settings><Icon name=IconName::Gear /><span>{texts::settings::heading()}</span></a>
                    </li>
                    {ask}
                </ul>
            </nav>
            <div class="sidebar-user">
                <span class="avatar" aria-hidden="true">{name_initials(&user.name)}</span>
                <p><strong>{user.name}</strong><span class="muted">{role_word(role)}</span></p>
                <Button style=ButtonStyle::Quiet icon=IconName::SignOut busy=leaving on_press=on_sign_out><span>{texts::app::sign_out()}</span></Button>
            </div>
        </header>
    }
    .into_any()
}

/// The first letters of the first and the last name; the style sheet makes them capitals, whatever the script.
fn name_initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_the_first_letters_of_the_first_and_the_last_name() {
        for (name, letters) in [("Ada Lovelace", "AL"), ("Ünal", "Ü"), ("a b c", "ac"), ("", ""), ("  ", "")] {
            assert_eq!(name_initials(name), letters, "{name:?}");
        }
    }
}
