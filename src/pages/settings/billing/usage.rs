//! Monthly Usage Summary: what was spent, on what, on which day, and what stands out.

mod compare;
mod days;
mod later;
mod sources;
mod spikes;

use billing_contract::usage::Usage;
use billing_domain::{Money, Month, UsageKind, share};
use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedProp, ErasedSignal};

use self::compare::UsageChange;
use super::BillingActions;
use super::words::usage_words;
use crate::api;
use crate::platform::{idle, task, timers};
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::button::IconButton;
use crate::ui::dynamic;
use crate::ui::icon::IconName;
use crate::ui::interpolate::interpolate;
use crate::ui::lazy::render_lazy;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::panel::{Empty, LoadState, Panel};
use crate::ui::select::{Choice, Select};
use crate::ui::time::month_text;

/// New lines are summed up at most this often.
const REFRESH_MILLISECONDS: i32 = 4_000;

#[component]
pub(super) fn UsagePanel(
    live: LiveWallet,
    /// Where the lines behind a day are shown.
    actions: BillingActions,
) -> AnyView {
    let month = ErasedSignal::new(live.usage.read_untracked().month);
    // A month that is over is kept here; the present one belongs to the wallet and stays live.
    let other = ErasedSignal::new(None::<Usage>);
    let load = ErasedSignal::new(LoadState::Ready);
    let work = StoredValue::new_local(None);
    let current = dynamic::memo(move || live.today.get().month());
    let usage = dynamic::memo(move || {
        let present = live.usage.read();
        if present.month == month.get() {
            Some(Usage::clone(&present))
        } else {
            other.get().filter(|usage| usage.month == month.get())
        }
    });
    let fetch = move |wanted: Month| {
        if usage.read_untracked().is_none() {
            load.set(LoadState::Loading);
        }
        work.set_value(Some(task::spawn_task(async move {
            match api::billing::fetch_usage(wanted).await {
                Ok(answer) => {
                    if answer.month == live.today.get_untracked().month() {
                        live.usage.set(answer);
                    } else {
                        other.set(Some(answer));
                    }
                    load.set(LoadState::Ready);
                }
                // Figures that are there already are better than none.
                Err(_) if usage.read_untracked().is_some() => {}
                Err(error) => load.set(LoadState::Failed(error.sentence())),
            }
        })));
    };
    let show = move |wanted: Month| {
        month.set(wanted);
        load.set(LoadState::Ready);
        if usage.read_untracked().is_none() || wanted == current.get_untracked() {
            fetch(wanted);
        }
    };
    keep_current(live, month, fetch);
    // The chart comes once the page has been painted, and keeps its place until then.
    let rested = RwSignal::new(false);
    idle::when_idle(move || {
        let _ = rested.try_set(true);
    });
    let present =
        dynamic::memo(move || usage.read().as_ref().as_ref().map(|usage| (usage.month, usage.total.is_zero())));
    let content = move || match present.get() {
        None => ().into_any(),
        Some((month, true)) => render_empty(month),
        Some((month, false)) => {
            let later = move || {
                rested.get().then(|| render_lazy(later::load, move || later::details(live, actions, usage, month)))
            };
            view! {
                {dynamic::view(move || usage.read().as_ref().as_ref().map(|usage| render_figures(live, usage)))}
                <div class="usage-later">{dynamic::view(later)}</div>
            }
            .into_any()
        }
    };
    view! {
        <Panel
            heading=texts::usage::heading()
            class="usage"
            load=load
            on_retry=move || fetch(month.get_untracked())
            actions=ViewFn::from(move || render_picker(live, month, current, show))
        >
            {dynamic::view(content)}
        </Panel>
    }
    .into_any()
}

/// The present month is summed up anew some time after new lines of usage.
fn keep_current(live: LiveWallet, month: ErasedSignal<Month>, fetch: impl Fn(Month) + Copy + 'static) {
    let last_line = dynamic::memo(move || {
        let recent = live.recent.read();
        recent.iter().rev().find(|line| line.kind.usage().is_some()).map(|line| line.seq)
    });
    let waiting = StoredValue::new(false);
    let work = StoredValue::new_local(None);
    dynamic::effect_after(move |before: Option<Option<i64>>| {
        let now = last_line.get();
        if before.is_some_and(|before| before != now) && !waiting.get_value() {
            waiting.set_value(true);
            work.set_value(Some(task::spawn_task(async move {
                timers::sleep(REFRESH_MILLISECONDS).await;
                waiting.set_value(false);
                if month.get_untracked() == live.today.get_untracked().month() {
                    fetch(month.get_untracked());
                }
            })));
        }
        now
    });
}

