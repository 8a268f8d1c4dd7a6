//! The three actions of automatic payments without a card: enter it, let it be scanned, send a link.

use billing_contract::auto_pay::PutAutoPay;
use billing_contract::link::{CreatePaymentLink, EnteredLinkSettings};
use billing_domain::auto_pay::Settings;
use billing_domain::link::LinkPurpose;
use leptos::prelude::*;

use super::super::payment_links::created::{ShownFirst, first_payment};
use super::draft;
use super::setup_state::{Setup, SetupStep};
use crate::api;
use crate::platform::task;
use crate::shared::words::mandate_text;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, money_text};

/// What will be switched on, and the three ways to the card.
#[component]
pub(super) fn CardMethods(live: LiveWallet, setup: Setup) -> AnyView {
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let work = StoredValue::new_local(None);
    let write = move |amount| money_text(amount, live.currency, MoneyStyle::Total);
    let settings = move || setup.draft.read().check(&live.limits, write).ok();
    let text = move || {
        settings().map(|settings| mandate_text(&settings, texts::auto_pay::the_card(), write)).unwrap_or_default()
    };
    let at_once = move || {
        let (auto_pay, wallet) = (live.auto_pay.read(), live.wallet.read());
        first_payment(&settings()?, live, &wallet, &auto_pay)
    };
    let by_link = move |first: ShownFirst| {
        let Some(settings) = untrack(settings) else { return setup.step.set(SetupStep::Amounts(None)) };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        work.set_value(Some(task::spawn_task(async move {
            match api::links::create_link(&link_request(live, &settings)).await {
                Ok(created) => {
                    live.apply_link(created.link.clone());
                    setup.step.set(SetupStep::HandOver(Box::new(created), first));
                }
                Err(error) => {
                    busy.set(false);
                    failure.set(Some(error.sentence()));
                }
            }
        })));
    };
    let door = move |icon: IconName, title: &'static str, text: &'static str, go: Callback<()>| {
        view! {
            <button type="button" class="card-method" aria-disabled=dynamic::flag(move || busy.get()) on:click=move |_| go.run(())>
                <Icon name=icon />
                <span><strong>{title}</strong><span class="muted small">{text}</span></span>
                <Icon name=IconName::ChevronRight />
            </button>
        }
        .into_any()
    };
    let problem = move || {
        let text = failure.get()?;
        Some(view! { <Banner tone=Tone::Stop title=texts::hand_over::not_made() alert=true><p>{text}</p></Banner> })
    };
    view! {
        <div class="form">
            {dynamic::view(problem)}
            <div class="review">
                <p>{dynamic::text(text)}</p>
                <div><Button style=ButtonStyle::Quiet on_press=move || setup.step.set(SetupStep::Amounts(None))>{texts::auto_pay::change_amounts()}</Button></div>
            </div>
            {dynamic::view(at_once)}
            <div class="card-methods" role="group" aria-label=texts::connect_card::heading()>
                {door(IconName::Card, texts::auto_pay::door_enter(), texts::auto_pay::door_enter_text(),
                    Callback::new(move |()| setup.step.set(SetupStep::Connect)))}
                {door(IconName::Code, texts::auto_pay::door_scan(), texts::auto_pay::door_scan_text(),
                    Callback::new(move |()| by_link(ShownFirst::Code)))}
                {door(IconName::Link, texts::auto_pay::door_share(), texts::auto_pay::door_share_text(),
                    Callback::new(move |()| by_link(ShownFirst::Link)))}
            </div>
            <p class="muted small">{texts::auto_pay::doors_note()}</p>
        </div>
    }
    .into_any()
}

fn link_request(live: LiveWallet, settings: &Settings) -> CreatePaymentLink {
    let PutAutoPay { threshold, refill, monthly_cap, .. } = draft::build_request(settings, live.currency, true, None);
    CreatePaymentLink {
        purpose: LinkPurpose::Connect,
        amount: None,
        auto_pay: Some(EnteredLinkSettings { threshold, refill, monthly_cap }),
        note: None,
        expires_in_seconds: None,
    }
}
