//! A balance that changes is marked for a moment: once for a burst of changes, and again only after a rest.

use leptos::prelude::*;

use crate::platform::clock;
use crate::platform::timers;
use crate::state::Live;
use crate::ui::dynamic;

/// The mark stays for so long.
const SHOWN_MILLISECONDS: i32 = 1_500;
/// Between two marks, so that a wallet that is busy does not flicker.
const REST_MILLISECONDS: i64 = 10_000;

/// Whether the figure is marked now.
pub(super) fn marked(live: Live) -> Signal<bool> {
    let marked = RwSignal::new(false);
    let marked_at = StoredValue::new(None::<i64>);
    let end = StoredValue::new_local(None);
    let balance = dynamic::memo(move || live.wallet.read().balance);
    dynamic::effect_after(move |before| {
        let now = balance.get();
        let time = clock::now_millis();
        if before.is_some_and(|before| draws(before != now, marked_at.get_value(), time)) {
            marked_at.set_value(Some(time));
            marked.set(true);
            end.set_value(Some(timers::after(SHOWN_MILLISECONDS, move || marked.set(false))));
        }
        now
    });
    marked.into()
}

/// A change draws the eye unless the last one has just done so.
const fn draws(changed: bool, marked_at: Option<i64>, now: i64) -> bool {
    changed
        && match marked_at {
            Some(then) => now.saturating_sub(then) >= REST_MILLISECONDS,
            None => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eye_is_drawn_once_and_again_after_a_rest() {
        assert!(draws(true, None, 0));
        assert!(!draws(false, None, 0));
        assert!(!draws(true, Some(1_000), 10_999));
        assert!(draws(true, Some(1_000), 11_000));
    }
}
