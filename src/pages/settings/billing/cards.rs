//! The connected cards: which one is charged, which one expires, and taking one away.

use billing_contract::auto_pay::AutoPay;
use billing_contract::card::Card;
use billing_domain::{Capability, Date};
use leptos::prelude::*;

use super::words::expiry_text;
use super::{BillingActions, auto_pay};
use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::platform::task;
use crate::shared::words::card_text;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::Tone;
use crate::ui::button::{Button, ButtonStyle, named_label};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::interpolate::interpolate;
use crate::ui::lazy::{render_lazy, split};
use crate::ui::money::explicit_text;
use crate::ui::panel::{Empty, Panel};
use crate::ui::pill::Pill;

#[component]
pub(super) fn CardsPanel(
    live: LiveWallet,
    /// Where one is connected.
    actions: BillingActions,
) -> AnyView {
    let removing = ErasedSignal::new(None::<Card>);
    let failure = RwSignal::new(None::<String>);
    let none = dynamic::memo(move || live.cards.read().is_empty());
    let each = move |card: Card| render_row(live, &card, removing, failure);
    let content = move || {
        if none.get() {
            view! {
                <Empty title=texts::cards::none()>
                    <p>{texts::cards::none_next()}</p>
                </Empty>
            }
            .into_any()
        } else {
            // A card that becomes the default, or stops being it, is drawn anew.
            view! {
                <ul class="card-list">
                    <For each=move || live.cards.get() key=|card| (card.id.clone(), card.is_default) children=each />
                </ul>
            }
            .into_any()
        }
    };
    let connect = move || view! { <Button needs=Capability::Cards icon=IconName::Plus on_press=move || actions.connect.set(true)>{texts::cards::connect()}</Button> };
    view! {
        <Panel heading=texts::cards::heading() class="cards" actions=ViewFn::from(connect)>
            {dynamic::view(content)}
            {dynamic::view(move || failure.get().map(|text| view! { <p class="field-error" role="alert">{text}</p> }))}
        </Panel>
        <RemoveDialog live=live removing=removing />
    }
    .into_any()
}

fn render_row(
    live: LiveWallet,
    card: &Card,
    removing: ErasedSignal<Option<Card>>,
    failure: RwSignal<Option<String>>,
) -> AnyView {
    let name = card_text(&card.brand, &card.last4);
    let work = StoredValue::new_local(None);
    let busy = RwSignal::new(false);
    let id = StoredValue::new(card.id.clone());
    let make_default = move || {
        busy.set(true);
        failure.set(None);
        work.set_value(Some(task::spawn_task(async move {
            match api::cards::set_default_card(&id.get_value()).await {
                Ok(card) => live.apply_card(card),
                Err(error) => {
                    busy.set(false);
                    failure.set(Some(error.sentence()));
                }
            }
        })));
    };
    let (month, year) = (card.exp_month, card.exp_year);
    let warning = move || {
        let (tone, text) = expiry_warning(month, year, live.today.get())?;
        Some(view! { <Pill tone=tone text=text /> })
    };
    let kept = StoredValue::new(card.clone());
    let of_which = name.clone();
    let is_default = card.is_default;
    view! {
        <li>
            <span class="card-icon" aria-hidden="true"><Icon name=IconName::Card /></span>
            <span class="card-text">
                <span class="card-name">{name.clone()}</span>
                <span class="cell-sub">{texts::cards::expires(&expiry_text(month, year))}</span>
            </span>
            <span class="card-marks">
                {is_default.then(|| view! { <Pill tone=Tone::Good text=texts::cards::default() /> })}
                {dynamic::view(warning)}
            </span>
            <span class="card-actions">
                {(!is_default).then(move || view! {
                    <Button needs=Capability::Cards style=ButtonStyle::Quiet busy=busy on_press=make_default>
                        {dynamic::view(move || default_words(live, &of_which))}
                    </Button>
                })}
                <Button needs=Capability::Cards style=ButtonStyle::Quiet on_press=move || removing.set(Some(kept.get_value()))>
                    {named_label(texts::cards::remove(), texts::cards::remove_which(&name))}
                </Button>
            </span>
        </li>
    }
    .into_any()
}

