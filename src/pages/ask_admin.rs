//! What a member sees at the Billing address: who manages billing, and a way to ask them. No figures are fetched.

use billing_contract::request::{CreateFundsRequest, FundsRequest, FundsRequestState};
use billing_contract::session::Session;
use billing_domain::Capability;
use leptos::prelude::*;

use crate::platform::signal::{ErasedProp, ErasedSignal};
use leptos::task::spawn_local;

use crate::api;
use crate::api::requests::follow::{self, RequestUpdate};
use crate::texts;
use crate::ui::announcer::{Announcer, use_announcer};
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::field::TextArea;
use crate::ui::interpolate::interpolate;
use crate::ui::lazy::split;
use crate::ui::money::typed_amount;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::money_input::MoneyInput;
use crate::ui::pill::Pill;
use crate::ui::time::Instant;

split!(plain: pub(crate) fn page(session: ErasedSignal<Session>, admins: ErasedProp<Vec<String>>) => make_page);

/// The page, whose code is loaded when it is shown.
fn make_page(session: ErasedSignal<Session>, admins: ErasedProp<Vec<String>>) -> AnyView {
    view! { <AskAdmin session=session admins=admins /> }.into_any()
}

/// Who to ask, the button that asks, and what became of earlier requests.
#[component]
fn AskAdmin(
    session: ErasedSignal<Session>,
    /// Names of the people who manage billing.
    #[prop(into)]
    admins: ErasedProp<Vec<String>>,
) -> AnyView {
    let asking = RwSignal::new(false);
    let sent = ErasedSignal::new(Vec::<FundsRequest>::new());
    let announcer = use_announcer();
    spawn_local(async move {
        // Earlier requests are an extra: without them the page still does what it is for.
        if let Ok(list) = api::requests::list_requests().await {
            list.items.into_iter().for_each(|request| receive_request(sent, announcer, request));
        }
    });
    // The same again, and then what becomes of them: something on the way may let no stream through.
    let following = follow::subscribe_to_requests(move |update| match update {
        RequestUpdate::Request(request) => receive_request(sent, announcer, *request),
        RequestUpdate::Session(state) => api::session::report_end(state.into()),
    });
    let following = StoredValue::new_local(Some(following));
    on_cleanup(move || drop(following.try_update_value(Option::take)));
    view! {
        <section class="plain">
            <h1>{texts::places::billing()}</h1>
            <p class="lead">{dynamic::view(move || managed_by(&admins.get()))}</p>
            <p>{texts::ask_admin::why()}</p>
            <p><Button needs=Capability::Pay style=ButtonStyle::Primary on_press=move || asking.set(true)>{texts::ask_admin::ask()}</Button></p>
            {dynamic::view(move || (!sent.read().is_empty()).then(|| render_earlier(sent.get())))}
        </section>
        <Dialog open=asking heading=texts::ask_admin::ask()>
            <AskForm session=session asking=asking sent=sent />
        </Dialog>
    }
    .into_any()
}

/// Takes over a request as it is now, and says when it was answered just now.
fn receive_request(sent: ErasedSignal<Vec<FundsRequest>>, announcer: Announcer, request: FundsRequest) {
    let known = sent.read_untracked();
    let waited = known.iter().any(|known| known.id == request.id && known.state == FundsRequestState::Open);
    if waited && request.state != FundsRequestState::Open {
        announcer.say(describe_outcome(&request, &money_text(request.amount, request.currency, MoneyStyle::Total)));
    }
    sent.update(|all| merge_request(all, request));
}

/// Puts a request into the list, newest first. What is answered stays answered, whatever arrives late.
fn merge_request(all: &mut Vec<FundsRequest>, new: FundsRequest) {
    match all.iter_mut().find(|known| known.id == new.id) {
        Some(known) if known.state != FundsRequestState::Open => {}
        Some(known) => *known = new,
        None => {
            let place = all.iter().position(|known| known.created_at <= new.created_at).unwrap_or(all.len());
            all.insert(place, new);
        }
    }
}

/// What became of it, in words that are read out.
fn describe_outcome(request: &FundsRequest, amount: &str) -> String {
    match (request.state, &request.answer) {
        (FundsRequestState::Open, _) => texts::ask_admin::said_waiting(amount),
        (FundsRequestState::Approved, None) => texts::ask_admin::said_approved(amount),
        (FundsRequestState::Approved, Some(answer)) => texts::ask_admin::said_approved_with(amount, answer),
        (FundsRequestState::Declined, None) => texts::ask_admin::said_declined(amount),
        (FundsRequestState::Declined, Some(answer)) => texts::ask_admin::said_declined_with(amount, answer),
    }
}

/// `Billing is managed by A, B and C.`
fn managed_by(admins: &[String]) -> String {
    match admins {
        [] => texts::ask_admin::managed_by_owner().to_owned(),
        [one] => texts::ask_admin::managed_by(one),
        [first, all @ .., last] => {
            let names = all.iter().fold(first.clone(), |names, next| texts::ui::listed(&names, next));
            texts::ask_admin::managed_by_several(&names, last)
        }
    }
}

