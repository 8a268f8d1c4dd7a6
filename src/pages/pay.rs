//! What somebody without an account sees behind a hand-over link: who asks, for what, how much, until when; the card;
//! and at the end the proof.

mod flow;
mod outcome;
mod request;

use billing_contract::link::PayPage;
use billing_contract::session::Service;
use billing_domain::link::LinkPurpose;
use leptos::prelude::*;
use serde::Deserialize;

use self::flow::{Flow, Stage};
use self::outcome::{Proof, away, bank, waiting};
use self::request::Request;
use crate::api::decode::decode;
use crate::parts::brand::{self, BrandMark};
use crate::parts::card_form::{CardFields, CardForm, Refusal};
use crate::parts::footer::Footer;
use crate::platform::signal::{Derived, Given};
use crate::platform::{bootstrap, focus, fragment, history, intl};
use crate::ui::announcer::{LiveRegions, provide_announcer};
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::explicit_text;
use crate::ui::skeleton::Skeleton;

/// Where the reader goes on when the page shows something else.
const FACE_ID: &str = "pay-face";

/// What the server wrote into the document.
#[derive(Deserialize)]
struct First {
    service: Service,
}

/// Puts the page into the document.
pub(crate) fn mount() {
    let first = bootstrap::take().and_then(|text| decode::<First>(&text));
    mount_to_body(move || view! { <Pay service=first.map(|first| first.service) /> });
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Face {
    Opening,
    Dead,
    Unreachable,
    Form,
    Bank,
    Away,
    Waiting,
    Proof,
}

impl Face {
    const fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Opening => Self::Opening,
            Stage::Dead(_) => Self::Dead,
            Stage::Unreachable(_) => Self::Unreachable,
            Stage::Filling(_) | Stage::Sending | Stage::Repeating => Self::Form,
            Stage::Question(_) | Stage::Answering(_) => Self::Bank,
            Stage::Away(_) => Self::Away,
            Stage::Waiting(_) | Stage::Unknown(_) => Self::Waiting,
            Stage::Done(_) => Self::Proof,
        }
    }
}

/// The page.
#[component]
fn Pay(
    /// Who moves the money; a document of a development server does not say.
    service: Option<Service>,
) -> AnyView {
    let announcer = provide_announcer();
    let notice = service.as_ref().map_or(Some("Sandbox: no real money"), Service::notice);
    if let Some(service) = &service {
        brand::use_brand(service.brand.clone());
    }
    let flow = Flow::start(announcer, notice, service.and_then(|service| service.stripe));
    // Another link in the same tab is another page.
    let another = StoredValue::new_local(fragment::on_change(history::reload));
    on_cleanup(move || drop(another.try_update_value(Option::take)));
    let fields = CardFields::new();
    let face = dynamic::memo(move || Face::of(&flow.stage.read()));
    dynamic::effect_after(move |before: Option<Face>| {
        let now = face.get();
        if before.is_some_and(|before| before != now && before != Face::Opening) {
            focus::by_id(FACE_ID);
        }
        now
    });
    let content = move || {
        let shown = match face.get() {
            Face::Opening => view! { <div class="panel"><Skeleton lines=6 /></div> }.into_any(),
            Face::Dead => dead(flow),
            Face::Unreachable => unreachable(flow),
            Face::Form => with_page(flow, |page| form(flow, fields, page)),
            Face::Bank => with_page(flow, |page| bank(flow, &page)),
            Face::Away => with_page(flow, |page| away(flow, &page)),
            Face::Waiting => with_page(flow, |page| waiting(flow, &page)),
            Face::Proof => with_page(flow, |page| view! { <Proof flow=flow page=page /> }.into_any()),
        };
        view! { <div id=FACE_ID class="pay-face" tabindex="-1">{shown}</div> }
    };
    view! {
        <LiveRegions announcer=announcer />
        {notice.map(ribbon)}
        <main id="main" class="pay">
            <BrandMark />
            {dynamic::part(content)}
            <Footer />
        </main>
    }
    .into_any()
}

fn ribbon(notice: &'static str) -> AnyView {
    let label = notice.split(':').next().unwrap_or_default();
    view! { <aside class="ribbon" aria-label=label><Icon name=IconName::Flask />{notice}</aside> }.into_any()
}

/// There is always a page where these are shown.
fn with_page(flow: Flow, show: impl FnOnce(PayPage) -> AnyView) -> AnyView {
    let page = flow.page.get_untracked();
    if let Some(page) = &page {
        intl::use_zone(&page.time_zone);
        history::set_title(&format!("{} · {}", heading(page), page.organization));
    }
    page.map_or_else(|| ().into_any(), show)
}

