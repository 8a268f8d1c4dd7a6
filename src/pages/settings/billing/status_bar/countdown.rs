//! The minutes and seconds until grace ends, by the server's clock.

use billing_domain::Timestamp;
use leptos::prelude::*;

use crate::platform::signal::Slot;
use crate::texts;

use crate::ui::dynamic;

use crate::platform::timers;
use crate::state::Live;

/// Ticks every second for those who see it; the time at which it ends stands beside it for everybody.
#[component]
pub(super) fn Countdown(
    /// The wallet, which knows what time it is at the server.
    live: Live,
    /// When it ends.
    ends_at: Timestamp,
) -> AnyView {
    let left = move || ends_at.seconds_since(live.now()).max(0);
    let seconds = Slot::new(left());
    let timer = StoredValue::new_local(timers::every(1000, move || seconds.set(left())));
    on_cleanup(move || timer.dispose());
    let shown = move || written(seconds.get());
    view! { <strong class="countdown" aria-hidden="true">{dynamic::part(shown)}</strong> }.into_any()
}

fn written(seconds: i64) -> String {
    texts::status_bar::time_left(&format!("{}:{:02}", seconds / 60, seconds % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_two_digits() {
        assert_eq!(written(0), "0:00 left");
        assert_eq!(written(1805), "30:05 left");
    }
}
