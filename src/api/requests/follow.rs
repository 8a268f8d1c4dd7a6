//! The stream of one's own requests, for a page without a wallet.

use std::rc::Rc;

use billing_contract::event::{self, SessionEvent, SessionState};
use billing_contract::paths;
use billing_contract::request::{FundsRequest, FundsRequestList};

use crate::api::client::{self, get};
use crate::api::subscription::{Next, Source, Subscription, subscribe};
use crate::platform::json::decode;

const EVENTS: [&str; 2] = [event::REQUEST, event::SESSION];

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A request as it is now.
    Request(Box<FundsRequest>),
    /// The session is over; nothing more comes.
    Session(SessionState),
}

/// Listens until dropped or until the session is over.
pub(crate) fn follow(on_heard: impl Fn(Heard) + 'static) -> Subscription {
    let on_heard = Rc::new(on_heard);
    let on_read = Rc::clone(&on_heard);
    subscribe(Source {
        name: "requests",
        events: &EVENTS,
        address: Box::new(|| client::address(paths::REQUEST_EVENTS, "", &[])),
        read: Box::new(|| Box::pin(get(paths::REQUESTS).text())),
        on_read: Box::new(move |text| {
            let all = decode::<FundsRequestList>(text).map(|list| list.items).unwrap_or_default();
            all.into_iter().rev().for_each(|request| on_read(Heard::Request(Box::new(request))));
        }),
        on_event: Box::new(move |name, data| {
            if name == event::SESSION {
                let Some(SessionEvent { state }) = decode(data) else { return Next::GoOn };
                on_heard(Heard::Session(state));
                return Next::End;
            }
            if let Some(request) = decode(data) {
                on_heard(Heard::Request(request));
            }
            Next::GoOn
        }),
        on_connection: Box::new(|_| {}),
    })
}