/// What is asked, in a few words.
fn heading(page: &PayPage) -> String {
    match page.amount {
        Some(amount) => format!("Pay {}", explicit_text(amount, page.currency)),
        None => "Connect a card".to_owned(),
    }
}

fn dead(flow: Flow) -> AnyView {
    brand::title("This link cannot be used");
    let sentence = move || match &*flow.stage.read() {
        Stage::Dead(sentence) => sentence.clone(),
        _ => String::new(),
    };
    view! {
        <section class="panel pay-panel">
            <h1>"This link cannot be used"</h1>
            <p>{dynamic::words(sentence)}</p>
        </section>
    }
    .into_any()
}

fn unreachable(flow: Flow) -> AnyView {
    let sentence = move || match &*flow.stage.read() {
        Stage::Unreachable(sentence) => sentence.clone(),
        _ => String::new(),
    };
    view! {
        <Banner tone=Tone::Warn title="The page could not be loaded" alert=true>
            <p>{dynamic::words(sentence)}</p>
            <Button icon=IconName::Refresh on_press=move || flow.open()>"Try again"</Button>
        </Banner>
    }
    .into_any()
}

fn form(flow: Flow, fields: CardFields, page: PayPage) -> AnyView {
    let busy = dynamic::memo(move || matches!(*flow.stage.read(), Stage::Sending | Stage::Repeating));
    let refusal = Given::derive(move || match &*flow.stage.read() {
        Stage::Filling(refusal) => refusal.clone(),
        _ => None,
    });
    let words = match page.amount {
        Some(amount) => (format!("Pay {}", explicit_text(amount, page.currency)), "Paying…".to_owned()),
        None => ("Connect card".to_owned(), "Connecting…".to_owned()),
    };
    let repeating = move || {
        matches!(*flow.stage.read(), Stage::Repeating).then(
            || view! { <p role="status">"The connection was lost. Still trying; you will not be charged twice."</p> },
        )
    };
    let consent = consent(&page);
    let today = page.today;
    if flow.stripe.is_some() {
        return view! {
            <Request page=page />
            <section class="panel pay-panel" aria-label="Card">
                <Hosted refusal=refusal busy=busy on_send=move || flow.send(None)>
                    <p class="muted small">{consent}</p>
                    {dynamic::part(repeating)}
                </Hosted>
            </section>
        }
        .into_any();
    }
    view! {
        <Request page=page />
        <section class="panel pay-panel" aria-label="Card">
            <CardForm fields=fields today=today refusal=refusal busy=busy words=words
                on_send=move |card| flow.send(Some(card))>
                <p class="muted small">{consent}</p>
                {dynamic::part(repeating)}
            </CardForm>
        </section>
    }
    .into_any()
}

/// The way to the payment provider's own page, where the card is entered.
#[component]
fn Hosted(
    /// What went wrong before.
    #[prop(into)]
    refusal: Given<Refusal>,
    /// The page is being opened.
    busy: Derived<bool>,
    /// Opens it.
    #[prop(into)]
    on_send: Callback<()>,
    /// What the person agrees to.
    children: Children,
) -> AnyView {
    let failure = move || {
        let (title, reason) = refusal.get()?;
        Some(view! { <Banner tone=Tone::Stop title=title alert=true><p>{reason}</p></Banner> })
    };
    let label = move || if busy.get() { "Opening…" } else { "Continue to the card form" };
    view! {
        <div class="form">
            {dynamic::part(failure)}
            <p>"You enter the card on the secure page of Stripe, which then brings you back here."</p>
            {children()}
            <div class="buttons end">
                <Button style=ButtonStyle::Primary busy=busy on_press=on_send>{dynamic::part(label)}</Button>
            </div>
        </div>
    }
    .into_any()
}

/// What whoever presses the button agrees to. A changed text gets another version (`flow::CONSENT`).
fn consent(page: &PayPage) -> String {
    let PayPage { organization, requested_by, .. } = page;
    match page.purpose {
        LinkPurpose::Pay => "The card is charged once and is not kept.".to_owned(),
        LinkPurpose::Connect | LinkPurpose::PayAndConnect => {
            let automatic = if page.auto_pay.is_some() { ", and for automatic payments as written above" } else { "" };
            format!(
                "You agree that {organization} keeps this card with the payment provider and may charge it later: for \
                 top-ups that an owner or admin of {organization} confirms{automatic}. {requested_by} can remove it at any time."
            )
        }
    }
}
