//! Connecting a card by its details. The number becomes a token here, in the browser, and goes nowhere else.

mod entry;
mod test_cards;

use billing_contract::card::{Card, CardSetup, CardSetupStatus, CreateCardSetup};
use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::platform::signal::{Given, Slot};

use self::entry::{Entry, Wrong, regrouped, with_stroke};
use self::test_cards::TestCards;
use super::top_up::SandboxBank;
use crate::api::{self, ApiError};
use crate::platform::{focus, task, timers};
use crate::state::{Live, use_live};
use crate::ui::announcer::announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::{Dialog, follow_face};
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::icon::{Icon, IconName};
use crate::ui::lazy::lazy;

/// The version of the consent text below. A changed text gets a new one.
const CONSENT: &str = "2026-11";
const NUMBER_ID: &str = "card-number";
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

/// The fields as they stand.
#[derive(Clone, Copy)]
struct Fields {
    name: RwSignal<String>,
    number: RwSignal<String>,
    expiry: RwSignal<String>,
    code: RwSignal<String>,
}

impl Fields {
    fn entry(self) -> Entry {
        Entry {
            name: self.name.get_untracked(),
            number: self.number.get_untracked(),
            expiry: self.expiry.get_untracked(),
            code: self.code.get_untracked(),
        }
    }
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
    let text = || RwSignal::new(String::new());
    let fields = Fields { name: text(), number: text(), expiry: text(), code: text() };
    let stage = Slot::new(Stage::Filling(None));
    let work = StoredValue::new_local(None);
    let run = move |call: Call| work.set_value(Some(task::start(connect(call, stage, on_connected))));
    let asks = dynamic::memo(move || matches!(*stage.read(), Stage::Question(_) | Stage::Answering(_)));
    let shown = move || {
        if asks.get() {
            question(stage, run)
        } else {
            view! { <Form fields=fields stage=stage note=note on_back=on_back
            on_send=Callback::from(move |setup: CreateCardSetup| run(Call::Begin(setup))) /> }
            .into_any()
        }
    };
    follow_face(asks, FACE_ID, || true);
    view! { <div class="connect-card" id=FACE_ID tabindex="-1">{dynamic::part(shown)}</div> }.into_any()
}

/// What the bank is told.
enum Call {
    Begin(CreateCardSetup),
    Answer { setup_id: String, approve: bool },
}

