//! Who asks, for what, how much, until when.

use billing_contract::link::PayPage;
use billing_domain::auto_pay::Settings;
use billing_domain::link::LinkPurpose;
use leptos::prelude::*;

use crate::parts::words::mandate;
use crate::ui::money::{Figure, MoneyStyle, explicit_text};
use crate::ui::time::{DateStyle, Instant};

/// The request, above the card.
#[component]
pub(super) fn Request(
    /// What the link asks for.
    page: PayPage,
) -> AnyView {
    let currency = page.currency;
    let what = match page.purpose {
        LinkPurpose::Connect => "asks you to connect a card to the wallet that pays for its AI calls and tasks.",
        LinkPurpose::Pay => "asks you to pay into the wallet that pays for its AI calls and tasks.",
        LinkPurpose::PayAndConnect => {
            "asks you to pay into the wallet that pays for its AI calls and tasks, and to leave the card connected."
        }
    };
    let title = match page.amount {
        Some(amount) => view! {
            <h1 class="pay-amount">
                <span class="visually-hidden">"Pay "</span>
                <Figure amount=amount currency=currency style=MoneyStyle::Total />
                <span class="pay-currency">{currency.code()}</span>
            </h1>
        }
        .into_any(),
        None => view! { <h1>"Connect a card"</h1> }.into_any(),
    };
    let automatic = page.auto_pay.map(|settings| {
        let settings =
            Settings { threshold: settings.threshold, refill: settings.refill, monthly_cap: settings.monthly_cap };
        let text = mandate(&settings, "this card", |amount| explicit_text(amount, currency));
        view! {
            <div class="pay-mandate">
                <h2>"This switches automatic payments on"</h2>
                <p>{text}</p>
            </div>
        }
    });
    let note = (!page.note.is_empty()).then(|| view! { <blockquote class="pay-note"><p>{page.note}</p></blockquote> });
    view! {
        <section class="panel pay-panel">
            <p class="pay-who"><strong>{page.requested_by}</strong>" of "<strong>{page.organization}</strong>" "{what}</p>
            {title}
            {note}
            {automatic}
            <p class="muted small">
                "This link works once, until "<Instant at=page.expires_at style=DateStyle::DateTime />" ("{page.time_zone}")."
            </p>
        </section>
    }
    .into_any()
}
