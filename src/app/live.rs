//! Keeps the wallet true: hands what the stream says to the state.

use billing_contract::billing::Billing;
use billing_contract::session::Service;
use leptos::prelude::*;

use crate::api;
use crate::api::session::Over;
use crate::api::stream::{Connection, Subscription, Update};
use crate::state::{Hearing, Live};

/// The wallet of this document and what keeps it true. A copy is the same one.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    live: Live,
    events: StoredValue<Option<Subscription>, LocalStorage>,
}

/// The wallet of this document, listening from now on. `on_over`: the stream says that the session is over.
pub(super) fn start(billing: Billing, service: Service, on_over: impl Fn(Over) + 'static) -> Kept {
    let after = billing.wallet.last_seq;
    let live = Live::provide(billing, service);
    let events = api::stream::listen(
        after,
        move |update| match update {
            Update::Session(state) => on_over(state.into()),
            update => hear(live, update),
        },
        move |now| connection(live, now),
    );
    let events = StoredValue::new_local(Some(events));
    // The owner of the document never ends; a hot reload does.
    on_cleanup(move || drop(events.try_update_value(Option::take)));
    Kept { live, events }
}

impl Kept {
    /// Listens no more, and forgets the figures.
    pub(super) fn drop_everything(self) {
        drop(self.events.try_update_value(Option::take));
        self.live.forget();
    }
}

fn hear(live: Live, update: Update) {
    match update {
        Update::Transaction(posted) => live.hear_line(*posted),
        Update::Wallet(wallet) => live.hear_wallet(*wallet),
        Update::AutoPay(auto_pay) => live.hear_auto_pay(*auto_pay),
        Update::TopUp(top_up) => live.hear_top_up(*top_up),
        Update::Card(card) => live.hear_card(*card),
        Update::Request(request) => live.hear_request(*request),
        Update::Link(link) => live.hear_link(*link),
        Update::All(billing) => live.refresh(*billing),
        Update::Session(_) => {}
    }
}

fn connection(live: Live, now: Connection) {
    match now {
        Connection::Lost { silent_milliseconds } => live.stop_hearing(silent_milliseconds),
        Connection::Live => live.hearing.set(Hearing::Live),
    }
}
