//! **Replay my last 30 days**: what these settings would have done, worked out in the browser by the domain's plan.

mod words;

use std::sync::Arc;

use billing_domain::auto_pay::Settings;
use billing_domain::auto_pay::replay::{Replay, ReplayedCharge, replay_settings};
use billing_domain::{Money, Timestamp};
use leptos::prelude::*;

use super::draft;
use super::past::{HistoryReading, HistoryState};
use crate::platform::signal::{ErasedMemo, ErasedSignal};
use crate::platform::timers;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::dynamic;
use crate::ui::lazy::split;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::retry::Retry;
use crate::ui::skeleton::Skeleton;
use crate::ui::table::{Table, TableColumn};
use crate::ui::time::{DateStyle, instant_text};
use crate::ui::trend::{Trend, TrendLine};

/// The fields rest for so long before they are replayed.
const REST_MILLISECONDS: i32 = 250;

split!(settings: pub(super) fn on_panel(live: LiveWallet) => make_on_panel);

/// On the panel: the settings that are set, or proposed. Its code is loaded when it is opened.
fn make_on_panel(live: LiveWallet) -> AnyView {
    let settings = ErasedMemo::new(move || Some(draft::settings_in_force(&live.auto_pay.read())));
    view! { <Replayed live=live reading=HistoryReading::start() settings=settings /> }.into_any()
}

/// What was worked out, and from what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ReplayOutcome {
    settings: Settings,
    from: Timestamp,
    to: Timestamp,
    replay: Replay,
}

