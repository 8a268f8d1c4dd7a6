//! Settings: the tabs, and the screen of each.

mod activity;
pub(crate) mod billing;
mod members;
mod organization;
mod profile;

use billing_contract::session::Session;
use billing_domain::SessionKind;
use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedProp, ErasedSignal};
use crate::texts;

use self::billing::BillingTab;
use crate::routes::Route;
use crate::ui::dynamic;
use crate::ui::lazy::{self, render_lazy};
use crate::ui::tabs::{Tab, Tabs};

/// Brings what one click leads to, once the page rests.
pub(crate) fn preload_tabs() {
    lazy::preload(organization::load);
    lazy::preload(members::load);
}

/// Owners see who did what, unless a host has narrowed their session.
fn sees_activity(session: &Session) -> bool {
    session.role.manages_roles() && session.can.is_none()
}

/// The Billing tab.
pub(crate) fn render_billing() -> AnyView {
    view! { <BillingTab /> }.into_any()
}

/// Settings. The Billing tab is there for those who may use it.
#[component]
pub(crate) fn Settings(
    route: ErasedMemo<Option<Route>>,
    /// Who is signed in.
    session: ErasedSignal<Session>,
) -> AnyView {
    let mut routes = vec![Route::Organization, Route::Members];
    if session.read_untracked().role.manages_billing() {
        routes.push(Route::Billing);
    }
    if session.read_untracked().kind != SessionKind::Portal {
        routes.push(Route::Profile);
    }
    if sees_activity(&session.read_untracked()) {
        routes.push(Route::Activity);
    }
    let tabs = routes.into_iter().map(|route| Tab { address: route.address(), text: route.title() }).collect();
    let current = ErasedProp::derive(move || route.get().map(Route::address).unwrap_or_default().to_owned());
    let content = move || match route.get() {
        Some(Route::Billing) => render_billing(),
        Some(Route::Members) => render_lazy(members::load, move || members::tab(session)).into_any(),
        Some(Route::Organization) => render_lazy(organization::load, move || organization::tab(session)).into_any(),
        Some(Route::Activity) => render_lazy(activity::load, move || activity::tab(session)).into_any(),
        Some(Route::Profile) => render_lazy(profile::load, move || profile::tab(session)).into_any(),
        Some(Route::SignIn | Route::Setup | Route::Reset | Route::Accept | Route::ConfirmEmail) | None => ().into_any(),
    };
    view! {
        <header class="settings-head">
            <h1>{texts::settings::heading()}</h1>
            <Tabs label=texts::settings::heading() tabs=tabs current=current />
        </header>
        {dynamic::view(content)}
    }
    .into_any()
}
