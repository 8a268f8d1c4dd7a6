//! The top-up: choose an amount, connect a card if there is none, confirm, pay, and know how it ended.

mod challenge;
pub(super) mod choice;
mod drive;
mod form;
mod outcome;

use leptos::prelude::*;

use crate::parts::words::decline_text;
use crate::platform::signal::{Derived, Given};
use crate::texts;

use self::challenge::BankQuestion;
use self::form::TopUpForm;
use self::outcome::{PaidNote, UnknownNote};
use super::connect_card::ConnectCard;
use crate::platform::task;
use crate::state::Live;
use crate::state::payment::{Notice, Stage};
use crate::ui::announcer::announcer;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::{Dialog, follow_face};
use crate::ui::dynamic;
use crate::ui::lazy::{lazy, split};
use crate::ui::money::{MoneyStyle, money_text};

/// Where the reader goes on when the dialog shows something else.
const FACE_ID: &str = "top-up-face";

/// What the dialog shows. While money is under way the form stays, so that the button keeps its focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Form,
    Connect,
    Question,
    Unknown,
    Paid,
}

impl Face {
    const fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Choosing(_) | Stage::Sending | Stage::Repeating { .. } | Stage::Waiting(_) => Self::Form,
            Stage::Connecting => Self::Connect,
            Stage::Challenge(_) | Stage::Answering(_) => Self::Question,
            Stage::Unknown(_) | Stage::Asking(_) => Self::Unknown,
            Stage::Paid(_) => Self::Paid,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Form => texts::top_up::heading(),
            Self::Connect => texts::top_up::connect(),
            Self::Question => texts::bank::heading(),
            Self::Unknown => texts::top_up::checking(),
            Self::Paid => texts::top_up::paid(),
        }
    }
}

/// The dialog behind **Add Balance**.
#[component]
pub(super) fn TopUpDialog(
    /// The wallet.
    live: Live,
) -> AnyView {
    let payment = live.payment;
    let face = dynamic::memo(move || Face::of(&payment.stage.read()));
    follow_face(face, FACE_ID, move || payment.open.get_untracked());
    watch_bank(live);
    settle(live);
    let close = move || {
        // What is over is not shown again; what is under way, or was interrupted, is.
        let goes_on = |stage: &Stage| stage.is_under_way() || *stage == Stage::Choosing(Some(Notice::Interrupted));
        if !goes_on(&payment.stage.read_untracked()) {
            payment.stage.set(Stage::Choosing(None));
            payment.request_id.set(None);
        }
    };
    view! {
        <Dialog open=payment.open heading=Given::derive(move || face.get().heading().to_owned()) on_close=close>
            {lazy(load, move || content(live, face))}
        </Dialog>
    }
    .into_any()
}

split!(settings: pub(super) fn content(live: Live, face: Derived<Face>) => make_content);

/// What stands in the dialog, whose code is loaded when it is opened.
fn make_content(live: Live, face: Derived<Face>) -> AnyView {
    let shown = move || {
        let shown = match face.get() {
            Face::Form => view! { <TopUpForm live=live /> }.into_any(),
            Face::Connect => connect(live),
            Face::Question => view! { <BankQuestion live=live /> }.into_any(),
            Face::Unknown => view! { <UnknownNote live=live /> }.into_any(),
            Face::Paid => view! { <PaidNote live=live /> }.into_any(),
        };
        view! { <div id=FACE_ID class="top-up" tabindex="-1">{shown}</div> }
    };
    dynamic::part(shown).into_any()
}

fn connect(live: Live) -> AnyView {
    let payment = live.payment;
    let by_link = move || {
        payment.stage.set(Stage::Choosing(None));
        payment.open.set(false);
        live.hand_over.set(true);
    };
    let connected = move |card: billing_contract::card::Card| {
        payment.card_id.set(Some(card.id.clone()));
        live.hear_card(card);
        payment.stage.set(Stage::Choosing(Some(Notice::Connected)));
    };
    view! {
        <ConnectCard
            on_connected=connected
            on_back=move || payment.stage.set(Stage::Choosing(None))
            note=texts::top_up::connect_note()
        />
        <p class="muted small top-up-instead">
            {texts::top_up::no_card()}" "
            <Button style=ButtonStyle::Quiet on_press=by_link>{texts::top_up::by_link()}</Button>
        </p>
    }
    .into_any()
}

/// While the bank is working, it is asked now and then: the stream may be down.
fn watch_bank(live: Live) {
    let waiting = dynamic::memo(move || match &*live.payment.stage.read() {
        Stage::Waiting(top_up) => Some(top_up.id.clone()),
        _ => None,
    });
    let watch = StoredValue::new_local(None);
    dynamic::effect(move || watch.set_value(waiting.get().map(|id| task::start(drive::watch(live, id)))));
}

/// Says how it ended. The request that the money answered is approved by the server, with the money.
fn settle(live: Live) {
    let announcer = announcer();
    let over = dynamic::memo(move || match &*live.payment.stage.read() {
        Stage::Paid(top_up) => Some(top_up.clone()),
        _ => None,
    });
    dynamic::effect(move || {
        let Some(top_up) = over.get() else { return };
        let amount = money_text(top_up.amount, top_up.currency, MoneyStyle::Total);
        announcer.say(texts::top_up::said_paid(&amount));
        if let Some(answered) = live.payment.request_id.get_untracked() {
            live.payment.request_id.set(None);
            live.requests.update(|open| open.retain(|request| request.id != answered));
        }
    });
    dynamic::effect(move || {
        if let Stage::Choosing(Some(Notice::Declined(decline))) = &*live.payment.stage.read() {
            announcer.alert(texts::top_up::said_declined(&decline_text(decline)));
        }
    });
}
