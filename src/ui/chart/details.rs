//! The chosen bar in words, with the way to its neighbors and to what is behind it.

use leptos::prelude::*;

use super::{ChartBar, ChartState};
use crate::ui::button::{Button, ButtonStyle, IconButton};
use crate::ui::dynamic::view;
use crate::ui::icon::IconName;

/// The row below the plot. Its buttons stay while the words change, so that they keep their focus.
pub(super) fn render_details(shared: ChartState) -> AnyView {
    let (back, on, open) = shared.words.with_value(|words| (words.back, words.on, words.open));
    let step = move |by: isize| {
        let to = shared.active().and_then(|index| index.checked_add_signed(by));
        shared.chosen.set(to.or(Some(0)));
    };
    let at_first = Signal::derive(move || shared.active().is_none_or(|index| index == 0));
    let at_last = Signal::derive(move || shared.active().is_none_or(|index| index + 1 >= shared.bars.read().len()));
    let words = view(move || {
        shared.shown().and_then(|index| shared.bars.read().get(index).map(|bar| describe_bar(shared, bar)))
    });
    let press = move || {
        if let Some(index) = untrack(move || shared.shown()) {
            shared.on_open.run((index,));
        }
    };
    view! {
        <div class="chart-details">
            <div class="chart-steps">
                <IconButton icon=IconName::ChevronLeft label=back unavailable=at_first on_press=move || untrack(|| step(-1)) />
                <IconButton icon=IconName::ChevronRight label=on unavailable=at_last on_press=move || untrack(|| step(1)) />
            </div>
            <div class="chart-description">{words}</div>
            <Button style=ButtonStyle::Quiet icon=IconName::ArrowRight on_press=press>{open}</Button>
        </div>
    }
    .into_any()
}

fn describe_bar(shared: ChartState, bar: &ChartBar) -> AnyView {
    let names = shared.names.get_value().into_iter().enumerate();
    let part = |((index, name), text): ((usize, String), &String)| {
        view! {
            <div>
                <dt><svg class="swatch" aria-hidden="true"><rect class=super::plot::part_class(index) width="100%" height="100%"></rect></svg>{name}</dt>
                <dd>{text.clone()}</dd>
            </div>
        }
    };
    let parts = names.zip(&bar.part_texts).map(part).collect_view();
    let mark = bar.mark.is_some().then(|| {
        let word = shared.words.with_value(|words| words.mark);
        view! { <span class="chart-mark"><span aria-hidden="true">"◆ "</span>{word}</span> }
    });
    let note = (!bar.note.is_empty()).then(|| view! { <p class="muted">{bar.note.clone()}</p> });
    view! {
        <p><strong>{bar.name.clone()}</strong>" "<bdi class="money">{bar.total_text.clone()}</bdi>" "{mark}</p>
        {note}
        <dl>{parts}</dl>
    }
    .into_any()
}
