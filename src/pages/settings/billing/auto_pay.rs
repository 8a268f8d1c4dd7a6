//! Automatic Payments: **Not Active** or **Active**, how they are doing, what this month's cap leaves.

mod advice;
mod cap;
mod confirm;
pub(super) mod draft;
mod form;
mod health;
mod methods;
mod past;
mod replay;
mod setup;
mod setup_state;

use billing_contract::auto_pay::AutoPay;
use billing_contract::top_up::TopUp;
use billing_domain::auto_pay::Refill;
use billing_domain::charge::TopUpStatus;
use billing_domain::{Capability, Money};
use leptos::prelude::*;

use crate::platform::signal::{ErasedProp, ErasedSignal};

use self::health::{HealthAction, HealthLine};
use self::setup::SetupDialog;
pub(super) use self::setup::load;
use super::BillingActions;
use crate::api::{self, ApiError};
use crate::platform::task;
use crate::shared::words::card_text;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::announcer::{Announcer, use_announcer};
use crate::ui::banner::Tone;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::interpolate::interpolate;
use crate::ui::lazy::render_lazy;
use crate::ui::money::{Amount, MoneyStyle, explicit_text, money_text};
use crate::ui::panel::Panel;
use crate::ui::permission::is_permitted;
use crate::ui::pill::Pill;
use crate::ui::time::{DateStyle, instant_text};

/// A change that the panel itself asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PanelChange {
    Rest,
    Busy,
    Failed(String),
}

#[component]
pub(super) fn AutoPayPanel(
    live: LiveWallet,
    /// Where its settings and connecting a card open.
    actions: BillingActions,
) -> AnyView {
    let enabled = dynamic::memo(move || live.auto_pay.read().enabled);
    let change = ErasedSignal::new(PanelChange::Rest);
    let state = move || {
        let (style, word) = if enabled.get() {
            (ButtonStyle::Good, texts::auto_pay::active())
        } else {
            (ButtonStyle::Danger, texts::auto_pay::not_active())
        };
        if is_permitted(Capability::AutoPay) {
            view! { <Button style=style on_press=move || actions.auto_pay.set(true)>{word}</Button> }.into_any()
        } else {
            let tone = if enabled.get() { Tone::Good } else { Tone::Stop };
            view! { <Pill tone=tone text=word /> }.into_any()
        }
    };
    view! {
        <Panel heading=texts::auto_pay::heading() class="auto-pay" actions=ViewFn::from(state)>
            {dynamic::view(move || if enabled.get() { render_active(live, actions, change) } else { render_inactive(live) })}
            {dynamic::view(move || match change.get() {
                PanelChange::Failed(text) => Some(view! { <p class="field-error" role="alert">{text}</p> }),
                _ => None,
            })}
            {replay_fold(live)}
        </Panel>
        <SetupDialog live=live open=actions.auto_pay />
    }
    .into_any()
}

/// What the settings would have done, on demand; its code comes later.
fn replay_fold(live: LiveWallet) -> AnyView {
    // Once opened it stays: closing hides it.
    let opened = RwSignal::new(false);
    let shown = move || opened.get().then(|| render_lazy(replay::load, move || replay::on_panel(live)));
    view! {
        <details class="fold" on:toggle=move |_| if !opened.get_untracked() { opened.set(true) }>
            <summary>{texts::auto_pay::replay()}</summary>
            {dynamic::view(shown)}
        </details>
    }
    .into_any()
}

/// What it would do, as proposed or as last set.
fn render_inactive(live: LiveWallet) -> AnyView {
    let part = move |of: fn(&AutoPay) -> Money| ErasedProp::derive(move || of(&live.auto_pay.read()));
    let row = move |name: &'static str, of: fn(&AutoPay) -> Money| {
        view! { <div><dt>{name}</dt><dd><Amount amount=part(of) currency=live.currency /></dd></div> }
    };
    let refill_word = move || match live.auto_pay.read().refill {
        Refill::Fixed { .. } => texts::auto_pay::row_adds(),
        Refill::Target { .. } => texts::auto_pay::row_refills(),
    };
    let refill = part(|auto_pay| match auto_pay.refill {
        Refill::Fixed { amount } => amount,
        Refill::Target { balance } => balance,
    });
    let not_active = view! { <strong>{texts::auto_pay::not_active()}</strong> }.into_any();
    view! {
        <p>{interpolate(texts::auto_pay::promise_template(), [("button", not_active)])}</p>
        <dl class="facts auto-pay-proposal">
            {row(texts::auto_pay::row_threshold(), |auto_pay| auto_pay.threshold)}
            <div><dt>{dynamic::text(refill_word)}</dt><dd><Amount amount=refill currency=live.currency /></dd></div>
            {row(texts::auto_pay::row_cap(), |auto_pay| auto_pay.monthly_cap)}
        </dl>
    }
    .into_any()
}

