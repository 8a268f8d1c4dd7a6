//! The mandate in words: what will be charged, when, at most how much, and whether it charges at once.

use billing_domain::auto_pay::Settings;
use leptos::prelude::*;

use super::draft;
use super::setup_state::{Setup, SetupStep};
use crate::shared::notice::TestMoneyNotice;
use crate::shared::words::{card_text, mandate_text};
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::money::explicit_text;

/// The question that switches automatic payments on.
#[component]
pub(super) fn Confirm(live: LiveWallet, setup: Setup, #[prop(into)] on_confirm: Callback<(Settings,)>) -> AnyView {
    let settings = Memo::new(move |before: Option<&Option<Settings>>| match &*setup.step.read() {
        SetupStep::Confirm(settings, _) | SetupStep::Saving(settings) => Some(*settings),
        _ => before.copied().flatten(),
    });
    let busy = dynamic::memo(move || matches!(*setup.step.read(), SetupStep::Saving(_)));
    let card = move || {
        let cards = live.cards.read();
        let draft = setup.draft.read();
        let chosen = cards.iter().find(|card| Some(&card.id) == draft.card_id.as_ref()).or_else(|| cards.first());
        chosen.map_or_else(|| texts::auto_pay::the_card().to_owned(), |card| card_text(&card.brand, &card.last4))
    };
    let write = move |amount| explicit_text(amount, live.currency);
    let mandate = move || settings.get().map(|settings| mandate_text(&settings, &card(), write));
    let first_payment = dynamic::memo(move || {
        let (auto_pay, wallet) = (live.auto_pay.read(), live.wallet.read());
        draft::charged_at_once(&settings.get()?, &live.limits, &wallet, &auto_pay, live.now())
    });
    let activate = move || match first_payment.get() {
        _ if busy.get() => texts::auto_pay::saving().to_owned(),
        Some(amount) => texts::auto_pay::activate_and_pay(&write(amount)),
        None => texts::auto_pay::activate().to_owned(),
    };
    let at_once = move || {
        let title = texts::auto_pay::at_once(&write(first_payment.get()?));
        Some(view! {
            <Banner tone=Tone::Warn title=title>
                <p>{texts::auto_pay::at_once_why()}</p>
            </Banner>
        })
    };
    let failure = move || match setup.step.get() {
        SetupStep::Confirm(_, Some(text)) => Some(
            view! { <Banner tone=Tone::Stop title=texts::auto_pay::not_switched_on() alert=true><p>{text}</p></Banner> },
        ),
        _ => None,
    };
    let notice = TestMoneyNotice::of(&live.service()).map(TestMoneyNotice::sentence);
    let back = move || setup.step.set(SetupStep::Amounts(None));
    let confirm = move || {
        if let Some(settings) = settings.get_untracked() {
            on_confirm.run((settings,));
        }
    };
    view! {
        <div class="form">
            {dynamic::view(failure)}
            <p class="mandate">{dynamic::view(mandate)}</p>
            {dynamic::view(at_once)}
            <p class="muted small">{texts::auto_pay::any_time()}" "{notice}</p>
            <div class="buttons end">
                <Button unavailable=busy on_press=back>{texts::ui::back()}</Button>
                <Button style=ButtonStyle::Primary busy=busy on_press=confirm>
                    {dynamic::view(activate)}
                </Button>
            </div>
        </div>
    }
    .into_any()
}
