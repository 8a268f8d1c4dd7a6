//! The amounts of automatic payments: when, how much, at most how much in a month, from which card.

use billing_domain::auto_pay::Field;
use billing_domain::auto_pay::advice::Advice;
use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedProp};

use super::super::words::card_with_expiry;
use super::advice::{self, Adviser};
use super::draft::SettingsDraft;
use super::past::HistoryReading;
use super::replay::Replayed;
use super::setup_state::{Setup, SetupStep};
use crate::platform::focus;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::chips::Chips;
use crate::ui::dynamic;
use crate::ui::money::{MoneyStyle, input_text, money_text};
use crate::ui::money_input::MoneyInput;
use crate::ui::select::{Choice, Select};

/// The form. It becomes a request only when its mandate is confirmed.
#[component]
pub(super) fn SettingsForm(live: LiveWallet, setup: Setup) -> AnyView {
    let start = setup.draft.get_untracked();
    let (threshold, refill) = (RwSignal::new(start.threshold), RwSignal::new(start.refill));
    let (monthly_cap, by_target) = (RwSignal::new(start.monthly_cap), RwSignal::new(start.by_target));
    let collected = move || SettingsDraft {
        threshold: threshold.get(),
        by_target: by_target.get(),
        refill: refill.get(),
        monthly_cap: monthly_cap.get(),
        ..setup.draft.get_untracked()
    };
    let collect = move || untrack(collected);
    let write = move |amount| money_text(amount, live.currency, MoneyStyle::Total);
    let settings = ErasedMemo::new(move || collected().check(&live.limits, write).ok());
    let reading = HistoryReading::start();
    let follow = move |advice: Advice| {
        let present = settings.get_untracked().map(|settings| settings.refill);
        threshold.set(input_text(advice.threshold, live.currency));
        if let Some(amount) = advice::advised_refill(&advice, present, by_target.get_untracked()) {
            refill.set(input_text(amount, live.currency));
        }
        setup.problems.set(Vec::new());
        focus::focus_id(field_id(Field::Threshold));
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let draft = collect();
        match draft.check(&live.limits, write) {
            Ok(settings) => {
                setup.problems.set(Vec::new());
                setup.draft.set(draft);
                setup.step.set(if live.cards.read_untracked().is_empty() {
                    SetupStep::Doors
                } else {
                    SetupStep::Confirm(settings, None)
                });
            }
            Err(problems) => {
                if let Some((field, _)) = problems.first() {
                    focus::focus_id(field_id(*field));
                }
                setup.problems.set(problems);
            }
        }
    };
    let error = move |fields: &'static [Field]| {
        ErasedProp::derive(move || {
            let problems = setup.problems.read();
            problems.iter().find(|(field, _)| fields.contains(field)).map(|(_, text)| text.clone())
        })
    };
    let refill_label = move || {
        if by_target.get() { texts::auto_pay::refill_balance() } else { texts::auto_pay::refill_amount() }.to_owned()
    };
    let note = move || match setup.step.get() {
        SetupStep::Amounts(Some(text)) => {
            Some(view! { <Banner tone=Tone::Warn title=texts::auto_pay::not_saved() alert=true><p>{text}</p></Banner> })
        }
        _ => None,
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {dynamic::view(note)}
            <MoneyInput label=texts::auto_pay::row_threshold() value=threshold currency=live.currency name="threshold"
                id=field_id(Field::Threshold) error=error(&[Field::Threshold]) />
            <Adviser live=live reading=reading settings=settings by_target=ErasedProp::derive(move || by_target.get()) on_use=follow />
            <Chips
                label=texts::auto_pay::how_to_refill()
                choices=ErasedProp::from(vec![texts::auto_pay::by_amount().to_owned(), texts::auto_pay::by_balance().to_owned()])
                pressed=ErasedProp::derive(move || vec![usize::from(by_target.get())])
                on_press=move |index: usize| by_target.set(index == 1)
            />
            <MoneyInput label=ErasedProp::derive(refill_label) value=refill currency=live.currency name="refill"
                id=field_id(Field::RefillAmount) error=error(&[Field::RefillAmount, Field::RefillBalance]) />
            <MoneyInput label=texts::auto_pay::cap() value=monthly_cap currency=live.currency
                name="monthly_cap" id=field_id(Field::MonthlyCap) error=error(&[Field::MonthlyCap])
                hint=texts::auto_pay::cap_hint() />
            {render_card_choice(live, setup, collect)}
            <section class="form-replay" aria-labelledby="auto-pay-replay">
                <h3 id="auto-pay-replay">{texts::auto_pay::replay()}</h3>
                <Replayed live=live reading=reading settings=settings folded=true />
            </section>
            <div class="buttons end stays">
                <Button style=ButtonStyle::Primary submit=true>{texts::auto_pay::continue_on()}</Button>
            </div>
        </form>
    }
    .into_any()
}

const fn field_id(field: Field) -> &'static str {
    match field {
        Field::Threshold => "auto-pay-threshold",
        Field::RefillAmount | Field::RefillBalance => "auto-pay-refill",
        Field::MonthlyCap => "auto-pay-cap",
    }
}

/// Which card pays; another one can be connected without losing what was typed.
fn render_card_choice(
    live: LiveWallet,
    setup: Setup,
    collect: impl Fn() -> SettingsDraft + Copy + Send + Sync + 'static,
) -> AnyView {
    let choices = ErasedProp::derive(move || {
        live.cards.read().iter().map(|card| Choice::new(card.id.clone(), card_with_expiry(card))).collect::<Vec<_>>()
    });
    let value = ErasedProp::derive(move || {
        let chosen = setup.draft.read().card_id.clone();
        chosen.or_else(|| live.cards.read().first().map(|card| card.id.clone())).unwrap_or_default()
    });
    let another = move || {
        setup.draft.set(collect());
        setup.step.set(SetupStep::Connect);
    };
    view! {
        <div class="stack">
            <Select label=texts::top_up::card() name="card" value=value choices=choices
                on_choose=move |id: String| setup.draft.update(|draft| draft.card_id = Some(id)) />
            <div><Button style=ButtonStyle::Quiet on_press=another>{texts::auto_pay::connect_another()}</Button></div>
        </div>
    }
    .into_any()
}
