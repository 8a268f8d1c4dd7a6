//! The one stream of events that keeps a page true: resumes after its last ledger line, never doubles or misses one.

mod order;
mod update;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use billing_contract::{event, paths};

use leptos::prelude::GetUntracked;

use self::order::{Arrival, Cursor, retry_delay};
pub(crate) use self::update::Update;
use super::{client, session};
use crate::platform::listener::Listener;
use crate::platform::stream::{Stream, StreamState};
use crate::platform::timers::{self, Timer};
use crate::platform::{connection, random, task, visibility};

/// A page that nobody sees lets go of its connection after this time.
const HIDDEN_MILLISECONDS: i32 = 5 * 60 * 1000;

const NAMES: [&str; 8] = [
    event::TRANSACTION,
    event::WALLET,
    event::AUTO_PAY,
    event::TOP_UP,
    event::CARD,
    event::REQUEST,
    event::LINK,
    event::SESSION,
];

/// Whether the page hears what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Yes, from now on; `after_gap` when events other than ledger lines may have been missed.
    Live {
        /// It was lost before.
        after_gap: bool,
    },
    /// No; it is being tried again.
    Lost,
}

/// Ends when dropped.
pub(crate) struct Events {
    inner: Rc<Inner>,
    _visible: Option<Listener>,
    _network: Option<[Listener; 2]>,
}

struct Inner {
    cursor: Cell<Cursor>,
    failures: Cell<u32>,
    lost: Cell<bool>,
    over: Cell<bool>,
    stream: RefCell<Option<Stream>>,
    retry: RefCell<Option<Timer>>,
    hidden: RefCell<Option<Timer>>,
    check: RefCell<Option<task::Task>>,
    on_update: Box<dyn Fn(Update)>,
    on_connection: Box<dyn Fn(Connection)>,
}

/// Listens to everything after the ledger line `after`, until dropped or until the session is over.
pub(crate) fn listen(
    after: i64,
    on_update: impl Fn(Update) + 'static,
    on_connection: impl Fn(Connection) + 'static,
) -> Events {
    let inner = Rc::new(Inner {
        cursor: Cell::new(Cursor::after(after)),
        failures: Cell::new(0),
        lost: Cell::new(false),
        over: Cell::new(false),
        stream: RefCell::new(None),
        retry: RefCell::new(None),
        hidden: RefCell::new(None),
        check: RefCell::new(None),
        on_update: Box::new(on_update),
        on_connection: Box::new(on_connection),
    });
    inner.connect();
    let weak = Rc::downgrade(&inner);
    let visible = visibility::on_change(move |visible| with(&weak, |inner| inner.seen(visible)));
    let weak = Rc::downgrade(&inner);
    let network = visibility::on_network(move |online| {
        connection::judge();
        // An open stream does not notice for minutes that its network is gone.
        with(&weak, |inner| if online { inner.retry_after(0) } else { inner.lose() });
    });
    let weak = Rc::downgrade(&inner);
    client::when_changed(move || with(&weak, |inner| inner.retry_after(0)));
    Events { inner, _visible: visible, _network: network }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.inner.over.set(true);
        self.inner.hang_up();
    }
}

/// Runs with what is still there.
pub(in crate::api) fn with<T>(inner: &Weak<T>, run: impl FnOnce(&Rc<T>)) {
    if let Some(inner) = inner.upgrade() {
        run(&inner);
    }
}

impl Inner {
    fn connect(self: &Rc<Self>) {
        if self.over.get() {
            return;
        }
        let address = format!("{}?after={}", paths::full(paths::EVENTS, ""), self.cursor.get().last());
        let (heard, changed) = (Rc::downgrade(self), Rc::downgrade(self));
        let stream = Stream::open(
            &address,
            &NAMES,
            move |name, _id, data| with(&heard, |inner| inner.hear(name, &data)),
            move |state| with(&changed, |inner| inner.changed(state)),
        );
        self.stream.replace(stream);
    }

    fn hear(self: &Rc<Self>, name: &str, data: &str) {
        // What cannot be read is a newer server's: the page goes on, and asks again after the next gap.
        let Some(update) = Update::read(name, data) else { return };
        if let Update::Transaction(line) = &update {
            let (cursor, arrival) = self.cursor.get().hear(line.seq);
            self.cursor.set(cursor);
            match arrival {
                Arrival::Next => {}
                Arrival::Known => return,
                Arrival::Gap => return self.lose(),
            }
        }
        if let Update::Session(_) = update {
            self.over.set(true);
            self.close();
        }
        (self.on_update)(update);
    }

    fn changed(self: &Rc<Self>, state: StreamState) {
        match state {
            StreamState::Open => {
                self.failures.set(0);
                connection::hears(true);
                (self.on_connection)(Connection::Live { after_gap: self.lost.replace(false) });
            }
            StreamState::Reconnecting => self.lose(),
            // The server refused: perhaps nobody is signed in any more, which this question finds out.
            StreamState::Closed => {
                self.check.replace(Some(session::look()));
                self.lose();
            }
        }
    }

    /// The browser would try again on its own, without spreading the load: it is stopped, and tried by our own rule.
    fn lose(self: &Rc<Self>) {
        self.close();
        if self.over.get() {
            return;
        }
        connection::hears(false);
        // Nothing is sent while the connection counts as lost: this finds out when requests are answered again, even
        // where something on the way lets no stream through.
        if connection::lost().get_untracked() {
            self.check.replace(Some(session::look()));
        }
        if !self.lost.replace(true) {
            (self.on_connection)(Connection::Lost);
        }
        let failures = self.failures.get();
        self.failures.set(failures.saturating_add(1));
        self.retry_after(retry_delay(failures, random::below));
    }

    fn retry_after(self: &Rc<Self>, milliseconds: i32) {
        if !self.lost.get() || self.over.get() {
            return;
        }
        let weak = Rc::downgrade(self);
        self.retry.replace(Some(timers::after(milliseconds, move || with(&weak, Self::connect))));
    }

    fn seen(self: &Rc<Self>, visible: bool) {
        if visible {
            self.hidden.replace(None);
            self.retry_after(0);
        } else {
            let weak = Rc::downgrade(self);
            let rest = move || {
                with(&weak, |inner| {
                    inner.close();
                    inner.retry.replace(None);
                    inner.lost.set(true);
                });
            };
            self.hidden.replace(Some(timers::after(HIDDEN_MILLISECONDS, rest)));
        }
    }

    /// Stops hearing. The stream itself is dropped later: this may run inside one of its callbacks.
    fn close(&self) {
        if let Some(stream) = self.stream.borrow().as_ref() {
            stream.close();
        }
    }

    fn hang_up(&self) {
        self.close();
        self.retry.replace(None);
        self.hidden.replace(None);
    }
}
