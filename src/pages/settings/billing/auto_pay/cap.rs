//! The monthly cap as a bar and in words: charged, on its way, left, and when it begins anew.

use billing_contract::auto_pay::AutoPay;
use billing_domain::Money;
use leptos::prelude::*;

use crate::platform::signal::ErasedProp;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::dynamic;
use crate::ui::money::{Amount, MoneyStyle, money_text};
use crate::ui::time::{DateStyle, instant_text};

/// The cap's month. The bar says nothing that the words do not.
pub(super) fn render_month(live: LiveWallet) -> AnyView {
    let part = move |of: fn(&AutoPay) -> Money| ErasedProp::derive(move || of(&live.auto_pay.read()));
    let row = move |key: &'static str, name: &'static str, of: fn(&AutoPay) -> Money| {
        view! {
            <div>
                <dt><span class=key aria-hidden="true"></span>{name}</dt>
                <dd><Amount amount=part(of) currency=live.currency /></dd>
            </div>
        }
    };
    let resets = move || instant_text(live.auto_pay.read().month.resets_at, DateStyle::Date);
    let cap = move || {
        texts::auto_pay::cap_left(&money_text(live.auto_pay.read().monthly_cap, live.currency, MoneyStyle::Total))
    };
    let share = move |of: fn(&AutoPay) -> Money| {
        move || {
            let auto_pay = live.auto_pay.read();
            share_percent(of(&auto_pay), auto_pay.monthly_cap)
        }
    };
    view! {
        <div class="cap">
            <div class="cap-bar" aria-hidden="true">
                <span class="cap-spent" style:inline-size=share(|auto_pay| auto_pay.month.spent)></span>
                <span class="cap-flight" style:inline-size=share(|auto_pay| auto_pay.month.in_flight)></span>
            </div>
            <dl class="facts">
                {row("cap-key cap-spent", texts::auto_pay::cap_charged(), |auto_pay| auto_pay.month.spent)}
                {row("cap-key cap-flight", texts::auto_pay::cap_on_its_way(), |auto_pay| auto_pay.month.in_flight)}
                <div>
                    <dt><span class="cap-key" aria-hidden="true"></span>{dynamic::text(cap)}</dt>
                    <dd><Amount amount=part(|auto_pay| auto_pay.month.left) currency=live.currency /></dd>
                </div>
                <div><dt>{texts::auto_pay::cap_resets()}</dt><dd>{dynamic::view(resets)}</dd></div>
            </dl>
        </div>
    }
    .into_any()
}

/// A share of the cap in tenths of a percent. What is not nothing is seen.
fn share_percent(amount: Money, cap: Money) -> String {
    let tenths = i128::from(amount.micros()) * 1000 / i128::from(cap.micros().max(1));
    let tenths = tenths.clamp(i128::from(amount.is_positive()) * 5, 1000);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stay_within_the_bar_and_little_is_not_nothing() {
        let share = |amount, cap| share_percent(Money::from_micros(amount), Money::from_micros(cap));
        assert_eq!([share(0, 9), share(1, 3), share(9, 9)], ["0.0%", "33.3%", "100.0%"]);
        assert_eq!([share(1, 1_000_000), share(5, 3), share(5, 0), share(-1, 3)], ["0.5%", "100.0%", "100.0%", "0.0%"]);
    }
}
