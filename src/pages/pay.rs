//! What somebody without an account sees behind a payment link: who asks, for what, how much, until when; the card;
//! and at the end the proof.

mod flow;
mod outcome;
mod request;

use billing_contract::link::PayPage;
use billing_contract::session::Service;
use billing_domain::Money;
use billing_domain::link::LinkPurpose;
use leptos::prelude::*;
use serde::Deserialize;

use self::flow::{PayFlow, PayStage};
use self::outcome::{Proof, render_away, render_bank, render_waiting};
use self::request::Request;
use crate::platform::json::decode_json;
use crate::platform::signal::{ErasedMemo, ErasedProp};
use crate::platform::{bootstrap, focus, fragment, history, intl};
use crate::shared::brand::{self, BrandMark};
use crate::shared::card_form::{CardFields, CardForm, CardRefusal};
use crate::shared::footer::Footer;
use crate::shared::notice::TestMoneyNotice;
use crate::texts;
use crate::ui::announcer::{LiveRegions, provide_announcer};
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::explicit_text;
use crate::ui::prose::prose;
use crate::ui::retry::{NewVersion, Retry};
use crate::ui::skeleton::Skeleton;

/// Where the reader goes on when the page shows something else.
const SCREEN_ID: &str = "pay-screen";

/// What the server wrote into the document.
#[derive(Deserialize)]
struct PayBootstrap {
    service: Service,
}

