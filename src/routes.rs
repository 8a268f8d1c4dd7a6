//! Every address of the page, in one file, and the way from one to another.
//!
//! Of `leptos_router` only the browser's side is used: link clicks, the history, the present address. Matching a few fixed
//! addresses is a table below, and its route matcher weighs more than this whole room.

use leptos::prelude::*;
#[cfg(target_arch = "wasm32")]
use leptos_router::location::{BrowserUrl, LocationChange, LocationProvider};

use crate::texts;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    SignIn,
    Setup,
    Reset,
    Accept,
    ConfirmEmail,
    Organization,
    Members,
    Billing,
    Profile,
    Activity,
}

impl Route {
    pub(crate) const ALL: [Self; 10] = [
        Self::SignIn,
        Self::Setup,
        Self::Reset,
        Self::Accept,
        Self::ConfirmEmail,
        Self::Organization,
        Self::Members,
        Self::Billing,
        Self::Profile,
        Self::Activity,
    ];

    pub(crate) const fn address(self) -> &'static str {
        match self {
            Self::SignIn => "/sign-in",
            Self::Setup => "/setup",
            Self::Reset => "/reset",
            Self::Accept => "/accept",
            Self::ConfirmEmail => "/confirm-email",
            Self::Organization => "/settings/organization",
            Self::Members => "/settings/members",
            Self::Billing => "/settings/billing",
            Self::Profile => "/settings/profile",
            Self::Activity => "/settings/activity",
        }
    }

    /// What the browser's tab and history call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::SignIn => texts::places::sign_in(),
            Self::Setup => texts::places::setup(),
            Self::Reset => texts::places::reset(),
            Self::Accept => texts::places::accept(),
            Self::ConfirmEmail => texts::places::confirm_email(),
            Self::Organization => texts::places::organization(),
            Self::Members => texts::places::members(),
            Self::Billing => texts::places::billing(),
            Self::Profile => texts::places::profile(),
            Self::Activity => texts::places::activity(),
        }
    }

    /// The screen at this path; `None` when there is none. The bare address and `/settings` lead to Billing, and so do a
    /// minted link, once its code is exchanged, and the frame of a host's page.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path.strip_suffix('/').unwrap_or(path) {
            "" | "/settings" | PORTAL | "/embed" => Some(Self::Billing),
            path => Self::ALL.into_iter().find(|route| route.address() == path),
        }
    }
}

/// Where a minted link leads, with its code behind `#`.
pub(crate) const PORTAL: &str = "/portal";

/// Goes from screen to screen without loading a document.
#[cfg(target_arch = "wasm32")]
#[derive(Clone)]
pub(crate) struct Navigator {
    browser: BrowserUrl,
}

#[cfg(target_arch = "wasm32")]
impl Navigator {
    /// Listens to clicks on links and to the history from now on. `None` where the browser refuses its own address.
    pub(crate) fn start() -> Option<Self> {
        let browser = BrowserUrl::new().ok()?;
        browser.init(None);
        let (address, waiting) = (browser.as_url().clone(), browser.clone());
        // A clicked link reaches the address bar only when the screen says that it has changed.
        Effect::new(move |_| {
            address.track();
            waiting.ready_to_complete();
        });
        Some(Self { browser })
    }

    pub(crate) fn path(&self) -> Memo<String> {
        let address = self.browser.as_url().clone();
        Memo::new(move |_| address.read().path().to_owned())
    }

    /// Shows this screen instead of the present one, which the back button will not find again.
    pub(crate) fn replace(&self, route: Route) {
        if let Ok(url) = BrowserUrl::parse(route.address()) {
            self.browser.as_url().set(url);
            let value = route.address().to_owned();
            self.browser.complete_navigation(&LocationChange { value, ..LocationChange::default() });
        }
    }
}

/// The path of the document that the server draws, in the context of its view.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone)]
pub(crate) struct DocumentPath(pub(crate) String);

/// Stays where the document was asked for: the server draws one screen.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone)]
pub(crate) struct Navigator;

#[cfg(not(target_arch = "wasm32"))]
#[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "as the browser's navigator is used")]
impl Navigator {
    /// There is no address that could be refused.
    pub(crate) const fn start() -> Option<Self> {
        Some(Self)
    }

    pub(crate) fn path(&self) -> Memo<String> {
        let path = use_context::<DocumentPath>().map(|path| path.0).unwrap_or_default();
        Memo::new(move |_| path.clone())
    }

    /// The browser's page goes there, once it is drawn.
    pub(crate) const fn replace(&self, _route: Route) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_leads_to_its_own_screen_and_no_other_one_does() {
        for route in Route::ALL {
            assert_eq!(Route::at(route.address()), Some(route));
            assert_eq!(Route::at(&format!("{}/", route.address())), Some(route));
        }
        for path in ["/", "", "/settings", "/settings/", "/portal", "/embed"] {
            assert_eq!(Route::at(path), Some(Route::Billing), "{path}");
        }
        for path in ["/embed/balance", "/settings/billing/x", "/Settings/Billing", "/settings//billing", "/x", "//"] {
            assert_eq!(Route::at(path), None, "{path}");
        }
    }
}
