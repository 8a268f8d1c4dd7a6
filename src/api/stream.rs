//! The events that keep a page true: everything after its last ledger line, none doubled, none missed.

mod order;
mod update;

use std::cell::RefCell;
use std::rc::Rc;

use billing_contract::billing::Billing;
use billing_contract::transaction::Transaction;
use billing_contract::{event, paths};

use self::order::{Arrival, LineSequence};
pub(crate) use self::update::Update;
use super::client::{self, get};
use super::subscription::{AfterEvent, SubscriptionSource, subscribe};
pub(crate) use super::subscription::{ConnectionState, EventSubscription};
use crate::platform::json::decode_json;

const EVENTS: [&str; 8] = [
    event::TRANSACTION,
    event::WALLET,
    event::AUTO_PAY,
    event::TOP_UP,
    event::CARD,
    event::REQUEST,
    event::LINK,
    event::SESSION,
];

/// Everything after the ledger line `after`, until dropped or until the session is over.
pub(crate) fn subscribe_to_wallet(
    after: i64,
    on_update: impl Fn(Update) + 'static,
    on_connection: impl Fn(ConnectionState) + 'static,
) -> EventSubscription {
    let watcher =
        Rc::new(WalletWatcher { lines: RefCell::new(LineSequence::after(after)), on_update: Box::new(on_update) });
    let (position, reader, receiver) = (Rc::clone(&watcher), Rc::clone(&watcher), watcher);
    subscribe(SubscriptionSource {
        name: "wallet",
        events: &EVENTS,
        address: Box::new(move || {
            let after = position.lines.borrow().last().to_string();
            client::resource_address(paths::EVENTS, "", &[("after", &after)])
        }),
        read: Box::new(|| Box::pin(get(paths::BILLING).text())),
        on_read: Box::new(move |text| reader.receive_all(text)),
        on_event: Box::new(move |name, data| receiver.receive_event(name, data)),
        on_connection: Box::new(on_connection),
    })
}

struct WalletWatcher {
    lines: RefCell<LineSequence<Transaction>>,
    on_update: Box<dyn Fn(Update)>,
}

impl WalletWatcher {
    fn receive_event(&self, name: &str, data: &str) -> AfterEvent {
        // What cannot be read is a newer server's: the page goes on.
        let Some(update) = Update::read(name, data) else { return AfterEvent::GoOn };
        let update = match update {
            Update::Transaction(line) => match self.arrive(*line) {
                Arrival::Next(line) => Update::Transaction(Box::new(line)),
                Arrival::Known => return AfterEvent::GoOn,
                Arrival::Early => return AfterEvent::ReadAll,
            },
            update => update,
        };
        let next = if matches!(update, Update::Session(_)) { AfterEvent::End } else { AfterEvent::GoOn };
        (self.on_update)(update);
        next
    }

    fn arrive(&self, line: Transaction) -> Arrival<Transaction> {
        self.lines.borrow_mut().arrive(line.seq, line)
    }

    /// The answer of `GET /billing`.
    fn receive_all(&self, text: &str) {
        let Some(billing) = decode_json::<Billing>(text) else { return };
        let newest = billing.transactions.items.iter().map(|line| (line.seq, line.clone())).collect();
        let lines = self.lines.borrow_mut().catch_up(newest);
        for line in lines {
            (self.on_update)(Update::Transaction(Box::new(line)));
        }
        (self.on_update)(Update::All(Box::new(billing)));
    }
}
