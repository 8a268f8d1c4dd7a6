//! The shell around every screen: who is signed in, where they are, and what is read out.

mod confirmation;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod first_view;
mod session_over;
mod sidebar;
mod switcher;
mod wallet_session;

use billing_contract::session::{Bootstrap, Session};
use billing_domain::SessionKind;
use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedProp, ErasedSignal};
use crate::texts;
use leptos::task::spawn_local;

use self::confirmation::IdentityProof;
use self::sidebar::Sidebar;
use self::wallet_session::WalletSession;
use crate::api;
use crate::api::session_end::SessionEnd;
use crate::pages::account::{accept, confirm_email, reset, setup};
use crate::pages::not_found::NotFound;
use crate::pages::settings::{self, Settings};
use crate::pages::{ask_admin, portal, sign_in};
use crate::platform::{bootstrap, focus, fragment, history, host, intl, json, storage};
use crate::routes::{self, Navigator, Route};
use crate::shared::brand;
use crate::shared::footer::Footer;
use crate::shared::notice::TestMoneyNotice;
use crate::ui::announcer::{Announcer, LiveRegions, provide_announcer};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::lazy::render_lazy;
use crate::ui::permission;
use crate::ui::retry::NewVersion;

/// Puts the app into the page.
pub(crate) fn mount_app() {
    let first = bootstrap::take_data().and_then(|text| json::decode_json::<Bootstrap>(&text));
    bootstrap::remove_first_view();
    mount_to_body(move || view! { <App first=first /> });
}

/// Everything. Without data in the document (a development server made it), the data is fetched.
#[component]
fn App(first: Option<Bootstrap>) -> AnyView {
    let announcer = provide_announcer();
    let code = take_code();
    if let Some(first) = &first {
        brand::use_brand(first.service.brand.clone());
    }
    // What the server knew of this browser's session is over with the one that the code buys.
    let loaded = ErasedSignal::new(first.filter(|_| code.is_none()));
    let failure = RwSignal::new(None::<String>);
    if loaded.read_untracked().is_none() && code.is_none() {
        spawn_local(async move {
            match api::session::fetch_bootstrap().await {
                Ok(answer) => loaded.set(Some(answer)),
                Err(error) => failure.set(Some(error.sentence())),
            }
        });
    }
    if host::is_embedded() {
        host::when_language_changes(move |tag| {
            spawn_local(async move {
                if texts::change_language(&tag).await {
                    api::client::stop_sending();
                    reopen_session(loaded, announcer);
                }
            });
        });
    }
    let navigator = StoredValue::new_local(Navigator::start());
    let screen = move || match (loaded.get().zip(navigator.get_value()), code.clone()) {
        (Some((answer, navigator)), code) => {
            // A minted link says what is to be seen first; loaded again, the page is where it was.
            let view = answer.session.as_ref().and_then(|session| session.view).filter(|_| code.is_some());
            let shell = render_shell(answer, loaded, navigator, announcer);
            if let Some(view) = view {
                host::show_view(view.as_str());
            }
            shell
        }
        (None, Some(code)) => {
            let page = render_lazy(portal::load, move || portal::page(code.clone(), loaded));
            view! { <main class="lone" id="main"><NewVersion />{page}</main> }.into_any()
        }
        (None, None) => {
            view! { <main class="plain"><p role="alert">{dynamic::view(move || failure.get())}</p></main> }.into_any()
        }
    };
    view! { <LiveRegions announcer=announcer />{dynamic::view(screen)} }.into_any()
}

/// The code of a minted link, which leaves the address.
fn take_code() -> Option<String> {
    if history::current_path().trim_end_matches('/') != routes::PORTAL {
        return None;
    }
    // Behind it stands the language that the host wants, which loader.js has read.
    fragment::take_fragment()?.strip_prefix("c=")?.split('&').next().map(str::to_owned)
}

