//! The stream of one's own requests, for a page without a wallet: it begins with all of them, so nothing is ever missed.

use std::cell::RefCell;
use std::rc::Rc;

use billing_contract::event::{self, SessionEvent, SessionState};
use billing_contract::paths;
use billing_contract::request::FundsRequest;

use crate::api::session;
use crate::api::stream::with;
use crate::platform::json::decode;
use crate::platform::stream::{Stream, StreamState};
use crate::platform::task::Task;
use crate::platform::timers::{self, Timer};

/// A stream that the server has refused is tried again after this.
const AGAIN_MILLISECONDS: i32 = 5_000;
const NAMES: [&str; 2] = [event::REQUEST, event::SESSION];

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A request as it is now.
    Request(Box<FundsRequest>),
    /// The session is over; nothing more comes.
    Session(SessionState),
}

/// Ends when dropped.
pub(crate) struct Following {
    _inner: Rc<Inner>,
}

struct Inner {
    stream: RefCell<Option<Stream>>,
    again: RefCell<Option<Timer>>,
    check: RefCell<Option<Task>>,
    on_heard: Box<dyn Fn(Heard)>,
}

/// Listens until dropped. A connection that is lost the browser itself makes again.
pub(crate) fn follow(on_heard: impl Fn(Heard) + 'static) -> Following {
    let inner = Rc::new(Inner {
        stream: RefCell::new(None),
        again: RefCell::new(None),
        check: RefCell::new(None),
        on_heard: Box::new(on_heard),
    });
    inner.connect();
    Following { _inner: inner }
}

impl Inner {
    fn connect(self: &Rc<Self>) {
        let (heard, changed) = (Rc::downgrade(self), Rc::downgrade(self));
        let stream = Stream::open(
            &paths::full(paths::REQUEST_EVENTS, ""),
            &NAMES,
            move |name, _, data| with(&heard, |inner| inner.hear(name, &data)),
            move |state| with(&changed, |inner| inner.changed(state)),
        );
        self.stream.replace(stream);
    }

    fn hear(&self, name: &str, data: &str) {
        let heard = if name == event::SESSION {
            if let Some(stream) = self.stream.borrow().as_ref() {
                stream.close();
            }
            decode::<SessionEvent>(data).map(|event| Heard::Session(event.state))
        } else {
            decode(data).map(Heard::Request)
        };
        if let Some(heard) = heard {
            (self.on_heard)(heard);
        }
    }

    fn changed(self: &Rc<Self>, state: StreamState) {
        if state == StreamState::Closed {
            // Perhaps nobody is signed in any more, which this question finds out.
            self.check.replace(Some(session::look()));
            let weak = Rc::downgrade(self);
            self.again.replace(Some(timers::after(AGAIN_MILLISECONDS, move || with(&weak, Self::connect))));
        }
    }
}
