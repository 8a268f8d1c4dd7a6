//! The one bar at the top: the most serious thing that is true now, its cause, its effect, and what to do.

mod countdown;

use billing_contract::auto_pay::{AutoPay, Health, HealthState};
use billing_contract::top_up::TopUp;
use billing_contract::usage::Usage;
use billing_contract::wallet::{Grace, Restriction, Runway, Wallet};
use billing_domain::status::{OrganizationStatus, WalletStatus};
use billing_domain::{Capability, Currency, Date, Money};
use leptos::prelude::*;

use self::countdown::Countdown;
use super::BillingActions;
use super::auto_pay::find_unconfirmed;
use super::words::usage_words_within;
use crate::platform::intl;
use crate::state::LiveWallet;
use crate::state::filter::Filter;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::time::{DateStyle, date_text, instant_text};

/// What the bar says, most serious first.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StatusNotice {
    /// The operator has suspended or closed the organization.
    Restricted(Restriction),
    NotConnected,
    /// `empty`: there was never anything in it.
    Paused {
        empty: bool,
    },
    Grace(Grace),
    PaymentStopped {
        reason: String,
        /// The payment that its bank wants confirmed: to do that solves it.
        waiting: Option<Box<TopUp>>,
    },
    Low {
        available: Money,
        runway: Option<Runway>,
        refilling: bool,
    },
    Unusual {
        date: Date,
        kind: billing_domain::UsageKind,
        factor: Option<String>,
    },
}

impl StatusNotice {
    /// The most serious thing; `None` when all is well.
    fn of(wallet: &Wallet, auto_pay: &AutoPay, waiting: Option<TopUp>, usage: &Usage, today: Date) -> Option<Self> {
        if let Some(restriction) = &wallet.restriction {
            return Some(Self::Restricted(restriction.clone()));
        }
        match (wallet.status, &wallet.grace) {
            (WalletStatus::NotConnected, _) => return Some(Self::NotConnected),
            (WalletStatus::Paused, _) | (WalletStatus::Grace, None) => {
                return Some(Self::Paused { empty: wallet.last_seq == 0 });
            }
            (WalletStatus::Grace, Some(grace)) => return Some(Self::Grace(grace.clone())),
            (WalletStatus::Active | WalletStatus::Low, _) => {}
        }
        if auto_pay.enabled && matches!(auto_pay.health.state, HealthState::Paused | HealthState::Declined) {
            return Some(Self::PaymentStopped {
                reason: auto_pay_reason(&auto_pay.health),
                waiting: waiting.map(Box::new),
            });
        }
        if wallet.status == WalletStatus::Low {
            let refilling = auto_pay.enabled && auto_pay.health.state == HealthState::Charging;
            return Some(Self::Low { available: wallet.available, runway: wallet.runway.clone(), refilling });
        }
        // Yesterday's spike may still be news; an older one is history.
        let mut recent = usage.days.iter().rev().take_while(|day| today.days() - day.date.days() <= 1);
        recent.find_map(|day| Some((day.date, day.spike.as_ref()?))).map(|(date, spike)| Self::Unusual {
            date,
            kind: spike.kind,
            factor: spike.factor.clone(),
        })
    }

    const fn tone(&self) -> Tone {
        match self {
            Self::Restricted(_) | Self::NotConnected | Self::Paused { .. } | Self::Grace(_) => Tone::Stop,
            Self::PaymentStopped { .. } | Self::Low { .. } | Self::Unusual { .. } => Tone::Warn,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Restricted(restriction) if is_closed(restriction) => texts::status_bar::closed(),
            Self::Restricted(_) => texts::status_bar::suspended(),
            Self::NotConnected => texts::status_bar::not_connected(),
            Self::Paused { .. } => texts::status_bar::paused(),
            Self::Grace(_) => texts::status_bar::grace(),
            Self::PaymentStopped { waiting: Some(_), .. } => texts::status_bar::payment_waits(),
            Self::PaymentStopped { waiting: None, .. } => texts::status_bar::payment_stopped(),
            Self::Low { .. } => texts::status_bar::low(),
            Self::Unusual { .. } => texts::status_bar::unusual(),
        }
    }
}

/// The bar; nothing when all is well.
#[component]
pub(super) fn StatusBar(
    live: LiveWallet,
    /// What its button opens.
    actions: BillingActions,
) -> AnyView {
    let bar = dynamic::memo(move || {
        StatusNotice::of(
            &live.wallet.read(),
            &live.auto_pay.read(),
            find_unconfirmed(live),
            &live.usage.read(),
            live.today.get(),
        )
    });
    let shown = move || {
        bar.get().map(|bar| {
            let title = bar.title();
            view! { <Banner tone=bar.tone() title=title>{render_body(bar, live, actions)}</Banner> }
        })
    };
    view! { <div class="status-bar">{dynamic::view(shown)}</div> }.into_any()
}

