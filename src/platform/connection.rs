//! Whether the server can be reached, as those who send to it report; buttons that would send something wait while it cannot.
//!
//! One sign alone is not enough: a stream may be held up by a proxy, and a browser on a machine without a network still
//! reaches a server on the same machine. The connection counts as lost when nothing is received any more and either the
//! browser says that it is offline, or the last request got no answer.

use std::cell::Cell;

use leptos::prelude::{ArcRwSignal, GetUntracked, Set};

thread_local! {
    static STREAMING: Cell<bool> = const { Cell::new(true) };
    static ANSWERED: Cell<bool> = const { Cell::new(true) };
    static LOST: ArcRwSignal<bool> = ArcRwSignal::new(false);
}

/// Whether the connection is lost; a signal.
pub(crate) fn lost_signal() -> ArcRwSignal<bool> {
    LOST.with(Clone::clone)
}

/// The event stream is open, or is not.
pub(crate) fn set_streaming(now: bool) {
    STREAMING.set(now);
    update_state();
}

/// A request got an answer, whatever it says, or none.
pub(crate) fn set_answered(now: bool) {
    ANSWERED.set(now);
    update_state();
}

/// The browser says something else about the network.
/// See docs/decisions/0065-connection-lost.md.
pub(crate) fn update_state() {
    let online = super::window::browser_window().is_none_or(|window| window.navigator().on_line());
    let now = !STREAMING.get() && (!online || !ANSWERED.get());
    let lost = lost_signal();
    if lost.get_untracked() != now {
        lost.set(now);
    }
}
