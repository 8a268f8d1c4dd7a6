//! The Billing tab: stacks the panels.

mod announcements;
mod auto_pay;
mod balance;
mod cards;
mod connect_card;
mod payment_links;
mod requests;
mod status_bar;
mod top_up;
mod transactions;
mod usage;
mod words;

use leptos::prelude::*;

use crate::platform::signal::ErasedSignal;
use crate::texts;

use self::auto_pay::AutoPayPanel;
use self::balance::BalancePanel;
use self::cards::CardsPanel;
use self::connect_card::ConnectDialog;
use self::payment_links::LinksPanel;
use self::requests::RequestsPanel;
use self::status_bar::StatusBar;
use self::top_up::TopUpDialog;
use self::transactions::TransactionsPanel;
use self::usage::UsagePanel;
use crate::platform::{focus, history, intl};
use crate::state::filter::Filter;
use crate::state::{Freshness, LiveWallet, use_live};
use crate::ui::banner::{Banner, Tone};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::lazy;
use crate::ui::retry::Retry;
use crate::ui::time::{DateStyle, instant_text};

/// The tab's content, below the tabs. Shown to owners and admins only.
#[component]
pub(crate) fn BillingTab() -> AnyView {
    match use_live() {
        Some(live) => render_tab(live),
        None => view! {
            <Banner tone=Tone::Warn title=texts::billing::not_loaded() alert=true>
                <p>{texts::billing::no_figures()}</p>
                <Retry on_press=history::reload_document />
            </Banner>
        }
        .into_any(),
    }
}

/// What more than one panel leads to.
#[derive(Clone, Copy)]
struct BillingActions {
    /// The dialog that connects a card, for its own sake.
    connect: RwSignal<bool>,
    /// The settings of automatic payments.
    auto_pay: RwSignal<bool>,
    /// Which ledger lines are shown.
    filter: ErasedSignal<Filter>,
}

impl BillingActions {
    /// Shows these lines of the Transaction History.
    fn show_lines(self, filter: Filter) {
        self.filter.set(filter);
        focus::focus_at_top(transactions::ID);
    }
}

fn render_tab(live: LiveWallet) -> AnyView {
    let actions = BillingActions {
        connect: RwSignal::new(false),
        auto_pay: RwSignal::new(false),
        filter: ErasedSignal::new(Filter::from_query(&history::current_query())),
    };
    announcements::announce_changes(live);
    lazy::preload(top_up::load);
    lazy::preload(auto_pay::load);
    lazy::preload(connect_card::load);
    let stale = move || match live.freshness.get() {
        Freshness::Live => None,
        Freshness::Lost(since) => Some(view! {
            <span class="billing-stale">
                <Icon name=IconName::Clock />
                {texts::billing::stale(&instant_text(since, DateStyle::Time))}
            </span>
        }),
    };
    view! {
        <div class="billing">
            <StatusBar live=live actions=actions />
            <header class="billing-head">
                <h2>{texts::places::billing()}</h2>
                <p class="muted small">{dynamic::view(stale)}<span>{texts::billing::zone(&intl::current_zone())}</span></p>
            </header>
            <RequestsPanel live=live />
            <div class="billing-pair">
                <BalancePanel live=live actions=actions />
                <AutoPayPanel live=live actions=actions />
            </div>
            <UsagePanel live=live actions=actions />
            <div class="billing-pair">
                <CardsPanel live=live actions=actions />
                <LinksPanel live=live />
            </div>
            <TransactionsPanel live=live filter=actions.filter />
            <TopUpDialog live=live />
            <ConnectDialog live=live open=actions.connect />
        </div>
    }
    .into_any()
}