/// Puts the page into the document.
pub(crate) fn mount_pay() {
    let first = bootstrap::take_data().and_then(|text| decode_json::<PayBootstrap>(&text));
    mount_to_body(move || view! { <Pay service=first.map(|first| first.service) /> });
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PayScreen {
    Opening,
    Dead,
    Unreachable,
    Form,
    Bank,
    Away,
    Waiting,
    Proof,
}

impl PayScreen {
    const fn of(stage: &PayStage) -> Self {
        match stage {
            PayStage::Opening => Self::Opening,
            PayStage::Dead(_) => Self::Dead,
            PayStage::Unreachable(_) => Self::Unreachable,
            PayStage::Filling(_) | PayStage::Sending | PayStage::Repeating => Self::Form,
            PayStage::Question(_) | PayStage::Answering(_) => Self::Bank,
            PayStage::Away(_) => Self::Away,
            PayStage::Waiting(_) | PayStage::Unknown(_) => Self::Waiting,
            PayStage::Done(_) => Self::Proof,
        }
    }
}

#[component]
fn Pay(
    /// Who moves the money; a document of a development server does not say.
    service: Option<Service>,
) -> AnyView {
    let announcer = provide_announcer();
    let notice = service.as_ref().map_or(Some(TestMoneyNotice::Sandbox), TestMoneyNotice::of);
    if let Some(service) = &service {
        brand::use_brand(service.brand.clone());
    }
    let flow = PayFlow::start(announcer, notice, service.and_then(|service| service.stripe));
    // Another link in the same tab is another page.
    let another = StoredValue::new_local(fragment::on_change(history::reload_document));
    on_cleanup(move || drop(another.try_update_value(Option::take)));
    let fields = CardFields::new();
    let screen = dynamic::memo(move || PayScreen::of(&flow.stage.read()));
    dynamic::effect_after(move |before: Option<PayScreen>| {
        let now = screen.get();
        if before.is_some_and(|before| before != now && before != PayScreen::Opening) {
            focus::focus_id(SCREEN_ID);
        }
        now
    });
    // Another sum is another request: it is drawn anew, with what was typed, and read from its beginning.
    let sum = dynamic::memo(move || flow.page.read().as_ref().as_ref().and_then(|page| page.charge_now));
    dynamic::effect_after(move |before: Option<Option<Option<Money>>>| {
        let shown = (screen.get() == PayScreen::Form).then(|| sum.get());
        if before.flatten().is_some_and(|before| shown.is_some_and(|now| now != before)) {
            focus::focus_id(SCREEN_ID);
        }
        shown
    });
    let content = move || {
        sum.get();
        let shown = match screen.get() {
            PayScreen::Opening => view! { <div class="panel"><Skeleton lines=6 /></div> }.into_any(),
            PayScreen::Dead => render_dead_link(flow),
            PayScreen::Unreachable => render_unreachable(flow),
            PayScreen::Form => with_page(flow, |page| render_form(flow, fields, page)),
            PayScreen::Bank => with_page(flow, |page| render_bank(flow, &page)),
            PayScreen::Away => with_page(flow, |page| render_away(flow, &page)),
            PayScreen::Waiting => with_page(flow, |page| render_waiting(flow, &page)),
            PayScreen::Proof => with_page(flow, |page| view! { <Proof flow=flow page=page /> }.into_any()),
        };
        view! { <div id=SCREEN_ID class="pay-screen" tabindex="-1">{shown}</div> }
    };
    view! {
        <LiveRegions announcer=announcer />
        {notice.map(render_ribbon)}
        <main id="main" class="pay">
            <BrandMark />
            <NewVersion />
            {dynamic::view(content)}
            <Footer />
        </main>
    }
    .into_any()
}

fn render_ribbon(notice: TestMoneyNotice) -> AnyView {
    view! { <aside class="ribbon" aria-label=notice.name()><Icon name=IconName::Flask />{notice.text()}</aside> }
        .into_any()
}

/// There is always a page where these are shown.
fn with_page(flow: PayFlow, show: impl FnOnce(PayPage) -> AnyView) -> AnyView {
    let page = flow.page.get_untracked();
    if let Some(page) = &page {
        intl::use_zone(&page.time_zone);
        history::set_title(&texts::pay::title(&page_heading(page), &page.organization));
    }
    page.map_or_else(|| ().into_any(), show)
}

/// What is asked, in a few words.
fn page_heading(page: &PayPage) -> String {
    let write = |amount| explicit_text(amount, page.currency);
    match (page.charge_now, page.amount) {
        (Some(sum), None) => texts::pay::connect_and_pay(&write(sum)),
        (Some(sum), Some(_)) | (None, Some(sum)) => texts::pay::pay(&write(sum)),
        (None, None) => texts::pay::connect().to_owned(),
    }
}

fn render_dead_link(flow: PayFlow) -> AnyView {
    brand::set_title(texts::pay::dead());
    let sentence = move || match &*flow.stage.read() {
        PayStage::Dead(sentence) => sentence.clone(),
        _ => String::new(),
    };
    view! {
        <section class="panel pay-panel">
            <h1>{texts::pay::dead()}</h1>
            <p>{dynamic::text(sentence)}</p>
        </section>
    }
    .into_any()
}

fn render_unreachable(flow: PayFlow) -> AnyView {
    let sentence = move || match &*flow.stage.read() {
        PayStage::Unreachable(sentence) => sentence.clone(),
        _ => String::new(),
    };
    view! {
        <Banner tone=Tone::Warn title=texts::pay::unreachable() alert=true>
            <p>{dynamic::text(sentence)}</p>
            <Retry on_press=move || flow.open() />
        </Banner>
    }
    .into_any()
}

fn render_form(flow: PayFlow, fields: CardFields, page: PayPage) -> AnyView {
    let busy = dynamic::memo(move || matches!(*flow.stage.read(), PayStage::Sending | PayStage::Repeating));
    let refusal = ErasedProp::derive(move || match &*flow.stage.read() {
        PayStage::Filling(refusal) => refusal.clone(),
        _ => None,
    });
    let words = match page.amount.or(page.charge_now) {
        Some(_) => (page_heading(&page), texts::pay::paying().to_owned()),
        None => (texts::connect_card::submit().to_owned(), texts::connect_card::busy().to_owned()),
    };
    let repeating = move || {
        matches!(*flow.stage.read(), PayStage::Repeating)
            .then(|| view! { <p role="status">{texts::pay::repeating()}</p> })
    };
    let consent = consent_text(&page);
    let today = page.today;
    if flow.stripe.is_some() {
        // What the link itself asks for stands above; the first automatic payment must not be overlooked.
        let untold = page.amount.is_none() && page.charge_now.is_some();
        let hosted = if untold { page_heading(&page) } else { texts::pay::to_card_form().to_owned() };
        return view! {
            <Request page=page />
            <section class="panel pay-panel" aria-label=texts::pay::card()>
                <Hosted refusal=refusal busy=busy words=hosted on_send=move || flow.send(None)>
                    <p class="muted small">{prose(consent)}</p>
                    {dynamic::view(repeating)}
                </Hosted>
            </section>
        }
        .into_any();
    }
    view! {
        <Request page=page />
        <section class="panel pay-panel" aria-label=texts::pay::card()>
            <CardForm fields=fields today=today refusal=refusal busy=busy words=words
                on_send=move |card| flow.send(Some(card))>
                <p class="muted small">{prose(consent)}</p>
                {dynamic::view(repeating)}
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
    refusal: ErasedProp<CardRefusal>,
    /// The page is being opened.
    busy: ErasedMemo<bool>,
    /// The button's words, which name the sum where one is charged.
    words: String,
    #[prop(into)] on_send: Callback<()>,
    /// What the person agrees to.
    children: Children,
) -> AnyView {
    let failure = move || {
        let (title, reason) = refusal.get()?;
        Some(view! { <Banner tone=Tone::Stop title=title alert=true><p>{reason}</p></Banner> })
    };
    let label = move || if busy.get() { texts::pay::opening().to_owned() } else { words.clone() };
    view! {
        <div class="form">
            {dynamic::view(failure)}
            <p>{texts::pay::hosted()}</p>
            {children()}
            <div class="buttons end">
                <Button style=ButtonStyle::Primary busy=busy on_press=on_send>{dynamic::view(label)}</Button>
            </div>
        </div>
    }
    .into_any()
}

/// What whoever presses the button agrees to. A changed text gets another version (`flow::CONSENT`).
fn consent_text(page: &PayPage) -> String {
    let PayPage { organization, requested_by, .. } = page;
    match page.purpose {
        LinkPurpose::Pay => texts::pay::consent_once().to_owned(),
        LinkPurpose::Connect | LinkPurpose::PayAndConnect if page.auto_pay.is_some() => {
            texts::pay::consent_automatic(organization, requested_by)
        }
        LinkPurpose::Connect | LinkPurpose::PayAndConnect => texts::pay::consent_keep(organization, requested_by),
    }
}
