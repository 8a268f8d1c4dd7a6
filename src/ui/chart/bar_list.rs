//! The bars as one list to walk through: by arrow keys with one stop in the tab order, by tap, by pointer.

use leptos::prelude::*;

use super::scale::{HEIGHT, Scale, percent_text};
use super::{ChartBar, ChartState};
use crate::platform::focus;
use crate::platform::signal::ErasedMemo;
use crate::texts;
use crate::ui::dynamic::{view, yes_no};
use crate::ui::field::unique_id;

/// So many bars are one page of the keyboard: a week of days.
const PAGE: usize = 7;

/// Where a key leads from `index` among `count` bars; `None` for a key that leads nowhere.
fn key_target(key: &str, index: usize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let to = match key {
        "ArrowLeft" | "ArrowUp" => index.saturating_sub(1),
        "ArrowRight" | "ArrowDown" => index + 1,
        "PageUp" => index.saturating_sub(PAGE),
        "PageDown" => index + PAGE,
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    Some(to.min(last))
}

/// The bar in one sentence, as a screen reader reads it out.
fn bar_sentence(bar: &ChartBar, names: &[String], mark: &str) -> String {
    let whole = match bar.mark {
        Some(_) => texts::chart::told_marked(&bar.name, &bar.total_text, mark),
        None => texts::chart::told(&bar.name, &bar.total_text),
    };
    let parts = names.iter().zip(&bar.part_texts).map(|(name, amount)| texts::chart::part(name, amount));
    let more = std::iter::once(bar.note.clone()).chain(parts).filter(|more| !more.is_empty());
    more.fold(whole, |before, next| texts::chart::then(&before, &next))
}

/// A strip over each bar. Strips stay when figures change, so that nobody loses their place.
pub(super) fn render_bar_list(shared: ChartState, scale: ErasedMemo<Scale>) -> AnyView {
    let id = unique_id("chart-bar");
    let strip_id = StoredValue::new(id);
    let id_of = move |index: usize| format!("{}-{index}", strip_id.get_value());
    let count = ErasedMemo::new(move || shared.bars.read().len());
    let key = move |event: leptos::ev::KeyboardEvent| {
        let Some(index) = untrack(move || shared.active()) else { return };
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        if event.key() == "Enter" {
            shared.on_open.run((index,));
        } else if let Some(to) = key_target(&event.key(), index, count.get_untracked()) {
            shared.pointed.set(None);
            shared.chosen.set(Some(to));
            focus::focus_id(&id_of(to));
        } else {
            return;
        }
        event.prevent_default();
    };
    let strip = move |index: usize| {
        let bar = move || shared.bars.read().get(index).cloned().unwrap_or_default();
        let label = move || {
            let mark = shared.words.with_value(|words| words.mark_within);
            shared.names.with_value(|names| bar_sentence(&bar(), names, mark))
        };
        let active = ErasedMemo::new(move || shared.active() == Some(index));
        let shown = ErasedMemo::new(move || shared.shown() == Some(index));
        let height = move || percent_text(scale.get().place(bar().height(), HEIGHT));
        let flag = move || {
            let mark = bar().mark?;
            let height = Signal::derive(height);
            Some(view! { <span class="chart-flag" style:--top=height>"◆ "<span>{mark}</span></span> })
        };
        view! {
            <div
                role="option"
                id=id_of(index)
                class="chart-strip"
                class:chart-chosen=Signal::derive(move || shown.get())
                aria-label=Signal::derive(label)
                aria-selected=yes_no(move || active.get())
                tabindex=Signal::derive(move || if active.get() { "0" } else { "-1" })
                on:focus=move |_| shared.chosen.set(Some(index))
                on:click=move |_| shared.chosen.set(Some(index))
                on:pointerenter=move |_| shared.pointed.set(Some(index))
            >
                {view(flag)}
            </div>
        }
    };
    view! {
        <div
            class="chart-strips"
            role="listbox"
            aria-orientation="horizontal"
            aria-label=shared.words.with_value(|words| words.bars.clone())
            on:keydown=key
            on:pointerleave=move |_| shared.pointed.set(None)
        >
            {view(move || (0..count.get()).map(strip).collect_view())}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_within_the_bars() {
        for (key, from, to) in [
            ("ArrowLeft", 0, 0),
            ("ArrowLeft", 5, 4),
            ("ArrowRight", 27, 27),
            ("ArrowRight", 5, 6),
            ("PageUp", 5, 0),
            ("PageDown", 5, 12),
            ("PageDown", 25, 27),
            ("Home", 9, 0),
            ("End", 9, 27),
        ] {
            assert_eq!(key_target(key, from, 28), Some(to), "{key} from {from}");
        }
        assert_eq!(key_target("a", 1, 28), None);
        assert_eq!(key_target("Home", 0, 0), None);
    }

    #[test]
    fn a_bar_is_told_with_all_that_it_shows() {
        let bar = ChartBar {
            name: "Monday".to_owned(),
            part_texts: vec!["$3".to_owned(), "$1".to_owned()],
            total_text: "$4".to_owned(),
            note: "2.0 × the usual day".to_owned(),
            mark: Some("2.0×".to_owned()),
            ..ChartBar::default()
        };
        let names = ["Calls".to_owned(), "Tasks".to_owned()];
        assert_eq!(bar_sentence(&bar, &names, "spike"), "Monday: $4, spike. 2.0 × the usual day. Calls $3. Tasks $1");
    }
}
