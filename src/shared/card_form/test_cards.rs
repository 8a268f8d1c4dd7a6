//! The sandbox bank's cards, to try what happens.

use billing_domain::sandbox_cards::{Behavior, CARDS, SandboxCard};
use leptos::prelude::*;

use super::entry::regroup_number;
use crate::shared::words::card_text;
use crate::texts;

/// A list that opens on demand; a press fills in the number.
#[component]
pub(super) fn TestCards(
    /// The picked card's number.
    on_pick: Callback<(&'static str,)>,
) -> AnyView {
    let each = move |card: &'static SandboxCard| {
        view! {
            <li>
                <button type="button" class="test-card" on:click=move |_| on_pick.run((card.number,))>
                    <span class="numeric">{regroup_number("", card.number)}</span>
                    <span class="muted">{texts::card_form::test_card(&card_text(card.brand, card.last4()), describe_behavior(card.behavior))}</span>
                </button>
            </li>
        }
    };
    view! {
        <details class="test-cards small">
            <summary>{texts::card_form::test_cards()}</summary>
            <ul class="test-card-list">{CARDS.iter().map(each).collect_view()}</ul>
        </details>
    }
    .into_any()
}

fn describe_behavior(behavior: Behavior) -> &'static str {
    match behavior {
        Behavior::Pays => texts::test_cards::pays(),
        Behavior::NoReason => texts::test_cards::no_reason(),
        Behavior::InsufficientFunds => texts::test_cards::funds(),
        Behavior::Lost => texts::test_cards::lost(),
        Behavior::Stolen => texts::test_cards::stolen(),
        Behavior::Expired => texts::test_cards::expired(),
        Behavior::WrongCode => texts::test_cards::code(),
        Behavior::BankFails => texts::test_cards::bank_fails(),
        Behavior::ChargesRefused => texts::test_cards::charges_refused(),
        Behavior::ConfirmsOnce => texts::test_cards::once(),
        Behavior::ConfirmsEveryTime => texts::test_cards::every_time(),
        Behavior::ConfirmsWhenPaying => texts::test_cards::when_paying(),
        Behavior::ConfirmsThenInsufficientFunds => texts::test_cards::then_funds(),
        Behavior::SecureThenPays => texts::test_cards::secure(),
        Behavior::SlowBank => texts::test_cards::slow(),
        Behavior::SilentBank => texts::test_cards::silent(),
        Behavior::DisputedLater => texts::test_cards::dispute(),
        Behavior::SecureThenRefused => texts::test_cards::secure_refused(),
    }
}
