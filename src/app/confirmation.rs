//! Asks for the password where the server wants it again, whichever request that was: the request goes on with it as it was.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::platform::oneshot::{OneshotSender, oneshot_channel};
use crate::platform::{focus, timers};
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::field::TextField;

/// Requests that wait for the person.
type PendingReplies = Rc<RefCell<Vec<OneshotSender<bool>>>>;

const FIELD: &str = "confirm-password";

/// The dialog, closed. From now on it opens whenever a request needs it.
pub(super) fn render_confirmation() -> AnyView {
    let open = RwSignal::new(false);
    let waiting = PendingReplies::default();
    let asked = Rc::clone(&waiting);
    api::client::when_unconfirmed(move || {
        let (giver, answer) = oneshot_channel(false);
        asked.borrow_mut().push(giver);
        open.set(true);
        // The first control of a dialog is its cross; this one has a field to be filled in.
        spawn_local(async {
            timers::sleep(0).await;
            focus::focus_id(FIELD);
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
    let form = move || view! { <PasswordForm open=open on_confirmed=confirmed /> };
    view! {
        <Dialog open=open heading=texts::confirmation::heading() on_close=given_up>
            {form()}
        </Dialog>
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
