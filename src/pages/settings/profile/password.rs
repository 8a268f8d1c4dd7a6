//! Another password on the word of the present one.

use billing_contract::account::PutPassword;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Saving, field_error, render_failure, render_submit};
use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::field::TextField;
use crate::ui::panel::Panel;

pub(super) fn render_panel() -> AnyView {
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let saving = ErasedSignal::new(Saving::Idle);
    let announcer = use_announcer();
    let save = move || {
        if matches!(*saving.read_untracked(), Saving::Busy) {
            return;
        }
        saving.set(Saving::Busy);
        let form = PutPassword { current: current.get_untracked(), new: new.get_untracked() };
        spawn_local(async move {
            match api::me::change_password(&form).await {
                Ok(()) => {
                    current.set(String::new());
                    new.set(String::new());
                    saving.set(Saving::Saved);
                    announcer.say(texts::organization::saved());
                }
                Err(error) => saving.set(Saving::Failed(error)),
            }
        });
    };
    view! {
        <Panel heading=texts::profile::password() class="narrow">
            <form
                class="form"
                method="post"
                novalidate
                on:submit=move |event| {
                    event.prevent_default();
                    save();
                }
            >
                {render_failure(saving)}
                <TextField label=texts::profile::current_password() value=current name="current" kind="password" autocomplete="current-password" error=field_error(saving, "/current") />
                <TextField label=texts::reset::password() value=new name="new" kind="password" autocomplete="new-password" hint=texts::reset::hint() error=field_error(saving, "/new") />
                {render_submit(saving, texts::profile::change_password())}
                <p class="muted small">{texts::profile::password_ends()}</p>
            </form>
        </Panel>
    }
    .into_any()
}