#[component]
fn AskForm(session: ErasedSignal<Session>, asking: RwSignal<bool>, sent: ErasedSignal<Vec<FundsRequest>>) -> AnyView {
    let currency = session.read_untracked().organization.currency;
    let (amount, reason) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<api::ApiError>));
    let announcer = use_announcer();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let request = CreateFundsRequest {
            amount: typed_amount(&amount.get_untracked(), currency).into(),
            reason: reason.get_untracked().trim().to_owned(),
        };
        spawn_local(async move {
            match api::requests::create_request(&request).await {
                Ok(request) => {
                    sent.update(|all| merge_request(all, request));
                    asking.set(false);
                    announcer.say(texts::ask_admin::said_sent());
                }
                Err(error) => {
                    busy.set(false);
                    failure.set(Some(error));
                }
            }
        });
    };
    let wrong = move |pointer: &'static str| {
        ErasedProp::derive(move || failure.read().as_ref().and_then(|error| error.field(pointer)))
    };
    let other =
        move || failure.get().filter(|error| error.field("/amount").is_none() && error.field("/reason").is_none());
    view! {
        <form class="form" on:submit=submit novalidate>
            {dynamic::view(move || other().map(|error| view! { <Banner tone=Tone::Warn title=error.sentence() alert=true /> }))}
            <MoneyInput label=texts::top_up::amount() value=amount currency=currency name="amount" error=wrong("/amount") />
            <TextArea
                label=texts::ask_admin::reason()
                value=reason
                name="reason"
                hint=texts::ask_admin::reason_hint()
                error=wrong("/reason")
            />
            <div class="buttons end">
                <Button on_press=move || asking.set(false)>{texts::ui::cancel()}</Button>
                <Button style=ButtonStyle::Primary submit=true busy=busy>{texts::ask_admin::send()}</Button>
            </div>
        </form>
    }
    .into_any()
}

/// What was asked before, newest first.
fn render_earlier(requests: Vec<FundsRequest>) -> AnyView {
    let each = |request: FundsRequest| {
        let (tone, word) = match request.state {
            FundsRequestState::Open => (Tone::Info, texts::ask_admin::waiting()),
            FundsRequestState::Approved => (Tone::Good, texts::ask_admin::approved()),
            FundsRequestState::Declined => (Tone::Warn, texts::ask_admin::declined()),
        };
        view! {
            <li>
                <p class="row">
                    <strong class="money">{money_text(request.amount, request.currency, MoneyStyle::Total)}</strong>
                    <Pill tone=tone text=word />
                    <span class="muted small"><Instant at=request.created_at /></span>
                </p>
                <p class="request-reason">{request.reason}</p>
                {request.decided_at.filter(|_| request.state != FundsRequestState::Open).map(|at| view! {
                    <p class="muted small">{interpolate(decision_template(request.state), [("time", view! { <Instant at=at /> }.into_any())])}</p>
                })}
                {request.answer.map(|answer| view! { <p class="muted">{texts::ask_admin::answer(&answer)}</p> })}
            </li>
        }
    };
    view! {
        <h2>{texts::ask_admin::earlier()}</h2>
        <ul class="requests">{requests.into_iter().map(each).collect_view()}</ul>
    }
    .into_any()
}

/// When it was decided, with a place for the time.
fn decision_template(state: FundsRequestState) -> &'static str {
    match state {
        FundsRequestState::Approved => texts::ask_admin::added_template(),
        _ => texts::ask_admin::answered_template(),
    }
}

#[cfg(test)]
mod tests {
    use billing_domain::{Currency, Money, Timestamp};

    use super::*;

    fn request(id: &str, seconds: i64, state: FundsRequestState) -> FundsRequest {
        FundsRequest {
            id: id.to_owned(),
            requested_by: "Max".to_owned(),
            amount: Money::from_major(75),
            currency: Currency::Usd,
            reason: String::new(),
            state,
            answer: (state == FundsRequestState::Declined).then(|| "Next month.".to_owned()),
            created_at: Timestamp::from_seconds(seconds),
            decided_at: None,
        }
    }

    #[test]
    fn requests_are_kept_newest_first_and_an_answer_stays() {
        let mut all = Vec::new();
        for new in [
            request("a", 1, FundsRequestState::Open),
            request("c", 3, FundsRequestState::Open),
            request("b", 2, FundsRequestState::Open),
            request("a", 1, FundsRequestState::Approved),
            request("a", 1, FundsRequestState::Open),
        ] {
            merge_request(&mut all, new);
        }
        let seen: Vec<_> = all.iter().map(|one| (one.id.as_str(), one.state)).collect();
        let open = FundsRequestState::Open;
        assert_eq!(seen, [("c", open), ("b", open), ("a", FundsRequestState::Approved)]);
    }

    #[test]
    fn an_outcome_is_told_with_the_word_that_came_with_it() {
        let description_of = |state| describe_outcome(&request("a", 1, state), "$75.00");
        assert_eq!(description_of(FundsRequestState::Declined), "Your request for $75.00 was declined. Next month.");
        assert!(description_of(FundsRequestState::Approved).ends_with("the money is in the wallet."));
    }

    #[test]
    fn people_are_listed_as_in_a_sentence() {
        let names = |names: &[&str]| managed_by(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["A"]), "Billing is managed by A.");
        assert_eq!(names(&["A", "B"]), "Billing is managed by A and B.");
        assert_eq!(names(&["A", "B", "C"]), "Billing is managed by A, B and C.");
    }
}
