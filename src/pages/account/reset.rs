//! Choosing a password by a link: the first one, or another one instead of a forgotten one.

use leptos::prelude::*;

use super::{Sending, field_error, is_busy, render_page, render_sign_in, send_once, take_token};
use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::routes::Route;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::field::TextField;
use crate::ui::lazy::split;

split!(account: pub(crate) fn page() => make_page);

/// The page, whose code is loaded when it is shown.
fn make_page() -> AnyView {
    let Some(token) = take_token() else { return make_request_page() };
    let password = RwSignal::new(String::new());
    let sending = ErasedSignal::new(Sending::Idle);
    let send = move || {
        let token = token.clone();
        send_once(sending, async move {
            api::account::complete_password_reset(token, password.get_untracked()).await.map(|()| Sending::Done)
        });
    };
    render_page(
        texts::reset::heading(),
        sending,
        move || render_form(password, sending, send.clone()),
        render_without,
        render_done,
    )
}

/// For whoever has forgotten theirs: a mail with a link.
fn make_request_page() -> AnyView {
    let email = RwSignal::new(String::new());
    let sending = ErasedSignal::new(Sending::Idle);
    let send = move || {
        send_once(sending, async move {
            let email = email.get_untracked().trim().to_owned();
            api::account::request_password_reset(email).await.map(|()| Sending::Done)
        });
    };
    render_page(
        texts::reset::forgotten(),
        sending,
        move || render_request(email, sending, send),
        render_without,
        || {
            view! {
            <Banner tone=Tone::Good title=texts::reset::asked() alert=true><p>{texts::reset::asked_next()}</p></Banner>
            {render_sign_in()}
        }
        .into_any()
        },
    )
}

fn render_request(
    email: RwSignal<String>,
    sending: ErasedSignal<Sending>,
    send: impl Fn() + Send + 'static,
) -> AnyView {
    view! {
        <p>{texts::reset::request_intro()}</p>
        <form
            class="form"
            method="post"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <TextField label=texts::sign_in::email() value=email name="email" kind="email" autocomplete="username" error=field_error(sending, "/email") required=true />
            <Button style=ButtonStyle::Primary submit=true busy=is_busy(sending)>{texts::reset::request()}</Button>
        </form>
        {render_sign_in()}
    }
    .into_any()
}

/// What somebody without a link that works can do.
fn render_without() -> AnyView {
    view! {
        <p>{texts::reset::no_link()}</p>
        <p><a href=Route::Reset.address() rel="external">{texts::reset::ask_again()}</a></p>
        {render_sign_in()}
    }
    .into_any()
}

fn render_done() -> AnyView {
    view! {
        <Banner tone=Tone::Good title=texts::reset::done() alert=true />
        {render_sign_in()}
    }
    .into_any()
}

fn render_form(
    password: RwSignal<String>,
    sending: ErasedSignal<Sending>,
    send: impl Fn() + Send + 'static,
) -> AnyView {
    view! {
        <form
            class="form"
            method="post"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <TextField label=texts::reset::password() value=password name="password" kind="password" autocomplete="new-password" hint=texts::reset::hint() error=field_error(sending, "/password") required=true />
            <Button style=ButtonStyle::Primary submit=true busy=is_busy(sending)>{texts::reset::submit()}</Button>
        </form>
    }
    .into_any()
}
