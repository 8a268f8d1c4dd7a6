//! Payments whose outcome is not known yet, on whatever device they began: visible until they are.

use billing_contract::top_up::TopUp;
use billing_domain::Capability;
use billing_domain::charge::TopUpStatus;
use leptos::prelude::*;

use crate::shared::words::card_text;
use crate::state::LiveWallet;
use crate::state::payment::{PaymentNotice, PaymentStage};
use crate::texts;
use crate::ui::button::Button;
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, money_text};

/// One line for each of them; nothing when there is none.
#[component]
pub(super) fn OpenTopUps(live: LiveWallet) -> AnyView {
    let open = dynamic::memo(move || {
        let all = live.top_ups.read();
        all.iter().filter(|top_up| top_up.status.is_open()).cloned().collect::<Vec<_>>()
    });
    let interrupted =
        dynamic::memo(move || *live.payment.stage.read() == PaymentStage::Choosing(Some(PaymentNotice::Interrupted)));
    let lines = move || {
        let lines = open.get();
        let is_interrupted = interrupted.get();
        (is_interrupted || !lines.is_empty()).then(|| {
            view! {
                <ul class="open-top-ups">
                    {is_interrupted.then(|| interrupted_line(live))}
                    {lines.into_iter().map(|top_up| render_line(live, top_up)).collect_view()}
                </ul>
            }
        })
    };
    view! { {dynamic::view(lines)} }.into_any()
}

fn render_line(live: LiveWallet, top_up: TopUp) -> AnyView {
    let what = money_text(top_up.amount, top_up.currency, MoneyStyle::Total);
    let card = card_text(&top_up.card.brand, &top_up.card.last4);
    let is_manual = top_up.is_manual();
    let (text, word) = match top_up.status {
        // Whoever opened the link sees and confirms their payment there.
        _ if top_up.by_link => (texts::balance::by_link(&what, &card), None),
        TopUpStatus::ActionRequired if top_up.automatic => {
            (texts::balance::automatic_waits(&what, &card), Some(texts::balance::confirm_with_bank()))
        }
        TopUpStatus::ActionRequired => (texts::balance::waits(&what, &card), Some(texts::balance::confirm())),
        TopUpStatus::Unknown => (texts::balance::unknown(&what, &card), is_manual.then(texts::top_up::check)),
        _ => (texts::balance::on_its_way(&what, &card), is_manual.then(texts::balance::show)),
    };
    let show = move || {
        live.show_payment(top_up.clone());
    };
    view! {
        <li>
            <Icon name=IconName::Clock />
            <p>{text}</p>
            {word.map(|word| view! { <Button needs=Capability::Pay on_press=show>{word}</Button> })}
        </li>
    }
    .into_any()
}

fn interrupted_line(live: LiveWallet) -> AnyView {
    view! {
        <li>
            <Icon name=IconName::Clock />
            <p>{texts::balance::interrupted()}</p>
            <Button needs=Capability::Pay on_press=move || live.payment.open.set(true)>{texts::balance::go_on()}</Button>
        </li>
    }
    .into_any()
}