/// Where automatic payments wait for another default card, it is charged at once: the button says so.
fn default_words(live: LiveWallet, card: &str) -> AnyView {
    let due = live.auto_pay.read().resumes_with_default_card.then(|| auto_pay::due_at_once(live)).flatten();
    match due.map(|amount| explicit_text(amount, live.currency)) {
        Some(due) => named_label(texts::cards::default_and_pay(&due), texts::cards::default_and_pay_which(card, &due)),
        None => named_label(texts::cards::make_default(), texts::cards::make_default_which(card)),
    }
}

/// A card is good to the end of its month.
fn expiry_warning(month: u8, year: u16, today: Date) -> Option<(Tone, &'static str)> {
    let now = today.month();
    let months_left = (i32::from(year) - i32::from(now.year())) * 12 + i32::from(month) - i32::from(now.number());
    match months_left {
        i32::MIN..0 => Some((Tone::Stop, texts::cards::expired())),
        0 => Some((Tone::Warn, texts::cards::expires_this_month())),
        1 => Some((Tone::Warn, texts::cards::expires_next_month())),
        _ => None,
    }
}

/// Asks before a card goes, and says what will happen then.
#[component]
fn RemoveDialog(live: LiveWallet, removing: ErasedSignal<Option<Card>>) -> AnyView {
    let open = RwSignal::new(false);
    dynamic::effect(move || {
        if removing.read().is_some() {
            open.set(true);
        }
    });
    view! {
        <Dialog open=open heading=texts::cards::remove_heading() on_close=move || removing.set(None)>
            {render_lazy(load, move || content(live, removing, open))}
        </Dialog>
    }
    .into_any()
}

split!(settings: pub(super) fn content(live: LiveWallet, removing: ErasedSignal<Option<Card>>, open: RwSignal<bool>) => make_content);

/// What stands in the dialog, whose code is loaded when it is opened.
fn make_content(live: LiveWallet, removing: ErasedSignal<Option<Card>>, open: RwSignal<bool>) -> AnyView {
    let announcer = use_announcer();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let work = StoredValue::new_local(None);
    let Some(card) = removing.get_untracked() else { return ().into_any() };
    let name = card_text(&card.brand, &card.last4);
    let alone = live.cards.read_untracked().len() == 1;
    let what = removal_consequence(&live.auto_pay.read_untracked(), &card, alone);
    let id = StoredValue::new(card.id.clone());
    let gone = StoredValue::new(card);
    let remove = move || {
        busy.set(true);
        failure.set(None);
        work.set_value(Some(task::spawn_task(async move {
            match api::cards::remove_card(&id.get_value()).await {
                Ok(()) => {
                    live.apply_card(Card { removed: true, ..gone.get_value() });
                    announcer.say(texts::cards::said_removed());
                    open.set(false);
                }
                Err(error) => {
                    busy.set(false);
                    failure.set(Some(error.sentence()));
                }
            }
        })));
    };
    let content = view! {
        <div class="stack">
            <p>{interpolate(what, [("card", view! { <strong>{name}</strong> }.into_any())])}</p>
            {dynamic::view(move || failure.get().map(|text| view! { <p class="field-error" role="alert">{text}</p> }))}
            <div class="buttons end">
                <Button unavailable=busy on_press=move || open.set(false)>{texts::cards::keep()}</Button>
                <Button style=ButtonStyle::Danger busy=busy on_press=remove>{texts::cards::remove_card()}</Button>
            </div>
        </div>
    };
    content.into_any()
}

/// What removing it does to automatic payments and calls (the server's own rule: `service::auto_pay::before_card_goes`).
fn removal_consequence(auto_pay: &AutoPay, card: &Card, alone: bool) -> &'static str {
    match (auto_pay.enabled, alone, auto_pay.card_id.as_deref() == Some(&card.id)) {
        (true, true, _) => texts::cards::last_with_automatic_template(),
        (true, false, true) => texts::cards::charged_automatically_template(),
        (false, true, _) => texts::cards::last_template(),
        _ => texts::cards::gone_template(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_good_to_the_end_of_its_month() {
        let today: Date = "2026-11-30".parse().unwrap();
        assert_eq!(expiry_warning(10, 2026, today).map(|(_, text)| text), Some("Expired"));
        assert_eq!(expiry_warning(11, 2026, today).map(|(_, text)| text), Some("Expires this month"));
        assert_eq!(expiry_warning(12, 2026, today).map(|(_, text)| text), Some("Expires next month"));
        assert_eq!(expiry_warning(1, 2027, today), None);
        assert_eq!(expiry_warning(11, 2025, today).map(|(tone, _)| tone), Some(Tone::Stop));
    }
}
