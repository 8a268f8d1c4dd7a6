//! Who are you? Afterwards one is where one wanted to go.

use billing_contract::ProblemCode;
use billing_contract::session::{DemoSignIn, Service, SignIn};
use billing_contract::sign_in::{SignInProblem, SignInProvider};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::platform::signal::ErasedProp;
use crate::platform::{focus, history, timers};
use crate::routes::Route;
use crate::shared::brand::BrandMark;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::lazy::split;

split!(plain: pub(crate) fn page(service: Service, destination: ErasedProp<String>) => make_page);

/// The page, whose code is loaded when it is shown.
fn make_page(service: Service, destination: ErasedProp<String>) -> AnyView {
    view! { <SignInPage service=service destination=destination /> }.into_any()
}

/// The sign-in form. A demo server offers its people as buttons.
#[component]
fn SignInPage(
    /// What everybody may know about the server.
    service: Service,
    /// Where to go afterwards.
    #[prop(into)]
    destination: Signal<String>,
) -> AnyView {
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // Once the password was right of somebody who has a second factor, their code is asked for.
    let (otp, wants_code) = (RwSignal::new(String::new()), RwSignal::new(false));
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(provider_problem(&service.sign_in_providers));
    let sign_in = move |who: SignIn| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::session::sign_in(&who).await {
                // A new document brings everything the session may see in its first bytes, and nothing of before.
                Ok(_) => history::load_document(&destination.get_untracked()),
                Err(error) => {
                    busy.set(false);
                    failure.set(Some(error.sentence()));
                    let asked = error.code() == Some(ProblemCode::SecondFactorRequired);
                    if asked && !wants_code.get_untracked() {
                        wants_code.set(true);
                        // The field is there after the page has been drawn.
                        timers::sleep(0).await;
                    }
                    focus::focus_id(if asked { "otp" } else { "password" });
                }
            }
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let code = otp.get_untracked().trim().to_owned();
        sign_in(SignIn {
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
            otp: (!code.is_empty()).then_some(code),
        });
    };
    let (demo, providers) = (service.demo_sign_ins, service.sign_in_providers);
    view! {
        <section class="sign-in">
            <BrandMark />
            <h1>{texts::sign_in::heading()}</h1>
            {service.setup.then(|| view! {
                <Banner tone=Tone::Warn title=texts::setup::needed()><p>{texts::setup::needed_next()}</p></Banner>
            })}
            {dynamic::view(move || failure.get().map(|text| view! { <Banner tone=Tone::Stop title=text alert=true /> }))}
            <form class="form" method="post" on:submit=submit>
                <TextField label=texts::sign_in::email() value=email name="email" id="email" kind="email" autocomplete="username" required=true />
                <TextField
                    label=texts::sign_in::password()
                    value=password
                    name="password"
                    id="password"
                    kind="password"
                    autocomplete="current-password"
                    required=true
                />
                {dynamic::view(move || wants_code.get().then(|| view! {
                    <TextField label=texts::second_factor::code() value=otp name="otp" id="otp" autocomplete="one-time-code" hint=texts::second_factor::code_hint() />
                }))}
                <Button style=ButtonStyle::Primary submit=true busy=busy>{texts::sign_in::submit()}</Button>
            </form>
            {(!providers.is_empty()).then(|| provider_links(providers, destination))}
            <p class="small"><a href=Route::Reset.address() rel="external">{texts::reset::forgotten()}</a></p>
            {(!demo.is_empty()).then(|| demo_people(demo, sign_in))}
        </section>
    }
    .into_any()
}

/// Plain links: the browser itself goes to the provider and comes back.
fn provider_links(providers: Vec<SignInProvider>, destination: Signal<String>) -> AnyView {
    let each = move |provider: SignInProvider| {
        let SignInProvider { name, label } = provider;
        let address = move || api::session::provider_address(&name, false, &destination.get());
        view! { <a class="button" href=address rel="external">{texts::sign_in::provider(&label)}</a> }
    };
    view! { <div class="sign-in-providers">{providers.into_iter().map(each).collect_view()}</div> }.into_any()
}

/// Why a provider has signed nobody in, as the address says.
fn provider_problem(providers: &[SignInProvider]) -> Option<String> {
    let query = history::current_query();
    let value = |name: &str| query.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix(name));
    let problem = SignInProblem::from_code(value("problem=")?)?;
    // Only those that there are: an address must not put words into our mouth.
    let name = value("provider=")?;
    let SignInProvider { label, .. } = providers.iter().find(|provider| provider.name == name)?;
    Some(match problem {
        SignInProblem::Unavailable => texts::sign_in::provider_unavailable(label),
        SignInProblem::Refused => texts::sign_in::provider_refused(label),
        SignInProblem::NoAccess => texts::sign_in::provider_no_access(label),
        SignInProblem::Expired => texts::sign_in::provider_expired().to_owned(),
    })
}

fn demo_people(people: Vec<DemoSignIn>, sign_in: impl Fn(SignIn) + Copy + Send + Sync + 'static) -> AnyView {
    let each = move |person: DemoSignIn| {
        let DemoSignIn { label, translation, email, password } = person;
        let label = texts::translate_sentence(&label, translation.as_deref());
        let shown = email.clone();
        let press = move || sign_in(SignIn { email: email.clone(), password: password.clone(), otp: None });
        view! { <Button on_press=press><span>{label}</span><span class="muted small">{shown}</span></Button> }
    };
    view! {
        <div class="sign-in-demo" role="group" aria-labelledby="demo-people">
            <h2 id="demo-people">{texts::sign_in::demo()}</h2>
            {people.into_iter().map(each).collect_view()}
        </div>
    }
    .into_any()
}
