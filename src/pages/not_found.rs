//! What stands at an address where nothing is: which address it was, and where to go from here.

use leptos::prelude::*;

use crate::texts;
use crate::ui::dynamic;
use crate::ui::interpolate::interpolate;

use crate::routes::Route;

#[component]
pub(crate) fn NotFound(
    /// The address that was asked for.
    #[prop(into)]
    path: Signal<String>,
) -> AnyView {
    let address = view! { <code>{dynamic::view(move || path.get())}</code> }.into_any();
    view! {
        <section class="plain">
            <h1>{texts::not_found::heading()}</h1>
            <p>{interpolate(texts::not_found::which_template(), [("address", address)])}</p>
            <p>{texts::not_found::pages()}</p>
            <ul>
                <li>{interpolate(texts::not_found::billing_template(), [("page", render_link(Route::Billing))])}</li>
                <li>{interpolate(texts::not_found::organization_template(), [("page", render_link(Route::Organization))])}</li>
                <li>{interpolate(texts::not_found::members_template(), [("page", render_link(Route::Members))])}</li>
                <li>{interpolate(texts::not_found::activity_template(), [("page", render_link(Route::Activity))])}</li>
            </ul>
        </section>
    }
    .into_any()
}

fn render_link(to: Route) -> AnyView {
    view! { <a href=to.address()>{to.title()}</a> }.into_any()
}
