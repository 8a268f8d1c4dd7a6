//! The dialog of automatic payments: a card if there is none, the amounts, the mandate in words, done.

use billing_contract::ProblemCode;
use billing_contract::card::Card;
use billing_contract::link::CreatedPaymentLink;
use billing_domain::auto_pay::{Field, Settings};
use leptos::prelude::*;

use crate::platform::signal::Slot;

use super::super::connect_card::ConnectCard;
use super::super::hand_over::show::{First, ShowLink};
use super::confirm::Confirm;
use super::doors::ThreeDoors;
use super::draft::{self, Draft, Problem};
use super::form::SettingsForm;
use crate::api::{self, ApiError};
use crate::platform::task;
use crate::state::Live;
use crate::texts;
use crate::ui::announcer::announcer;
use crate::ui::dialog::{Dialog, follow_face};
use crate::ui::dynamic;
use crate::ui::lazy::{lazy, split};
use crate::ui::money::input_text;

/// Where the reader goes on when the dialog shows something else.
const FACE_ID: &str = "auto-pay-face";

/// Where setting up stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// No card yet: three ways to one.
    Doors,
    /// The card's details, the first one or another one.
    Connect,
    /// The link is made: it is scanned, or sent.
    HandOver(Box<CreatedPaymentLink>, First),
    /// The amounts; what the server or somebody else had to say about them.
    Amounts(Option<String>),
    /// The mandate in words; what went wrong before.
    Confirm(Settings, Option<String>),
    /// The server is asked.
    Saving(Settings),
}

/// What is typed, and what is wrong with it.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    /// Where it stands.
    pub(super) step: Slot<Step>,
    /// The fields.
    pub(super) draft: Slot<Draft>,
    /// Wrong fields.
    pub(super) problems: Slot<Vec<Problem>>,
}

/// The dialog behind **Not Active** and **Active**.
#[component]
pub(super) fn SetupDialog(
    /// The wallet.
    live: Live,
    /// Open or not.
    open: RwSignal<bool>,
) -> AnyView {
    let frame =
        Frame { open, heading: RwSignal::new(Face::Amounts.heading().to_owned()), locked: RwSignal::new(false) };
    view! {
        <Dialog open=open heading=frame.heading locked=frame.locked>{lazy(load, move || content(live, frame))}</Dialog>
    }
    .into_any()
}

/// The dialog around the content.
#[derive(Clone, Copy)]
pub(in crate::pages::settings::billing) struct Frame {
    open: RwSignal<bool>,
    heading: RwSignal<String>,
    /// The server is asked: it cannot be closed.
    locked: RwSignal<bool>,
}

split!(settings: pub(in crate::pages::settings::billing) fn content(live: Live, frame: Frame) => make_content);

