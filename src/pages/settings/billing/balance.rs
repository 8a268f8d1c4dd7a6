//! Wallet Balance: what is left, how long it lasts, what moved last, and the way to add more.

mod fresh;
mod open_top_ups;

use billing_contract::transaction::Transaction;
use billing_contract::wallet::Wallet;
use billing_domain::{Capability, Money};
use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedProp};

use self::open_top_ups::OpenTopUps;
use super::BillingActions;
use super::words::kind_word;
use crate::shared::words::card_text;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::interpolate::interpolate;
use crate::ui::money::{Amount, Figure, MoneyStyle, signed_text};
use crate::ui::panel::Panel;
use crate::ui::time::{DateStyle, Instant, instant_text};

/// Hours beyond which a forecast is not worth a date.
const FAR_HOURS: i64 = 365 * 24;

#[component]
pub(super) fn BalancePanel(
    live: LiveWallet,
    /// Where connecting a card begins.
    actions: BillingActions,
) -> AnyView {
    let balance = ErasedProp::derive(move || live.wallet.read().balance);
    let runway = dynamic::memo(move || runway_text(&live.wallet.read()));
    view! {
        <Panel heading=texts::balance::heading() class="balance">
            <p class="balance-figure" class:balance-fresh=fresh::mark_rises(live)><Figure amount=balance currency=live.currency /></p>
            <p class="balance-runway">{dynamic::view(move || runway.get())}</p>
            <div class="buttons">
                <Button needs=Capability::Pay style=ButtonStyle::Primary icon=IconName::Plus on_press=move || live.open_payment()>{texts::top_up::heading()}</Button>
            </div>
            <OpenTopUps live=live />
            {render_facts(live)}
            {render_foot(live, actions)}
        </Panel>
    }
    .into_any()
}

/// `Lasts about 9 days, until Thursday, November 26`.
fn runway_text(wallet: &Wallet) -> String {
    if !wallet.available.is_positive() {
        return texts::balance::nothing_left().to_owned();
    }
    match &wallet.runway {
        Some(runway) if runway.hours > FAR_HOURS => texts::balance::lasts_long().to_owned(),
        Some(runway) => {
            let style = if runway.hours < 48 { DateStyle::WeekdayTime } else { DateStyle::Weekday };
            texts::balance::lasts(&span_text(runway.hours), &instant_text(runway.until, style))
        }
        None => texts::balance::no_forecast().to_owned(),
    }
}

/// `9 days`, `31 hours`: never longer than the money lasts.
fn span_text(hours: i64) -> String {
    match hours.max(0).unsigned_abs() {
        0 => texts::balance::less_than_an_hour().to_owned(),
        hours if hours < 48 => texts::balance::hours(hours),
        hours => texts::balance::days(hours / 24),
    }
}

/// Where balance and available differ, and money that is on its way; why, on demand.
fn render_facts(live: LiveWallet) -> AnyView {
    let part = move |of: fn(&Wallet) -> Money| dynamic::memo(move || of(&live.wallet.read()));
    let (available, held) = (part(|wallet| wallet.available), part(|wallet| wallet.held));
    let pending = part(|wallet| wallet.pending_credit);
    let row = move |name: &'static str, why: &'static str, amount: ErasedMemo<Money>, style: MoneyStyle| {
        view! {
            <div>
                <dt><details class="why"><summary>{name}</summary><p>{why}</p></details></dt>
                <dd><Amount amount=amount currency=live.currency style=style /></dd>
            </div>
        }
    };
    // Only whether there is anything: an explanation that is open stays open while the amounts move.
    let is_held = dynamic::memo(move || !held.get().is_zero());
    let is_pending = dynamic::memo(move || !pending.get().is_zero());
    let held_rows = move || {
        is_held.get().then(|| {
            view! {
                {row(texts::balance::held(), texts::balance::held_why(), held, MoneyStyle::Total)}
                {row(texts::balance::available(), texts::balance::available_why(), available, MoneyStyle::Balance)}
            }
        })
    };
    let pending_row = move || {
        is_pending
            .get()
            .then(|| row(texts::balance::pending(), texts::balance::pending_why(), pending, MoneyStyle::Total))
    };
    let shown = move || {
        (is_held.get() || is_pending.get()).then(|| {
            view! { <dl class="facts">{dynamic::view(held_rows)}{dynamic::view(pending_row)}</dl> }
        })
    };
    view! { {dynamic::view(shown)} }.into_any()
}

/// The card that pays, and the last movement.
fn render_foot(live: LiveWallet, actions: BillingActions) -> AnyView {
    let last = dynamic::memo(move || {
        let recent = live.recent.read();
        recent.last().cloned().or_else(|| live.first_page.read().items.first().cloned())
    });
    let card = move || {
        let cards = live.cards.read();
        cards.first().map(|card| card_text(&card.brand, &card.last4))
    };
    let card = move || match card() {
        Some(card) => view! { <span>{card}</span> }.into_any(),
        None => view! { <span class="muted">{texts::balance::no_card()}</span> }.into_any(),
    };
    let connect_word =
        move || if live.cards.read().is_empty() { texts::cards::connect() } else { texts::balance::connect_another() };
    view! {
        <div class="balance-foot small">
            <p class="balance-card">
                <Icon name=IconName::Card />{dynamic::view(card)}
                <Button needs=Capability::Cards style=ButtonStyle::Quiet on_press=move || actions.connect.set(true)>{dynamic::view(connect_word)}</Button>
            </p>
            {dynamic::view(move || last.get().map(|line| render_movement(&line)))}
        </div>
    }
    .into_any()
}

fn render_movement(line: &Transaction) -> AnyView {
    let words = interpolate(
        texts::balance::last_movement_template(),
        [
            ("kind", kind_word(line.kind).into_any()),
            ("amount", view! { <bdi class="money">{signed_text(line.amount, line.currency)}</bdi> }.into_any()),
            ("time", view! { <Instant at=line.occurred_at style=DateStyle::DateTime /> }.into_any()),
        ],
    );
    view! { <p class="muted">{words}</p> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_hours_then_in_days_and_never_too_long() {
        let said = [0, 1, 2, 47, 48, 71, 72, 216].map(span_text);
        assert_eq!(
            said,
            ["less than an hour", "an hour", "2 hours", "47 hours", "2 days", "2 days", "3 days", "9 days"]
        );
    }
}