fn render_body(bar: StatusNotice, live: LiveWallet, actions: BillingActions) -> AnyView {
    let currency = live.currency;
    let add = move || {
        view! { <Button needs=Capability::Pay style=ButtonStyle::Primary on_press=move || live.open_payment()>{texts::top_up::heading()}</Button> }
            .into_any()
    };
    let text = notice_text(&bar, currency);
    match bar {
        StatusNotice::Restricted(restriction) => {
            // What was suspended for want of money is settled by paying; what is closed takes none.
            let add = (!is_closed(&restriction)).then(add);
            let reason = restriction.reason;
            let why = (!reason.is_empty()).then(|| view! { <p>{texts::status_bar::restricted_why(&reason)}</p> });
            view! { <p>{text}</p>{why}{add} }.into_any()
        }
        StatusNotice::NotConnected => view! {
            <p>{text}</p>
            <Button needs=Capability::Cards style=ButtonStyle::Danger on_press=move || actions.connect.set(true)>{texts::status_bar::connect()}</Button>
        }
        .into_any(),
        StatusNotice::Paused { .. } | StatusNotice::Low { .. } => view! { <p>{text}</p>{add()} }.into_any(),
        StatusNotice::Grace(grace) => view! { <p>{text}" "<Countdown live=live ends_at=grace.ends_at /></p>{add()} }.into_any(),
        StatusNotice::PaymentStopped { waiting: Some(top_up), .. } => view! {
            <p>{text}</p>
            <Button needs=Capability::Pay on_press=move || live.show_payment((*top_up).clone())>{texts::bank::heading()}</Button>
        }
        .into_any(),
        StatusNotice::PaymentStopped { waiting: None, .. } => view! {
            <p>{text}</p>
            <Button needs=Capability::AutoPay on_press=move || actions.auto_pay.set(true)>{texts::status_bar::check_automatic()}</Button>
        }
        .into_any(),
        StatusNotice::Unusual { date, kind, .. } => {
            let filter = Filter { kinds: vec![kind.into()], from: Some(date), to: Some(date), text: String::new() };
            view! {
                <p>{text}</p>
                <Button on_press=move || actions.show_lines(filter.clone())>{texts::status_bar::show_lines()}</Button>
            }
            .into_any()
        }
    }
}

fn notice_text(bar: &StatusNotice, currency: Currency) -> String {
    let money = |amount| money_text(amount, currency, MoneyStyle::Balance);
    match bar {
        StatusNotice::Restricted(restriction) if is_closed(restriction) => texts::status_bar::closed_text().to_owned(),
        StatusNotice::Restricted(_) => texts::status_bar::suspended_text().to_owned(),
        StatusNotice::NotConnected => texts::status_bar::not_connected_text().to_owned(),
        StatusNotice::Paused { empty: true } => texts::status_bar::empty_text().to_owned(),
        StatusNotice::Paused { empty: false } => texts::status_bar::paused_text().to_owned(),
        StatusNotice::Grace(grace) => {
            texts::status_bar::grace_text(&instant_text(grace.ends_at, DateStyle::Time), &money(grace.left))
        }
        StatusNotice::PaymentStopped { reason, .. } if reason.is_empty() => {
            texts::status_bar::stopped_text().to_owned()
        }
        StatusNotice::PaymentStopped { reason, .. } => texts::status_bar::stopped_why(reason),
        StatusNotice::Low { refilling: true, .. } => texts::status_bar::refilling_text().to_owned(),
        StatusNotice::Low { available, runway: None, .. } => texts::status_bar::low_text(&money(*available)),
        StatusNotice::Low { available, runway: Some(runway), .. } => {
            texts::status_bar::low_until(&money(*available), &instant_text(runway.until, DateStyle::Weekday))
        }
        StatusNotice::Unusual { date, kind, factor } => {
            let (date, kinds) = (date_text(*date, DateStyle::Weekday), usage_words_within(*kind));
            match factor {
                Some(factor) => texts::status_bar::unusual_times(&date, &intl::format_number(factor), kinds),
                None => texts::status_bar::unusual_far(&date, kinds),
            }
        }
    }
}

