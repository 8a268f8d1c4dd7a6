//! Connecting a card by its details. In the sandbox the number becomes a token here, in the browser, and goes nowhere else;
//! with Stripe it is entered in Stripe's own form.

mod stripe_form;

use billing_contract::card::{Card, CardSetup, CardSetupStatus, CreateCardSetup};
use leptos::prelude::*;

use self::stripe_form::StripeForm;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::texts;

use crate::api::{self, ApiError};
use crate::platform::{task, timers};
use crate::shared::bank::SandboxBank;
use crate::shared::card_form::{AcceptedCard, CardFields, CardForm};
use crate::shared::notice::TestMoneyNotice;
use crate::shared::words::{consent_wording, decline_text};
use crate::state::{LiveWallet, use_live};
use crate::ui::announcer::use_announcer;
use crate::ui::dialog::{Dialog, focus_on_change};
use crate::ui::dynamic;
use crate::ui::lazy::{render_lazy, split};

/// The version of the consent text below. A changed text gets a new one.
const CONSENT: &str = "2026-11";
const SCREEN_ID: &str = "connect-card";
/// Between two questions after a setup that takes long.
const ASK_MILLISECONDS: i32 = 1_500;

#[derive(Clone, Debug, PartialEq, Eq)]
enum ConnectStage {
    /// The fields are being filled in; what went wrong before.
    Filling(Option<String>),
    /// The bank is asked.
    Sending,
    /// The cardholder has to confirm the setup with this id.
    Question(String),
    /// The cardholder's answer is on its way.
    Answering(String),
}

/// The form that connects a card, and the bank's question if there is one.
#[component]
pub(super) fn ConnectCard(
    /// The card is connected.
    #[prop(into)]
    on_connected: Callback<(Card,)>,
    /// Back to where one came from.
    #[prop(into)]
    on_back: Callback<()>,
    note: &'static str,
) -> AnyView {
    let Some(live) = use_live() else { return ().into_any() };
    if let Some(stripe) = live.stripe() {
        let notice = TestMoneyNotice::of(&live.service());
        let form = view! { <StripeForm live=live stripe=stripe notice=notice on_connected=on_connected on_back=on_back note=note /> };
        return view! { <div class="connect-card" id=SCREEN_ID tabindex="-1">{form}</div> }.into_any();
    }
    let fields = CardFields::new();
    let stage = ErasedSignal::new(ConnectStage::Filling(None));
    let work = StoredValue::new_local(None);
    let run = move |call: SetupCall| work.set_value(Some(task::spawn_task(run_call(live, call, stage, on_connected))));
    let asks = dynamic::memo(move || matches!(*stage.read(), ConnectStage::Question(_) | ConnectStage::Answering(_)));
    let shown = move || {
        if asks.get() { render_question(stage, run) } else { render_form(live, fields, stage, note, on_back, run) }
    };
    focus_on_change(asks, SCREEN_ID, || true);
    view! { <div class="connect-card" id=SCREEN_ID tabindex="-1">{dynamic::view(shown)}</div> }.into_any()
}

/// What is sent to the bank.
enum SetupCall {
    Begin(CreateCardSetup),
    Answer { setup_id: String, approve: bool },
}

async fn run_call(
    live: LiveWallet,
    call: SetupCall,
    stage: ErasedSignal<ConnectStage>,
    on_connected: Callback<(Card,)>,
) {
    let mut answer = match call {
        SetupCall::Begin(setup) => {
            stage.set(ConnectStage::Sending);
            api::cards::create_setup(&setup).await
        }
        SetupCall::Answer { setup_id, approve } => {
            stage.set(ConnectStage::Answering(setup_id.clone()));
            api::cards::answer_challenge(&setup_id, approve).await
        }
    };
    while let Ok(CardSetup { id, status: CardSetupStatus::Pending, .. }) = &answer {
        timers::sleep(ASK_MILLISECONDS).await;
        answer = api::cards::fetch_setup(id).await;
    }
    match answer.map(|setup| (setup.status, setup)) {
        Ok((CardSetupStatus::ActionRequired, setup)) => stage.set(ConnectStage::Question(setup.id)),
        Ok((CardSetupStatus::Succeeded, CardSetup { card: Some(card), wallet, .. })) => {
            live.apply_answered_wallet(wallet);
            on_connected.run((card,));
        }
        Ok((_, setup)) => {
            let reason = setup.decline.map(|decline| decline_text(&decline));
            show_failure(stage, reason.unwrap_or_else(|| texts::connect_card::refused().to_owned()));
        }
        Err(error) => show_failure(stage, describe_error(&error)),
    }
}

