//! What a new link shall ask for.

use billing_contract::link::{CreatePaymentLink, CreatedPaymentLink};
use billing_domain::link::LinkPurpose;
use leptos::prelude::*;

use super::super::top_up::choice;
use super::created::{ShowLink, ShownFirst};
use crate::api;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::platform::{focus, task};
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::chips::Chips;
use crate::ui::dialog::focus_on_change;
use crate::ui::dynamic;
use crate::ui::field::TextArea;
use crate::ui::lazy::split;
use crate::ui::money::{MoneyStyle, money_text, typed_amount};
use crate::ui::money_input::MoneyInput;
use crate::ui::select::{Choice, Select};

/// Where the reader goes on when the dialog shows something else.
const SCREEN_ID: &str = "link-dialog";
const AMOUNT_ID: &str = "link-amount";
const PURPOSES: [LinkPurpose; 3] = [LinkPurpose::Pay, LinkPurpose::PayAndConnect, LinkPurpose::Connect];

fn purpose_word(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Pay => texts::hand_over::choose_pay(),
        LinkPurpose::PayAndConnect => texts::hand_over::choose_both(),
        LinkPurpose::Connect => texts::hand_over::connect(),
    }
}

/// How long a link may live: seconds, and the words for it.
fn lifetime_choices() -> Vec<Choice> {
    vec![
        Choice::new("3600", texts::hand_over::hours(1)),
        Choice::new("86400", texts::hand_over::hours(24)),
        Choice::new("259200", texts::hand_over::days(3)),
        Choice::new("604800", texts::hand_over::days(7)),
    ]
}

/// What is wrong, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LinkErrors {
    amount: Option<String>,
    note: Option<String>,
    other: Option<String>,
}

split!(settings: pub(in crate::pages::settings::billing) fn content(live: LiveWallet, heading: RwSignal<String>) => make_content);

/// What stands in the dialog, whose code is loaded when it is opened.
fn make_content(live: LiveWallet, heading: RwSignal<String>) -> AnyView {
    let announcer = use_announcer();
    let created = ErasedSignal::new(None::<CreatedPaymentLink>);
    let is_made = dynamic::memo(move || created.read().is_some());
    dynamic::effect(move || {
        heading.set(if is_made.get() { texts::hand_over::made() } else { texts::hand_over::new() }.to_owned());
    });
    focus_on_change(is_made, SCREEN_ID, || true);
    let done = move || {
        announcer.say(texts::hand_over::said_done());
        live.link_dialog_open.set(false);
    };
    let shown = move || {
        let shown = match is_made.get().then(|| created.get_untracked()).flatten() {
            Some(made) => view! {
                <ShowLink live=live created=made first=ShownFirst::Link on_done=done on_again=move || created.set(None) />
            }
            .into_any(),
            None => render_form(live, created),
        };
        view! { <div id=SCREEN_ID tabindex="-1">{shown}</div> }
    };
    dynamic::view(shown).into_any()
}

fn render_form(live: LiveWallet, created: ErasedSignal<Option<CreatedPaymentLink>>) -> AnyView {
    let purpose = RwSignal::new(0_usize);
    let amount = RwSignal::new(live.payment.amount.get_untracked());
    let note = RwSignal::new(String::new());
    let valid_for = RwSignal::new("86400".to_owned());
    let wrong = ErasedSignal::new(LinkErrors::default());
    let busy = RwSignal::new(false);
    let work = StoredValue::new_local(None);
    let chosen = move || PURPOSES.get(purpose.get()).copied().unwrap_or(LinkPurpose::Pay);
    let pays = dynamic::memo(move || chosen().pays());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let purpose = untrack(chosen);
        if purpose.pays()
            && let Err(error) = choice::parse_amount(&amount.get_untracked(), &live.limits)
        {
            let write = |amount| money_text(amount, live.currency, MoneyStyle::Total);
            wrong.set(LinkErrors {
                amount: Some(choice::describe_error(error, live.currency, write)),
                ..LinkErrors::default()
            });
            focus::focus_id(AMOUNT_ID);
            return;
        }
        let note = note.get_untracked().trim().to_owned();
        let form = CreatePaymentLink {
            purpose,
            amount: purpose.pays().then(|| typed_amount(&amount.get_untracked(), live.currency).into()),
            auto_pay: None,
            note: (!note.is_empty()).then_some(note),
            expires_in_seconds: valid_for.get_untracked().parse().ok(),
        };
        busy.set(true);
        work.set_value(Some(task::spawn_task(async move {
            match api::links::create_link(&form).await {
                Ok(made) => {
                    live.apply_link(made.link.clone());
                    created.set(Some(made));
                }
                Err(error) => {
                    busy.set(false);
                    let (amount, note) = (error.field("/amount"), error.field("/note"));
                    let other = (amount.is_none() && note.is_none()).then(|| error.sentence());
                    if amount.is_some() {
                        focus::focus_id(AMOUNT_ID);
                    }
                    wrong.set(LinkErrors { amount, note, other });
                }
            }
        })));
    };
    let failure = move || {
        let text = wrong.read().other.clone()?;
        Some(view! { <Banner tone=Tone::Stop title=texts::hand_over::not_made() alert=true><p>{text}</p></Banner> })
    };
    let amount_box = move || {
        pays.get().then(|| {
            view! {
                <MoneyInput label=texts::top_up::amount() value=amount currency=live.currency name="link-amount" id=AMOUNT_ID
                    error=ErasedProp::derive(move || wrong.read().amount.clone()) />
            }
        })
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {dynamic::view(failure)}
            <Chips
                label=texts::hand_over::purpose()
                choices=ErasedProp::from(PURPOSES.map(|purpose| purpose_word(purpose).to_owned()).to_vec())
                pressed=ErasedProp::derive(move || vec![purpose.get()])
                on_press=move |index: usize| purpose.set(index)
            />
            {dynamic::view(amount_box)}
            <TextArea label=texts::hand_over::note() value=note name="link-note" rows="2"
                hint=texts::hand_over::note_hint() error=ErasedProp::derive(move || wrong.read().note.clone()) />
            <Select label=texts::hand_over::valid_for() name="link-life" value=valid_for
                choices=ErasedProp::from(lifetime_choices())
                on_choose=move |seconds: String| valid_for.set(seconds) />
            <p class="muted small">{texts::hand_over::what_they_see()}</p>
            <div class="buttons end stays">
                <Button on_press=move || live.link_dialog_open.set(false)>{texts::ui::cancel()}</Button>
                <Button style=ButtonStyle::Primary submit=true busy=busy>{texts::hand_over::create()}</Button>
            </div>
        </form>
    }
    .into_any()
}
