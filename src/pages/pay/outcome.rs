//! After the card: the bank's question, the wait, the proof.

use billing_contract::link::{PayAttempt, PayPage};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::flow::{PayFlow, PayStage};
use super::page_heading;
use crate::platform::{history, print};
use crate::shared::bank::SandboxBank;
use crate::shared::notice::TestMoneyNotice;
use crate::shared::words::card_text;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::explicit_text;
use crate::ui::time::{DateStyle, Instant};

/// The card is entered elsewhere; the way there, for whoever has come back without having done so.
pub(super) fn render_away(flow: PayFlow, page: &PayPage) -> AnyView {
    let go = move || {
        if let PayStage::Away(PayAttempt { redirect: Some(address), .. }) = &*flow.stage.read_untracked() {
            history::load_document(address);
        }
    };
    view! {
        <section class="panel pay-panel">
            <h1>{page_heading(page)}</h1>
            <p>{texts::pay::away()}</p>
            <div class="buttons">
                <Button style=ButtonStyle::Primary on_press=go>{texts::pay::to_card_form()}</Button>
            </div>
        </section>
    }
    .into_any()
}

/// The bank's own question, laid over the page by Stripe's script: asked at once, again only when somebody wants it.
fn question_of_stripe(flow: PayFlow) -> AnyView {
    let failed = RwSignal::new(false);
    let ask = move || flow.confirm(failed);
    dynamic::effect(ask);
    let busy = dynamic::memo(move || matches!(*flow.stage.read(), PayStage::Answering(_)));
    let label = move || if busy.get() { texts::bank::waiting() } else { texts::ui::try_again() };
    let failure = move || {
        failed.get().then(|| {
            view! {
                <Banner tone=Tone::Warn title=texts::bank::not_heard() alert=true>
                    <p>{texts::bank::before_confirm()}</p>
                </Banner>
            }
        })
    };
    view! {
        <section class="panel pay-panel">
            <h1>{texts::bank::heading()}</h1>
            {dynamic::view(failure)}
            <p>{texts::pay::question_of_stripe()}</p>
            <div class="buttons">
                <Button style=ButtonStyle::Primary busy=busy on_press=ask>{dynamic::view(label)}</Button>
            </div>
        </section>
    }
    .into_any()
}

/// The bank's question about the card or the payment.
pub(super) fn render_bank(flow: PayFlow, page: &PayPage) -> AnyView {
    if flow.stripe.is_some() {
        return question_of_stripe(flow);
    }
    let currency = page.currency;
    let busy = dynamic::memo(move || matches!(*flow.stage.read(), PayStage::Answering(_)));
    let question = move || {
        let stage = flow.stage.read();
        let (PayStage::Question(attempt) | PayStage::Answering(attempt)) = &*stage else { return String::new() };
        // The card comes into the answer once it is accepted: then the payment itself is asked about.
        match (attempt.amount, &attempt.card) {
            (Some(amount), Some(card)) => {
                let card = card_text(&card.brand, &card.last4);
                texts::bank::approve_payment(&explicit_text(amount, currency), &card)
            }
            _ => texts::pay::allow_card().to_owned(),
        }
    };
    view! {
        <section class="panel pay-panel">
            <h1>{texts::bank::heading()}</h1>
            <SandboxBank question=Signal::derive(question) busy=busy on_answer=move |approve| flow.answer(approve) />
            <p class="muted small">{texts::pay::before_approval()}</p>
        </section>
    }
    .into_any()
}

/// The bank is at it, or has not answered.
pub(super) fn render_waiting(flow: PayFlow, page: &PayPage) -> AnyView {
    let unknown = dynamic::memo(move || matches!(*flow.stage.read(), PayStage::Unknown(_)));
    let title = move || if unknown.get() { texts::pay::checking() } else { texts::pay::working() }.to_owned();
    view! {
        <section class="panel pay-panel" aria-busy="true">
            <h1>{page_heading(page)}</h1>
            <Banner tone=Tone::Info title=Signal::derive(title)>
                <p>{texts::pay::waiting()}</p>
            </Banner>
        </section>
    }
    .into_any()
}

/// It is done: what, to whom, when, with which card.
#[component]
pub(super) fn Proof(
    flow: PayFlow,
    /// What the link asked for.
    page: PayPage,
) -> AnyView {
    let PayStage::Done(attempt) = flow.stage.get_untracked() else { return ().into_any() };
    let PayAttempt { id, amount, card, settled_at, .. } = attempt;
    let paid = amount.is_some();
    let title = if paid { texts::pay::paid() } else { texts::pay::connected() };
    let kept = match (page.purpose.connects(), &page.auto_pay) {
        (true, Some(_)) => texts::pay::kept_automatic(&page.requested_by),
        (true, None) => texts::pay::kept(&page.requested_by),
        (false, _) => texts::pay::not_kept(&page.requested_by),
    };
    let amount = amount.map(|amount| render_fact(texts::pay::amount(), explicit_text(amount, page.currency)));
    let card = card.map(|card| render_fact(texts::pay::card(), card_text(&card.brand, &card.last4)));
    let date = settled_at.map(|at| {
        view! { <div><dt>{texts::pay::date()}</dt><dd><Instant at=at style=DateStyle::Full /></dd></div> }
    });
    view! {
        <section class="panel pay-panel">
            <p class="pay-done"><Icon name=IconName::Check /></p>
            <h1>{title}</h1>
            <dl class="facts">
                {amount}
                {render_fact(texts::pay::to_wallet(), page.organization)}
                {card}
                {date}
                {render_fact(texts::pay::asked_by(), page.requested_by)}
                {render_fact(texts::pay::reference(), id.clone())}
            </dl>
            <p>{kept}</p>
            // Not for paper.
            <p class="pay-close">{texts::pay::close()}</p>
            <div class="buttons">
                {paid.then(|| save_button(flow, id.clone()))}
                <Button on_press=print::print_page>{texts::pay::print()}</Button>
            </div>
            {flow.notice.map(|notice| view! { <p class="muted small">{none_moved(notice)}</p> })}
        </section>
    }
    .into_any()
}

/// The receipt as a file.
fn save_button(flow: PayFlow, attempt_id: String) -> AnyView {
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(false));
    let save = move || {
        let attempt_id = attempt_id.clone();
        busy.set(true);
        spawn_local(async move {
            failed.set(!flow.save_receipt(attempt_id).await);
            busy.set(false);
        });
    };
    let problem =
        move || failed.get().then(|| view! { <p class="field-error" role="alert">{texts::pay::receipt_missing()}</p> });
    view! {
        <Button style=ButtonStyle::Primary busy=busy on_press=save>{texts::pay::receipt()}</Button>
        {dynamic::view(problem)}
    }
    .into_any()
}

fn render_fact(name: &'static str, text: String) -> AnyView {
    view! { <div><dt>{name}</dt><dd>{text}</dd></div> }.into_any()
}

fn none_moved(notice: TestMoneyNotice) -> &'static str {
    match notice {
        TestMoneyNotice::Sandbox => texts::notice::sandbox_moved(),
        TestMoneyNotice::TestMode => texts::notice::test_mode_moved(),
    }
}
