//! The stream of one's own requests, for a page without a wallet.

use std::rc::Rc;

use billing_contract::event::{self, SessionEvent, SessionState};
use billing_contract::paths;
use billing_contract::request::{FundsRequest, FundsRequestList};

use crate::api::client::{self, get};
use crate::api::subscription::{AfterEvent, EventSubscription, SubscriptionSource, subscribe};
use crate::platform::json::decode_json;

const EVENTS: [&str; 2] = [event::REQUEST, event::SESSION];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RequestUpdate {
    /// A request as it is now.
    Request(Box<FundsRequest>),
    /// The session is over; nothing more comes.
    Session(SessionState),
}

/// Listens until dropped or until the session is over.
pub(crate) fn subscribe_to_requests(on_heard: impl Fn(RequestUpdate) + 'static) -> EventSubscription {
    let on_heard = Rc::new(on_heard);
    let on_read = Rc::clone(&on_heard);
    subscribe(SubscriptionSource {
        name: "requests",
        events: &EVENTS,
        address: Box::new(|| client::resource_address(paths::REQUEST_EVENTS, "", &[])),
        read: Box::new(|| Box::pin(get(paths::REQUESTS).text())),
        on_read: Box::new(move |text| {
            let all = decode_json::<FundsRequestList>(text).map(|list| list.items).unwrap_or_default();
            all.into_iter().rev().for_each(|request| on_read(RequestUpdate::Request(Box::new(request))));
        }),
        on_event: Box::new(move |name, data| {
            if name == event::SESSION {
                let Some(SessionEvent { state }) = decode_json(data) else { return AfterEvent::GoOn };
                on_heard(RequestUpdate::Session(state));
                return AfterEvent::End;
            }
            if let Some(request) = decode_json(data) {
                on_heard(RequestUpdate::Request(request));
            }
            AfterEvent::GoOn
        }),
        on_connection: Box::new(|_| {}),
    })
}
