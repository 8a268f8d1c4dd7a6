//! The cardholder's confirmation (3-D Secure). In the sandbox the bank is a box with two buttons; with Stripe the bank's own
//! question is laid over the page.

use billing_contract::session::StripePage;
use billing_contract::top_up::NextAction;
use leptos::prelude::*;

use super::payment_flow;
use crate::platform::signal::ErasedMemo;
use crate::shared::bank::SandboxBank;
use crate::shared::words::card_text;
use crate::state::LiveWallet;
use crate::state::payment::PaymentStage;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::money::explicit_text;
use crate::ui::time::{DateStyle, instant_text};

/// The bank's question about the top-up that is under way.
#[component]
pub(super) fn BankQuestion(live: LiveWallet) -> AnyView {
    if let Some(stripe) = live.stripe() {
        return question_of_stripe(live, stripe);
    }
    let stage = live.payment.stage;
    let top_up = dynamic::memo(move || stage.read().top_up().cloned());
    let busy = dynamic::memo(move || matches!(*stage.read(), PaymentStage::Answering(_)));
    let question = move || {
        let Some(top_up) = top_up.get() else { return String::new() };
        let card = card_text(&top_up.card.brand, &top_up.card.last4);
        texts::bank::approve_payment(&explicit_text(top_up.amount, top_up.currency), &card)
    };
    let answer = move |approve: bool| {
        if let Some(top_up) = top_up.get_untracked().filter(|_| !busy.get_untracked()) {
            payment_flow::answer_challenge(live, top_up, approve);
        }
    };
    view! {
        <SandboxBank question=Signal::derive(question) busy=busy on_answer=answer />
        <p class="muted small">{texts::top_up::credited()}</p>
        {render_waiting(live, busy)}
    }
    .into_any()
}

/// Asks at once; again only when somebody wants it.
fn question_of_stripe(live: LiveWallet, stripe: &'static StripePage) -> AnyView {
    let stage = live.payment.stage;
    let problem = RwSignal::new(None::<&'static str>);
    let ask = move || {
        if let PaymentStage::Challenge(top_up) = stage.get_untracked() {
            problem.set(None);
            payment_flow::confirm_with_stripe(live, top_up, stripe, move |text| {
                // The dialog may have been shut meanwhile.
                let _ = problem.try_set(Some(text));
            });
        }
    };
    // The dialog must be there before it can step aside. What waits anyway is asked about when somebody says so.
    if !is_automatic(live) {
        dynamic::effect(ask);
    }
    let first = if is_automatic(live) { texts::bank::heading() } else { texts::ui::try_again() };
    let busy = dynamic::memo(move || matches!(*stage.read(), PaymentStage::Answering(_)));
    let failure = move || {
        let text = problem.get()?;
        Some(view! { <Banner tone=Tone::Warn title=text alert=true><p>{texts::bank::before_confirm()}</p></Banner> })
    };
    let word = move || if busy.get() { texts::bank::waiting() } else { first };
    view! {
        {dynamic::view(failure)}
        <p>{texts::top_up::question_of_stripe()}</p>
        <div class="buttons end">
            <Button style=ButtonStyle::Primary busy=busy on_press=ask>{dynamic::view(word)}</Button>
        </div>
        {render_waiting(live, busy)}
    }
    .into_any()
}

fn is_automatic(live: LiveWallet) -> bool {
    live.payment.stage.read_untracked().top_up().is_some_and(|top_up| top_up.automatic)
}

/// Of an automatic payment: until when it waits, and the way to give it up.
fn render_waiting(live: LiveWallet, busy: ErasedMemo<bool>) -> Option<AnyView> {
    let top_up = live.payment.stage.read_untracked().top_up().filter(|top_up| top_up.automatic).cloned()?;
    let problem = RwSignal::new(None::<String>);
    let announcer = use_announcer();
    let until = match &top_up.next_action {
        Some(NextAction::SandboxChallenge { expires_at } | NextAction::BrowserScript { expires_at, .. }) => *expires_at,
        None => return None,
    };
    let text = texts::top_up::began_automatically(&instant_text(until, DateStyle::DateTime));
    let give_up = move || {
        payment_flow::cancel_top_up(live, top_up.clone(), announcer, move |text| {
            // The dialog may have been shut meanwhile.
            let _ = problem.try_set(Some(text));
        });
    };
    let failure = move || problem.get().map(|text| view! { <p class="field-error" role="alert">{text}</p> });
    Some(
        view! {
            <div class="bank-waits">
                <p class="muted small">{text}</p>
                <Button style=ButtonStyle::Quiet unavailable=busy on_press=give_up>{texts::top_up::give_up()}</Button>
            </div>
            {dynamic::view(failure)}
        }
        .into_any(),
    )
}
