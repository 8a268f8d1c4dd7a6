//! What stands at an address where nothing is: which address it was, and where to go from here.

use leptos::prelude::*;

use crate::texts;
use crate::ui::dynamic;
use crate::ui::woven::woven;

use crate::routes::Place;

/// Nothing is here.
#[component]
pub(crate) fn NotFound(
    /// The address that was asked for.
    #[prop(into)]
    path: Signal<String>,
) -> AnyView {
    let address = view! { <code>{dynamic::part(move || path.get())}</code> }.into_any();
    view! {
        <section class="plain">
            <h1>{texts::not_found::heading()}</h1>
            <p>{woven(texts::not_found::which_template(), [("address", address)])}</p>
            <p>{texts::not_found::pages()}</p>
            <ul>
                <li>{woven(texts::not_found::billing_template(), [("page", link(Place::Billing))])}</li>
                <li>{woven(texts::not_found::organization_template(), [("page", link(Place::Organization))])}</li>
                <li>{woven(texts::not_found::members_template(), [("page", link(Place::Members))])}</li>
            </ul>
        </section>
    }
    .into_any()
}

fn link(to: Place) -> AnyView {
    view! { <a href=to.address()>{to.title()}</a> }.into_any()
}
