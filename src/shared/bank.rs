//! The frame of the bank that is none: where the sandbox asks the cardholder.

use leptos::prelude::*;

use crate::platform::signal::ErasedMemo;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};

/// The bank's question, and the two answers to it.
#[component]
pub(crate) fn SandboxBank(
    #[prop(into)] question: Signal<String>,
    /// The answer is on its way.
    busy: ErasedMemo<bool>,
    #[prop(into)] on_answer: Callback<(bool,)>,
) -> AnyView {
    view! {
        <div class="bank">
            <p class="bank-name"><Icon name=IconName::Flask />{texts::bank::name()}</p>
            <p class="bank-question">{dynamic::text(move || question.get())}</p>
            <div class="buttons">
                <Button style=ButtonStyle::Primary busy=busy on_press=move || on_answer.run((true,))>{texts::bank::approve()}</Button>
                <Button unavailable=busy on_press=move || on_answer.run((false,))>{texts::bank::refuse()}</Button>
            </div>
        </div>
    }
    .into_any()
}
