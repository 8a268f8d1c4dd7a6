//! Settings: the tabs, and the screen of each.

pub(crate) mod billing;
mod members;
mod organization;

use billing_contract::session::Session;
use leptos::prelude::*;

use crate::platform::signal::{Derived, Given, Slot};
use crate::texts;

use self::billing::BillingTab;
use crate::routes::Place;
use crate::ui::dynamic;
use crate::ui::lazy::{self, lazy};
use crate::ui::tabs::{Tab, Tabs};

/// Brings what one click leads to, once the page rests.
pub(crate) fn prepare() {
    lazy::ahead(organization::load);
    lazy::ahead(members::load);
}

/// Settings. The Billing tab is there for those who may use it.
#[component]
pub(crate) fn Settings(
    /// The present tab.
    place: Derived<Option<Place>>,
    /// Who is signed in.
    session: Slot<Session>,
) -> AnyView {
    let mut places = vec![Place::Organization, Place::Members];
    if session.read_untracked().role.manages_billing() {
        places.push(Place::Billing);
    }
    let tabs = places.into_iter().map(|place| Tab { address: place.address(), text: place.title() }).collect();
    let current = Given::derive(move || place.get().map(Place::address).unwrap_or_default().to_owned());
    let content = move || match place.get() {
        Some(Place::Billing) => view! { <BillingTab /> }.into_any(),
        Some(Place::Members) => lazy(members::load, move || members::tab(session)).into_any(),
        Some(Place::Organization) => lazy(organization::load, move || organization::tab(session)).into_any(),
        Some(Place::SignIn) | None => ().into_any(),
    };
    view! {
        <header class="settings-head">
            <h1>{texts::settings::heading()}</h1>
            <Tabs label=texts::settings::heading() tabs=tabs current=current />
        </header>
        {dynamic::part(content)}
    }
    .into_any()
}
