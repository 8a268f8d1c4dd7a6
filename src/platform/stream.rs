//! Server-sent events: one connection that is closed when its owner drops it.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{EventSource, MessageEvent};

use super::listener::Listener;
use super::window::browser_window;

/// What happened to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamState {
    Open,
    /// Lost; the browser is connecting again by itself and sends `Last-Event-ID`.
    Reconnecting,
    /// Lost for good (the server refused it); whoever wants another one opens it anew.
    Closed,
}

/// An open stream of events.
pub(crate) struct Stream {
    source: EventSource,
    _listeners: Vec<Listener>,
}

impl Stream {
    /// Connects to `address` and calls `on_event(name, id, data)` for each event with one of `names`.
    ///
    /// `None` when the browser has no event streams.
    pub(crate) fn open(
        address: &str,
        names: &[&'static str],
        on_event: impl Fn(&'static str, String, String) + 'static,
        on_state: impl Fn(StreamState) + 'static,
    ) -> Option<Self> {
        browser_window()?;
        let source = EventSource::new(address).ok()?;
        let (on_event, on_state) = (Rc::new(on_event), Rc::new(on_state));
        let mut listeners = Vec::with_capacity(names.len() + 2);
        for &name in names {
            let on_event = Rc::clone(&on_event);
            listeners.push(Listener::new(&source, name, move |event| {
                if let Some(message) = event.dyn_ref::<MessageEvent>() {
                    on_event(name, message.last_event_id(), message.data().as_string().unwrap_or_default());
                }
            }));
        }
        let opened = Rc::clone(&on_state);
        listeners.push(Listener::new(&source, "open", move |_| opened(StreamState::Open)));
        let watched = source.clone();
        listeners.push(Listener::new(&source, "error", move |_| {
            let closed = watched.ready_state() == EventSource::CLOSED;
            on_state(if closed { StreamState::Closed } else { StreamState::Reconnecting });
        }));
        Some(Self { source, _listeners: listeners })
    }
}

impl Stream {
    /// Hangs up; the browser will not connect again by itself. For use inside the callbacks, where it cannot be dropped.
    pub(crate) fn close(&self) {
        self.source.close();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}
