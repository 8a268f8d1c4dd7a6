//! How a top-up ended, or that nobody knows yet.

use billing_contract::paths;
use billing_domain::Capability;
use leptos::prelude::*;

use crate::api::client::resource_address;
use crate::platform::signal::ErasedProp;
use crate::texts;

use super::payment_flow;
use crate::shared::words::card_text;
use crate::state::LiveWallet;
use crate::state::payment::PaymentStage;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{Figure, explicit_text};
use crate::ui::permission::is_permitted;

/// The bank has not answered: the card may or may not have been charged.
#[component]
pub(super) fn UnknownNote(live: LiveWallet) -> AnyView {
    let stage = live.payment.stage;
    let top_up = dynamic::memo(move || stage.read().top_up().cloned());
    let busy = dynamic::memo(move || matches!(*stage.read(), PaymentStage::Asking(_)));
    let what = move || {
        top_up.get().map(|top_up| {
            let card = card_text(&top_up.card.brand, &top_up.card.last4);
            texts::top_up::not_said(&explicit_text(top_up.amount, top_up.currency), &card)
        })
    };
    let check = move || {
        if let Some(top_up) = top_up.get_untracked() {
            payment_flow::check_top_up(live, top_up);
        }
    };
    view! {
        <div class="stack">
            <p>{dynamic::view(what)}</p>
            <p>{texts::top_up::unknown()}</p>
            <div class="buttons end">
                <Button on_press=move || live.payment.open.set(false)>{texts::ui::close()}</Button>
                <Button style=ButtonStyle::Primary icon=IconName::Refresh busy=busy on_press=check>{texts::top_up::check()}</Button>
            </div>
        </div>
    }
    .into_any()
}

#[component]
pub(super) fn PaidNote(live: LiveWallet) -> AnyView {
    let top_up = live.payment.stage.read_untracked().top_up().cloned();
    let receipt = top_up
        .as_ref()
        .filter(|_| is_permitted(Capability::Export))
        .map(|top_up| resource_address(paths::TOP_UP_RECEIPT, &top_up.id, &[]));
    let sentence = top_up.map(|top_up| {
        let card = card_text(&top_up.card.brand, &top_up.card.last4);
        texts::top_up::paid_with(&explicit_text(top_up.amount, top_up.currency), &card)
    });
    let balance = ErasedProp::derive(move || live.wallet.read().balance);
    view! {
        <div class="stack paid">
            <p class="paid-line"><Icon name=IconName::Check />{sentence}</p>
            <div>
                <p class="muted small">{texts::balance::heading()}</p>
                <p class="balance-figure"><Figure amount=balance currency=live.currency /></p>
            </div>
            <div class="buttons end">
                {receipt.map(|address| view! { <a class="button" href=address download="">{texts::top_up::receipt()}</a> })}
                <Button style=ButtonStyle::Primary on_press=move || live.payment.open.set(false)>{texts::top_up::done()}</Button>
            </div>
        </div>
    }
    .into_any()
}
