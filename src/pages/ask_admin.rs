//! What a member sees at the Billing address: who manages billing, and a way to ask them. No figures are fetched.

use billing_contract::request::{CreateFundsRequest, FundsRequest, FundsRequestState};
use billing_contract::session::Session;
use leptos::prelude::*;

use crate::platform::signal::{Given, Slot};
use leptos::task::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::api;
use crate::ui::announcer::announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::field::TextArea;
use crate::ui::money::typed;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::money_input::MoneyInput;
use crate::ui::pill::Pill;
use crate::ui::time::Instant;

/// The page, whose code is loaded when it is shown.
#[wasm_split(plain, fallible, preload(load))]
pub(crate) fn page(session: Slot<Session>, admins: Given<Vec<String>>) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <AskAdmin session=session admins=admins /> }.into_any())
}

/// Who to ask, the button that asks, and what became of earlier requests.
#[component]
fn AskAdmin(
    /// The member.
    session: Slot<Session>,
    /// Names of the people who manage billing.
    #[prop(into)]
    admins: Given<Vec<String>>,
) -> AnyView {
    let asking = RwSignal::new(false);
    let sent = Slot::new(Vec::<FundsRequest>::new());
    spawn_local(async move {
        // Earlier requests are an extra: without them the page still does what it is for.
        if let Ok(list) = api::requests::list().await {
            sent.set(list.items);
        }
    });
    view! {
        <section class="plain">
            <h1>"Billing"</h1>
            <p class="lead">{dynamic::part(move || managed_by(&admins.get()))}</p>
            <p>
                "Your role is Member, so the wallet and its transactions are not shown to you. If calls or AI tasks are held up because the balance is low, ask for a top-up: they see your request on their Billing tab."
            </p>
            <p><Button style=ButtonStyle::Primary on_press=move || asking.set(true)>"Ask an admin"</Button></p>
            {dynamic::part(move || (!sent.read().is_empty()).then(|| earlier(sent.get())))}
        </section>
        <Dialog open=asking heading="Ask an admin">
            <AskForm session=session asking=asking sent=sent />
        </Dialog>
    }
    .into_any()
}

/// `Billing is managed by A, B and C.`
fn managed_by(admins: &[String]) -> String {
    match admins {
        [] => "Billing is managed by the owner of your organization.".to_owned(),
        [one] => format!("Billing is managed by {one}."),
        [all @ .., last] => format!("Billing is managed by {} and {last}.", all.join(", ")),
    }
}

#[component]
fn AskForm(session: Slot<Session>, asking: RwSignal<bool>, sent: Slot<Vec<FundsRequest>>) -> AnyView {
    let currency = session.read_untracked().organization.currency;
    let (amount, reason) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<api::ApiError>));
    let announcer = announcer();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let request = CreateFundsRequest {
            amount: typed(&amount.get_untracked()).into(),
            reason: reason.get_untracked().trim().to_owned(),
        };
        spawn_local(async move {
            match api::requests::create(&request).await {
                Ok(request) => {
                    sent.update(|all| all.insert(0, request));
                    asking.set(false);
                    announcer.say("Your request was sent");
                }
                Err(error) => {
                    busy.set(false);
                    failure.set(Some(error));
                }
            }
        });
    };
    let wrong = move |pointer: &'static str| {
        Given::derive(move || failure.read().as_ref().and_then(|error| error.field(pointer)))
    };
    let other =
        move || failure.get().filter(|error| error.field("/amount").is_none() && error.field("/reason").is_none());
    view! {
        <form class="form" on:submit=submit novalidate>
            {dynamic::part(move || other().map(|error| view! { <Banner tone=Tone::Warn title=error.sentence() alert=true /> }))}
            <MoneyInput label="Amount" value=amount currency=currency name="amount" error=wrong("/amount") />
            <TextArea
                label="Reason"
                value=reason
                name="reason"
                hint="What the money is for, so that it can be decided without asking back."
                error=wrong("/reason")
            />
            <div class="buttons end">
                <Button on_press=move || asking.set(false)>"Cancel"</Button>
                <Button style=ButtonStyle::Primary submit=true busy=busy>"Send request"</Button>
            </div>
        </form>
    }
    .into_any()
}

/// What was asked before, newest first.
fn earlier(requests: Vec<FundsRequest>) -> AnyView {
    let each = |request: FundsRequest| {
        let (tone, word) = match request.state {
            FundsRequestState::Open => (Tone::Info, "Waiting"),
            FundsRequestState::Approved => (Tone::Good, "Approved"),
            FundsRequestState::Declined => (Tone::Warn, "Declined"),
        };
        view! {
            <li>
                <p class="row">
                    <strong class="money">{money_text(request.amount, request.currency, MoneyStyle::Total)}</strong>
                    <Pill tone=tone text=word />
                    <span class="muted small"><Instant at=request.created_at /></span>
                </p>
                <p>{request.reason}</p>
                {request.answer.map(|answer| view! { <p class="muted">"Answer: " {answer}</p> })}
            </li>
        }
    };
    view! {
        <h2>"Your requests"</h2>
        <ul class="requests">{requests.into_iter().map(each).collect_view()}</ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_listed_as_in_a_sentence() {
        let names = |names: &[&str]| managed_by(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["A"]), "Billing is managed by A.");
        assert_eq!(names(&["A", "B"]), "Billing is managed by A and B.");
        assert_eq!(names(&["A", "B", "C"]), "Billing is managed by A, B and C.");
    }
}
