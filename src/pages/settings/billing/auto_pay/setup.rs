//! The dialog of automatic payments: a card if there is none, the amounts, the mandate in words, done.

use billing_contract::ProblemCode;
use billing_contract::card::Card;
use billing_domain::auto_pay::{Field, Settings};
use leptos::prelude::*;

use crate::platform::signal::ErasedSignal;

use super::super::connect_card::ConnectCard;
use super::super::payment_links::created::ShowLink;
use super::confirm::Confirm;
use super::draft::{self, FieldProblem, SettingsDraft};
use super::form::SettingsForm;
use super::methods::CardMethods;
use super::setup_state::{Setup, SetupStep};
use crate::api::{self, ApiError};
use crate::platform::task;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::dialog::{Dialog, focus_on_change};
use crate::ui::dynamic;
use crate::ui::lazy::{render_lazy, split};
use crate::ui::money::input_text;

/// Where the reader goes on when the dialog shows something else.
const SCREEN_ID: &str = "auto-pay-screen";

/// The dialog behind **Not Active** and **Active**.
#[component]
pub(super) fn SetupDialog(live: LiveWallet, open: RwSignal<bool>) -> AnyView {
    let frame = SetupFrame {
        open,
        heading: RwSignal::new(SetupScreen::Amounts.heading().to_owned()),
        locked: RwSignal::new(false),
    };
    view! {
        <Dialog open=open heading=frame.heading locked=frame.locked>{render_lazy(load, move || content(live, frame))}</Dialog>
    }
    .into_any()
}

/// The dialog around the content.
#[derive(Clone, Copy)]
pub(in crate::pages::settings::billing) struct SetupFrame {
    open: RwSignal<bool>,
    heading: RwSignal<String>,
    /// The server is asked: it cannot be closed.
    locked: RwSignal<bool>,
}

split!(settings: pub(in crate::pages::settings::billing) fn content(live: LiveWallet, frame: SetupFrame) => make_content);

/// What stands in the dialog, whose code is loaded when it is opened.
fn make_content(live: LiveWallet, frame: SetupFrame) -> AnyView {
    let announcer = use_announcer();
    let draft = SettingsDraft::of(&live.auto_pay.read_untracked(), |amount| input_text(amount, live.currency));
    let first = if live.cards.read_untracked().is_empty() { SetupStep::Doors } else { SetupStep::Amounts(None) };
    let setup = Setup {
        step: ErasedSignal::new(first),
        draft: ErasedSignal::new(draft),
        problems: ErasedSignal::new(Vec::new()),
    };
    let work = StoredValue::new_local(None);
    let save = move |settings: Settings| {
        work.set_value(Some(task::spawn_task(async move {
            if save_settings(live, setup, settings).await {
                frame.open.set(false);
                announcer.say(texts::auto_pay::said_active());
            }
        })));
    };
    let screen = dynamic::memo(move || SetupScreen::of(&setup.step.read()));
    focus_on_change(screen, SCREEN_ID, || true);
    dynamic::effect(move || frame.heading.set(screen.get().heading().to_owned()));
    dynamic::effect(move || frame.locked.set(matches!(*setup.step.read(), SetupStep::Saving(_))));
    let shown = move || {
        let shown = match screen.get() {
            SetupScreen::Doors => view! { <CardMethods live=live setup=setup /> }.into_any(),
            SetupScreen::HandOver => render_link(live, setup, frame),
            SetupScreen::Connect => render_connect(live, setup),
            SetupScreen::Amounts => view! { <SettingsForm live=live setup=setup /> }.into_any(),
            SetupScreen::Confirm => view! { <Confirm live=live setup=setup on_confirm=save /> }.into_any(),
        };
        view! { <div id=SCREEN_ID tabindex="-1">{shown}</div> }
    };
    dynamic::view(shown).into_any()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetupScreen {
    Doors,
    HandOver,
    Connect,
    Amounts,
    Confirm,
}

impl SetupScreen {
    const fn of(step: &SetupStep) -> Self {
        match step {
            SetupStep::Doors => Self::Doors,
            SetupStep::HandOver(..) => Self::HandOver,
            SetupStep::Connect => Self::Connect,
            SetupStep::Amounts(_) => Self::Amounts,
            SetupStep::Confirm(..) | SetupStep::Saving(_) => Self::Confirm,
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

fn render_connect(live: LiveWallet, setup: Setup) -> AnyView {
    let first = live.cards.read_untracked().is_empty();
    let connected = move |card: Card| {
        setup.draft.update(|draft| draft.card_id = Some(card.id.clone()));
        live.apply_card(card);
        // The first card comes after the amounts, another one while they are chosen.
        let write = |amount| input_text(amount, live.currency);
        let chosen = setup.draft.get_untracked().check(&live.limits, write).ok().filter(|_| first);
        setup.step.set(chosen.map_or(SetupStep::Amounts(None), |settings| SetupStep::Confirm(settings, None)));
    };
    let back = move || setup.step.set(if first { SetupStep::Doors } else { SetupStep::Amounts(None) });
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
fn render_link(live: LiveWallet, setup: Setup, frame: SetupFrame) -> AnyView {
    let SetupStep::HandOver(created, first) = setup.step.get_untracked() else { return ().into_any() };
    let announcer = use_announcer();
    let done = move || {
        announcer.say(texts::auto_pay::said_handed_over());
        frame.open.set(false);
    };
    view! { <ShowLink live=live created=*created first=first on_done=done on_again=move || setup.step.set(SetupStep::Doors) /> }
        .into_any()
}

/// Switches on; answers whether it worked. What went wrong stands where it can be put right.
async fn save_settings(live: LiveWallet, setup: Setup, settings: Settings) -> bool {
    setup.step.set(SetupStep::Saving(settings));
    let SettingsDraft { card_id, etag, .. } = setup.draft.get_untracked();
    let request = draft::build_request(&settings, live.currency, true, card_id);
    let error = match api::auto_pay::save_settings(&request, &etag).await {
        Ok(auto_pay) => {
            live.apply_auto_pay(auto_pay);
            return true;
        }
        Err(error) => error,
    };
    match error.code() {
        Some(ProblemCode::CardRequired) => setup.step.set(SetupStep::Doors),
        Some(ProblemCode::Stale) => {
            let text = texts::auto_pay::stale_draft();
            if let Ok(present) = api::auto_pay::fetch_settings().await {
                setup.draft.set(SettingsDraft::of(&present, |amount| input_text(amount, live.currency)));
                live.apply_auto_pay(present);
            }
            setup.step.set(SetupStep::Amounts(Some(text.to_owned())));
        }
        _ => {
            let problems = field_problems(&error);
            if problems.is_empty() {
                setup.step.set(SetupStep::Confirm(settings, Some(error.sentence())));
            } else {
                setup.problems.set(problems);
                setup.step.set(SetupStep::Amounts(None));
            }
        }
    }
    false
}

fn field_problems(error: &ApiError) -> Vec<FieldProblem> {
    let fields = [Field::Threshold, Field::RefillAmount, Field::RefillBalance, Field::MonthlyCap];
    fields.into_iter().filter_map(|field| Some((field, error.field(field.pointer())?))).collect()
}
