//! What members asked for: approve by topping up, or decline with a text.

use billing_contract::request::FundsRequest;
use billing_domain::Capability;
use leptos::prelude::*;

use crate::platform::signal::{ErasedProp, ErasedSignal};

use crate::api;
use crate::platform::task;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::field::TextArea;
use crate::ui::interpolate::interpolate;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::panel::Panel;
use crate::ui::time::Instant;

/// Where an answer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum AnswerStage {
    Open,
    /// A word is written.
    Writing(Option<String>),
    /// It is on its way.
    Sending,
}

/// The panel; nothing when nobody asks.
#[component]
pub(super) fn RequestsPanel(live: LiveWallet) -> AnyView {
    let some = dynamic::memo(move || !live.requests.read().is_empty());
    let each = move |request: FundsRequest| render_request(live, request);
    let shown = move || {
        some.get().then(|| {
            view! {
                <Panel heading=texts::requests::heading() class="requests">
                    <ul class="request-list">
                        <For each=move || live.requests.get() key=|request| request.id.clone() children=each />
                    </ul>
                </Panel>
            }
        })
    };
    view! { {dynamic::view(shown)} }.into_any()
}

fn render_request(live: LiveWallet, request: FundsRequest) -> AnyView {
    let amount = money_text(request.amount, request.currency, MoneyStyle::Total);
    let answer = ErasedSignal::new(AnswerStage::Open);
    let (id, wanted) = (request.id.clone(), request.amount);
    let approve = move || live.open_payment_for(id.clone(), wanted);
    let writing = dynamic::memo(move || *answer.read() != AnswerStage::Open);
    let (id, name) = (StoredValue::new(request.id), StoredValue::new(request.requested_by.clone()));
    let buttons = ErasedProp::from(texts::requests::top_up(&amount));
    let below = move || {
        if writing.get() {
            decline_form(live, id, name, answer)
        } else {
            let approve = approve.clone();
            view! {
                <div class="buttons">
                    <Button needs=Capability::Pay style=ButtonStyle::Primary on_press=approve>{dynamic::view(move || buttons.get())}</Button>
                    <Button needs=Capability::Pay on_press=move || answer.set(AnswerStage::Writing(None))>{texts::requests::decline()}</Button>
                </div>
            }
            .into_any()
        }
    };
    let asks = interpolate(
        texts::requests::asks_template(),
        [
            ("name", view! { <strong>{request.requested_by}</strong> }.into_any()),
            ("amount", view! { <bdi class="money">{amount}</bdi> }.into_any()),
        ],
    );
    view! {
        <li>
            <div class="request-text">
                <p>{asks}</p>
                <p class="request-reason">{request.reason}</p>
                <p class="muted small"><Instant at=request.created_at /></p>
            </div>
            {dynamic::view(below)}
        </li>
    }
    .into_any()
}

fn decline_form(
    live: LiveWallet,
    id: StoredValue<String>,
    name: StoredValue<String>,
    answer: ErasedSignal<AnswerStage>,
) -> AnyView {
    let announcer = use_announcer();
    let text = RwSignal::new(String::new());
    let work = StoredValue::new_local(None);
    let busy = dynamic::memo(move || *answer.read() == AnswerStage::Sending);
    let error = ErasedProp::derive(move || match &*answer.read() {
        AnswerStage::Writing(error) => error.clone(),
        _ => None,
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        answer.set(AnswerStage::Sending);
        let (id, text) = (id.get_value(), text.get_untracked().trim().to_owned());
        work.set_value(Some(task::spawn_task(async move {
            match api::requests::decline_request(&id, (!text.is_empty()).then_some(text)).await {
                Ok(request) => {
                    announcer.say(texts::requests::said_declined());
                    live.apply_request(request);
                }
                Err(error) => answer.set(AnswerStage::Writing(Some(error.sentence()))),
            }
        })));
    };
    view! {
        <form class="stack request-decline" on:submit=send>
            <TextArea label=texts::requests::word_to(&name.get_value()) value=text name="answer" rows="2"
                hint=texts::requests::word_hint() error=error />
            <div class="buttons">
                <Button style=ButtonStyle::Primary submit=true busy=busy>{texts::requests::decline_this()}</Button>
                <Button unavailable=busy on_press=move || answer.set(AnswerStage::Open)>{texts::ui::back()}</Button>
            </div>
        </form>
    }
    .into_any()
}
