//! Connecting a card through Stripe's own form: the number goes from a frame of Stripe's to Stripe, and never to us.

use std::rc::Rc;

use billing_contract::card::{Card, CardSetup, CardSetupStatus, CreateCardSetup};
use billing_contract::session::StripePage;
use billing_contract::top_up::NextAction;
use leptos::prelude::*;

use super::{ASK_MILLISECONDS, CONSENT, Consent, describe_error};
use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::platform::stripe::{CardForm, NotLoaded};
use crate::platform::{task, timers};
use crate::shared::notice::TestMoneyNotice;
use crate::shared::words::{consent_wording, decline_text};
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::retry::Retry;
use crate::ui::skeleton::Skeleton;

/// Where Stripe puts its frame; nothing of ours is ever inside.
const PLACE_ID: &str = "stripe-card-form";

#[derive(Clone, Debug, PartialEq, Eq)]
enum StripeStage {
    /// The form is on its way; what went wrong before.
    Loading(Option<String>),
    /// It did not come, and why.
    Missing(String),
    /// The fields are being filled in; what went wrong before.
    Filling(Option<String>),
    /// Stripe and the bank are asked.
    Sending,
}

/// A form that is shown, and the set-up that it is for.
#[derive(Clone)]
struct MountedForm {
    form: Rc<CardForm>,
    setup_id: String,
}

/// Everything that a task of this form needs.
#[derive(Clone, Copy)]
struct StripeSetup {
    live: LiveWallet,
    stripe: &'static StripePage,
    stage: ErasedSignal<StripeStage>,
    shown: StoredValue<Option<MountedForm>, LocalStorage>,
    on_connected: Callback<(Card,)>,
}

/// Stripe's form, what the person agrees to, the button.
#[component]
pub(super) fn StripeForm(
    live: LiveWallet,
    stripe: &'static StripePage,
    /// What the page says while no real money moves.
    notice: Option<TestMoneyNotice>,
    /// The card is connected.
    on_connected: Callback<(Card,)>,
    /// Back to where one came from.
    on_back: Callback<()>,
    note: &'static str,
) -> AnyView {
    let context = StripeSetup {
        live,
        stripe,
        stage: ErasedSignal::new(StripeStage::Loading(None)),
        shown: StoredValue::new_local(None),
        on_connected,
    };
    let work = StoredValue::new_local(None);
    let load = move || work.set_value(Some(task::spawn_task(load_form(context, None))));
    // The place must be in the document first.
    dynamic::effect(load);
    on_cleanup(move || {
        drop(work.try_update_value(Option::take));
        drop(context.shown.try_update_value(Option::take));
    });
    let stage = context.stage;
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let (StripeStage::Filling(_), Some(shown)) = (&*stage.read_untracked(), context.shown.get_value()) {
            work.set_value(Some(task::spawn_task(confirm_setup(context, shown))));
        }
    };
    let busy = dynamic::memo(move || *stage.read() == StripeStage::Sending);
    let waits = dynamic::memo(move || !matches!(*stage.read(), StripeStage::Filling(_) | StripeStage::Sending));
    let above = move || match stage.get() {
        StripeStage::Loading(None) => view! { <Skeleton lines=4 /> }.into_any(),
        StripeStage::Missing(reason) => view! {
            <Banner tone=Tone::Warn title=texts::connect_card::form_missing() alert=true>
                <p>{reason}</p>
                <Retry on_press=load />
            </Banner>
        }
        .into_any(),
        StripeStage::Loading(Some(reason)) | StripeStage::Filling(Some(reason)) => view! {
            <Banner tone=Tone::Stop title=texts::connect_card::failed() alert=true><p>{reason}</p></Banner>
        }
        .into_any(),
        StripeStage::Filling(None) | StripeStage::Sending => ().into_any(),
    };
    let notice = notice.map(|notice| {
        view! { <p class="sandbox-note small"><Icon name=IconName::Flask />{notice.sentence()}</p> }
    });
    let label = move || if busy.get() { texts::connect_card::busy() } else { texts::connect_card::submit() };
    view! {
        <form class="form" novalidate=true on:submit=send>
            {notice}
            {dynamic::view(above)}
            <div id=PLACE_ID></div>
            <Consent note=note />
            <div class="buttons end">
                <Button on_press=on_back>{texts::ui::back()}</Button>
                <Button style=ButtonStyle::Primary submit=true busy=busy unavailable=waits>{dynamic::view(label)}</Button>
            </div>
        </form>
    }
    .into_any()
}

