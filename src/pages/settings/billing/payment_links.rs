//! Payment links: who was sent one, what became of it, and making another one.

pub(super) mod created;
mod form;

use billing_contract::link::PaymentLink;
use billing_domain::Capability;
use billing_domain::link::{LinkPurpose, LinkState};
use leptos::prelude::*;

use self::form::content;
pub(super) use self::form::load;
use crate::api;
use crate::platform::signal::ErasedMemo;
use crate::platform::task;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::Tone;
use crate::ui::button::{Button, ButtonStyle, named_label};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::icon::IconName;
use crate::ui::interpolate::interpolate;
use crate::ui::lazy::render_lazy;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::panel::{Empty, Panel};
use crate::ui::pill::Pill;
use crate::ui::time::{DateStyle, Instant};

/// Links that are over are shown as long as they are among so many.
const SHOWN: usize = 5;

#[component]
pub(super) fn LinksPanel(live: LiveWallet) -> AnyView {
    let shown = dynamic::memo(move || {
        let links = live.links.read();
        let alive = |link: &&PaymentLink| link.state.is_alive();
        let (alive, over): (Vec<_>, Vec<_>) = links.iter().partition(alive);
        let room = SHOWN.saturating_sub(alive.len());
        alive.into_iter().chain(over.into_iter().take(room)).cloned().collect::<Vec<_>>()
    });
    let none = dynamic::memo(move || shown.read().is_empty());
    let content = move || {
        if none.get() {
            view! {
                <Empty title=texts::hand_over::none()>
                    <p>{texts::hand_over::none_next()}</p>
                </Empty>
            }
            .into_any()
        } else {
            render_list(live, shown)
        }
    };
    let new = move || {
        view! { <Button needs=Capability::Links icon=IconName::Plus on_press=move || live.link_dialog_open.set(true)>{texts::hand_over::new()}</Button> }
    };
    view! {
        <Panel heading=texts::hand_over::heading() class="links" actions=ViewFn::from(new)>{dynamic::view(content)}</Panel>
        <LinkDialog live=live />
    }
    .into_any()
}

fn render_list(live: LiveWallet, shown: ErasedMemo<Vec<PaymentLink>>) -> AnyView {
    let row = move |link: PaymentLink| render_row(live, &link);
    view! {
        <ul class="link-list">
            <For each=move || shown.get() key=|link| (link.id.clone(), link.state, link.declined_cards) children=row />
        </ul>
    }
    .into_any()
}

fn render_row(live: LiveWallet, link: &PaymentLink) -> AnyView {
    let announcer = use_announcer();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let work = StoredValue::new_local(None);
    let id = StoredValue::new(link.id.clone());
    let what = purpose_text(link);
    let revoke = move || {
        busy.set(true);
        work.set_value(Some(task::spawn_task(async move {
            match api::links::revoke_link(&id.get_value()).await {
                Ok(link) => {
                    live.apply_link(link);
                    announcer.say(texts::hand_over::said_revoked());
                }
                Err(error) => {
                    busy.set(false);
                    failure.set(Some(error.sentence()));
                }
            }
        })));
    };
    let (tone, state) = state_word(link.state);
    let when = match link.state {
        LinkState::Completed => link.completed_at.map(|at| (texts::hand_over::done_at_template(), at)),
        LinkState::Revoked => link.revoked_at.map(|at| (texts::hand_over::revoked_at_template(), at)),
        LinkState::Expired => Some((texts::hand_over::expired_at_template(), link.expires_at)),
        LinkState::Created | LinkState::Opened => Some((texts::hand_over::valid_until_template(), link.expires_at)),
    };
    let when = when.map(|(template, at)| {
        let time = view! { <Instant at=at style=DateStyle::DateTime /> }.into_any();
        view! { {interpolate(template, [("time", time)])}" · " }
    });
    let by = texts::hand_over::by(&link.created_by);
    let declined = u64::try_from(link.declined_cards).ok().filter(|count| *count > 0).map(texts::hand_over::declined);
    let declined = declined.map(|text| view! { " · "{text} });
    view! {
        <li>
            <span class="link-text">
                <span class="link-what">{what.clone()}</span>
                <span class="cell-sub">
                    {when}
                    {by}
                    {declined}
                </span>
                {dynamic::view(move || failure.get().map(|text| view! { <span class="field-error" role="alert">{text}</span> }))}
            </span>
            <Pill tone=tone text=state />
            {link.state.is_alive().then(|| view! {
                <Button needs=Capability::Links style=ButtonStyle::Quiet busy=busy on_press=revoke>
                    {named_label(texts::hand_over::revoke(), texts::hand_over::revoke_what(&what))}
                </Button>
            })}
        </li>
    }
    .into_any()
}

/// `Pay $75.50`, `Connect a card, automatic payments on`.
pub(super) fn purpose_text(link: &PaymentLink) -> String {
    let amount = link.amount.map(|amount| money_text(amount, link.currency, MoneyStyle::Total)).unwrap_or_default();
    match (link.purpose, link.auto_pay.is_some()) {
        (LinkPurpose::Connect, false) => texts::hand_over::connect().to_owned(),
        (LinkPurpose::Connect, true) => texts::hand_over::connect_automatic().to_owned(),
        // Automatic payments need a card that stays, so that no such link exists.
        (LinkPurpose::Pay, _) => texts::hand_over::pay(&amount),
        (LinkPurpose::PayAndConnect, false) => texts::hand_over::both(&amount),
        (LinkPurpose::PayAndConnect, true) => texts::hand_over::both_automatic(&amount),
    }
}

fn state_word(state: LinkState) -> (Tone, &'static str) {
    match state {
        LinkState::Created => (Tone::Info, texts::hand_over::created()),
        LinkState::Opened => (Tone::Info, texts::hand_over::opened()),
        LinkState::Completed => (Tone::Good, texts::hand_over::completed()),
        LinkState::Expired => (Tone::Warn, texts::hand_over::expired()),
        LinkState::Revoked => (Tone::Warn, texts::hand_over::revoked()),
    }
}

/// The dialog that makes a link and then shows it.
#[component]
fn LinkDialog(live: LiveWallet) -> AnyView {
    let heading = RwSignal::new(String::new());
    view! {
        <Dialog open=live.link_dialog_open heading=heading>{render_lazy(load, move || content(live, heading))}</Dialog>
    }
    .into_any()
}