/// The rule, its health, the month, and what can be changed.
fn render_active(live: LiveWallet, actions: BillingActions, change: ErasedSignal<PanelChange>) -> AnyView {
    let announcer = use_announcer();
    let work = StoredValue::new_local(None);
    let busy = dynamic::memo(move || *change.read() == PanelChange::Busy);
    let health = dynamic::memo(move || health_line(&live.auto_pay.read()));
    let switch_off = move || {
        let present = live.auto_pay.get_untracked();
        let request =
            draft::build_request(&draft::settings_in_force(&present), present.currency, false, present.card_id.clone());
        work.set_value(Some(task::spawn_task(async move {
            change.set(PanelChange::Busy);
            let answer = api::auto_pay::save_settings(&request, &present.etag).await;
            apply_answer(live, change, announcer, answer, texts::auto_pay::said_off()).await;
        })));
    };
    let resume = move || {
        work.set_value(Some(task::spawn_task(async move {
            change.set(PanelChange::Busy);
            let answer = api::auto_pay::resume_payments().await;
            apply_answer(live, change, announcer, answer, texts::auto_pay::said_resumed()).await;
        })));
    };
    let next = move || match health.read().next {
        HealthAction::Nothing => None,
        HealthAction::AnotherCard => {
            Some(next_button(texts::top_up::another_card(), move || actions.connect.set(true)))
        }
        HealthAction::RaiseCap => Some(next_button(texts::auto_pay::raise_cap(), move || actions.auto_pay.set(true))),
        HealthAction::Resume => Some(match find_unconfirmed(live) {
            Some(top_up) => next_button(texts::bank::heading(), move || live.show_payment(top_up.clone())),
            None => next_button(resume_words(live), resume),
        }),
    };
    view! {
        <p class="auto-pay-rule">{dynamic::view(move || describe_rule(live))}</p>
        <div class="auto-pay-health">
            {dynamic::view(move || {
                let HealthLine { tone, word, sentence, .. } = health.get();
                view! { <Pill tone=tone text=word /><p>{sentence}</p> }
            })}
            {dynamic::view(next)}
        </div>
        {cap::render_month(live)}
        <div class="buttons">
            <Button needs=Capability::AutoPay on_press=move || actions.auto_pay.set(true)>{texts::auto_pay::edit()}</Button>
            <Button needs=Capability::AutoPay style=ButtonStyle::Quiet busy=busy on_press=switch_off>{texts::auto_pay::switch_off()}</Button>
        </div>
    }
    .into_any()
}

/// The automatic payment that its bank wants confirmed.
pub(super) fn find_unconfirmed(live: LiveWallet) -> Option<TopUp> {
    let open = live.top_ups.read();
    open.iter().find(|one| one.automatic && one.status == TopUpStatus::ActionRequired).cloned()
}

/// Resuming charges at once what is due: the button names it.
fn resume_words(live: LiveWallet) -> String {
    match due_at_once(live) {
        Some(amount) => texts::auto_pay::resume_and_pay(&explicit_text(amount, live.currency)),
        None => texts::ui::try_again().to_owned(),
    }
}

/// What the settings that are in force charge as soon as nothing holds them up.
pub(super) fn due_at_once(live: LiveWallet) -> Option<Money> {
    let (auto_pay, wallet) = (live.auto_pay.read(), live.wallet.read());
    draft::charged_at_once(&draft::settings_in_force(&auto_pay), &live.limits, &wallet, &auto_pay, live.now())
}

fn next_button(word: impl Into<String>, press: impl Fn() + Send + Sync + 'static) -> AnyView {
    let word = word.into();
    view! { <Button needs=Capability::AutoPay on_press=press>{word}</Button> }.into_any()
}

/// Takes over what the server answered. Somebody else's change is shown, and said.
async fn apply_answer(
    live: LiveWallet,
    change: ErasedSignal<PanelChange>,
    announcer: Announcer,
    answer: Result<AutoPay, ApiError>,
    done: &'static str,
) {
    match answer {
        Ok(auto_pay) => {
            live.apply_auto_pay(auto_pay);
            change.set(PanelChange::Rest);
            announcer.say(done);
        }
        Err(error) => {
            let mut text = error.sentence();
            if error.code() == Some(billing_contract::ProblemCode::Stale)
                && let Ok(present) = api::auto_pay::fetch_settings().await
            {
                live.apply_auto_pay(present);
                texts::auto_pay::stale().clone_into(&mut text);
            }
            change.set(PanelChange::Failed(text));
        }
    }
}

fn health_line(auto_pay: &AutoPay) -> HealthLine {
    let money = |amount| money_text(amount, auto_pay.currency, MoneyStyle::Total);
    health::describe_health(auto_pay, money, |at| instant_text(at, DateStyle::DateTime))
}

/// `Adds $50.00 from Visa •• 4242 when the balance falls to $20.00.`
fn describe_rule(live: LiveWallet) -> String {
    let auto_pay = live.auto_pay.read();
    let cards = live.cards.read();
    let money = |amount| money_text(amount, live.currency, MoneyStyle::Total);
    let card = cards.iter().find(|card| Some(&card.id) == auto_pay.card_id.as_ref()).or_else(|| cards.first());
    let card = card.map_or_else(|| texts::auto_pay::the_card().to_owned(), |card| card_text(&card.brand, &card.last4));
    let threshold = money(auto_pay.threshold);
    match auto_pay.refill {
        Refill::Fixed { amount } => texts::auto_pay::rule_fixed(&money(amount), &card, &threshold),
        Refill::Target { balance } => texts::auto_pay::rule_target(&money(balance), &card, &threshold),
    }
}
