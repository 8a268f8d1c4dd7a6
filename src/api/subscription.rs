//! A stream of events that survives whatever happens to its connection, and takes one connection of the browser.
//!
//! Of the visible tabs of a session one holds a lock and has the stream; it hands every event on to the others. Where the
//! browser has no locks, every visible tab has a stream of its own. A tab that nobody sees has none.
//!
//! Only events prove that a stream lives: an open connection proves nothing, a proxy may hold everything back.

mod relay;
mod retry;

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};

use billing_contract::event;
use leptos::prelude::GetUntracked;

use self::relay::Relay;
use super::{ApiError, client};
use crate::platform::channel::TabChannel;
use crate::platform::listener::Listener;
use crate::platform::lock::Lock;
use crate::platform::stream::{Stream, StreamState};
use crate::platform::task::{self, BackgroundTask};
use crate::platform::timers::{self, Timer};
use crate::platform::{clock, connection, random, visibility};

/// A stream without any event for so long is dead.
const SILENCE_MILLISECONDS: i32 = 2 * event::HEARTBEAT_SECONDS.cast_signed() * 1_000;
/// Between two questions of a page whose stream is lost.
const POLL_MILLISECONDS: i32 = 10_000;
/// The stream delivers what a change of one's own brings about sooner than this.
const OWN_CHANGE_MILLISECONDS: i32 = 2_000;
/// How often everything is read again because something changed meanwhile.
const TRIES: usize = 3;

/// An answer on its way.
pub(in crate::api) type PendingRead = Pin<Box<dyn Future<Output = Result<String, ApiError>>>>;

/// Takes an event, by name and data.
pub(in crate::api) type OnEvent = Box<dyn Fn(&str, &str) -> AfterEvent>;

/// What is subscribed to.
pub(in crate::api) struct SubscriptionSource {
    /// Names it among the tabs of a session.
    pub(in crate::api) name: &'static str,
    /// The events that are wanted, besides heartbeats.
    pub(in crate::api) events: &'static [&'static str],
    /// Where the stream is, from the last known position on.
    pub(in crate::api) address: Box<dyn Fn() -> String>,
    /// Reads everything that the events are about.
    pub(in crate::api) read: Box<dyn Fn() -> PendingRead>,
    /// Takes over what was read.
    pub(in crate::api) on_read: Box<dyn Fn(&str)>,
    /// Takes an event, by name and data.
    pub(in crate::api) on_event: OnEvent,
    /// Called when events begin or cease to arrive.
    pub(in crate::api) on_connection: Box<dyn Fn(ConnectionState)>,
}

/// What follows from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum AfterEvent {
    GoOn,
    /// Something is missing: everything has to be read.
    ReadAll,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    /// They do, from now on.
    Live,
    /// They do not. What is to be known is asked for now and then, until they do.
    Lost {
        /// How long ago the last proof was that they did.
        silent_milliseconds: i64,
    },
}

/// Closes the stream when it is dropped.
pub(crate) struct EventSubscription {
    inner: Rc<SubscriptionInner>,
    _visible: Option<Listener>,
    _network: Option<[Listener; 2]>,
}

struct SubscriptionInner {
    source: SubscriptionSource,
    over: Cell<bool>,
    /// The stream is this tab's.
    streaming: Cell<bool>,
    /// A message of the streaming tab has arrived since this one joined.
    following: Cell<bool>,
    /// Events arrive, or nobody has noticed yet that they do not.
    live: Cell<bool>,
    /// Something may have been missed.
    stale: Cell<bool>,
    reading: Cell<bool>,
    /// What is being read may be older than what is asked for now.
    read_again: Cell<bool>,
    failures: Cell<u32>,
    /// Counts received events; it may wrap.
    received: Cell<u32>,
    /// Counts those whose order beside an answer matters: what they say has no time of its own.
    changes: Cell<u32>,
    confirmed_at: Cell<i64>,
    stream: RefCell<Option<Stream>>,
    channel: RefCell<Option<TabChannel>>,
    lock: RefCell<Option<Lock>>,
    retry: RefCell<Option<Timer>>,
    silence: RefCell<Option<Timer>>,
    poll: RefCell<Option<Timer>>,
    own_change: RefCell<Option<Timer>>,
    task: RefCell<Option<BackgroundTask>>,
}