fn is_closed(restriction: &Restriction) -> bool {
    restriction.status == OrganizationStatus::Closed
}

/// Why automatic payments rest, in the page's language; empty when nobody said.
fn auto_pay_reason(health: &Health) -> String {
    let reason = health.reason.as_deref();
    reason.map(|reason| texts::translate_sentence(reason, health.translation.as_deref())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use billing_contract::auto_pay::MonthFigures;
    use billing_contract::usage::{ByKind, Day, Spike};
    use billing_domain::auto_pay::Refill;
    use billing_domain::{Timestamp, UsageKind};

    use super::*;

    fn wallet(status: WalletStatus) -> Wallet {
        let at = Timestamp::from_seconds(0);
        let grace = Grace { ends_at: at, floor: Money::from_major(-5), left: Money::from_major(5) };
        Wallet {
            currency: Currency::Usd,
            balance: Money::ZERO,
            available: Money::ZERO,
            held: Money::ZERO,
            pending_credit: Money::ZERO,
            status,
            restriction: None,
            low_mark: Money::ZERO,
            card_connected: true,
            grace: (status == WalletStatus::Grace).then_some(grace),
            runway: None,
            daily_burn: Money::ZERO,
            last_seq: 1,
            as_of: at,
        }
    }

    fn auto_pay(state: HealthState) -> AutoPay {
        let at = Timestamp::from_seconds(0);
        let zero = Money::ZERO;
        AutoPay {
            enabled: state != HealthState::Off,
            currency: Currency::Usd,
            threshold: zero,
            refill: Refill::Fixed { amount: zero },
            monthly_cap: zero,
            card_id: None,
            health: Health { state, next_charge_at: None, attempt: None, reason: None, translation: None },
            last_charge_at: None,
            resumes_with_default_card: false,
            month: MonthFigures { spent: zero, in_flight: zero, left: zero, resets_at: at },
            etag: String::new(),
            wallet: None,
        }
    }

    fn today() -> Date {
        Date::from_days(20_000)
    }

    fn usage(spike_days_ago: i32) -> Usage {
        let spike = Spike { factor: None, usual: Money::ZERO, kind: UsageKind::AiTask, sources: Vec::new() };
        let date = today().plus_days(-spike_days_ago);
        Usage {
            month: today().month(),
            currency: Currency::Usd,
            total: Money::ZERO,
            previous_same_day: Money::ZERO,
            projected: None,
            pace: None,
            by_kind: ByKind::default(),
            days: vec![Day { date, total: Money::ZERO, by_kind: ByKind::default(), usual: None, spike: Some(spike) }],
            previous_days: Vec::new(),
            sources: Vec::new(),
            other_sources: billing_contract::usage::OtherSources::default(),
            first_month: today().month(),
        }
    }

    fn title(status: WalletStatus, health: HealthState, spike_days_ago: i32) -> Option<&'static str> {
        StatusNotice::of(&wallet(status), &auto_pay(health), None, &usage(spike_days_ago), today())
            .map(|bar| bar.title())
    }

    #[test]
    fn what_the_operator_has_ended_comes_before_everything() {
        for (status, expected) in [
            (OrganizationStatus::Suspended, "This organization is suspended"),
            (OrganizationStatus::Closed, "This organization is closed"),
        ] {
            let restriction = Some(Restriction { status, reason: "Unpaid".to_owned() });
            let wallet = Wallet { restriction, ..wallet(WalletStatus::NotConnected) };
            let bar = StatusNotice::of(&wallet, &auto_pay(HealthState::Paused), None, &usage(0), today()).unwrap();
            assert_eq!((bar.title(), bar.tone()), (expected, Tone::Stop));
        }
    }

    #[test]
    fn the_most_serious_thing_takes_the_one_slot() {
        for (status, health, spike, expected) in [
            (WalletStatus::NotConnected, HealthState::Paused, 0, Some("Connect your wallet")),
            (WalletStatus::Paused, HealthState::Paused, 0, Some("All calls are paused")),
            (WalletStatus::Grace, HealthState::Paused, 0, Some("Outbound calls and AI tasks have stopped")),
            (WalletStatus::Low, HealthState::Declined, 0, Some("An automatic payment failed")),
            (WalletStatus::Low, HealthState::Off, 0, Some("The balance is low")),
            (WalletStatus::Active, HealthState::Armed, 1, Some("Unusual usage")),
            (WalletStatus::Active, HealthState::Armed, 2, None),
        ] {
            assert_eq!(title(status, health, spike), expected, "{status} {health:?} {spike}");
        }
    }
}
