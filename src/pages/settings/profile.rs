//! The Profile tab: what people see to themselves, whatever their role.

mod organizations;
mod password;
mod second_factor;
mod sessions;

use billing_contract::account::{Profile, PutProfile};
use billing_contract::session::Session;
use billing_domain::SessionKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::lazy::split;
use crate::ui::panel::{LoadState, Panel};
use crate::ui::select::{Choice, Select};

split!(settings: pub(super) fn tab(session: ErasedSignal<Session>) => make_tab);

/// How far a form has come.
#[derive(Clone, Debug, Default)]
enum Saving {
    #[default]
    Idle,
    Busy,
    Saved,
    Failed(ApiError),
}

/// What is wrong with the field at this JSON pointer.
fn field_error(saving: ErasedSignal<Saving>, pointer: &'static str) -> ErasedProp<Option<String>> {
    ErasedProp::derive(move || match &*saving.read() {
        Saving::Failed(error) => error.field(pointer),
        _ => None,
    })
}

/// A failure that concerns no field.
fn render_failure(saving: ErasedSignal<Saving>) -> AnyView {
    dynamic::view(move || match &*saving.read() {
        Saving::Failed(error) if error.problem().is_none_or(|problem| problem.errors.is_empty()) => {
            view! { <Banner tone=Tone::Warn title=error.sentence() alert=true /> }.into_any()
        }
        _ => ().into_any(),
    })
    .into_any()
}

/// The button of a form, and beside it that it was saved.
fn render_submit(saving: ErasedSignal<Saving>, text: &'static str) -> AnyView {
    let busy = ErasedProp::derive(move || matches!(*saving.read(), Saving::Busy));
    view! {
        <div class="row">
            <Button style=ButtonStyle::Primary submit=true busy=busy>{text}</Button>
            {dynamic::view(move || matches!(*saving.read(), Saving::Saved).then(|| view! { <span class="saved">{texts::organization::saved()}</span> }))}
        </div>
    }
    .into_any()
}

/// The tab, whose code is loaded when it is shown.
fn make_tab(session: ErasedSignal<Session>) -> AnyView {
    let (name, locale) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (email, pending) = (RwSignal::new(String::new()), RwSignal::new(None::<String>));
    let second_factor = RwSignal::new(None::<bool>);
    let load = ErasedSignal::new(LoadState::Loading);
    let fill = move |profile: Profile| {
        name.set(profile.name);
        email.set(profile.email);
        pending.set(profile.pending_email);
        second_factor.set(Some(profile.second_factor));
        locale.set(profile.locale.unwrap_or_default());
    };
    let fetch = move || {
        load.set(LoadState::Loading);
        spawn_local(async move {
            match api::me::fetch_profile().await {
                Ok(profile) => {
                    fill(profile);
                    load.set(LoadState::Ready);
                }
                Err(error) => load.set(LoadState::Failed(error.sentence())),
            }
        });
    };
    fetch();
    // Whoever signs in elsewhere has address, password and second factor there.
    let has_password = session.read_untracked().kind == SessionKind::Password;
    let saving = ErasedSignal::new(Saving::Idle);
    let announcer = use_announcer();
    let save = move || {
        if matches!(*saving.read_untracked(), Saving::Busy) {
            return;
        }
        saving.set(Saving::Busy);
        let language = locale.get_untracked();
        let form = PutProfile {
            name: name.get_untracked().trim().to_owned(),
            locale: (!language.is_empty()).then_some(language),
            // The present one is no change.
            email: has_password.then(|| email.get_untracked().trim().to_owned()),
        };
        spawn_local(async move {
            match api::me::save_profile(&form).await {
                Ok(saved) => {
                    session.update(|session| session.user.name.clone_from(&saved.name));
                    fill(saved);
                    saving.set(Saving::Saved);
                    announcer.say(texts::organization::saved());
                }
                Err(error) => saving.set(Saving::Failed(error)),
            }
        });
    };
    view! {
        <Panel heading=texts::places::profile() load=load on_retry=fetch class="narrow">
            <form
                class="form"
                novalidate
                on:submit=move |event| {
                    event.prevent_default();
                    save();
                }
            >
                {render_failure(saving)}
                <TextField label=texts::profile::name() value=name name="person" autocomplete="name" error=field_error(saving, "/name") />
                <TextField label=texts::profile::email() value=email name="email" kind="email" autocomplete="email" read_only=!has_password hint=texts::profile::email_hint() error=field_error(saving, "/email") />
                {dynamic::view(move || pending.get().map(|email| view! {
                    <Banner tone=Tone::Warn title=texts::profile::email_pending(&email) />
                }))}
                {render_language(locale)}
                {render_submit(saving, texts::organization::save())}
            </form>
        </Panel>
        {password::render_panel()}
        {has_password.then(|| second_factor::render_panel(second_factor))}
        {sessions::render_panel()}
        {organizations::render_panel()}
    }
    .into_any()
}

/// The language of mails; without a choice it is the organization's.
fn render_language(locale: RwSignal<String>) -> AnyView {
    let own = texts::LANGUAGES.iter().map(|(code, name)| Choice::new(*code, *name));
    let mut choices: Vec<_> =
        [Choice::new("", texts::profile::language_of_organization())].into_iter().chain(own).collect();
    // A tag that was set elsewhere stays what it is.
    let present = locale.get_untracked();
    if choices.iter().all(|choice| choice.value != present) {
        choices.push(Choice::new(present.clone(), present));
    }
    view! {
        <Select label=texts::profile::language() value=locale choices=choices on_choose=move |chosen: String| locale.set(chosen) name="locale" />
    }
    .into_any()
}
