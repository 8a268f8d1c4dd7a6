//! Taking somebody out of the organization, or leaving it: says what that means first.

use billing_contract::member::Member;
use billing_contract::session::Session;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::platform::history;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::routes::Route;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle, named_label};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;

/// The button in a member's row.
pub(super) fn render_button(member: &Member, own: bool, leaving: ErasedSignal<Option<Member>>) -> AnyView {
    let (word, full) = if own {
        (texts::members::leave(), texts::members::leave().to_owned())
    } else {
        (texts::members::remove(), texts::members::remove_named(&member.name))
    };
    let member = member.clone();
    view! {
        <Button style=ButtonStyle::Quiet on_press=move || leaving.set(Some(member.clone()))>{named_label(word, full)}</Button>
    }
    .into_any()
}

/// The dialog, open while somebody is about to go.
pub(super) fn render_question(
    session: ErasedSignal<Session>,
    members: ErasedSignal<Vec<Member>>,
    leaving: ErasedSignal<Option<Member>>,
) -> AnyView {
    let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<String>);
    let announcer = use_announcer();
    dynamic::effect(move || open.set(leaving.read().is_some()));
    let is_own = move |member: &Member| member.id == session.read_untracked().user.id;
    let confirm = move || {
        let Some(member) = leaving.get_untracked() else { return };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::members::remove_member(&member.id).await {
                // The session is over: another document, and another organization where there is one.
                Ok(()) if is_own(&member) => history::load_document(Route::SignIn.address()),
                Ok(()) => {
                    members.update(|all| all.retain(|one| one.id != member.id));
                    announcer.say(texts::members::was_removed(&member.name));
                    leaving.set(None);
                }
                Err(error) => failure.set(Some(error.sentence())),
            }
            busy.set(false);
        });
    };
    let closed = move || {
        leaving.set(None);
        failure.set(None);
    };
    let words = move || {
        let organization = session.read_untracked().organization.name.clone();
        (*leaving.read()).as_ref().map(|member| {
            if is_own(member) {
                let question = texts::members::leave_question(&organization);
                (question, texts::members::leave_means(), texts::members::leave())
            } else {
                let question = texts::members::remove_question(&member.name, &organization);
                (question, texts::members::remove_means(), texts::members::remove())
            }
        })
    };
    let heading = ErasedProp::derive(move || words().map(|(question, ..)| question).unwrap_or_default());
    view! {
        <Dialog open=open heading=heading locked=busy on_close=closed>
            <div class="form">
                {dynamic::view(move || failure.get().map(|text| view! { <Banner tone=Tone::Warn title=text alert=true /> }))}
                <p>{dynamic::view(move || words().map(|(_, meaning, _)| meaning))}</p>
                <div class="buttons end">
                    <Button on_press=move || open.set(false)>{texts::ui::cancel()}</Button>
                    <Button style=ButtonStyle::Danger busy=busy on_press=confirm>
                        {dynamic::view(move || words().map(|(.., word)| word))}
                    </Button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
