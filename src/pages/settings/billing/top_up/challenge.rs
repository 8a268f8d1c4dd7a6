//! The cardholder's confirmation (3-D Secure). In the sandbox the bank is a box with two buttons.

use leptos::prelude::*;

use super::drive;
use crate::parts::bank::SandboxBank;
use crate::parts::words::card_text;
use crate::state::Live;
use crate::state::payment::Stage;
use crate::ui::dynamic;
use crate::ui::money::explicit_text;

/// The bank's question about the top-up that is under way.
#[component]
pub(super) fn BankQuestion(
    /// The wallet.
    live: Live,
) -> AnyView {
    let stage = live.payment.stage;
    let top_up = dynamic::memo(move || stage.read().top_up().cloned());
    let busy = dynamic::memo(move || matches!(*stage.read(), Stage::Answering(_)));
    let question = move || {
        let Some(top_up) = top_up.get() else { return String::new() };
        let card = card_text(&top_up.card.brand, &top_up.card.last4);
        format!("Do you approve a payment of {} with {card}?", explicit_text(top_up.amount, top_up.currency))
    };
    let answer = move |approve: bool| {
        if let Some(top_up) = top_up.get_untracked().filter(|_| !busy.get_untracked()) {
            drive::answer(live, top_up, approve);
        }
    };
    view! {
        <SandboxBank question=Signal::derive(question) busy=busy on_answer=answer />
        <p class="muted small">"Your wallet is credited as soon as the bank confirms."</p>
    }
    .into_any()
}
