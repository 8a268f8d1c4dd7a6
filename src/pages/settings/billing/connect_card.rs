//! Connecting a card by its details. In the sandbox the number becomes a token here, in the browser, and goes nowhere else;
//! with Stripe it is entered in Stripe's own form.

mod stripe_form;

use billing_contract::card::{Card, CardSetup, CardSetupStatus, CreateCardSetup};
use leptos::prelude::*;

use self::stripe_form::StripeForm;
use crate::platform::signal::{Given, Slot};
use crate::texts;

use crate::api::{self, ApiError};
use crate::parts::bank::SandboxBank;
use crate::parts::card_form::{Accepted, CardFields, CardForm};
use crate::parts::notice::Notice;
use crate::parts::words::{decline_text, wording};
use crate::platform::{task, timers};
use crate::state::{Live, use_live};
use crate::ui::announcer::announcer;
use crate::ui::dialog::{Dialog, follow_face};
use crate::ui::dynamic;
use crate::ui::lazy::{lazy, split};

/// The version of the consent text below. A changed text gets a new one.
const CONSENT: &str = "2026-11";
const FACE_ID: &str = "connect-card";
/// Between two questions after a setup that takes long.
const ASK_MILLISECONDS: i32 = 1_500;

/// Where connecting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// The fields are being filled in; what went wrong before.
    Filling(Option<String>),
    /// The bank is asked.
    Sending,
    /// The cardholder has to confirm the setup with this id.
    Question(String),
    /// The cardholder's word is on its way.
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
    /// What comes afterwards.
    note: &'static str,
) -> AnyView {
    let Some(live) = use_live() else { return ().into_any() };
    if let Some(stripe) = live.stripe() {
        let notice = Notice::of(&live.service);
        let form = view! { <StripeForm live=live stripe=stripe notice=notice on_connected=on_connected on_back=on_back note=note /> };
        return view! { <div class="connect-card" id=FACE_ID tabindex="-1">{form}</div> }.into_any();
    }
    let fields = CardFields::new();
    let stage = Slot::new(Stage::Filling(None));
    let work = StoredValue::new_local(None);
    let run = move |call: Call| work.set_value(Some(task::start(connect(live, call, stage, on_connected))));
    let asks = dynamic::memo(move || matches!(*stage.read(), Stage::Question(_) | Stage::Answering(_)));
    let shown = move || {
        if asks.get() { question(stage, run) } else { form(live, fields, stage, note, on_back, run) }
    };
    follow_face(asks, FACE_ID, || true);
    view! { <div class="connect-card" id=FACE_ID tabindex="-1">{dynamic::part(shown)}</div> }.into_any()
}

/// What the bank is told.
enum Call {
    Begin(CreateCardSetup),
    Answer { setup_id: String, approve: bool },
}

async fn connect(live: Live, call: Call, stage: Slot<Stage>, on_connected: Callback<(Card,)>) {
    let mut answer = match call {
        Call::Begin(setup) => {
            stage.set(Stage::Sending);
            api::cards::connect(&setup).await
        }
        Call::Answer { setup_id, approve } => {
            stage.set(Stage::Answering(setup_id.clone()));
            api::cards::challenge(&setup_id, approve).await
        }
    };
    while let Ok(CardSetup { id, status: CardSetupStatus::Pending, .. }) = &answer {
        timers::sleep(ASK_MILLISECONDS).await;
        answer = api::cards::setup(id).await;
    }
    match answer.map(|setup| (setup.status, setup)) {
        Ok((CardSetupStatus::ActionRequired, setup)) => stage.set(Stage::Question(setup.id)),
        Ok((CardSetupStatus::Succeeded, CardSetup { card: Some(card), wallet, .. })) => {
            live.hear_answered_wallet(wallet);
            on_connected.run((card,));
        }
        Ok((_, setup)) => {
            let reason = setup.decline.map(|decline| decline_text(&decline));
            failed(stage, reason.unwrap_or_else(|| texts::connect_card::refused().to_owned()));
        }
        Err(error) => failed(stage, sentence(&error)),
    }
}

fn failed(stage: Slot<Stage>, reason: String) {
    stage.set(Stage::Filling(Some(reason)));
}

fn sentence(error: &ApiError) -> String {
    let field = ["/exp_month", "/exp_year", "/token"].iter().find_map(|pointer| error.field(pointer));
    field.unwrap_or_else(|| error.sentence())
}

/// The card's details, and what connecting means.
fn form(
    live: Live,
    fields: CardFields,
    stage: Slot<Stage>,
    note: &'static str,
    on_back: Callback<()>,
    run: impl Fn(Call) + Copy + Send + Sync + 'static,
) -> AnyView {
    let busy = dynamic::memo(move || *stage.read() == Stage::Sending);
    let refusal = Given::derive(move || match stage.get() {
        Stage::Filling(Some(reason)) => Some((texts::connect_card::failed(), reason)),
        _ => None,
    });
    let send = move |card: Accepted| {
        run(Call::Begin(CreateCardSetup {
            token: card.token.to_owned(),
            exp_month: card.month,
            exp_year: card.year,
            consent: wording(CONSENT),
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
fn Consent(
    /// What comes afterwards.
    note: &'static str,
) -> AnyView {
    view! {
        <p class="muted small">
            {texts::connect_card::consent()}" "{note}
        </p>
    }
    .into_any()
}

/// The bank wants the cardholder to confirm.
fn question(stage: Slot<Stage>, run: impl Fn(Call) + Copy + Send + Sync + 'static) -> AnyView {
    let busy = dynamic::memo(move || matches!(*stage.read(), Stage::Answering(_)));
    let answer = move |approve: bool| {
        let setup_id = match &*stage.read_untracked() {
            Stage::Question(id) => id.clone(),
            _ => return,
        };
        run(Call::Answer { setup_id, approve });
    };
    view! {
        <SandboxBank question=texts::connect_card::allow() busy=busy on_answer=answer />
    }
    .into_any()
}

/// The dialog that connects a card for its own sake.
#[component]
pub(super) fn ConnectDialog(
    /// The wallet.
    live: Live,
    /// Open or not.
    open: RwSignal<bool>,
) -> AnyView {
    view! { <Dialog open=open heading=texts::connect_card::heading()>{lazy(load, move || content(live, open))}</Dialog> }.into_any()
}

split!(settings: pub(super) fn content(live: Live, open: RwSignal<bool>) => make_content);

/// What stands in the dialog, whose code is loaded when it is opened.
fn make_content(live: Live, open: RwSignal<bool>) -> AnyView {
    let announcer = announcer();
    let connected = move |card: Card| {
        live.hear_card(card);
        announcer.say(texts::connect_card::said_connected());
        open.set(false);
    };
    let content = view! {
        <ConnectCard on_connected=connected on_back=move || open.set(false) note=texts::connect_card::nothing_charged() />
    };
    content.into_any()
}
