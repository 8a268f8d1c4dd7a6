//! Keeps the wallet true: hands what the stream says to the state.

use billing_contract::billing::Billing;
use billing_contract::session::Service;
use leptos::prelude::*;

use crate::api;
use crate::api::session_end::SessionEnd;
use crate::api::stream::{ConnectionState, EventSubscription, Update};
use crate::state::{Freshness, LiveWallet};

/// The wallet of this document and what keeps it true. A copy is the same one.
#[derive(Clone, Copy)]
pub(super) struct WalletSession {
    live: LiveWallet,
    events: StoredValue<Option<EventSubscription>, LocalStorage>,
}

/// The wallet of this document, listening from now on. `on_over`: the stream says that the session is over.
pub(super) fn start_session(
    billing: Billing,
    service: Service,
    on_over: impl Fn(SessionEnd) + 'static,
) -> WalletSession {
    let after = billing.wallet.last_seq;
    let live = LiveWallet::provide(billing, service);
    let events = api::stream::subscribe_to_wallet(
        after,
        move |update| match update {
            Update::Session(state) => on_over(state.into()),
            update => apply_update(live, update),
        },
        move |now| apply_connection(live, now),
    );
    let events = StoredValue::new_local(Some(events));
    // The owner of the document never ends; a hot reload does.
    on_cleanup(move || drop(events.try_update_value(Option::take)));
    WalletSession { live, events }
}

impl WalletSession {
    /// Listens no more, and forgets the figures.
    pub(super) fn drop_everything(self) {
        drop(self.events.try_update_value(Option::take));
        self.live.forget();
    }
}

fn apply_update(live: LiveWallet, update: Update) {
    match update {
        Update::Transaction(posted) => live.receive_line(*posted),
        Update::Wallet(wallet) => live.apply_wallet(*wallet),
        Update::AutoPay(auto_pay) => live.apply_auto_pay(*auto_pay),
        Update::TopUp(top_up) => live.apply_top_up(*top_up),
        Update::Card(card) => live.apply_card(*card),
        Update::Request(request) => live.apply_request(*request),
        Update::Link(link) => live.apply_link(*link),
        Update::All(billing) => live.refresh(*billing),
        Update::Session(_) => {}
    }
}

fn apply_connection(live: LiveWallet, now: ConnectionState) {
    match now {
        ConnectionState::Lost { silent_milliseconds } => live.mark_stale(silent_milliseconds),
        ConnectionState::Live => live.freshness.set(Freshness::Live),
    }
}
