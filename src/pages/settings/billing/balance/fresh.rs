//! A balance that rises is marked for a moment: once for a burst of changes, and again only after a rest.

use billing_domain::Money;
use leptos::prelude::*;

use crate::platform::clock;
use crate::platform::timers;
use crate::state::LiveWallet;
use crate::ui::dynamic;

/// The mark stays for so long.
const SHOWN_MILLISECONDS: i32 = 1_500;
/// Between two marks, so that a wallet that is busy does not flicker.
const REST_MILLISECONDS: i64 = 10_000;

/// Whether the figure is marked now.
pub(super) fn mark_rises(live: LiveWallet) -> Signal<bool> {
    let marked = RwSignal::new(false);
    let marked_at = StoredValue::new(None::<i64>);
    let end = StoredValue::new_local(None);
    let balance = dynamic::memo(move || live.wallet.read().balance);
    dynamic::effect_after(move |before| {
        let now = balance.get();
        let time = clock::now_millis();
        if before.is_some_and(|before: Money| deserves_mark(before, now, marked_at.get_value(), time)) {
            marked_at.set_value(Some(time));
            marked.set(true);
            end.set_value(Some(timers::run_after(SHOWN_MILLISECONDS, move || marked.set(false))));
        }
        now
    });
    marked.into()
}

/// Money that has come draws the eye, in the color of what is well: never a balance that falls or is below zero, and not
/// again when the last rise has just done so.
fn deserves_mark(before: Money, balance: Money, marked_at: Option<i64>, now: i64) -> bool {
    balance > before
        && !balance.is_negative()
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
        let rises = |marked_at, now| deserves_mark(Money::from_major(1), Money::from_major(2), marked_at, now);
        assert!(rises(None, 0));
        assert!(!rises(Some(1_000), 10_999));
        assert!(rises(Some(1_000), 11_000));
    }

    #[test]
    fn a_balance_that_falls_or_is_below_zero_is_not_shown_as_good() {
        for (before, after, marked) in [(2, 1, false), (2, 2, false), (1, -1, false), (-3, -2, false), (-1, 0, true)] {
            let drawn = deserves_mark(Money::from_major(before), Money::from_major(after), None, 0);
            assert_eq!(drawn, marked, "{before} to {after}");
        }
    }
}
