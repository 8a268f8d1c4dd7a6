//! The adviser: a threshold that lives through a declined card, its reason in a sentence, and a button that takes it.

use billing_domain::Money;
use billing_domain::auto_pay::advice::{Advice, DECLINE_WINDOW_SECONDS, advise_settings};
use billing_domain::auto_pay::{Refill, Settings};
use leptos::prelude::*;

use super::past::HistoryReading;
use crate::platform::signal::{ErasedMemo, ErasedProp};
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::button::Button;
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, money_text};

const WINDOW_HOURS: i64 = DECLINE_WINDOW_SECONDS / 3600;

/// The advice, once there is a history; nothing while there is no reason for any.
#[component]
pub(super) fn Adviser(
    live: LiveWallet,
    /// What it is drawn from.
    reading: HistoryReading,
    /// The settings as they are typed, if they are right.
    settings: ErasedMemo<Option<Settings>>,
    /// Up to a balance instead of by a fixed amount.
    #[prop(into)]
    by_target: ErasedProp<bool>,
    /// Takes the advice: a threshold, and the least refill that goes with it.
    #[prop(into)]
    on_use: Callback<(Advice,)>,
) -> AnyView {
    let advice = ErasedMemo::new(move || reading.history().and_then(|history| advise_settings(&history, &live.limits)));
    let write = move |amount: Money| money_text(amount, live.currency, MoneyStyle::Total);
    let shown = move || {
        let advice = advice.get()?;
        let followed = settings.get().is_some_and(|settings| advice.is_followed_by(&settings));
        let button = (!followed).then(|| {
            view! { <Button on_press=move || on_use.run((advice,))>{texts::auto_pay::advice_use(&write(advice.threshold))}</Button> }
        });
        let icon = if followed { IconName::Check } else { IconName::Info };
        Some(view! {
            <div class="advice" role="group" aria-label=texts::auto_pay::advice()>
                <Icon name=icon />
                <p>{advice_reason(&advice, followed, by_target.get(), write)}</p>
                {button}
            </div>
        })
    };
    view! { {dynamic::view(shown)} }.into_any()
}

/// The refill that follows the advice, in the way that is chosen.
pub(super) fn advised_refill(advice: &Advice, present: Option<Refill>, by_target: bool) -> Option<Money> {
    let least = if by_target { advice.threshold.checked_add(advice.refill)? } else { advice.refill };
    let present = present.map(|refill| match refill {
        Refill::Fixed { amount } => amount,
        Refill::Target { balance } => balance,
    });
    Some(present.map_or(least, |present| present.at_least(least)))
}

fn advice_reason(advice: &Advice, followed: bool, by_target: bool, write: impl Fn(Money) -> String) -> String {
    let hours = WINDOW_HOURS.to_string();
    let (busiest, hourly) = (write(advice.busiest), write(advice.busiest_hour));
    let threshold = write(advice.threshold);
    if followed {
        return texts::auto_pay::advice_followed(&hours, &busiest, &hourly);
    }
    if !advice.is_enough {
        return texts::auto_pay::advice_short(&hours, &busiest, &hourly, &threshold);
    }
    match advice.threshold.checked_add(advice.refill).filter(|_| by_target) {
        Some(balance) => texts::auto_pay::advice_target(&hours, &busiest, &hourly, &threshold, &write(balance)),
        None => texts::auto_pay::advice_fixed(&hours, &busiest, &hourly, &threshold, &write(advice.refill)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADVICE: Advice = Advice {
        threshold: Money::from_major(42),
        refill: Money::from_major(42),
        busiest: Money::from_major(41),
        busiest_hour: Money::from_micros(5_857_142),
        is_enough: true,
    };

    fn said(advice: &Advice, followed: bool, by_target: bool) -> String {
        advice_reason(advice, followed, by_target, |amount| {
            format!("${}", amount.to_minor_half_even(billing_domain::Currency::Usd) / 100)
        })
    }

    #[test]
    fn the_reason_names_the_pace_the_window_and_what_to_set() {
        let text = said(&ADVICE, false, false);
        for words in ["busiest 7 hours cost $41", "$5 an hour", "at $42 or above", "at least $42 each time"] {
            assert!(text.contains(words), "{text}");
        }
        assert!(said(&ADVICE, false, true).contains("up to at least $84"));
        assert!(said(&ADVICE, true, false).ends_with("the wallet lives through that."));
        let short = Advice { is_enough: false, ..ADVICE };
        assert!(said(&short, false, false).contains("does not cover"));
    }

    #[test]
    fn a_larger_refill_stays() {
        let fixed = |major| Some(Refill::Fixed { amount: Money::from_major(major) });
        assert_eq!(advised_refill(&ADVICE, fixed(100), false), Some(Money::from_major(100)));
        assert_eq!(advised_refill(&ADVICE, fixed(20), false), Some(Money::from_major(42)));
        assert_eq!(advised_refill(&ADVICE, None, true), Some(Money::from_major(84)));
    }
}
