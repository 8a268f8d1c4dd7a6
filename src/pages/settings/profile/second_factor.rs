//! The second factor: set up with an app, confirmed by its code, switched off on the word of the password and a code.

use billing_contract::second_factor::NewSecondFactor;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Saving, field_error, render_failure};
use crate::api;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::panel::Panel;
use crate::ui::qr::Qr;

/// How far it has come.
#[derive(Clone, Default)]
enum Stage {
    /// As the profile says.
    #[default]
    Settled,
    /// The secret is shown; nothing is asked for yet.
    Begun(Box<NewSecondFactor>),
    /// It was just switched on; the recovery codes are shown this once.
    Confirmed(Vec<String>),
}

/// What the panel works with.
#[derive(Clone, Copy)]
struct FactorForm {
    /// Whether it is on; `None` until the profile is there.
    on: RwSignal<Option<bool>>,
    stage: ErasedSignal<Stage>,
    saving: ErasedSignal<Saving>,
    code: RwSignal<String>,
    password: RwSignal<String>,
}

impl FactorForm {
    /// Runs one call at a time.
    fn run(self, call: impl Future<Output = Result<(), api::ApiError>> + 'static) {
        if matches!(*self.saving.read_untracked(), Saving::Busy) {
            return;
        }
        self.saving.set(Saving::Busy);
        spawn_local(async move {
            match call.await {
                Ok(()) => {
                    self.code.set(String::new());
                    self.password.set(String::new());
                    self.saving.set(Saving::Idle);
                }
                Err(error) => self.saving.set(Saving::Failed(error)),
            }
        });
    }

    fn is_busy(self) -> ErasedProp<bool> {
        ErasedProp::derive(move || matches!(*self.saving.read(), Saving::Busy))
    }
}

/// The panel. `on`: what the profile says.
pub(super) fn render_panel(on: RwSignal<Option<bool>>) -> AnyView {
    let form = FactorForm {
        on,
        stage: ErasedSignal::new(Stage::Settled),
        saving: ErasedSignal::new(Saving::Idle),
        code: RwSignal::new(String::new()),
        password: RwSignal::new(String::new()),
    };
    let body = move || match (form.stage.get(), form.on.get()) {
        (Stage::Begun(begun), _) => render_begun(*begun, form),
        (Stage::Confirmed(codes), _) => render_codes(codes),
        (Stage::Settled, Some(true)) => render_on(form),
        (Stage::Settled, Some(false)) => render_off(form),
        (Stage::Settled, None) => ().into_any(),
    };
    view! {
        <Panel heading=texts::second_factor::heading() class="narrow">
            {render_failure(form.saving)}
            {dynamic::view(body)}
        </Panel>
    }
    .into_any()
}

fn render_off(form: FactorForm) -> AnyView {
    let begin = move || {
        form.run(async move {
            form.stage.set(Stage::Begun(Box::new(api::me::begin_second_factor().await?)));
            Ok(())
        });
    };
    view! {
        <p>{texts::second_factor::off()}</p>
        <div class="row"><Button busy=form.is_busy() on_press=begin>{texts::second_factor::begin()}</Button></div>
    }
    .into_any()
}

fn render_begun(begun: NewSecondFactor, form: FactorForm) -> AnyView {
    let NewSecondFactor { secret, qr, .. } = begun;
    let secret = RwSignal::new(secret);
    let announcer = use_announcer();
    let confirm = move || {
        form.run(async move {
            let confirmed = api::me::confirm_second_factor(form.code.get_untracked().trim().to_owned()).await?;
            form.on.set(Some(true));
            form.stage.set(Stage::Confirmed(confirmed.codes));
            announcer.say(texts::second_factor::is_on());
            Ok(())
        });
    };
    view! {
        <form
            class="form"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                confirm();
            }
        >
            <p>{texts::second_factor::scan()}</p>
            <div class="payment-link-code"><Qr size=qr.size path=qr.path label=texts::second_factor::qr() /></div>
            <TextField label=texts::second_factor::secret() value=secret read_only=true />
            <TextField label=texts::second_factor::code() value=form.code kind="text" input_mode="numeric" autocomplete="one-time-code" error=field_error(form.saving, "/code") required=true />
            <div class="row">
                <Button style=ButtonStyle::Primary submit=true busy=form.is_busy()>{texts::second_factor::confirm()}</Button>
                <Button on_press=move || form.stage.set(Stage::Settled)>{texts::ui::cancel()}</Button>
            </div>
        </form>
    }
    .into_any()
}

fn render_codes(codes: Vec<String>) -> AnyView {
    view! {
        <Banner tone=Tone::Good title=texts::second_factor::is_on()><p>{texts::second_factor::keep()}</p></Banner>
        <ul class="stack" aria-label=texts::second_factor::recovery()>
            {codes.into_iter().map(|code| view! { <li><code translate="no">{code}</code></li> }).collect_view()}
        </ul>
    }
    .into_any()
}

fn render_on(form: FactorForm) -> AnyView {
    let announcer = use_announcer();
    let disable = move || {
        form.run(async move {
            let (password, code) = (form.password.get_untracked(), form.code.get_untracked());
            api::me::remove_second_factor(password, code.trim().to_owned()).await?;
            form.on.set(Some(false));
            announcer.say(texts::second_factor::is_off());
            Ok(())
        });
    };
    view! {
        <form
            class="form"
            method="post"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                disable();
            }
        >
            <p>{texts::second_factor::on()}</p>
            <TextField label=texts::profile::current_password() value=form.password kind="password" autocomplete="current-password" error=field_error(form.saving, "/password") required=true />
            <TextField label=texts::second_factor::code() value=form.code autocomplete="one-time-code" hint=texts::second_factor::code_hint() error=field_error(form.saving, "/code") required=true />
            <div class="row"><Button style=ButtonStyle::Danger submit=true busy=form.is_busy()>{texts::second_factor::disable()}</Button></div>
        </form>
    }
    .into_any()
}
