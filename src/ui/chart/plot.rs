//! The drawing itself: bars in a stretched SVG, everything that must not be stretched beside it.

use leptos::prelude::*;

use crate::platform::signal::{Derived, Given, Slot};

use super::Bar;
use super::scale::Scale;
use crate::ui::dynamic::{part, words};
use crate::ui::field::unique_id;

/// The viewBox is this high; a bar's column is this wide, with a gap at each side.
const HEIGHT: u64 = 1000;
const COLUMN: usize = 20;
const GAP: usize = 3;

/// The class that colours a series' parts.
pub(super) const fn part_class(index: usize) -> &'static str {
    match index {
        0 => "part-0",
        1 => "part-1",
        _ => "part-2",
    }
}

/// Bars, axis, marks; a range over it for the keyboard, strips over it for the pointer.
#[component]
pub(super) fn Plot(
    /// The drawing in one sentence.
    summary: Signal<String>,
    /// The bars.
    bars: Derived<Vec<Bar>>,
    /// Room for so many.
    slots: Given<usize>,
    /// The bar that is told in words.
    chosen: Derived<Option<usize>>,
    /// Where somebody points.
    pointed: Slot<Option<usize>>,
    /// A height as text.
    scale_text: Callback<(u64,), String>,
) -> AnyView {
    let scale = Derived::new(move || Scale::up_to(bars.read().iter().map(Bar::height).max().unwrap_or_default()));
    let slots = Derived::new(move || slots.get().max(bars.read().len()).max(1));
    let drawn = part(move || {
        let scale = scale.get();
        bars.read().iter().enumerate().map(|(index, bar)| column(index, bar, scale)).collect_view()
    });
    let strip = move |(index, bar): (usize, Bar)| {
        let is_chosen = Signal::derive(move || chosen.get() == Some(index));
        view! {
            <span class="chart-strip" class:chart-chosen=is_chosen on:pointerenter=move |_| pointed.set(Some(index))>
                {bar.mark.is_some().then_some("◆")}
            </span>
        }
    };
    let ticks = part(move || {
        let bars = bars.get();
        let all = (0..slots.get()).map(|index| {
            let text = bars.get(index).map(|bar| bar.tick.clone()).unwrap_or_default();
            view! { <span class:chart-tick-minor=index % 5 != 0>{text}</span> }
        });
        all.collect_view()
    });
    let line = move |height: Derived<u64>| view! { <span>{words(move || scale_text.run((height.get(),)))}</span> };
    let (top, middle) = (Derived::new(move || scale.get().top), Derived::new(move || scale.get().top / 2));
    let slots_style = Signal::derive(move || slots.get().to_string());
    let spoken = move || chosen.get().and_then(|index| bars.read().get(index).map(Bar::sentence)).unwrap_or_default();
    let id = unique_id("chart");
    view! {
        <div class="chart-plot" style:--slots=slots_style>
            <div class="chart-axis" aria-hidden="true">{line(top)}{line(middle)}<span></span></div>
            <div class="chart-area">
                <svg
                    role="img"
                    aria-label=summary
                    viewBox=Signal::derive(move || format!("0 0 {} {HEIGHT}", slots.get() * COLUMN))
                    preserveAspectRatio="none"
                >
                    {drawn}
                </svg>
                <label class="visually-hidden" for=id.clone()>"Go through the bars"</label>
                <input
                    type="range"
                    id=id
                    class="chart-range"
                    min="0"
                    step="1"
                    max=Signal::derive(move || bars.read().len().saturating_sub(1).to_string())
                    prop:value=Signal::derive(move || chosen.get().unwrap_or_default().to_string())
                    aria-valuetext=Signal::derive(spoken)
                    on:input=move |event| pointed.set(event_target_value(&event).parse().ok())
                />
                <div class="chart-strips" aria-hidden="true">{part(move || bars.get().into_iter().enumerate().map(strip).collect_view())}</div>
            </div>
            <div class="chart-ticks" aria-hidden="true">{ticks}</div>
        </div>
    }
    .into_any()
}

fn column(index: usize, bar: &Bar, scale: Scale) -> AnyView {
    let mut below = 0_u64;
    let mut rectangles = Vec::with_capacity(bar.parts.len());
    for (series, part) in bar.parts.iter().enumerate() {
        // Both edges come out of the running sum, so that the parts meet and end where the whole ends.
        let from = scale.place(below, HEIGHT);
        below = below.saturating_add(*part);
        let to = scale.place(below, HEIGHT);
        rectangles.push(view! {
            <rect
                class=part_class(series)
                x=(index * COLUMN + GAP).to_string()
                width=(COLUMN - 2 * GAP).to_string()
                y=(HEIGHT - to).to_string()
                height=(to - from).to_string()
            ></rect>
        });
    }
    rectangles.into_any()
}