/// One month back, one forward, or any of them from the list.
fn render_picker(
    live: LiveWallet,
    month: ErasedSignal<Month>,
    current: ErasedMemo<Month>,
    show: impl Fn(Month) + Copy + Send + Sync + 'static,
) -> AnyView {
    let first = dynamic::memo(move || live.usage.read().first_month);
    let months = ErasedProp::derive(move || {
        let mut months = Vec::new();
        let mut next = current.get();
        while next >= first.get() && months.len() < 120 {
            months.push(Choice::new(next.to_string(), month_text(next)));
            next = next.previous();
        }
        if months.is_empty() {
            months.push(Choice::new(current.get().to_string(), month_text(current.get())));
        }
        months
    });
    let at_first = ErasedProp::derive(move || month.get() <= first.get());
    let at_last = ErasedProp::derive(move || month.get() >= current.get());
    let choose = move |text: String| {
        if let Ok(wanted) = text.parse() {
            show(wanted);
        }
    };
    view! {
        <div class="month-picker" role="group" aria-label=texts::usage::month()>
            <IconButton icon=IconName::ChevronLeft label=texts::usage::previous_month() unavailable=at_first
                on_press=move || show(month.get_untracked().previous()) />
            <Select label=texts::usage::month() hide_label=true name="month" value=ErasedProp::derive(move || month.get().to_string())
                choices=months on_choose=choose />
            <IconButton icon=IconName::ChevronRight label=texts::usage::next_month() unavailable=at_last
                on_press=move || show(month.get_untracked().next()) />
        </div>
    }
    .into_any()
}

fn render_empty(month: Month) -> AnyView {
    view! {
        <Empty title=texts::usage::nothing(&month_text(month))>
            <p>{texts::usage::nothing_next()}</p>
        </Empty>
    }
    .into_any()
}

fn render_figures(live: LiveWallet, usage: &Usage) -> AnyView {
    let money = |amount| money_text(amount, usage.currency, MoneyStyle::Total);
    let is_current = usage.month == live.today.get_untracked().month();
    let compared = UsageChange::between(usage.total, usage.previous_same_day);
    let before = month_text(usage.month.previous());
    let before = if is_current {
        texts::usage::same_days(&money(usage.previous_same_day), &before)
    } else {
        texts::usage::in_month(&money(usage.previous_same_day), &before)
    };
    let compared = interpolate(
        compared.template(),
        [
            ("percent", compared.percent().into_any()),
            ("before", view! { <span class="muted">{before}</span> }.into_any()),
        ],
    );
    let projected = usage.projected.map(|amount| {
        let amount = view! { <span class="usage-projected">{money(amount)}</span> }.into_any();
        let words = match usage.pace {
            Some(pace) => {
                let template = texts::usage::projected_at_template();
                interpolate(template, [("amount", amount), ("pace", money(pace).into_any())])
            }
            None => interpolate(texts::usage::projected_template(), [("amount", amount)]),
        };
        view! { <p class="muted small">{words}</p> }
    });
    let amounts: Vec<_> = UsageKind::ALL.iter().map(|kind| usage.by_kind.of(*kind)).collect();
    let kind = |((kind, amount), share): ((&UsageKind, &Money), u32)| {
        view! {
            <div><dt>{usage_words(*kind)}</dt><dd>{money(*amount)}" "<span class="share">{texts::usage::percent(&share.to_string())}</span></dd></div>
        }
    };
    view! {
        <div class="usage-figures">
            <div>
                <p class="muted small">{if is_current { texts::usage::spent_so_far() } else { texts::usage::spent() }}</p>
                <p class="usage-total"><bdi class="money">{money(usage.total)}</bdi></p>
                <p class="small">{compared}</p>
                {projected}
            </div>
            <dl class="facts">
                {UsageKind::ALL.iter().zip(&amounts).zip(share::compute_shares(&amounts, 100)).map(kind).collect_view()}
            </dl>
        </div>
    }
    .into_any()
}