/// Subscribes, until dropped or until the stream says that nothing more comes.
pub(in crate::api) fn subscribe(source: SubscriptionSource) -> EventSubscription {
    let inner = Rc::new(SubscriptionInner {
        source,
        over: Cell::new(false),
        streaming: Cell::new(false),
        following: Cell::new(false),
        // What the page shows came with the document, or is asked for just now.
        live: Cell::new(true),
        stale: Cell::new(false),
        reading: Cell::new(false),
        read_again: Cell::new(false),
        failures: Cell::new(0),
        received: Cell::new(0),
        changes: Cell::new(0),
        confirmed_at: Cell::new(clock::now_millis()),
        stream: RefCell::new(None),
        channel: RefCell::new(None),
        lock: RefCell::new(None),
        retry: RefCell::new(None),
        silence: RefCell::new(None),
        poll: RefCell::new(None),
        own_change: RefCell::new(None),
        task: RefCell::new(None),
    });
    // A hidden tab holds no stream: browsers keep few connections, and the server few streams.
    inner.set_visible(visibility::is_visible());
    let weak = Rc::downgrade(&inner);
    let visible = visibility::on_change(move |visible| with_upgraded(&weak, |inner| inner.set_visible(visible)));
    let weak = Rc::downgrade(&inner);
    let network = visibility::on_network(move |online| {
        connection::update_state();
        // An open stream does not notice for minutes that its network is gone.
        with_upgraded(&weak, |inner| if online { inner.reconnect() } else { inner.mark_broken() });
    });
    let weak = Rc::downgrade(&inner);
    // One's own change is noticed even if the stream is quietly dead.
    client::when_changed(move || with_upgraded(&weak, SubscriptionInner::expect_own_change));
    EventSubscription { inner, _visible: visible, _network: network }
}

impl Drop for EventSubscription {
    fn drop(&mut self) {
        self.inner.end();
    }
}

/// Runs with what is still there.
fn with_upgraded<T>(inner: &Weak<T>, run: impl FnOnce(&Rc<T>)) {
    if let Some(inner) = inner.upgrade() {
        run(&inner);
    }
}

impl SubscriptionInner {
    fn set_visible(self: &Rc<Self>, visible: bool) {
        if self.over.get() {
            return;
        }
        // First everything is let go of: whoever comes back joins anew.
        self.leave();
        if visible {
            self.join();
        } else {
            // Nobody sees what becomes of it; whoever comes back reads it.
            self.stale.set(true);
        }
    }

    /// Among the tabs of the session: the first one streams and relays to the others.
    fn join(self: &Rc<Self>) {
        // With the session in it, so that tabs of another person share nothing.
        let name = format!("nexis-billing/{}/{}", client::session_id().unwrap_or_default(), self.source.name);
        let (receiver, granted) = (Rc::downgrade(self), Rc::downgrade(self));
        let channel =
            TabChannel::open(&name, move |text| with_upgraded(&receiver, |inner| inner.receive_from_tab(text)));
        let lock =
            // The lock decides which tab streams; browsers release it even when a tab crashes.
            channel.as_ref().and_then(|_| Lock::request(&name, move || with_upgraded(&granted, Self::start_streaming)));
        if lock.is_some() {
            self.channel.replace(channel);
            self.lock.replace(lock);
            // Asks whoever streams whether events arrive.
            self.post(Relay::Joined);
            self.watch_silence();
        } else {
            // Without locks or channels each tab streams for itself: docs/decisions/0078-one-stream-per-browser.md.
            self.start_streaming();
        }
        if self.stale.get() {
            let silent = clock::now_millis() - self.confirmed_at.get();
            // Away for longer than a stream may be silent: what is shown may be old.
            if silent > SILENCE_MILLISECONDS.into() {
                self.mark_lost();
            }
            self.read();
        }
    }