fn render_shell(
    answer: Bootstrap,
    loaded: ErasedSignal<Option<Bootstrap>>,
    navigator: Navigator,
    announcer: Announcer,
) -> AnyView {
    let embedded = host::is_embedded();
    let path = navigator.path();
    let route = dynamic::memo(move || Route::at(&path.read()));
    let Bootstrap { service, session, billing, admins } = answer;
    brand::use_brand(service.brand.clone());
    let notice = TestMoneyNotice::of(&service);
    if let Some(page) = route.get_untracked().and_then(render_account_page) {
        return view! { {notice.map(|notice| render_ribbon(notice, None))}<main class="lone" id="main"><NewVersion />{page}<Footer /></main> }
            .into_any();
    }
    let Some(session) = session else {
        brand::set_title(Route::SignIn.title());
        let destination =
            move || route.get().filter(|route| *route != Route::SignIn).unwrap_or(Route::Billing).address();
        let destination = ErasedProp::derive(move || destination().to_owned());
        // Somebody has signed in in another tab: this page as the server sees them.
        api::session::when_signed_in(history::reload_document);
        let page = render_lazy(sign_in::load, move || sign_in::page(service.clone(), destination));
        return view! { {notice.map(|notice| render_ribbon(notice, None))}<main class="lone" id="main"><NewVersion />{page}<Footer /></main> }
            .into_any();
    };
    intl::use_zone(&session.organization.time_zone);
    follow_route(route, path, navigator, announcer);
    permission::use_permissions(session.can.clone());
    let manages = session.role.manages_billing();
    // What a host has opened has the host's own settings around it, and no password.
    let by_host = embedded || session.kind == SessionKind::Portal;
    let proof = (!by_host).then(|| IdentityProof::of(&session, &service)).flatten();
    // Frames of the product on one site share the tab's storage with its own pages.
    if !embedded {
        storage::keep_for(&session.user.id);
    }
    let over = RwSignal::new(None::<SessionEnd>);
    let kept = StoredValue::new_local(None::<WalletSession>);
    let end = move |why: SessionEnd| {
        if over.get_untracked().is_some() {
            return;
        }
        api::client::stop_sending();
        if embedded && why == SessionEnd::RoleChanged {
            // Loaded again, the document would need another code of the host.
            return reopen_session(loaded, announcer);
        }
        if !embedded && (why == SessionEnd::RoleChanged || !manages) {
            // The same address, as the server now sees whoever is there: another page, or the sign-in that leads back here.
            return history::reload_document();
        }
        if let Some(kept) = kept.get_value() {
            kept.drop_everything();
        }
        over.set(Some(why));
        announcer.alert(session_over::heading_for(why, by_host));
    };
    api::session::open_session(&session.id, end);
    if !by_host {
        settings::preload_tabs();
    }
    let admins = ErasedProp::from(admins.map(|admins| admins.admins).unwrap_or_default());
    let outbox = service.sandbox && manages;
    kept.set_value(billing.map(|billing| wallet_session::start_session(*billing, service, end)));
    let proof = StoredValue::new_local(proof);
    let back = StoredValue::new_local(session.return_url.clone().filter(|_| !embedded));
    let session = ErasedSignal::new(session);
    let screen = dynamic::memo(move || match route.get() {
        None => Screen::NotFound,
        Some(route) if !manages && (by_host || route == Route::Billing) => Screen::AskAdmin,
        Some(_) => Screen::Settings,
    });
    let screen = move || match screen.get() {
        Screen::Settings if by_host => render_billing_alone(),
        Screen::NotFound => view! { <NotFound path=path /> }.into_any(),
        Screen::AskAdmin => render_lazy(ask_admin::load, move || ask_admin::page(session, admins)).into_any(),
        Screen::Settings => view! { <Settings route=route session=session /> }.into_any(),
    };
    let frame = move || {
        if by_host {
            return view! {
                {notice.filter(|_| !embedded).map(|notice| render_ribbon(notice, None))}
                <div class="frame frame-bare">
                    <main id="main" tabindex="-1">
                        {back.get_value().map(render_way_back)}
                        <NewVersion />
                        {dynamic::view(screen)}
                        {(!embedded).then(|| view! { <Footer /> })}
                    </main>
                </div>
            }
            .into_any();
        }
        view! {
            <a class="skip" href="#main" on:click=move |event| {
                event.prevent_default();
                focus::focus_id("main");
            }>{texts::app::skip()}</a>
            {notice.map(|notice| render_ribbon(notice, outbox.then_some("/outbox")))}
            <div class="frame">
                {render_sidebar(session, route, announcer)}
                <main id="main" tabindex="-1"><NewVersion />{dynamic::view(screen)}<Footer /></main>
            </div>
            {proof.get_value().map(confirmation::render_confirmation)}
        }
        .into_any()
    };
    // Everything that shows figures or could be pressed goes with the session, dialogs too.
    let shown = move || over.get().map_or_else(frame, |why| session_over::render_page(why, by_host));
    view! { {dynamic::view(shown)} }.into_any()
}

