//! Choosing an amount and a card, the line to review, and the button that pays.

use billing_contract::card::Card;
use billing_domain::limits::ChargeAmount;
use billing_domain::{Money, slider};
use leptos::prelude::*;

use crate::platform::signal::ErasedProp;
use crate::texts;

use super::super::words::card_with_expiry;
use super::{choice, payment_flow};
use crate::platform::{focus, timers};
use crate::shared::words::{card_text, decline_text};
use crate::state::LiveWallet;
use crate::state::payment::{PaymentNotice, PaymentStage};
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::chips::Chips;
use crate::ui::dynamic;
use crate::ui::money::{MoneyStyle, explicit_text, input_text, money_text, short_text};
use crate::ui::money_input::MoneyInput;
use crate::ui::select::{Choice, Select};
use crate::ui::slider::Slider;

/// After so long the form says that the payment is still under way.
const PATIENCE_MILLISECONDS: i32 = 10_000;
const AMOUNT_ID: &str = "top-up-amount";
const REVIEW_ID: &str = "top-up-review";

/// The form. What was typed stays, whatever happens.
#[component]
pub(super) fn TopUpForm(live: LiveWallet) -> AnyView {
    let payment = live.payment;
    let limits = live.limits;
    // Wrong amounts are reported when somebody wants to pay them, and from then on while they are corrected.
    let tried = RwSignal::new(false);
    let busy = dynamic::memo(move || payment.stage.read().is_under_way());
    let amount = dynamic::memo(move || choice::parse_amount(&payment.amount.read(), &limits));
    let write = move |amount: Money| money_text(amount, live.currency, MoneyStyle::Total);
    let error = ErasedProp::derive(move || match &*payment.stage.read() {
        PaymentStage::Choosing(Some(PaymentNotice::Amount(text))) => Some(text.clone()),
        _ if tried.get() => amount.get().err().map(|error| choice::describe_error(error, limits.currency, write)),
        _ => None,
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        match amount.get_untracked() {
            Ok(amount) => payment_flow::start_payment(live, amount.money()),
            Err(_) => {
                focus::focus_id(AMOUNT_ID);
            }
        }
    };
    let hint = texts::top_up::limits(&write(limits.min), &write(limits.max));
    view! {
        {render_notice(live)}
        <form class="form" novalidate=true on:submit=submit>
            <fieldset class="stack top-up-fields" disabled=move || busy.get()>
                {slider_and_chips(live)}
                <MoneyInput
                    label=texts::top_up::amount()
                    value=payment.amount
                    currency=live.currency
                    name="amount"
                    id=AMOUNT_ID
                    hint=hint
                    error=error
                    on_input=move |_: String| forget_notice(live)
                />
                {render_cards(live)}
            </fieldset>
            {render_review(live)}
            <div class="buttons end">
                <Button style=ButtonStyle::Primary submit=true busy=busy described_by=REVIEW_ID id="top-up-pay">
                    {dynamic::view(move || if busy.get() { texts::top_up::processing() } else { texts::top_up::submit() })}
                </Button>
            </div>
            {render_progress(live)}
        </form>
    }
    .into_any()
}

fn choose_amount(live: LiveWallet, amount: Money) {
    forget_notice(live);
    live.payment.amount.set(input_text(amount, live.currency));
}

/// A changed amount answers what was said about the old one.
fn forget_notice(live: LiveWallet) {
    if matches!(*live.payment.stage.read_untracked(), PaymentStage::Choosing(Some(PaymentNotice::Amount(_)))) {
        live.payment.stage.set(PaymentStage::Choosing(None));
    }
}

fn slider_and_chips(live: LiveWallet) -> AnyView {
    let limits = live.limits;
    let stops = StoredValue::new(choice::slider_stops(&limits));
    let chips = StoredValue::new(slider::quick_picks(&limits));
    let write = move |amount: Money| money_text(amount, live.currency, MoneyStyle::Total);
    let anchor = dynamic::memo(move || choice::anchor_amount(&live.payment.amount.read(), &limits));
    let position = move || stops.with_value(|stops| slider::nearest_stop(stops, anchor.get()));
    let pressed = move || {
        let exact = choice::parse_amount(&live.payment.amount.read(), &limits).ok().map(ChargeAmount::money);
        chips.with_value(|chips| chips.iter().position(|chip| Some(*chip) == exact).into_iter().collect::<Vec<_>>())
    };
    let step = move |next: fn(&[Money], Money) -> Money| {
        let amount = stops.with_value(|stops| next(stops, anchor.get_untracked()));
        choose_amount(live, amount);
    };
    let move_to = move |stop: usize| {
        if let Some(amount) = stops.with_value(|stops| stops.get(stop).copied()) {
            choose_amount(live, amount);
        }
    };
    let press = move |index: usize| {
        if let Some(amount) = chips.with_value(|chips| chips.get(index).copied()) {
            choose_amount(live, amount);
        }
    };
    view! {
        <Slider
            label=texts::top_up::slider()
            position=ErasedProp::derive(position)
            count=stops.with_value(Vec::len)
            text=ErasedProp::derive(move || write(anchor.get()))
            ends=ErasedProp::from((write(limits.min), write(limits.max)))
            on_slide=move_to
            on_less=move || step(slider::step_down)
            on_more=move || step(slider::step_up)
        />
        <Chips
            label=texts::top_up::quick_picks()
            hide_label=true
            choices=ErasedProp::from(chips.with_value(|chips| chips.iter().map(|chip| short_text(*chip, live.currency)).collect::<Vec<_>>()))
            pressed=ErasedProp::derive(pressed)
            on_press=press
        />
    }
    .into_any()
}

/// Which card pays, where there is a choice.
fn render_cards(live: LiveWallet) -> AnyView {
    let payment = live.payment;
    let several = dynamic::memo(move || live.cards.read().len() > 1);
    let choices = ErasedProp::derive(move || {
        live.cards.read().iter().map(|card| Choice::new(card.id.clone(), card_with_expiry(card))).collect::<Vec<_>>()
    });
    let value = ErasedProp::derive(move || live.payment_card().map(|card| card.id).unwrap_or_default());
    let select = move || {
        several.get().then(|| {
            view! {
                <Select label=texts::top_up::card() name="card" value=value choices=choices
                    on_choose=move |id: String| payment.card_id.set(Some(id)) />
            }
        })
    };
    view! { {dynamic::view(select)} }.into_any()
}

/// What will happen when the button is pressed, in one line.
fn render_review(live: LiveWallet) -> AnyView {
    let amount = move || choice::parse_amount(&live.payment.amount.read(), &live.limits).ok().map(ChargeAmount::money);
    let card = dynamic::memo(move || live.payment_card());
    let sentence = move || match (amount(), card.get()) {
        (Some(amount), Some(Card { brand, last4, .. })) => {
            texts::top_up::review(&explicit_text(amount, live.currency), &card_text(&brand, &last4))
        }
        (Some(amount), None) => texts::top_up::review_without_card(&explicit_text(amount, live.currency)),
        (None, _) => texts::top_up::choose_first().to_owned(),
    };
    let after = move || {
        let after = live.wallet.read().balance.checked_add(amount()?)?;
        Some(texts::top_up::afterwards(&money_text(after, live.currency, MoneyStyle::Balance)))
    };
    view! {
        <div class="review" id=REVIEW_ID>
            <p class="review-line">{dynamic::view(sentence)}</p>
            <p class="muted small">{dynamic::view(after)}</p>
        </div>
    }
    .into_any()
}

/// What went wrong before, or that it goes on; with the next step.
fn render_notice(live: LiveWallet) -> AnyView {
    let payment = live.payment;
    let another = move || {
        view! { <Button on_press=move || payment.stage.set(PaymentStage::Connecting)>{texts::top_up::another_card()}</Button> }
            .into_any()
    };
    let notice = dynamic::memo(move || match &*payment.stage.read() {
        PaymentStage::Choosing(notice) => notice.clone(),
        _ => None,
    });
    let shown = move || match notice.get()? {
        PaymentNotice::Amount(_) => None,
        PaymentNotice::Declined(decline) => Some(
            view! {
                <Banner tone=Tone::Stop title=texts::top_up::declined()>
                    <p>{decline_text(&decline)}</p>
                    {another()}
                </Banner>
            }
            .into_any(),
        ),
        PaymentNotice::Refused(text) => Some(
            view! { <Banner tone=Tone::Stop title=texts::top_up::nothing_charged()><p>{text}</p></Banner> }.into_any(),
        ),
        PaymentNotice::Expired => Some(
            view! {
                <Banner tone=Tone::Warn title=texts::top_up::expired()>
                    <p>{texts::top_up::expired_next()}</p>
                </Banner>
            }
            .into_any(),
        ),
        PaymentNotice::Interrupted => Some(
            view! {
                <Banner tone=Tone::Warn title=texts::top_up::interrupted()>
                    <p>{texts::top_up::interrupted_next()}</p>
                </Banner>
            }
            .into_any(),
        ),
        PaymentNotice::Connected => Some(
            view! {
                <Banner tone=Tone::Good title=texts::top_up::connected()>
                    <p>{texts::top_up::connected_next()}</p>
                </Banner>
            }
            .into_any(),
        ),
    };
    view! { {dynamic::view(shown)} }.into_any()
}

/// What is going on while one waits. The region is there from the beginning, so that it is read out.
fn render_progress(live: LiveWallet) -> AnyView {
    let stage = live.payment.stage;
    let late = RwSignal::new(false);
    let timer = StoredValue::new_local(None);
    let under_way = dynamic::memo(move || stage.read().is_under_way());
    dynamic::effect(move || {
        late.set(false);
        timer.set_value(under_way.get().then(|| timers::run_after(PATIENCE_MILLISECONDS, move || late.set(true))));
    });
    let text = move || match &*stage.read() {
        PaymentStage::Repeating { received: true } => texts::top_up::repeating(),
        // That the bank is at it may only be said of what the server has certainly received.
        PaymentStage::Repeating { received: false } => texts::top_up::unsent(),
        PaymentStage::Sending if late.get() => texts::top_up::unsent(),
        PaymentStage::Sending => texts::top_up::sending(),
        PaymentStage::Waiting(_) if late.get() => texts::top_up::late(),
        PaymentStage::Waiting(_) => texts::top_up::waiting(),
        _ => "",
    };
    view! { <p class="muted small top-up-progress" role="status">{dynamic::view(text)}</p> }.into_any()
}