/// What stands in the dialog, whose code is loaded when it is opened.
fn make_content(live: Live, frame: Frame) -> AnyView {
    let announcer = announcer();
    let draft = Draft::of(&live.auto_pay.read_untracked(), |amount| input_text(amount, live.currency));
    let first = if live.cards.read_untracked().is_empty() { Step::Doors } else { Step::Amounts(None) };
    let setup = Setup { step: Slot::new(first), draft: Slot::new(draft), problems: Slot::new(Vec::new()) };
    let work = StoredValue::new_local(None);
    let save = move |settings: Settings| {
        work.set_value(Some(task::start(async move {
            if send(live, setup, settings).await {
                frame.open.set(false);
                announcer.say(texts::auto_pay::said_active());
            }
        })));
    };
    let face = dynamic::memo(move || Face::of(&setup.step.read()));
    follow_face(face, FACE_ID, || true);
    dynamic::effect(move || frame.heading.set(face.get().heading().to_owned()));
    dynamic::effect(move || frame.locked.set(matches!(*setup.step.read(), Step::Saving(_))));
    let shown = move || {
        let shown = match face.get() {
            Face::Doors => view! { <ThreeDoors live=live setup=setup /> }.into_any(),
            Face::HandOver => hand_over(live, setup, frame),
            Face::Connect => connect(live, setup),
            Face::Amounts => view! { <SettingsForm live=live setup=setup /> }.into_any(),
            Face::Confirm => view! { <Confirm live=live setup=setup on_confirm=save /> }.into_any(),
        };
        view! { <div id=FACE_ID tabindex="-1">{shown}</div> }
    };
    dynamic::part(shown).into_any()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Face {
    Doors,
    HandOver,
    Connect,
    Amounts,
    Confirm,
}

impl Face {
    const fn of(step: &Step) -> Self {
        match step {
            Step::Doors => Self::Doors,
            Step::HandOver(..) => Self::HandOver,
            Step::Connect => Self::Connect,
            Step::Amounts(_) => Self::Amounts,
            Step::Confirm(..) | Step::Saving(_) => Self::Confirm,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Doors | Self::Amounts => texts::auto_pay::heading(),
            Self::HandOver => texts::hand_over::made(),
            Self::Connect => texts::connect_card::heading(),
            Self::Confirm => texts::auto_pay::confirm_heading(),
        }
    }
}

fn connect(live: Live, setup: Setup) -> AnyView {
    let first = live.cards.read_untracked().is_empty();
    let connected = move |card: Card| {
        setup.draft.update(|draft| draft.card_id = Some(card.id.clone()));
        live.hear_card(card);
        // The first card comes after the amounts, another one while they are chosen.
        let write = |amount| input_text(amount, live.currency);
        let chosen = setup.draft.get_untracked().check(&live.limits, write).ok().filter(|_| first);
        setup.step.set(chosen.map_or(Step::Amounts(None), |settings| Step::Confirm(settings, None)));
    };
    let back = move || setup.step.set(if first { Step::Doors } else { Step::Amounts(None) });
    view! {
        <ConnectCard
            on_connected=connected
            on_back=back
            note=texts::auto_pay::connect_note()
        />
    }
    .into_any()
}

/// The link, until somebody has connected a card with it.
fn hand_over(live: Live, setup: Setup, frame: Frame) -> AnyView {
    let Step::HandOver(created, first) = setup.step.get_untracked() else { return ().into_any() };
    let announcer = announcer();
    let done = move || {
        announcer.say(texts::auto_pay::said_handed_over());
        frame.open.set(false);
    };
    view! { <ShowLink live=live created=*created first=first on_done=done on_again=move || setup.step.set(Step::Doors) /> }
        .into_any()
}

/// Switches on; answers whether it worked. What went wrong stands where it can be put right.
async fn send(live: Live, setup: Setup, settings: Settings) -> bool {
    setup.step.set(Step::Saving(settings));
    let Draft { card_id, etag, .. } = setup.draft.get_untracked();
    let request = draft::request(&settings, live.currency, true, card_id);
    let error = match api::auto_pay::put(&request, &etag).await {
        Ok(auto_pay) => {
            live.hear_auto_pay(auto_pay);
            return true;
        }
        Err(error) => error,
    };
    match error.code() {
        Some(ProblemCode::CardRequired) => setup.step.set(Step::Doors),
        Some(ProblemCode::Stale) => {
            let text = texts::auto_pay::stale_draft();
            if let Ok(present) = api::auto_pay::get().await {
                setup.draft.set(Draft::of(&present, |amount| input_text(amount, live.currency)));
                live.hear_auto_pay(present);
            }
            setup.step.set(Step::Amounts(Some(text.to_owned())));
        }
        _ => {
            let problems = field_problems(&error);
            if problems.is_empty() {
                setup.step.set(Step::Confirm(settings, Some(error.sentence())));
            } else {
                setup.problems.set(problems);
                setup.step.set(Step::Amounts(None));
            }
        }
    }
    false
}

fn field_problems(error: &ApiError) -> Vec<Problem> {
    let fields = [Field::Threshold, Field::RefillAmount, Field::RefillBalance, Field::MonthlyCap];
    fields.into_iter().filter_map(|field| Some((field, error.field(field.pointer())?))).collect()
}