    /// Lets go of everything that others may need.
    fn leave(&self) {
        self.streaming.set(false);
        self.following.set(false);
        self.close();
        for timer in [&self.retry, &self.silence, &self.poll, &self.own_change] {
            timer.replace(None);
        }
        // What is being read is dropped with its task, so nothing is being read any more.
        self.reading.set(false);
        self.read_again.set(false);
        self.task.replace(None);
        self.lock.replace(None);
        self.channel.replace(None);
    }

    fn end(&self) {
        self.over.set(true);
        self.leave();
    }

    /// The stream is this tab's from now on.
    fn start_streaming(self: &Rc<Self>) {
        if self.over.get() {
            return;
        }
        self.streaming.set(true);
        if self.following.replace(false) {
            // Between the other tab's last word and the first one of this stream.
            self.stale.set(true);
        }
        self.connect();
    }

    fn connect(self: &Rc<Self>) {
        if self.over.get() || !self.streaming.get() {
            return;
        }
        let (receiver, changed) = (Rc::downgrade(self), Rc::downgrade(self));
        // Heartbeats too: they are the proof that the stream lives.
        let names: Vec<_> = self.source.events.iter().copied().chain([event::HEARTBEAT]).collect();
        let stream = Stream::open(
            &(self.source.address)(),
            &names,
            move |name, _id, data| with_upgraded(&receiver, |inner| inner.receive_event(name, &data)),
            // An open connection proves nothing.
            move |state| {
                with_upgraded(&changed, |inner| {
                    if state != StreamState::Open {
                        inner.mark_broken();
                    }
                });
            },
        );
        self.stream.replace(stream);
        self.watch_silence();
    }

    fn receive_from_tab(self: &Rc<Self>, text: &str) {
        match (Relay::read(text), self.streaming.get()) {
            (Some(Relay::Joined), true) => self.post(if self.live.get() { Relay::Live } else { Relay::Lost }),
            (Some(Relay::Live), false) => self.follow(),
            // Believed: the streaming tab knows more than this one.
            (Some(Relay::Lost), false) => self.mark_broken(),
            (Some(Relay::Event { name, data }), false) => {
                self.follow();
                self.receive_event(name, data);
            }
            _ => {}
        }
    }

    /// Another tab streams. What it has said before this one joined is read.
    fn follow(self: &Rc<Self>) {
        if !self.following.replace(true) {
            self.stale.set(true);
        }
        self.confirm_live();
    }

    /// An event, of the own stream or handed on by another tab.
    fn receive_event(self: &Rc<Self>, name: &str, data: &str) {
        if self.over.get() {
            return;
        }
        if self.streaming.get() {
            // Relayed before it is applied: the other tabs wait for this one only.
            self.post(Relay::Event { name, data });
        }
        // Lines and wallets have a position of their own, by which an old answer is recognized; the others have not.
        if ![event::HEARTBEAT, event::TRANSACTION, event::WALLET].contains(&name) {
            self.changes.set(self.changes.get().wrapping_add(1));
        }
        self.confirm_live();
        if name == event::HEARTBEAT {
            return;
        }
        self.received.set(self.received.get().wrapping_add(1));
        match (self.source.on_event)(name, data) {
            AfterEvent::GoOn => {}
            AfterEvent::ReadAll => self.read(),
            AfterEvent::End => self.end(),
        }
    }

    fn confirm_live(self: &Rc<Self>) {
        self.confirmed_at.set(clock::now_millis());
        self.failures.set(0);
        self.watch_silence();
        if !self.live.replace(true) {
            self.poll.replace(None);
            connection::set_streaming(true);
            (self.source.on_connection)(ConnectionState::Live);
            if self.streaming.get() {
                self.post(Relay::Live);
            }
        }
        if self.stale.replace(false) {
            self.read();
        }
    }

    fn watch_silence(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        self.silence
            .replace(Some(timers::run_after(SILENCE_MILLISECONDS, move || with_upgraded(&weak, Self::mark_broken))));
    }