async fn connect(call: Call, stage: Slot<Stage>, on_connected: Callback<(Card,)>) {
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
        Ok((CardSetupStatus::Succeeded, CardSetup { card: Some(card), .. })) => {
            on_connected.run((card,));
        }
        Ok((_, setup)) => {
            let reason = setup.decline.map(|decline| decline.message);
            failed(stage, reason.unwrap_or_else(|| "The bank refused this card. Use another one.".to_owned()));
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

/// The fields, the consent, the button.
#[component]
fn Form(
    /// What stands in the fields.
    fields: Fields,
    /// Where connecting stands.
    stage: Slot<Stage>,
    /// What comes afterwards.
    note: &'static str,
    /// Back to where one came from.
    on_back: Callback<()>,
    /// Asks the bank.
    on_send: Callback<(CreateCardSetup,)>,
) -> AnyView {
    let wrong = Slot::new(Wrong::default());
    let busy = dynamic::memo(move || *stage.read() == Stage::Sending);
    let today = use_live().map(|live| live.today);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(today) = today else { return };
        match fields.entry().check(today.get_untracked()) {
            Ok(card) => {
                wrong.set(Wrong::default());
                on_send.run((CreateCardSetup {
                    token: card.token.to_owned(),
                    exp_month: card.month,
                    exp_year: card.year,
                    consent: CONSENT.to_owned(),
                },));
            }
            Err(problems) => {
                focus_first(&problems);
                wrong.set(problems);
            }
        }
    };
    let failure = move || match stage.get() {
        Stage::Filling(Some(reason)) => Some(view! {
            <Banner tone=Tone::Stop title="The card was not connected" alert=true><p>{reason}</p></Banner>
        }),
        _ => None,
    };
    let error = move |of: fn(&Wrong) -> &Option<String>| Given::derive(move || of(&wrong.read()).clone());
    let last_number = StoredValue::new(fields.number.get_untracked());
    let group = move |typed: String| {
        let shown = regrouped(&last_number.get_value(), &typed);
        last_number.set_value(shown.clone());
        fields.number.set(shown);
    };
    let last_expiry = StoredValue::new(fields.expiry.get_untracked());
    let stroke = move |typed: String| {
        let shown = with_stroke(&last_expiry.get_value(), &typed);
        last_expiry.set_value(shown.clone());
        fields.expiry.set(shown);
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {dynamic::part(failure)}
            <p class="sandbox-note small"><Icon name=IconName::Flask />"Sandbox: no real money. Only test card numbers work."</p>
            <fieldset class="card-fields" disabled=move || busy.get()>
                <TextField label="Name on card" value=fields.name name="cc-name" id="card-name" autocomplete="cc-name"
                    error=error(|wrong| &wrong.name) required=true />
                <TextField label="Card number" value=fields.number name="cc-number" id=NUMBER_ID autocomplete="cc-number"
                    input_mode="numeric" error=error(|wrong| &wrong.number) required=true on_input=group />
                <TextField label="Expiry (MM/YY)" value=fields.expiry name="cc-exp" id="card-expiry" autocomplete="cc-exp"
                    input_mode="numeric" error=error(|wrong| &wrong.expiry) required=true on_input=stroke />
                <TextField label="Security code" value=fields.code name="cc-csc" id="card-code" autocomplete="cc-csc"
                    input_mode="numeric" error=error(|wrong| &wrong.code) required=true />
            </fieldset>
            <TestCards on_pick=Callback::from(move |number: &'static str| {
                fields.number.set(number.to_owned());
                group(number.to_owned());
                focus::by_id(NUMBER_ID);
            }) />
            <p class="muted small">
                "By connecting, you agree that this card may be charged later: for top-ups that an owner or admin confirms, and for automatic payments once they are switched on. "
                {note}
            </p>
            <div class="buttons end">
                <Button on_press=on_back>"Back"</Button>
                <Button style=ButtonStyle::Primary submit=true busy=busy>
                    {dynamic::part(move || if busy.get() { "Connecting…" } else { "Connect card" })}
                </Button>
            </div>
        </form>
    }
    .into_any()
}

fn focus_first(wrong: &Wrong) {
    let order = [
        (&wrong.name, "card-name"),
        (&wrong.number, NUMBER_ID),
        (&wrong.expiry, "card-expiry"),
        (&wrong.code, "card-code"),
    ];
    if let Some((_, id)) = order.iter().find(|(problem, _)| problem.is_some()) {
        focus::by_id(id);
    }
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
        <SandboxBank>
            <p class="bank-question">"Do you allow this card to be connected to the wallet?"</p>
            <div class="buttons">
                <Button style=ButtonStyle::Primary busy=busy on_press=move || answer(true)>"Approve"</Button>
                <Button unavailable=busy on_press=move || answer(false)>"Refuse"</Button>
            </div>
        </SandboxBank>
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
    view! { <Dialog open=open heading="Connect a card">{lazy(load, move || content(live, open))}</Dialog> }.into_any()
}

/// What stands in the dialog, whose code is loaded when it is opened.
#[wasm_split(settings, fallible, preload(load))]
pub(super) fn content(live: Live, open: RwSignal<bool>) -> Result<AnyView, SplitLoaderError> {
    let announcer = announcer();
    let connected = move |card: Card| {
        live.hear_card(card);
        announcer.say("The card is connected.");
        open.set(false);
    };
    let content = view! {
        <ConnectCard on_connected=connected on_back=move || open.set(false) note="Nothing is charged now." />
    };
    Ok(content.into_any())
}
