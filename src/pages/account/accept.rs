//! Coming into an organization by an invitation: with a new account, or with the one that there is.

use billing_contract::ProblemCode;
use billing_contract::invitation::{AcceptInvitation, ResolvedInvitation};
use leptos::prelude::*;

use leptos::task::spawn_local;

use super::{Sending, field_error, is_busy, render_page, render_sign_in, render_without_token, send_once, take_token};
use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::platform::{history, language};
use crate::routes::Route;
use crate::shared::words::role_word;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::lazy::split;
use crate::ui::skeleton::Skeleton;

split!(account: pub(crate) fn page() => make_page);

/// What is typed in.
#[derive(Clone, Copy)]
struct AcceptForm {
    name: RwSignal<String>,
    password: RwSignal<String>,
    otp: RwSignal<String>,
    /// Once the password was right of somebody who has a second factor.
    asks_code: RwSignal<bool>,
}

/// The page, whose code is loaded when it is shown.
fn make_page() -> AnyView {
    let Some(token) = take_token() else {
        return render_without_token(texts::places::accept(), render_without());
    };
    let text = || RwSignal::new(String::new());
    let form = AcceptForm { name: text(), password: text(), otp: text(), asks_code: RwSignal::new(false) };
    let invitation = ErasedSignal::new(None::<ResolvedInvitation>);
    let sending = ErasedSignal::new(Sending::Idle);
    let asked = token.clone();
    spawn_local(async move {
        match api::invitations::resolve_invitation(asked).await {
            Ok(resolved) => invitation.set(Some(resolved)),
            Err(error) => sending.set(Sending::Failed(error)),
        }
    });
    let send = move || {
        let code = form.otp.get_untracked().trim().to_owned();
        let request = AcceptInvitation {
            token: token.clone(),
            name: form.name.get_untracked().trim().to_owned(),
            password: form.password.get_untracked(),
            otp: (!code.is_empty()).then_some(code),
            locale: Some(language::language_code()),
        };
        send_once(sending, async move {
            let answer = api::invitations::accept_invitation(&request).await;
            if answer.as_ref().is_err_and(|error| error.code() == Some(ProblemCode::SecondFactorRequired)) {
                form.asks_code.set(true);
            }
            answer?;
            // A new document brings everything that they may see, and nothing of whoever was signed in before.
            history::load_document(Route::Billing.address());
            Ok(Sending::Busy)
        });
    };
    let body = move || {
        let send = send.clone();
        dynamic::view(move || match invitation.get() {
            Some(invitation) => render_form(invitation, form, sending, send.clone()),
            None => view! { <Skeleton /> }.into_any(),
        })
        .into_any()
    };
    render_page(texts::places::accept(), sending, body, render_without, || ().into_any())
}

/// What somebody without a link that works can do.
fn render_without() -> AnyView {
    view! {
        <p>{texts::accept::no_link()}</p>
        {render_sign_in()}
    }
    .into_any()
}

fn render_form(
    invitation: ResolvedInvitation,
    form: AcceptForm,
    sending: ErasedSignal<Sending>,
    send: impl Fn() + Send + 'static,
) -> AnyView {
    let ResolvedInvitation { organization, email, role, invited_by, has_account } = invitation;
    let email = RwSignal::new(email);
    let fields = if has_account {
        view! {
            <p>{texts::accept::has_account()}</p>
            <TextField label=texts::sign_in::email() value=email name="email" kind="email" autocomplete="username" read_only=true />
            <TextField label=texts::sign_in::password() value=form.password name="password" kind="password" autocomplete="current-password" error=field_error(sending, "/password") required=true />
            {dynamic::view(move || form.asks_code.get().then(|| view! {
                <TextField label=texts::second_factor::code() value=form.otp name="otp" autocomplete="one-time-code" hint=texts::second_factor::code_hint() />
            }))}
        }
        .into_any()
    } else {
        view! {
            <TextField label=texts::setup::name() value=form.name name="name" autocomplete="name" error=field_error(sending, "/name") required=true />
            <TextField label=texts::sign_in::email() value=email name="email" kind="email" autocomplete="username" read_only=true />
            <TextField label=texts::reset::password() value=form.password name="password" kind="password" autocomplete="new-password" hint=texts::reset::hint() error=field_error(sending, "/password") required=true />
        }
        .into_any()
    };
    view! {
        <p>{texts::accept::invites(&invited_by, &organization, role_word(role))}</p>
        <form
            class="form"
            method="post"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            {fields}
            <Button style=ButtonStyle::Primary submit=true busy=is_busy(sending)>{texts::accept::submit()}</Button>
        </form>
    }
    .into_any()
}
