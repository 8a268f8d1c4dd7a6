//! A link that was just made: to be scanned, copied, shared or mailed, with what becomes of it, live.

use billing_contract::auto_pay::AutoPay;
use billing_contract::link::CreatedPaymentLink;
use billing_contract::wallet::Wallet;
use billing_domain::auto_pay::Settings;
use billing_domain::link::LinkState;
use leptos::prelude::*;

use super::super::auto_pay::draft;
use super::{purpose_text, state_word};
use crate::api;
use crate::platform::{focus, share, task};
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::interpolate::interpolate;
use crate::ui::money::explicit_text;
use crate::ui::pill::Pill;
use crate::ui::qr::Qr;
use crate::ui::time::{DateStyle, Instant};

const LINK_ID: &str = "payment-link";

/// What stands on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum ShownFirst {
    Code,
    Link,
}

/// The link, until it is done.
#[component]
pub(in super::super) fn ShowLink(
    live: LiveWallet,
    /// The link with its address.
    created: CreatedPaymentLink,
    /// What stands on top.
    first: ShownFirst,
    /// Somebody has used it.
    #[prop(into)]
    on_done: Callback<()>,
    #[prop(into)] on_again: Callback<()>,
) -> AnyView {
    let CreatedPaymentLink { link, url, qr } = created;
    let id = StoredValue::new(link.id.clone());
    let state = dynamic::memo(move || {
        let links = live.links.read();
        let known = links.iter().find(|link| id.with_value(|id| link.id == *id));
        known.map_or(LinkState::Created, |link| link.state)
    });
    dynamic::effect(move || {
        if state.get() == LinkState::Completed {
            on_done.run(());
        }
    });
    let status = move || {
        let (tone, word) = state_word(state.get());
        let text = match state.get() {
            LinkState::Created => texts::hand_over::created_text(),
            LinkState::Opened => texts::hand_over::opened_text(),
            LinkState::Completed => texts::hand_over::completed_text(),
            LinkState::Expired => texts::hand_over::expired_text(),
            LinkState::Revoked => texts::hand_over::revoked_text(),
        };
        view! { <Pill tone=tone text=word /><span>{text}</span> }
    };
    let code = view! {
        <div class="payment-link-code">
            <Qr size=qr.size path=qr.path label=texts::hand_over::code() />
            <p class="muted small">{texts::hand_over::scan()}</p>
        </div>
    }
    .into_any();
    let address = render_address(&purpose_text(&link), &url);
    let settings = link.auto_pay.as_ref().map(|auto_pay| Settings {
        threshold: auto_pay.threshold,
        refill: auto_pay.refill,
        monthly_cap: auto_pay.monthly_cap,
    });
    // What a link asks for stands in its own words.
    let settings = settings.filter(|_| link.amount.is_none());
    let at_once = move || {
        let settings = settings.filter(|_| state.get().is_alive())?;
        first_payment(&settings, live, &live.wallet.read(), &live.auto_pay.read())
    };
    let until = view! { <Instant at=link.expires_at style=DateStyle::DateTime /> }.into_any();
    let (upper, lower) = match first {
        ShownFirst::Code => (code, address),
        ShownFirst::Link => (address, code),
    };
    view! {
        <div class="payment-link">
            <p class="payment-link-what">{purpose_text(&link)}</p>
            {dynamic::view(at_once)}
            <p class="payment-link-state" role="status">{dynamic::view(status)}</p>
            {upper}
            {lower}
            <p class="muted small">
                {interpolate(texts::hand_over::works_once_template(), [("time", until)])}
            </p>
            {render_end(live, id, state.into(), on_again)}
        </div>
    }
    .into_any()
}

/// What is charged as soon as a card is connected with these settings, and why; the payer sees the same.
pub(in super::super) fn first_payment(
    settings: &Settings,
    live: LiveWallet,
    wallet: &Wallet,
    auto_pay: &AutoPay,
) -> Option<AnyView> {
    let amount = draft::charged_at_once(settings, &live.limits, wallet, auto_pay, live.now())?;
    let write = |amount| explicit_text(amount, live.currency);
    let (title, why) =
        (texts::hand_over::at_once(&write(amount)), texts::hand_over::at_once_why(&write(settings.threshold)));
    (!auto_pay.enabled).then(|| view! { <Banner tone=Tone::Warn title=title><p>{why}</p></Banner> }.into_any())
}

/// The address, and the ways to send it.
fn render_address(what: &str, url: &str) -> AnyView {
    let announcer = use_announcer();
    let copied = RwSignal::new(false);
    let work = StoredValue::new_local(None);
    let (shown, kept) = (RwSignal::new(url.to_owned()), StoredValue::new(url.to_owned()));
    let copy = move || {
        work.set_value(Some(task::spawn_task(async move {
            if share::copy_text(&kept.get_value()).await {
                copied.set(true);
                announcer.say(texts::hand_over::said_copied());
            } else {
                // The browser does not allow it here: then by hand.
                focus::focus_id(LINK_ID);
                announcer.alert(texts::hand_over::not_copied());
            }
        })));
    };
    let share_link = move || {
        work.set_value(Some(task::spawn_task(async move {
            share::share_link(texts::hand_over::link(), &kept.get_value()).await;
        })));
    };
    let mail = format!(
        "mailto:?subject={}&body={}",
        percent_encode(texts::hand_over::link()),
        percent_encode(&format!("{}\n\n{url}\n\n{}", texts::hand_over::mail_what(what), texts::hand_over::mail_end()))
    );
    view! {
        <div class="stack payment-link-link">
            <TextField label=texts::hand_over::link() value=shown name=LINK_ID id=LINK_ID read_only=true />
            <div class="buttons">
                <Button style=ButtonStyle::Primary on_press=copy>
                    {dynamic::view(move || if copied.get() { texts::hand_over::copied() } else { texts::hand_over::copy() })}
                </Button>
                {share::can_share().then(|| view! { <Button on_press=share_link>{texts::hand_over::share()}</Button> })}
                <a class="button" href=mail>{texts::hand_over::mail()}</a>
            </div>
        </div>
    }
    .into_any()
}

fn percent_encode(text: &str) -> String {
    let mut out = String::new();
    billing_contract::paths::push_encoded(&mut out, text);
    out
}

/// Taking it back, and what comes after it is over.
fn render_end(live: LiveWallet, id: StoredValue<String>, state: Signal<LinkState>, on_again: Callback<()>) -> AnyView {
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<String>);
    let work = StoredValue::new_local(None);
    let revoke = move || {
        busy.set(true);
        work.set_value(Some(task::spawn_task(async move {
            match api::links::revoke_link(&id.get_value()).await {
                Ok(link) => live.apply_link(link),
                Err(error) => failure.set(Some(error.sentence())),
            }
            busy.set(false);
        })));
    };
    let buttons = move || {
        if state.get().is_alive() {
            view! { <Button style=ButtonStyle::Quiet busy=busy on_press=revoke>{texts::hand_over::revoke_this()}</Button> }.into_any()
        } else {
            view! { <Button style=ButtonStyle::Primary on_press=on_again>{texts::hand_over::again()}</Button> }
                .into_any()
        }
    };
    view! {
        {dynamic::view(move || failure.get().map(|text| view! { <p class="field-error" role="alert">{text}</p> }))}
        <div class="buttons end">{dynamic::view(buttons)}</div>
    }
    .into_any()
}
