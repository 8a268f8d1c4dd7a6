//! The minutes and seconds until grace ends, by the server's clock.

use billing_domain::Timestamp;
use leptos::prelude::*;

use crate::platform::signal::ErasedSignal;
use crate::texts;

use crate::ui::dynamic;

use crate::platform::timers;
use crate::state::LiveWallet;

/// Ticks every second for those who see it; the time at which it ends stands beside it for everybody.
#[component]
pub(super) fn Countdown(
    /// The wallet, which knows what time it is at the server.
    live: LiveWallet,
    ends_at: Timestamp,
) -> AnyView {
    let left = move || ends_at.seconds_since(live.now()).max(0);
    let seconds = ErasedSignal::new(left());
    let timer = StoredValue::new_local(timers::run_every(1000, move || seconds.set(left())));
    on_cleanup(move || timer.dispose());
    let shown = move || time_left_text(seconds.get());
    view! { <strong class="countdown" aria-hidden="true">{dynamic::view(shown)}</strong> }.into_any()
}

fn time_left_text(seconds: i64) -> String {
    texts::status_bar::time_left(&format!("{}:{:02}", seconds / 60, seconds % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_two_digits() {
        assert_eq!(time_left_text(0), "0:00 left");
        assert_eq!(time_left_text(1805), "30:05 left");
    }
}
