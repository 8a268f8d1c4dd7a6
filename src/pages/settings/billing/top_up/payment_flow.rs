//! Moves a top-up on: sends it, repeats what got lost with the same key, asks, answers. Runs on while the dialog is shut.

use billing_contract::ProblemCode;
use billing_contract::session::StripePage;
use billing_contract::top_up::{Decline, NextAction, TopUp};
use billing_domain::Money;
use billing_domain::charge::TopUpStatus;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::platform::stripe::{self, NotLoaded};
use crate::platform::timers;
use crate::state::LiveWallet;
use crate::state::attempt::{self, PaymentAttempt};
use crate::state::payment::{PaymentNotice, PaymentStage};
use crate::texts;
use crate::ui::announcer::Announcer;
use crate::ui::money::plain_text;

/// Between two questions after a payment that is under way; the stream is usually faster.
const ASK_MILLISECONDS: i32 = 3_000;
/// Between two tries of a request whose answer got lost: at first, and at most.
const REPEAT_MILLISECONDS: (i32, i32) = (1_000, 15_000);

/// Sends this amount. Without a card one has to be connected first, and nothing is sent.
pub(super) fn start_payment(live: LiveWallet, amount: Money) {
    let payment = live.payment;
    if payment.stage.read_untracked().is_under_way() {
        return;
    }
    let Some(card) = live.payment_card() else {
        payment.stage.set(PaymentStage::Connecting);
        return;
    };
    let attempt = PaymentAttempt::for_form(amount, &card.id, payment.request_id.get_untracked());
    attempt.store();
    payment.stage.set(PaymentStage::Sending);
    spawn_local(send_attempt(live, attempt));
}

async fn send_attempt(live: LiveWallet, mut attempt: PaymentAttempt) {
    let stage = live.payment.stage;
    let (mut pause, longest) = REPEAT_MILLISECONDS;
    let mut received = false;
    loop {
        let amount = plain_text(attempt.amount, live.currency);
        match api::top_ups::create_top_up(&attempt.key, amount, &attempt.card_id, attempt.request_id.clone()).await {
            Ok(top_up) => {
                attempt.top_up_id = Some(top_up.id.clone());
                attempt.store();
                stage.set(PaymentStage::of(top_up.clone()));
                live.apply_top_up(top_up);
                return;
            }
            Err(error) if error.leaves_outcome_open() => {
                received |= error.proves_receipt();
                stage.set(PaymentStage::Repeating { received });
                timers::sleep(pause).await;
                pause = pause.saturating_mul(2).min(longest);
            }
            Err(error) => return apply_refusal(live, &error),
        }
    }
}

/// The server said no: nothing was charged, and the key is used up.
fn apply_refusal(live: LiveWallet, error: &ApiError) {
    let stage = live.payment.stage;
    let next = match error.code() {
        // Signed out: the same payment goes on after signing in.
        Some(ProblemCode::Unauthenticated) => {
            return stage.set(PaymentStage::Choosing(Some(PaymentNotice::Interrupted)));
        }
        Some(ProblemCode::CardRequired) => PaymentStage::Connecting,
        Some(ProblemCode::CardDeclined) => {
            let code = error.problem().and_then(|problem| problem.decline_code.clone()).unwrap_or_default();
            let message = error.sentence();
            PaymentStage::Choosing(Some(PaymentNotice::Declined(Decline { code, message, translation: None })))
        }
        _ => match error.field("/amount") {
            Some(text) => PaymentStage::Choosing(Some(PaymentNotice::Amount(text))),
            None => PaymentStage::Choosing(Some(PaymentNotice::Refused(error.sentence()))),
        },
    };
    attempt::forget_attempt();
    stage.set(next);
}

/// While the bank is working, asks now and then until something else is known.
pub(super) async fn poll_top_up(live: LiveWallet, id: String) {
    loop {
        timers::sleep(ASK_MILLISECONDS).await;
        if let Ok(top_up) = api::top_ups::fetch_top_up(&id).await {
            live.apply_top_up(top_up);
        }
    }
}

/// Asks the bank what became of it.
pub(super) fn check_top_up(live: LiveWallet, top_up: TopUp) {
    let stage = live.payment.stage;
    stage.set(PaymentStage::Asking(top_up.clone()));
    spawn_local(async move {
        match api::top_ups::check_top_up(&top_up.id).await {
            Ok(news) => {
                stage.set(PaymentStage::of(news.clone()));
                live.apply_top_up(news);
            }
            Err(_) => stage.set(PaymentStage::Unknown(top_up)),
        }
    });
}

/// Sends the sandbox bank what the cardholder decided.
pub(super) fn answer_challenge(live: LiveWallet, top_up: TopUp, approve: bool) {
    let stage = live.payment.stage;
    stage.set(PaymentStage::Answering(top_up.clone()));
    spawn_local(async move {
        match api::top_ups::answer_challenge(&top_up.id, approve).await {
            Ok(news) => {
                stage.set(PaymentStage::of(news.clone()));
                live.apply_top_up(news);
            }
            // Perhaps it got through: the top-up itself says so.
            Err(_) => match api::top_ups::fetch_top_up(&top_up.id).await {
                Ok(news) => {
                    stage.set(PaymentStage::of(news.clone()));
                    live.apply_top_up(news);
                }
                Err(_) => stage.set(PaymentStage::Challenge(top_up)),
            },
        }
    });
}

/// An automatic payment that waits is not wanted; `failed` is called with why it still waits.
pub(super) fn cancel_top_up(live: LiveWallet, top_up: TopUp, announcer: Announcer, failed: impl Fn(String) + 'static) {
    let payment = live.payment;
    payment.stage.set(PaymentStage::Answering(top_up.clone()));
    spawn_local(async move {
        match api::top_ups::cancel_top_up(&top_up.id).await {
            Ok(news) if news.status == TopUpStatus::Expired => {
                live.apply_top_up(news);
                payment.stage.set(PaymentStage::Choosing(None));
                payment.open.set(false);
                announcer.say(texts::top_up::said_given_up());
            }
            // The bank had been faster.
            Ok(news) => {
                payment.stage.set(PaymentStage::of(news.clone()));
                live.apply_top_up(news);
            }
            Err(error) => {
                failed(error.sentence());
                payment.stage.set(PaymentStage::Challenge(top_up));
            }
        }
    });
}

/// Lets the cardholder answer the bank through Stripe's script, then asks the server what came of it; `failed` is called with why
/// it has to be tried again.
pub(super) fn confirm_with_stripe(
    live: LiveWallet,
    top_up: TopUp,
    page: &'static StripePage,
    failed: impl Fn(&'static str) + 'static,
) {
    let stage = live.payment.stage;
    let Some(NextAction::BrowserScript { client_secret, payment_method, .. }) = top_up.next_action.clone() else {
        return;
    };
    stage.set(PaymentStage::Answering(top_up.clone()));
    spawn_local(async move {
        let card = payment_method.as_deref();
        if let Err(NotLoaded) = stripe::answer_bank(&page.publishable_key, &client_secret, card, &page.script_url).await
        {
            failed(texts::bank::not_loaded());
            return stage.set(PaymentStage::Challenge(top_up));
        }
        let Ok(news) = api::top_ups::check_top_up(&top_up.id).await else {
            failed(texts::bank::not_known());
            return stage.set(PaymentStage::Challenge(top_up));
        };
        if news.status == TopUpStatus::ActionRequired {
            failed(texts::bank::not_heard());
        }
        stage.set(PaymentStage::of(news.clone()));
        live.apply_top_up(news);
    });
}
