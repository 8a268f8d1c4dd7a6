//! What narrows the Transaction History: kinds, days, words.

use billing_domain::{Date, TransactionKind};
use leptos::prelude::*;

use crate::platform::signal::{ErasedProp, ErasedSignal};

use crate::platform::timers;
use crate::state::filter::Filter;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::chips::Chips;
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::icon::IconName;

/// Typing has to rest so long before it is looked for.
const REST_MILLISECONDS: i32 = 300;

/// What a chip is called, and the kinds behind it.
type KindGroup = (fn() -> &'static str, &'static [TransactionKind]);

const GROUPS: [KindGroup; 5] = [
    (texts::kinds::outbound_calls, &[TransactionKind::OutboundCall]),
    (texts::kinds::inbound_calls, &[TransactionKind::InboundCall]),
    (texts::kinds::ai_tasks, &[TransactionKind::AiTask]),
    (texts::transactions::top_ups, &[TransactionKind::TopUp, TransactionKind::AutoTopUp]),
    (
        texts::transactions::other_kinds,
        &[TransactionKind::Refund, TransactionKind::Dispute, TransactionKind::Promo, TransactionKind::Adjustment],
    ),
];

/// The kinds after a press on a chip: all of its kinds are added when none of them was there, else taken away.
fn toggle_group(kinds: &[TransactionKind], group: &[TransactionKind]) -> Vec<TransactionKind> {
    let pressed = is_pressed(kinds, group);
    let others = kinds.iter().copied().filter(|kind| !group.contains(kind));
    let mut kinds: Vec<TransactionKind> = others.collect();
    if !pressed {
        kinds.extend_from_slice(group);
    }
    kinds
}

fn is_pressed(kinds: &[TransactionKind], group: &[TransactionKind]) -> bool {
    group.iter().any(|kind| kinds.contains(kind))
}

/// The bar. Its fields follow the filter when that is set from elsewhere.
#[component]
pub(super) fn FilterBar(
    /// Which lines are wanted.
    filter: ErasedSignal<Filter>,
) -> AnyView {
    let (from, to) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let text = RwSignal::new(String::new());
    dynamic::effect(move || {
        let filter = filter.read();
        let day = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        from.set(day(filter.from));
        to.set(day(filter.to));
        if text.read_untracked().trim() != filter.text.trim() {
            text.set(filter.text.clone());
        }
    });
    let timer = StoredValue::new_local(None);
    let search = move |typed: String| {
        let apply = move || {
            if filter.read_untracked().text.trim() != typed.trim() {
                filter.update(|filter| typed.trim().clone_into(&mut filter.text));
            }
        };
        timer.set_value(Some(timers::run_after(REST_MILLISECONDS, apply)));
    };
    let set_from = move |typed: String| {
        let date = typed.parse().ok();
        if filter.read_untracked().from != date {
            filter.update(|filter| filter.from = date);
        }
    };
    let set_to = move |typed: String| {
        let date = typed.parse().ok();
        if filter.read_untracked().to != date {
            filter.update(|filter| filter.to = date);
        }
    };
    let pressed = move || {
        let filter = filter.read();
        let all = GROUPS.iter().enumerate();
        all.filter(|(_, (_, group))| is_pressed(&filter.kinds, group)).map(|(index, _)| index).collect::<Vec<_>>()
    };
    let press = move |index: usize| {
        if let Some((_, group)) = GROUPS.get(index) {
            filter.update(|filter| filter.kinds = toggle_group(&filter.kinds, group));
        }
    };
    let some = dynamic::memo(move || !filter.read().is_empty());
    let clear = move || {
        some.get().then(|| {
            view! {
                <Button style=ButtonStyle::Quiet icon=IconName::Cross on_press=move || filter.set(Filter::default())>
                    {texts::transactions::clear_filters()}
                </Button>
            }
        })
    };
    view! {
        <search class="filter-bar">
            <div class="filter-search">
                <TextField
                    label=texts::transactions::search()
                    value=text
                    name="q"
                    kind="search"
                    autocomplete="off"
                    on_input=search
                />
            </div>
            <div class="filter-days">
                <TextField label=texts::transactions::from() value=from name="from" kind="date" on_input=set_from />
                <TextField label=texts::transactions::to() value=to name="to" kind="date" on_input=set_to />
            </div>
            <div class="filter-kinds">
                <Chips
                    label=texts::transactions::kinds()
                    hide_label=true
                    choices=ErasedProp::from(GROUPS.iter().map(|(name, _)| name().to_owned()).collect::<Vec<_>>())
                    pressed=ErasedProp::derive(pressed)
                    on_press=press
                />
                {dynamic::view(clear)}
            </div>
        </search>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_behind_exactly_one_chip() {
        for kind in TransactionKind::ALL {
            assert_eq!(GROUPS.iter().filter(|(_, group)| group.contains(kind)).count(), 1, "{kind}");
        }
    }

    #[test]
    fn a_chip_pressed_twice_changes_nothing() {
        for (_, group) in GROUPS {
            let once = toggle_group(&[TransactionKind::OutboundCall], group);
            let twice = toggle_group(&once, group);
            assert_eq!(is_pressed(&once, group), !is_pressed(&twice, group));
        }
        assert_eq!(toggle_group(&[TransactionKind::TopUp], GROUPS[3].1), []);
    }
}
