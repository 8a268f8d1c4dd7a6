//! The top-up: choose an amount, connect a card if there is none, confirm, pay, and know how it ended.

mod challenge;
pub(super) mod choice;
mod form;
mod outcome;
mod payment_flow;

use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedProp};
use crate::shared::words::decline_text;
use crate::texts;

use self::challenge::BankQuestion;
use self::form::TopUpForm;
use self::outcome::{PaidNote, UnknownNote};
use super::connect_card::ConnectCard;
use crate::platform::task;
use crate::state::LiveWallet;
use crate::state::payment::{PaymentNotice, PaymentStage};
use crate::ui::announcer::use_announcer;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::{Dialog, focus_on_change};
use crate::ui::dynamic;
use crate::ui::lazy::{render_lazy, split};
use crate::ui::money::{MoneyStyle, money_text};

/// Where the reader goes on when the dialog shows something else.
const SCREEN_ID: &str = "top-up-face";

/// What the dialog shows. While money is under way the form stays, so that the button keeps its focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopUpScreen {
    Form,
    Connect,
    Question,
    Unknown,
    Paid,
}

impl TopUpScreen {
    const fn of(stage: &PaymentStage) -> Self {
        match stage {
            PaymentStage::Choosing(_)
            | PaymentStage::Sending
            | PaymentStage::Repeating { .. }
            | PaymentStage::Waiting(_) => Self::Form,
            PaymentStage::Connecting => Self::Connect,
            PaymentStage::Challenge(_) | PaymentStage::Answering(_) => Self::Question,
            PaymentStage::Unknown(_) | PaymentStage::Asking(_) => Self::Unknown,
            PaymentStage::Paid(_) => Self::Paid,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Form => texts::top_up::manual(),
            Self::Connect => texts::top_up::connect(),
            Self::Question => texts::bank::heading(),
            Self::Unknown => texts::top_up::checking(),
            Self::Paid => texts::top_up::paid(),
        }
    }
}

/// The dialog behind **Add Balance**.
#[component]
pub(super) fn TopUpDialog(live: LiveWallet) -> AnyView {
    let payment = live.payment;
    let screen = dynamic::memo(move || TopUpScreen::of(&payment.stage.read()));
    focus_on_change(screen, SCREEN_ID, move || payment.open.get_untracked());
    watch_bank(live);
    announce_outcome(live);
    let close = move || {
        // What is over is not shown again; what is under way, or was interrupted, is.
        let goes_on = |stage: &PaymentStage| {
            stage.is_under_way() || *stage == PaymentStage::Choosing(Some(PaymentNotice::Interrupted))
        };
        if !goes_on(&payment.stage.read_untracked()) {
            payment.stage.set(PaymentStage::Choosing(None));
            payment.request_id.set(None);
        }
    };
    view! {
        <Dialog open=payment.open heading=ErasedProp::derive(move || screen.get().heading().to_owned()) on_close=close>
            {render_lazy(load, move || content(live, screen))}
        </Dialog>
    }
    .into_any()
}

split!(settings: pub(super) fn content(live: LiveWallet, screen: ErasedMemo<TopUpScreen>) => make_content);

/// What stands in the dialog, whose code is loaded when it is opened.
fn make_content(live: LiveWallet, screen: ErasedMemo<TopUpScreen>) -> AnyView {
    let shown = move || {
        let shown = match screen.get() {
            TopUpScreen::Form => view! { <TopUpForm live=live /> }.into_any(),
            TopUpScreen::Connect => render_connect(live),
            TopUpScreen::Question => view! { <BankQuestion live=live /> }.into_any(),
            TopUpScreen::Unknown => view! { <UnknownNote live=live /> }.into_any(),
            TopUpScreen::Paid => view! { <PaidNote live=live /> }.into_any(),
        };
        view! { <div id=SCREEN_ID class="top-up" tabindex="-1">{shown}</div> }
    };
    dynamic::view(shown).into_any()
}

fn render_connect(live: LiveWallet) -> AnyView {
    let payment = live.payment;
    let by_link = move || {
        payment.stage.set(PaymentStage::Choosing(None));
        payment.open.set(false);
        live.link_dialog_open.set(true);
    };
    let connected = move |card: billing_contract::card::Card| {
        payment.card_id.set(Some(card.id.clone()));
        live.apply_card(card);
        payment.stage.set(PaymentStage::Choosing(Some(PaymentNotice::Connected)));
    };
    view! {
        <ConnectCard
            on_connected=connected
            on_back=move || payment.stage.set(PaymentStage::Choosing(None))
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
fn watch_bank(live: LiveWallet) {
    let waiting = dynamic::memo(move || match &*live.payment.stage.read() {
        PaymentStage::Waiting(top_up) => Some(top_up.id.clone()),
        _ => None,
    });
    let watch = StoredValue::new_local(None);
    dynamic::effect(move || {
        watch.set_value(waiting.get().map(|id| task::spawn_task(payment_flow::poll_top_up(live, id))));
    });
}

/// Says how it ended. The request that the money answered is approved by the server, with the money.
fn announce_outcome(live: LiveWallet) {
    let announcer = use_announcer();
    let over = dynamic::memo(move || match &*live.payment.stage.read() {
        PaymentStage::Paid(top_up) => Some(top_up.clone()),
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
        if let PaymentStage::Choosing(Some(PaymentNotice::Declined(decline))) = &*live.payment.stage.read() {
            announcer.alert(texts::top_up::said_declined(&decline_text(decline)));
        }
    });
}