/// The figures, the line and the charges. Works them out anew when the settings have rested; wrong ones leave the last
/// outcome where it is, and say so.
#[component]
pub(super) fn Replayed(
    live: LiveWallet,
    reading: HistoryReading,
    /// The settings, if they are right.
    settings: ErasedMemo<Option<Settings>>,
    /// The line and the charges are shown on demand.
    #[prop(optional)]
    folded: bool,
) -> AnyView {
    let outcome = ErasedSignal::new(None::<Arc<ReplayOutcome>>);
    let rest = StoredValue::new_local(None);
    let work_out = move |settings: Settings| {
        outcome.set(reading.history().and_then(|history| {
            let replay = replay_settings(&settings, &live.limits, &history, 0)?;
            let last = history.steps.len().checked_sub(1)?;
            Some(Arc::new(ReplayOutcome { settings, from: history.from, to: history.end_of(last), replay }))
        }));
    };
    dynamic::effect(move || {
        let has_history = reading.history().is_some();
        let Some(settings) = settings.get().filter(|_| has_history) else { return };
        if outcome.read_untracked().is_none() {
            work_out(settings);
        } else {
            rest.set_value(Some(timers::run_after(REST_MILLISECONDS, move || work_out(settings))));
        }
    });
    let state = dynamic::memo(move || match &*reading.past.read() {
        HistoryState::Loading => ReplayState::Loading,
        HistoryState::Failed(reason) => ReplayState::Failed(reason.clone()),
        HistoryState::Ready(history) if history.steps.is_empty() => ReplayState::Young,
        HistoryState::Ready(_) => ReplayState::Ready,
    });
    let shown = move || match state.get() {
        ReplayState::Loading => view! { <Skeleton /> }.into_any(),
        ReplayState::Failed(reason) => view! {
            <Banner tone=Tone::Warn title=texts::replay::not_loaded() alert=true>
                <p>{reason}</p>
                <Retry on_press=move || reading.reload() />
            </Banner>
        }
        .into_any(),
        ReplayState::Young => view! { <p class="muted small">{texts::replay::young()}</p> }.into_any(),
        ReplayState::Ready => render_ready(live, outcome, settings, folded),
    };
    view! { <div class="replay">{dynamic::view(shown)}</div> }.into_any()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ReplayState {
    Loading,
    Failed(String),
    Young,
    Ready,
}

fn render_ready(
    live: LiveWallet,
    outcome: ErasedSignal<Option<Arc<ReplayOutcome>>>,
    settings: ErasedMemo<Option<Settings>>,
    folded: bool,
) -> AnyView {
    let money = move |amount: Money| money_text(amount, live.currency, MoneyStyle::Total);
    let balance = move |amount: Money| money_text(amount, live.currency, MoneyStyle::Balance);
    let wrong = dynamic::memo(move || settings.read().is_none());
    let summary = ErasedMemo::new(move || {
        let outcome = outcome.get();
        outcome.map_or_else(String::new, |outcome| words::replay_sentence(&outcome.replay, money, balance, time_text))
    });
    let figures = move || {
        let outcome = outcome.get()?;
        let replay = &outcome.replay;
        let (lowest, lowest_at) = (balance(replay.lowest), time_text(replay.lowest_at));
        let charged = if replay.charges.is_empty() {
            texts::replay::none().to_owned()
        } else {
            words::charges_text(replay, money)
        };
        Some(view! {
            <dl class="replay-figures">
                <div><dt>{texts::replay::charges()}</dt><dd>{charged}</dd></div>
                <div><dt>{texts::replay::lowest_point()}</dt><dd>{lowest}<span class="muted small">{lowest_at}</span></dd></div>
                <div><dt>{texts::replay::at_zero()}</dt><dd>{words::at_zero(replay.seconds_at_zero)}</dd></div>
            </dl>
            {replay.capped_at.map(|at| view! {
                <p class="small replay-capped">{texts::replay::capped(&time_text(at))}</p>
            })}
        })
    };
    let note = move || wrong.get().then(|| view! { <p class="muted small">{texts::replay::old()}</p> });
    let details = move || render_details(live, outcome, summary);
    let details = if folded {
        view! { <details class="fold"><summary>{texts::replay::details()}</summary>{details()}</details> }.into_any()
    } else {
        details()
    };
    view! {
        <p class="visually-hidden" role="status">{dynamic::text(move || summary.get())}</p>
        <div class:replay-old=Signal::derive(move || wrong.get())>{dynamic::view(figures)}</div>
        {dynamic::view(note)}
        {details}
    }
    .into_any()
}

fn time_text(at: Timestamp) -> String {
    instant_text(at, DateStyle::DateTime)
}

/// The line, the same as rows, and what is in it.
fn render_details(
    live: LiveWallet,
    outcome: ErasedSignal<Option<Arc<ReplayOutcome>>>,
    summary: ErasedMemo<String>,
) -> AnyView {
    let trend = ErasedMemo::new(move || outcome.get().map(|outcome| replay_trend(&outcome)).unwrap_or_default());
    let legend = Signal::derive(move || {
        let threshold = outcome.get().map(|outcome| outcome.settings.threshold).unwrap_or_default();
        let threshold = money_text(threshold, live.currency, MoneyStyle::Total);
        [texts::replay::balance().to_owned(), texts::replay::refills_at(&threshold), texts::replay::charge().to_owned()]
    });
    let ends = Signal::derive(move || {
        let ends = outcome.get().map(|outcome| [outcome.from, outcome.to]);
        ends.map(|ends| ends.map(|at| instant_text(at, DateStyle::Date))).unwrap_or_default()
    });
    let axis = move |micros: i64| money_text(Money::from_micros(micros), live.currency, MoneyStyle::Balance);
    let some = dynamic::memo(move || outcome.get().is_some_and(|outcome| !outcome.replay.charges.is_empty()));
    let table = move || {
        some.get().then(|| {
            view! { <details class="fold"><summary>{texts::replay::table()}</summary>{render_table(live, outcome)}</details> }
        })
    };
    view! {
        <div class="replay-details">
            <TrendLine summary=summary trend=trend legend=legend ends=ends scale_text=axis />
            {dynamic::view(table)}
            <p class="muted small">
                {texts::replay::note()}
            </p>
        </div>
    }
    .into_any()
}

fn replay_trend(outcome: &ReplayOutcome) -> Trend {
    Trend {
        values: outcome.replay.balances.iter().map(|balance| balance.micros()).collect(),
        level: outcome.settings.threshold.micros(),
        marks: outcome.replay.charges.iter().map(|charge| charge.step).collect(),
    }
}

fn render_table(live: LiveWallet, outcome: ErasedSignal<Option<Arc<ReplayOutcome>>>) -> AnyView {
    let columns = vec![
        TableColumn::text(texts::replay::time()),
        TableColumn::figures(texts::replay::balance_before()),
        TableColumn::figures(texts::replay::charge()),
    ];
    let row = move |charge: &ReplayedCharge| {
        view! {
            <tr>
                <th scope="row">{time_text(charge.at)}</th>
                <td class="numeric">{money_text(charge.before, live.currency, MoneyStyle::Balance)}</td>
                <td class="numeric">{money_text(charge.amount, live.currency, MoneyStyle::Total)}</td>
            </tr>
        }
    };
    let rows = move || {
        let outcome = outcome.get()?;
        Some(outcome.replay.charges.iter().map(row).collect_view())
    };
    view! {
        <div class="replay-table">
            <Table caption=texts::replay::caption() columns=columns><tbody>{dynamic::view(rows)}</tbody></Table>
        </div>
    }
    .into_any()
}
