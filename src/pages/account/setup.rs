//! The first run: whoever has the link in the server's log makes the first organization, and themselves its owner.

use billing_contract::setup::CompleteSetup;
use billing_domain::Currency;
use leptos::prelude::*;

use super::{Sending, field_error, is_busy, render_page, render_sign_in, render_without_token, send_once, take_token};
use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::platform::{history, intl, language};
use crate::routes::Route;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::field::TextField;
use crate::ui::lazy::split;
use crate::ui::select::{Choice, Select};

split!(account: pub(crate) fn page() => make_page);

/// What stands in the form.
#[derive(Clone, Copy)]
struct SetupForm {
    organization: RwSignal<String>,
    name: RwSignal<String>,
    email: RwSignal<String>,
    password: RwSignal<String>,
    time_zone: RwSignal<String>,
    currency: RwSignal<String>,
}

impl SetupForm {
    fn new() -> Self {
        let text = |text: String| RwSignal::new(text);
        Self {
            organization: text(String::new()),
            name: text(String::new()),
            email: text(String::new()),
            password: text(String::new()),
            time_zone: text(intl::browser_zone().unwrap_or_default()),
            currency: text(Currency::Usd.code().to_owned()),
        }
    }

    fn request(self, token: String) -> CompleteSetup {
        let trimmed = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        CompleteSetup {
            token,
            organization: trimmed(self.organization),
            name: trimmed(self.name),
            email: trimmed(self.email),
            password: self.password.get_untracked(),
            time_zone: trimmed(self.time_zone),
            currency: self.currency.get_untracked().parse().unwrap_or(Currency::Usd),
            locale: Some(language::language_code()),
        }
    }
}

/// The page, whose code is loaded when it is shown.
fn make_page() -> AnyView {
    let Some(token) = take_token() else {
        return render_without_token(texts::setup::heading(), render_without());
    };
    let form = SetupForm::new();
    let sending = ErasedSignal::new(Sending::Idle);
    let send = move || {
        let request = form.request(token.clone());
        send_once(sending, async move {
            api::account::complete_setup(&request).await?;
            // A new document brings everything that the owner may see.
            history::load_document(Route::Billing.address());
            Ok(Sending::Busy)
        });
    };
    render_page(
        texts::setup::heading(),
        sending,
        move || render_form(form, sending, send.clone()),
        render_without,
        || ().into_any(),
    )
}

/// What somebody without a link that works can do.
fn render_without() -> AnyView {
    view! {
        <p>{texts::setup::no_link()}</p>
        {render_sign_in()}
    }
    .into_any()
}

fn render_form(form: SetupForm, sending: ErasedSignal<Sending>, send: impl Fn() + Send + 'static) -> AnyView {
    let zones = intl::known_zones().into_iter().map(|zone| view! { <option value=zone></option> }).collect_view();
    let currencies: Vec<_> =
        Currency::ALL.iter().map(|currency| Choice::new(currency.code(), currency.code())).collect();
    view! {
        <p>{texts::setup::intro()}</p>
        <form
            class="form"
            method="post"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <TextField label=texts::setup::organization() value=form.organization name="organization" autocomplete="organization" hint=texts::organization::name_hint() error=field_error(sending, "/organization") required=true />
            <TextField label=texts::setup::name() value=form.name name="name" autocomplete="name" error=field_error(sending, "/name") required=true />
            <TextField label=texts::setup::email() value=form.email name="email" kind="email" autocomplete="username" error=field_error(sending, "/email") required=true />
            <TextField label=texts::reset::password() value=form.password name="password" kind="password" autocomplete="new-password" hint=texts::reset::hint() error=field_error(sending, "/password") required=true />
            <Select label=texts::setup::currency() value=form.currency choices=currencies on_choose=move |chosen: String| form.currency.set(chosen) name="currency" hint=texts::setup::currency_hint() error=field_error(sending, "/currency") />
            <TextField label=texts::organization::time_zone() value=form.time_zone name="time_zone" list="zones" hint=texts::organization::time_zone_hint() error=field_error(sending, "/time_zone") required=true />
            <datalist id="zones">{zones}</datalist>
            <Button style=ButtonStyle::Primary submit=true busy=is_busy(sending)>{texts::setup::submit()}</Button>
        </form>
    }
    .into_any()
}