    /// Events do not arrive. The browser would try again on its own, without spreading the load: it is stopped, and tried
    /// by our own rule.
    fn mark_broken(self: &Rc<Self>) {
        if self.over.get() || !visibility::is_visible() {
            // Over, or hidden: then there is no stream to lose.
            return;
        }
        self.close();
        self.stale.set(true);
        self.mark_lost();
        // While the connection counts as lost nothing is sent: this finds out when requests are answered again.
        if self.poll.borrow().is_none() || connection::lost_signal().get_untracked() {
            self.read();
        }
        if self.streaming.get() {
            let failures = self.failures.get();
            self.failures.set(failures.saturating_add(1));
            // Spread at random and growing, so that a server that comes back is not stormed.
            self.retry_after(retry::retry_delay(failures, random::random_below));
        } else {
            // This tab does not stream: it waits for the one that does, and looks by itself.
            self.watch_silence();
        }
    }

    fn mark_lost(&self) {
        connection::set_streaming(false);
        if self.live.replace(false) {
            let silent_milliseconds = clock::now_millis() - self.confirmed_at.get();
            (self.source.on_connection)(ConnectionState::Lost { silent_milliseconds });
            if self.streaming.get() {
                self.post(Relay::Lost);
            }
        }
    }

    fn retry_after(self: &Rc<Self>, milliseconds: i32) {
        let weak = Rc::downgrade(self);
        self.retry.replace(Some(timers::run_after(milliseconds, move || with_upgraded(&weak, Self::connect))));
    }

    /// The server can perhaps be reached again.
    fn reconnect(self: &Rc<Self>) {
        if !self.live.get() && !self.over.get() {
            if self.streaming.get() {
                self.retry_after(0);
            }
            self.read();
        }
    }

    /// The server has carried out a change of this page's: if the stream does not deliver it, the present state is read.
    fn expect_own_change(self: &Rc<Self>) {
        if self.over.get() {
            return;
        }
        if !self.live.get() {
            return self.reconnect();
        }
        let (weak, received) = (Rc::downgrade(self), self.received.get());
        let check = move || {
            with_upgraded(&weak, |inner| {
                // The stream has delivered something since: then it lives.
                if inner.received.get() == received {
                    inner.read();
                }
            });
        };
        self.own_change.replace(Some(timers::run_after(OWN_CHANGE_MILLISECONDS, check)));
    }

    /// Reads everything, and again after a while as long as no events arrive.
    fn read(self: &Rc<Self>) {
        // One reading at a time; what is asked meanwhile is read afterwards.
        if self.reading.replace(true) {
            return self.read_again.set(true);
        }
        let weak = Rc::downgrade(self);
        self.task.replace(Some(task::spawn_task(async move {
            let answer = Self::read_settled(&weak).await;
            with_upgraded(&weak, |inner| {
                // Even after a failure, or nothing would ever be read again.
                inner.reading.set(false);
                if let Some(text) = &answer {
                    (inner.source.on_read)(text);
                }
                // Asked again later, until events arrive.
                if answer.is_none() || !inner.live.get() {
                    inner.schedule_read();
                } else if inner.read_again.get() {
                    inner.read();
                }
                inner.read_again.set(false);
            });
        })));
    }

    /// An answer that no event has overtaken; `None` when there is none.
    async fn read_settled(weak: &Weak<Self>) -> Option<String> {
        let mut answer = None;
        for _ in 0..TRIES {
            let (reading, before) = weak.upgrade().map(|inner| ((inner.source.read)(), inner.changes.get()))?;
            answer = reading.await.ok();
            // An event that came meanwhile may be newer than the answer.
            if answer.is_none() || weak.upgrade()?.changes.get() == before {
                break;
            }
        }
        answer
    }

    fn schedule_read(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let again = move || {
            with_upgraded(&weak, |inner| {
                // Whoever streams may be back without having said so.
                inner.post(Relay::Joined);
                inner.read();
            });
        };
        self.poll.replace(Some(timers::run_after(POLL_MILLISECONDS, again)));
    }

    fn post(&self, relay: Relay<'_>) {
        if let Some(channel) = self.channel.borrow().as_ref() {
            channel.post(&relay.text());
        }
    }

    /// Stops receiving. The stream itself is dropped later: this may run inside one of its callbacks.
    fn close(&self) {
        if let Some(stream) = self.stream.borrow().as_ref() {
            stream.close();
        }
    }
}
