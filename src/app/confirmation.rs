//! Asks for the password, or for signing in at the identity provider once more, where the server wants it again, whichever request that was: the request goes on with it as it was.

use std::cell::RefCell;
use std::rc::Rc;

use billing_contract::session::{Service, Session};
use billing_contract::sign_in::SignInProvider;
use billing_domain::SessionKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::platform::oneshot::{OneshotSender, oneshot_channel};
use crate::platform::{focus, timers};
use crate::routes::Route;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::field::TextField;

/// Requests that wait for the person.
type PendingReplies = Rc<RefCell<Vec<OneshotSender<bool>>>>;

const FIELD: &str = "confirm-password";
const LINK: &str = "confirm-provider";

/// By what the person proves that it is them.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum IdentityProof {
    /// Their password.
    Password,
    /// Signing in at the identity provider that opened the session.
    Provider(SignInProvider),
}

impl IdentityProof {
    /// `None`: nothing on this page can.
    pub(super) fn of(session: &Session, service: &Service) -> Option<Self> {
        let Some(name) = &session.sign_in_provider else {
            return (session.kind == SessionKind::Password).then_some(Self::Password);
        };
        service.sign_in_providers.iter().find(|provider| provider.name == *name).cloned().map(Self::Provider)
    }

    const fn focused(&self) -> &'static str {
        match self {
            Self::Password => FIELD,
            Self::Provider(_) => LINK,
        }
    }
}

/// The dialog, closed. From now on it opens whenever a request needs it.
pub(super) fn render_confirmation(proof: IdentityProof) -> AnyView {
    let focused = proof.focused();
    let open = RwSignal::new(false);
    let waiting = PendingReplies::default();
    let asked = Rc::clone(&waiting);
    api::client::when_unconfirmed(move || {
        let (giver, answer) = oneshot_channel(false);
        asked.borrow_mut().push(giver);
        open.set(true);
        // The first control of a dialog is its cross; this one has a field to be filled in.
        spawn_local(async move {
            timers::sleep(0).await;
            focus::focus_id(focused);
        });
        Box::pin(answer)
    });
    let waiting = StoredValue::new_local(waiting);
    let answer = move |confirmed: bool| {
        let waiting = waiting.with_value(|waiting| waiting.take());
        for reply in waiting {
            reply.send(confirmed);
        }
    };
    let confirmed = Callback::new(move |()| {
        answer(true);
        open.set(false);
    });
    let given_up = Callback::new(move |()| answer(false));
    let form = move || match proof.clone() {
        IdentityProof::Password => view! { <PasswordForm open=open on_confirmed=confirmed /> }.into_any(),
        IdentityProof::Provider(provider) => render_provider(&provider, open, confirmed),
    };
    view! {
        <Dialog open=open heading=texts::confirmation::heading() on_close=given_up>
            {form()}
        </Dialog>
    }
    .into_any()
}

/// The way to the provider, in a tab of its own: what was entered here stays.
fn render_provider(provider: &SignInProvider, open: RwSignal<bool>, on_confirmed: Callback<()>) -> AnyView {
    let SignInProvider { name, label } = provider;
    let address = api::session::provider_address(name, true, Route::Billing.address());
    view! {
        <div class="stack">
            <p>{texts::confirmation::why_provider(label)}</p>
            <p><a id=LINK href=address target="_blank" rel="external">{texts::confirmation::open_provider(label)}</a></p>
            <div class="buttons end">
                <Button on_press=move || open.set(false)>{texts::ui::cancel()}</Button>
                <Button style=ButtonStyle::Primary on_press=on_confirmed>{texts::confirmation::submit()}</Button>
            </div>
        </div>
    }
    .into_any()
}

/// The password, and what is wrong with it.
#[component]
fn PasswordForm(
    open: RwSignal<bool>,
    /// The server has taken it.
    on_confirmed: Callback<()>,
) -> AnyView {
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        wrong.set(None);
        spawn_local(async move {
            match api::session::confirm_password(password.get_untracked()).await {
                Ok(()) => on_confirmed.run(()),
                Err(error) => {
                    busy.set(false);
                    wrong.set(Some(error.field("/password").unwrap_or_else(|| error.sentence())));
                    focus::focus_id(FIELD);
                }
            }
        });
    };
    view! {
        <form class="stack" method="post" on:submit=submit>
            <p>{texts::confirmation::why()}</p>
            <TextField
                label=texts::sign_in::password()
                value=password
                name="password"
                id=FIELD
                kind="password"
                autocomplete="current-password"
                required=true
                error=wrong
            />
            <div class="buttons end">
                <Button on_press=move || open.set(false)>{texts::ui::cancel()}</Button>
                <Button style=ButtonStyle::Primary submit=true busy=busy>{texts::confirmation::submit()}</Button>
            </div>
        </form>
    }
    .into_any()
}