/// The same session as the server now sees it, without another document.
fn reopen_session(loaded: ErasedSignal<Option<Bootstrap>>, announcer: Announcer) {
    spawn_local(async move {
        match api::session::fetch_again().await {
            Ok(answer) => loaded.set(Some(answer)),
            Err(error) => announcer.alert(error.sentence()),
        }
    });
}

/// Where the host said that its people come from: `https://app.example.com/settings` is shown as `app.example.com`.
fn render_way_back(address: String) -> AnyView {
    let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    let site = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let label = texts::portal::back(site);
    view! { <p><a href=address>{label}</a></p> }.into_any()
}

/// In a host's page the settings have one tab, and the host has the heading.
fn render_billing_alone() -> AnyView {
    view! { <h1 class="visually-hidden">{Route::Billing.title()}</h1>{settings::render_billing()} }.into_any()
}

/// The pages behind a link to an account: they show nothing of a session, whoever is signed in.
fn render_account_page(route: Route) -> Option<AnyView> {
    let page = match route {
        Route::Setup => render_lazy(setup::load, setup::page).into_any(),
        Route::Reset => render_lazy(reset::load, reset::page).into_any(),
        Route::Accept => render_lazy(accept::load, accept::page).into_any(),
        Route::ConfirmEmail => render_lazy(confirm_email::load, confirm_email::page).into_any(),
        _ => return None,
    };
    brand::set_title(route.title());
    Some(page)
}

/// What stands in the frame. The tabs of Settings share one, so that it stays while they change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Screen {
    Settings,
    AskAdmin,
    NotFound,
}

/// Names each screen in the tab and for those who listen, and writes the one right address for it.
fn follow_route(route: ErasedMemo<Option<Route>>, path: Memo<String>, navigator: Navigator, announcer: Announcer) {
    dynamic::effect_after(move |before: Option<Option<Route>>| {
        let now = route.get();
        match now {
            Some(Route::SignIn) => navigator.replace(Route::Billing),
            // The address of a frame is seen by nobody, and leads back into the frame when it is loaded again.
            Some(_) if host::is_embedded() => {}
            Some(route) if path.get_untracked() != route.address() => navigator.replace(route),
            _ => {}
        }
        let title = now.map_or_else(texts::app::not_found, Route::title);
        brand::set_title(title);
        if before.is_some_and(|before| before != now) {
            announcer.say(title);
        }
        now
    });
}

fn render_sidebar(session: ErasedSignal<Session>, route: ErasedMemo<Option<Route>>, announcer: Announcer) -> AnyView {
    let leaving = RwSignal::new(false);
    let sign_out = move || {
        leaving.set(true);
        spawn_local(async move {
            match api::session::sign_out().await {
                Ok(elsewhere) => {
                    storage::clear_items();
                    history::load_document(elsewhere.as_deref().unwrap_or(Route::SignIn.address()));
                }
                Err(error) => {
                    leaving.set(false);
                    announcer.alert(error.sentence());
                }
            }
        });
    };
    view! { <Sidebar session=session route=route leaving=leaving on_sign_out=sign_out /> }.into_any()
}

/// Says that no real money moves. Whoever manages billing finds here what the sandbox would send by mail; the server
/// writes that page.
fn render_ribbon(notice: TestMoneyNotice, outbox: Option<&'static str>) -> AnyView {
    view! {
        <aside class="ribbon" aria-label=notice.name()>
            <Icon name=IconName::Flask />{notice.text()}
            {outbox.map(|address| view! { <a href=address rel="external">{texts::app::outbox()}</a> }.into_any())}
        </aside>
    }
    .into_any()
}
