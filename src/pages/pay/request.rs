//! Who asks, for what, how much, until when.

use billing_contract::link::PayPage;
use billing_domain::Money;
use billing_domain::auto_pay::{Refill, Settings};
use billing_domain::link::LinkPurpose;
use leptos::prelude::*;

use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::interpolate::interpolate;
use crate::ui::money::{Figure, MoneyStyle, explicit_text};
use crate::ui::time::{DateStyle, Instant};

/// The request, above the card.
#[component]
pub(super) fn Request(
    /// What the link asks for.
    page: PayPage,
) -> AnyView {
    let currency = page.currency;
    let asks = match page.purpose {
        LinkPurpose::Connect => texts::pay::asks_connect_template(),
        LinkPurpose::Pay => texts::pay::asks_pay_template(),
        LinkPurpose::PayAndConnect => texts::pay::asks_both_template(),
    };
    let pays = if page.amount.is_some() { texts::pay::pay_heading() } else { texts::pay::connect_and_pay_heading() };
    let title = match page.amount.or(page.charge_now) {
        Some(amount) => view! {
            <h1 class="pay-amount">
                <span class="visually-hidden">{pays}" "</span>
                <Figure amount=amount currency=currency style=MoneyStyle::Total />
                <span class="pay-currency">{currency.code()}</span>
            </h1>
        }
        .into_any(),
        None => view! { <h1>{texts::pay::connect()}</h1> }.into_any(),
    };
    let first_payment = page.charge_now.filter(|_| page.amount.is_none());
    let connects_only = page.amount.is_none() && page.charge_now.is_none();
    let automatic = page.auto_pay.map(|settings| {
        let settings =
            Settings { threshold: settings.threshold, refill: settings.refill, monthly_cap: settings.monthly_cap };
        let write = move |amount| explicit_text(amount, currency);
        let text = mandate_of_link(&settings, write);
        let why = texts::pay::at_once_why(&write(settings.threshold));
        let at_once = first_payment.map(|sum| {
            view! {
                <Banner tone=Tone::Warn title=texts::pay::at_once(&write(sum))>
                    <p>{why}</p>
                </Banner>
            }
        });
        view! {
            <div class="pay-mandate">
                <h2>{texts::pay::switches_on()}</h2>
                <p>{text}</p>
                {at_once}
            </div>
        }
    });
    let until = view! { <Instant at=page.expires_at style=DateStyle::DateTime /> }.into_any();
    let zone = page.time_zone.into_any();
    let note = (!page.note.is_empty())
        .then(|| view! { <blockquote class="pay-note"><p dir="auto">{page.note}</p></blockquote> });
    view! {
        <section class="panel pay-panel">
            <p class="pay-who">{interpolate(asks, [("person", render_strong(page.requested_by)), ("organization", render_strong(page.organization))])}</p>
            {title}
            {note}
            {automatic}
            {connects_only.then(|| view! { <p>{texts::connect_card::nothing_charged()}</p> })}
            <p class="muted small">
                {interpolate(texts::pay::works_once_template(), [("time", until), ("zone", zone)])}
            </p>
        </section>
    }
    .into_any()
}

fn render_strong(name: String) -> AnyView {
    view! { <strong>{name}</strong> }.into_any()
}

/// The mandate of a link, whose card is not known yet.
fn mandate_of_link(settings: &Settings, write: impl Fn(Money) -> String) -> String {
    let (threshold, cap) = (write(settings.threshold), write(settings.monthly_cap));
    match settings.refill {
        Refill::Fixed { amount } => texts::mandate::this_card_fixed(&threshold, &write(amount), &cap),
        Refill::Target { balance } => texts::mandate::this_card_target(&threshold, &write(balance), &cap),
    }
}