/// Begins a set-up and shows the form for it; `refused` is why the last one ended.
async fn load_form(context: StripeSetup, refused: Option<String>) {
    let StripeSetup { stripe, stage, shown, .. } = context;
    drop(shown.try_update_value(Option::take));
    stage.set(StripeStage::Loading(refused.clone()));
    let asked = CreateCardSetup { token: String::new(), exp_month: 0, exp_year: 0, consent: consent_wording(CONSENT) };
    let next = match await_secret(api::cards::create_setup(&asked).await).await {
        Ok((setup_id, secret)) => {
            match CardForm::show(&stripe.publishable_key, &secret, PLACE_ID, &stripe.script_url).await {
                Ok(form) => {
                    shown.set_value(Some(MountedForm { form: Rc::new(form), setup_id }));
                    StripeStage::Filling(refused)
                }
                Err(NotLoaded) => StripeStage::Missing(texts::connect_card::form_missing_next().to_owned()),
            }
        }
        Err(reason) => StripeStage::Missing(reason),
    };
    stage.set(next);
}

/// The set-up's id, and the secret by which the form knows it.
async fn await_secret(mut answer: Result<CardSetup, api::ApiError>) -> Result<(String, String), String> {
    while let Ok(CardSetup { id, status: CardSetupStatus::Pending, .. }) = &answer {
        timers::sleep(ASK_MILLISECONDS).await;
        answer = api::cards::check_setup(id).await;
    }
    match answer {
        Ok(CardSetup { id, next_action: Some(NextAction::BrowserScript { client_secret, .. }), .. }) => {
            Ok((id, client_secret))
        }
        Ok(setup) => Err(setup
            .decline
            .map_or_else(|| texts::connect_card::no_form().to_owned(), |decline| decline_text(&decline))),
        Err(error) => Err(describe_error(&error)),
    }
}

/// Hands the form to Stripe, then asks the server what is true until that is known.
async fn confirm_setup(context: StripeSetup, MountedForm { form, setup_id }: MountedForm) {
    let StripeSetup { live, stage, shown, on_connected, .. } = context;
    stage.set(StripeStage::Sending);
    if let Err(reason) = form.confirm().await {
        // The same form and set-up take another card.
        let reason = reason.unwrap_or_else(|| texts::connect_card::provider_missing().to_owned());
        return stage.set(StripeStage::Filling(Some(reason)));
    }
    drop(form);
    loop {
        match api::cards::check_setup(&setup_id).await {
            Ok(CardSetup { status: CardSetupStatus::Succeeded, card: Some(card), wallet, .. }) => {
                live.apply_answered_wallet(wallet);
                drop(shown.try_update_value(Option::take));
                return on_connected.run((card,));
            }
            Ok(CardSetup { status: CardSetupStatus::Succeeded | CardSetupStatus::Failed, decline, .. }) => {
                let reason = decline.map(|decline| decline_text(&decline));
                let reason = reason.unwrap_or_else(|| texts::connect_card::refused().to_owned());
                return load_form(context, Some(reason)).await;
            }
            Err(error) if !error.leaves_outcome_open() => {
                return stage.set(StripeStage::Missing(describe_error(&error)));
            }
            // Not known yet, or the answer got lost.
            Ok(_) | Err(_) => timers::sleep(ASK_MILLISECONDS).await,
        }
    }
}
