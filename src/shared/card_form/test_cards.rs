//! The sandbox bank's cards, to try what happens.

use billing_domain::sandbox_cards::{CARDS, SandboxCard};
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
                    <span class="muted">{texts::card_form::test_card(&card_text(card.brand, card.last4()), &texts::heard(card.note))}</span>
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
