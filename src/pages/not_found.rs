//! What stands at an address where nothing is: which address it was, and where to go from here.

use leptos::prelude::*;

use crate::ui::dynamic;

use crate::routes::Place;

/// Nothing is here.
#[component]
pub(crate) fn NotFound(
    /// The address that was asked for.
    #[prop(into)]
    path: Signal<String>,
) -> AnyView {
    view! {
        <section class="plain">
            <h1>"There is no page at this address"</h1>
            <p>"The address "<code>{dynamic::part(move || path.get())}</code>" leads nowhere. It may be mistyped, or the link that led you here is old."</p>
            <p>"These pages exist:"</p>
            <ul>
                <li><a href=Place::Billing.address()>"Billing"</a>" – the wallet, automatic payments, usage and transactions"</li>
                <li><a href=Place::Organization.address()>"Organization"</a>" – name, address, tax number and time zone"</li>
                <li><a href=Place::Members.address()>"Members"</a>" – who belongs to the organization, and their roles"</li>
            </ul>
        </section>
    }
    .into_any()
}
