//! The shell around every screen: who is signed in, where they are, and what is read out.

mod confirmation;
mod live;
mod session_over;
mod sidebar;

use billing_contract::session::{Bootstrap, Session};
use leptos::prelude::*;

use crate::platform::signal::{Derived, Given, Slot};
use crate::texts;
use leptos::task::spawn_local;

use self::live::Kept;
use self::sidebar::Sidebar;
use crate::api;
use crate::api::session::Over;
use crate::pages::not_found::NotFound;
use crate::pages::settings::{self, Settings};
use crate::pages::{ask_admin, sign_in};
use crate::parts::brand;
use crate::parts::footer::Footer;
use crate::parts::notice::Notice;
use crate::platform::{bootstrap, focus, history, intl, json, storage};
use crate::routes::{Navigator, Place};
use crate::ui::announcer::{Announcer, LiveRegions, provide_announcer};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::lazy::lazy;
use crate::ui::retry::NewVersion;

/// Puts the app into the page.
pub(crate) fn mount() {
    let first = bootstrap::take().and_then(|text| json::decode::<Bootstrap>(&text));
    mount_to_body(move || view! { <App first=first /> });
}

/// Everything. Without data in the document (a development server made it), the data is fetched.
#[component]
fn App(first: Option<Bootstrap>) -> AnyView {
    let announcer = provide_announcer();
    let loaded = Slot::new(first);
    let failure = RwSignal::new(None::<String>);
    if loaded.read_untracked().is_none() {
        spawn_local(async move {
            match api::session::bootstrap().await {
                Ok(answer) => loaded.set(Some(answer)),
                Err(error) => failure.set(Some(error.sentence())),
            }
        });
    }
    let screen = move || match loaded.get() {
        Some(answer) => shell(answer, announcer),
        None => {
            view! { <main class="plain"><p role="alert">{dynamic::part(move || failure.get())}</p></main> }.into_any()
        }
    };
    view! { <LiveRegions announcer=announcer />{dynamic::part(screen)} }.into_any()
}

fn shell(answer: Bootstrap, announcer: Announcer) -> AnyView {
    let Some(navigator) = Navigator::start() else { return ().into_any() };
    let path = navigator.path();
    let place = dynamic::memo(move || Place::at(&path.read()));
    let Bootstrap { service, session, billing, admins } = answer;
    brand::use_brand(service.brand.clone());
    let notice = Notice::of(&service);
    let Some(session) = session else {
        brand::title(Place::SignIn.title());
        let destination =
            move || place.get().filter(|place| *place != Place::SignIn).unwrap_or(Place::Billing).address();
        let destination = Given::derive(move || destination().to_owned());
        // Somebody has signed in in another tab: this page as the server sees them.
        api::session::when_signed_in(history::reload);
        let page = lazy(sign_in::load, move || sign_in::page(service.clone(), destination));
        return view! { {notice.map(|notice| ribbon(notice, None))}<main class="lone" id="main"><NewVersion />{page}<Footer /></main> }
            .into_any();
    };
    intl::use_zone(&session.organization.time_zone);
    follow(place, path, navigator, announcer);
    let manages = session.role.manages_billing();
    storage::keep_for(&session.user.id);
    let over = RwSignal::new(None::<Over>);
    let kept = StoredValue::new_local(None::<Kept>);
    let end = move |why: Over| {
        if over.get_untracked().is_some() {
            return;
        }
        api::client::close();
        if why == Over::RoleChanged || !manages {
            // The same address, as the server now sees whoever is there: another page, or the sign-in that leads back here.
            return history::reload();
        }
        if let Some(kept) = kept.get_value() {
            kept.drop_everything();
        }
        over.set(Some(why));
        announcer.alert(session_over::heading(why));
    };
    api::session::open(&session.id, end);
    settings::prepare();
    let admins = Given::from(admins.map(|admins| admins.admins).unwrap_or_default());
    let outbox = service.sandbox && manages;
    kept.set_value(billing.map(|billing| live::start(*billing, service, end)));
    let session = Slot::new(session);
    let screen = dynamic::memo(move || match place.get() {
        None => Screen::NotFound,
        Some(Place::Billing) if !manages => Screen::AskAdmin,
        Some(_) => Screen::Settings,
    });
    let screen = move || match screen.get() {
        Screen::NotFound => view! { <NotFound path=path /> }.into_any(),
        Screen::AskAdmin => lazy(ask_admin::load, move || ask_admin::page(session, admins)).into_any(),
        Screen::Settings => view! { <Settings place=place session=session /> }.into_any(),
    };
    let frame = move || {
        view! {
            <a class="skip" href="#main" on:click=move |event| {
                event.prevent_default();
                focus::by_id("main");
            }>{texts::app::skip()}</a>
            {notice.map(|notice| ribbon(notice, outbox.then_some("/outbox")))}
            <div class="frame">
                {bar(session, place, announcer)}
                <main id="main" tabindex="-1"><NewVersion />{dynamic::part(screen)}<Footer /></main>
            </div>
            {confirmation::start()}
        }
        .into_any()
    };
    // Everything that shows figures or could be pressed goes with the session, dialogs too.
    let shown = move || over.get().map_or_else(frame, session_over::page);
    view! { {dynamic::part(shown)} }.into_any()
}

/// What stands in the frame. The tabs of Settings share one, so that it stays while they change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Screen {
    Settings,
    AskAdmin,
    NotFound,
}

/// Names each screen in the tab and for those who listen, and writes the one right address for it.
fn follow(place: Derived<Option<Place>>, path: Memo<String>, navigator: Navigator, announcer: Announcer) {
    dynamic::effect_after(move |before: Option<Option<Place>>| {
        let now = place.get();
        match now {
            Some(Place::SignIn) => navigator.replace(Place::Billing),
            Some(place) if path.get_untracked() != place.address() => navigator.replace(place),
            _ => {}
        }
        let title = now.map_or_else(texts::app::not_found, Place::title);
        brand::title(title);
        if before.is_some_and(|before| before != now) {
            announcer.say(title);
        }
        now
    });
}

fn bar(session: Slot<Session>, place: Derived<Option<Place>>, announcer: Announcer) -> AnyView {
    let leaving = RwSignal::new(false);
    let sign_out = move || {
        leaving.set(true);
        spawn_local(async move {
            match api::session::sign_out().await {
                Ok(()) => {
                    storage::clear();
                    history::load(Place::SignIn.address());
                }
                Err(error) => {
                    leaving.set(false);
                    announcer.alert(error.sentence());
                }
            }
        });
    };
    view! { <Sidebar session=session place=place leaving=leaving on_sign_out=sign_out /> }.into_any()
}

/// Says that no real money moves. Whoever manages billing finds here what the sandbox would send by mail; the server
/// writes that page.
fn ribbon(notice: Notice, outbox: Option<&'static str>) -> AnyView {
    view! {
        <aside class="ribbon" aria-label=notice.name()>
            <Icon name=IconName::Flask />{notice.text()}
            {outbox.map(|address| view! { <a href=address rel="external">{texts::app::outbox()}</a> }.into_any())}
        </aside>
    }
    .into_any()
}