fn show_failure(stage: ErasedSignal<ConnectStage>, reason: String) {
    stage.set(ConnectStage::Filling(Some(reason)));
}

fn describe_error(error: &ApiError) -> String {
    let field = ["/exp_month", "/exp_year", "/token"].iter().find_map(|pointer| error.field(pointer));
    field.unwrap_or_else(|| error.sentence())
}

/// The card's details, and what connecting means.
fn render_form(
    live: LiveWallet,
    fields: CardFields,
    stage: ErasedSignal<ConnectStage>,
    note: &'static str,
    on_back: Callback<()>,
    run: impl Fn(SetupCall) + Copy + Send + Sync + 'static,
) -> AnyView {
    let busy = dynamic::memo(move || *stage.read() == ConnectStage::Sending);
    let refusal = ErasedProp::derive(move || match stage.get() {
        ConnectStage::Filling(Some(reason)) => Some((texts::connect_card::failed(), reason)),
        _ => None,
    });
    let send = move |card: AcceptedCard| {
        run(SetupCall::Begin(CreateCardSetup {
            token: card.token.to_owned(),
            exp_month: card.month,
            exp_year: card.year,
            consent: consent_wording(CONSENT),
        }));
    };
    view! {
        <CardForm fields=fields today=live.today refusal=refusal busy=busy
            words=(texts::connect_card::submit().to_owned(), texts::connect_card::busy().to_owned()) on_back=on_back on_send=send>
            <Consent note=note />
        </CardForm>
    }
    .into_any()
}

/// What whoever connects a card agrees to. A changed text gets another version (`CONSENT`).
#[component]
fn Consent(note: &'static str) -> AnyView {
    view! {
        <p class="muted small">
            {texts::connect_card::consent()}" "{note}
        </p>
    }
    .into_any()
}

/// The bank wants the cardholder to confirm.
fn render_question(
    stage: ErasedSignal<ConnectStage>,
    run: impl Fn(SetupCall) + Copy + Send + Sync + 'static,
) -> AnyView {
    let busy = dynamic::memo(move || matches!(*stage.read(), ConnectStage::Answering(_)));
    let answer = move |approve: bool| {
        let setup_id = match &*stage.read_untracked() {
            ConnectStage::Question(id) => id.clone(),
            _ => return,
        };
        run(SetupCall::Answer { setup_id, approve });
    };
    view! {
        <SandboxBank question=texts::connect_card::allow() busy=busy on_answer=answer />
    }
    .into_any()
}

/// The dialog that connects a card for its own sake.
#[component]
pub(super) fn ConnectDialog(live: LiveWallet, open: RwSignal<bool>) -> AnyView {
    view! { <Dialog open=open heading=texts::connect_card::heading()>{render_lazy(load, move || content(live, open))}</Dialog> }.into_any()
}

split!(settings: pub(super) fn content(live: LiveWallet, open: RwSignal<bool>) => make_content);

/// What stands in the dialog, whose code is loaded when it is opened.
fn make_content(live: LiveWallet, open: RwSignal<bool>) -> AnyView {
    let announcer = use_announcer();
    let connected = move |card: Card| {
        live.apply_card(card);
        announcer.say(texts::connect_card::said_connected());
        open.set(false);
    };
    let content = view! {
        <ConnectCard on_connected=connected on_back=move || open.set(false) note=texts::connect_card::nothing_charged() />
    };
    content.into_any()
}
