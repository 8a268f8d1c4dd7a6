//! Choosing an amount and a card, the line to review, and the button that pays.

use billing_contract::card::Card;
use billing_domain::limits::ChargeAmount;
use billing_domain::{Money, slider};
use leptos::prelude::*;

use crate::platform::signal::Given;

use super::super::words::card_with_expiry;
use super::{choice, drive};
use crate::parts::words::card_text;
use crate::platform::{focus, timers};
use crate::state::Live;
use crate::state::payment::{Notice, Stage};
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::chips::Chips;
use crate::ui::dynamic;
use crate::ui::money::{MoneyStyle, explicit_text, input_text, money_text};
use crate::ui::money_input::MoneyInput;
use crate::ui::select::{Choice, Select};
use crate::ui::slider::Slider;

/// After so long a payment is told to be still under way.
const PATIENCE_MILLISECONDS: i32 = 10_000;
const AMOUNT_ID: &str = "top-up-amount";
const REVIEW_ID: &str = "top-up-review";

/// The form. What was typed stays, whatever happens.
#[component]
pub(super) fn TopUpForm(
    /// The wallet.
    live: Live,
) -> AnyView {
    let payment = live.payment;
    let limits = live.limits;
    // Wrong amounts are told of when somebody wants to pay them, and from then on while they are corrected.
    let tried = RwSignal::new(false);
    let busy = dynamic::memo(move || payment.stage.read().is_under_way());
    let amount = dynamic::memo(move || choice::read(&payment.amount.read(), &limits));
    let write = move |amount: Money| money_text(amount, live.currency, MoneyStyle::Total);
    let error = Given::derive(move || match &*payment.stage.read() {
        Stage::Choosing(Some(Notice::Amount(text))) => Some(text.clone()),
        _ if tried.get() => amount.get().err().map(|error| choice::sentence(error, write)),
        _ => None,
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        match amount.get_untracked() {
            Ok(amount) => drive::pay(live, amount.money()),
            Err(_) => {
                focus::by_id(AMOUNT_ID);
            }
        }
    };
    let hint = format!("From {} to {}", write(limits.min), write(limits.max));
    view! {
        {notice(live)}
        <form class="form" novalidate=true on:submit=submit>
            <fieldset class="stack top-up-fields" disabled=move || busy.get()>
                {slider_and_chips(live)}
                <MoneyInput
                    label="Amount"
                    value=payment.amount
                    currency=live.currency
                    name="amount"
                    id=AMOUNT_ID
                    hint=hint
                    error=error
                    on_input=move |_: String| forget_notice(live)
                />
                {cards(live)}
            </fieldset>
            {review(live)}
            <div class="buttons end">
                <Button style=ButtonStyle::Primary submit=true busy=busy described_by=REVIEW_ID id="top-up-pay">
                    {dynamic::part(move || if busy.get() { "Processing…" } else { "Top Up Wallet Balance" })}
                </Button>
            </div>
            {progress(live)}
        </form>
    }
    .into_any()
}

fn choose(live: Live, amount: Money) {
    forget_notice(live);
    live.payment.amount.set(input_text(amount, live.currency));
}

/// A changed amount answers what was said about the old one.
fn forget_notice(live: Live) {
    if matches!(*live.payment.stage.read_untracked(), Stage::Choosing(Some(Notice::Amount(_)))) {
        live.payment.stage.set(Stage::Choosing(None));
    }
}

fn slider_and_chips(live: Live) -> AnyView {
    let limits = live.limits;
    let stops = StoredValue::new(choice::stops(&limits));
    let chips = StoredValue::new(slider::chips(&limits));
    let write = move |amount: Money| money_text(amount, live.currency, MoneyStyle::Total);
    let anchor = dynamic::memo(move || choice::anchor(&live.payment.amount.read(), &limits));
    let position = move || stops.with_value(|stops| slider::nearest_stop(stops, anchor.get()));
    let pressed = move || {
        let exact = choice::read(&live.payment.amount.read(), &limits).ok().map(ChargeAmount::money);
        chips.with_value(|chips| chips.iter().position(|chip| Some(*chip) == exact).into_iter().collect::<Vec<_>>())
    };
    let step = move |next: fn(&[Money], Money) -> Money| {
        let amount = stops.with_value(|stops| next(stops, anchor.get_untracked()));
        choose(live, amount);
    };
    let move_to = move |stop: usize| {
        if let Some(amount) = stops.with_value(|stops| stops.get(stop).copied()) {
            choose(live, amount);
        }
    };
    let press = move |index: usize| {
        if let Some(amount) = chips.with_value(|chips| chips.get(index).copied()) {
            choose(live, amount);
        }
    };
    view! {
        <Slider
            label="How much to add"
            position=Given::derive(position)
            count=stops.with_value(Vec::len)
            text=Given::derive(move || write(anchor.get()))
            ends=Given::from((write(limits.min), write(limits.max)))
            on_slide=move_to
            on_less=move || step(slider::step_down)
            on_more=move || step(slider::step_up)
        />
        <Chips
            label="Quick picks"
            hide_label=true
            choices=Given::from(chips.with_value(|chips| chips.iter().map(|chip| whole(live, *chip)).collect::<Vec<_>>()))
            pressed=Given::derive(pressed)
            on_press=press
        />
    }
    .into_any()
}

/// `$25`: a quick pick has no cents.
fn whole(live: Live, amount: Money) -> String {
    let text = money_text(amount, live.currency, MoneyStyle::Total);
    text.strip_suffix(".00").or_else(|| text.strip_suffix(".000")).unwrap_or(&text).to_owned()
}

/// Which card pays, where there is a choice.
fn cards(live: Live) -> AnyView {
    let payment = live.payment;
    let several = dynamic::memo(move || live.cards.read().len() > 1);
    let choices = Given::derive(move || {
        live.cards.read().iter().map(|card| Choice::new(card.id.clone(), card_with_expiry(card))).collect::<Vec<_>>()
    });
    let value = Given::derive(move || live.payment_card().map(|card| card.id).unwrap_or_default());
    let select = move || {
        several.get().then(|| {
            view! {
                <Select label="Card" name="card" value=value choices=choices
                    on_choose=move |id: String| payment.card_id.set(Some(id)) />
            }
        })
    };
    view! { {dynamic::part(select)} }.into_any()
}

/// What will happen when the button is pressed, in one line.
fn review(live: Live) -> AnyView {
    let amount = move || choice::read(&live.payment.amount.read(), &live.limits).ok().map(ChargeAmount::money);
    let card = dynamic::memo(move || live.payment_card());
    let sentence = move || match (amount(), card.get()) {
        (Some(amount), Some(Card { brand, last4, .. })) => {
            format!("Pay {} with {}", explicit_text(amount, live.currency), card_text(&brand, &last4))
        }
        (Some(amount), None) => {
            format!("Pay {}: no card is connected yet, so that comes first.", explicit_text(amount, live.currency))
        }
        (None, _) => "Choose an amount first.".to_owned(),
    };
    let after = move || {
        let after = live.wallet.read().balance.checked_add(amount()?)?;
        Some(format!("Balance afterwards: {}", money_text(after, live.currency, MoneyStyle::Balance)))
    };
    view! {
        <div class="review" id=REVIEW_ID>
            <p class="review-line">{dynamic::part(sentence)}</p>
            <p class="muted small">{dynamic::part(after)}</p>
        </div>
    }
    .into_any()
}

/// What went wrong before, or that it goes on; with the next step.
fn notice(live: Live) -> AnyView {
    let payment = live.payment;
    let another = move || {
        view! { <Button on_press=move || payment.stage.set(Stage::Connecting)>"Use another card"</Button> }.into_any()
    };
    let notice = dynamic::memo(move || match &*payment.stage.read() {
        Stage::Choosing(notice) => notice.clone(),
        _ => None,
    });
    let shown = move || {
        match notice.get()? {
        Notice::Amount(_) => None,
        Notice::Declined(decline) => Some(
            view! {
                <Banner tone=Tone::Stop title="The payment was declined. Nothing was charged.">
                    <p>{decline.message}</p>
                    {another()}
                </Banner>
            }
            .into_any(),
        ),
        Notice::Refused(text) => {
            Some(view! { <Banner tone=Tone::Stop title="Nothing was charged"><p>{text}</p></Banner> }.into_any())
        }
        Notice::Expired => Some(
            view! {
                <Banner tone=Tone::Warn title="The payment was not confirmed in time">
                    <p>"Nothing was charged. You can try again."</p>
                </Banner>
            }
            .into_any(),
        ),
        Notice::Interrupted => Some(
            view! {
                <Banner tone=Tone::Warn title="This payment was interrupted">
                    <p>"The server had not answered when the page was left. Press the button to go on with the same payment: you will not be charged twice."</p>
                </Banner>
            }
            .into_any(),
        ),
        Notice::Connected => Some(
            view! {
                <Banner tone=Tone::Good title="The card is connected">
                    <p>"Check the line below and confirm the top-up."</p>
                </Banner>
            }
            .into_any(),
        ),
    }
    };
    view! { {dynamic::part(shown)} }.into_any()
}

/// What is going on while one waits. The region is there from the beginning, so that it is read out.
fn progress(live: Live) -> AnyView {
    let stage = live.payment.stage;
    let late = RwSignal::new(false);
    let timer = StoredValue::new_local(None);
    let under_way = dynamic::memo(move || stage.read().is_under_way());
    dynamic::effect(move || {
        late.set(false);
        timer.set_value(under_way.get().then(|| timers::after(PATIENCE_MILLISECONDS, move || late.set(true))));
    });
    let text = move || match &*stage.read() {
        Stage::Repeating => "Still checking, you will not be charged twice. You may close this; it goes on by itself.",
        Stage::Sending | Stage::Waiting(_) if late.get() => {
            "Still checking, you will not be charged twice. The bank takes longer than usual; you may close this."
        }
        Stage::Sending | Stage::Waiting(_) => "Waiting for the bank…",
        _ => "",
    };
    view! { <p class="muted small top-up-progress" role="status">{dynamic::part(text)}</p> }.into_any()
}
