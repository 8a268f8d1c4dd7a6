//! The drawing itself. Bars stand in percent of their place, so that patterns and strokes keep their shape at every width.

use leptos::prelude::*;

use crate::platform::signal::ErasedMemo;

use super::bar_list::render_bar_list;
use super::scale::{HEIGHT, Scale, percent_text};
use super::{ChartBar, ChartState};
use crate::ui::dynamic::{text, view};

/// A bar takes so much of its column, in percent.
const BAR_PERCENT: usize = 68;

/// Every so many bars have a tick.
const TICK_EVERY: usize = 7;

/// The class that colors a series' parts.
pub(super) const fn part_class(index: usize) -> &'static str {
    match index {
        0 => "part-0",
        1 => "part-1",
        _ => "part-2",
    }
}

/// Bars, lines, axis, marks, and over them what one walks through.
#[component]
pub(super) fn Plot(
    /// What the parts of the chart share.
    shared: ChartState,
    /// A height as text.
    scale_text: Callback<(u64,), String>,
) -> AnyView {
    let ChartState { bars, behind, ahead, slots, .. } = shared;
    let scale = ErasedMemo::new(move || {
        let (bars, behind, ahead) = (bars.read(), behind.read(), ahead.read());
        let lines = behind.heights.iter().take(slots.get()).chain(&ahead.heights).copied();
        Scale::up_to(bars.iter().map(ChartBar::height).chain(lines).max().unwrap_or_default())
    });
    let columns = view(move || {
        let (scale, slots) = (scale.get(), slots.get());
        bars.read().iter().enumerate().map(|(index, bar)| render_column(index, bar, scale, slots)).collect_view()
    });
    let lines = view(move || {
        let (scale, slots) = (scale.get(), slots.get());
        let behind = step_points(&behind.read().heights, 0, slots, scale);
        let ahead = step_points(&ahead.read().heights, bars.read().len().saturating_sub(1), slots, scale);
        let area = behind.as_ref().map(|points| format!("0,{HEIGHT} {points} {slots},{HEIGHT}"));
        view! {
            {area.map(|points| view! { <polygon class="chart-area-behind" points=points></polygon> })}
            {behind.map(|points| view! { <polyline class="chart-line chart-behind" points=points></polyline> })}
            {ahead.map(|points| view! { <polyline class="chart-line chart-ahead" points=points></polyline> })}
        }
    });
    let ticks = view(move || {
        let bars = bars.read();
        let tick =
            |index: usize| bars.get(index).filter(|_| index.is_multiple_of(TICK_EVERY)).map(|bar| bar.tick.clone());
        (0..slots.get()).map(|index| view! { <span>{tick(index)}</span> }).collect_view()
    });
    let line = move |height: ErasedMemo<u64>| view! { <span>{text(move || scale_text.run((height.get(),)))}</span> };
    let (top, middle) = (ErasedMemo::new(move || scale.get().top), ErasedMemo::new(move || scale.get().top / 2));
    view! {
        <div class="chart-plot" style:--slots=Signal::derive(move || slots.get().to_string())>
            <div class="chart-axis" aria-hidden="true">{line(top)}{line(middle)}<span></span></div>
            <div class="chart-area">
                <svg role="img" aria-label=shared.summary>
                    <defs>
                        <pattern id="chart-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                            <rect class="chart-hatch-ground" width="5" height="5"></rect>
                            <rect class="chart-hatch-line" width="2" height="5"></rect>
                        </pattern>
                    </defs>
                    <svg
                        width="100%"
                        height="100%"
                        viewBox=Signal::derive(move || format!("0 0 {} {HEIGHT}", slots.get()))
                        preserveAspectRatio="none"
                    >
                        {lines}
                    </svg>
                    {columns}
                </svg>
                {render_bar_list(shared, scale)}
            </div>
            <div class="chart-ticks" aria-hidden="true">{ticks}</div>
        </div>
    }
    .into_any()
}

fn render_column(index: usize, bar: &ChartBar, scale: Scale, slots: usize) -> AnyView {
    let mut below = 0_u64;
    let mut rectangles = Vec::with_capacity(bar.parts.len());
    let across = |hundredths: usize| percent_text(u64::try_from(hundredths * 100 / slots).unwrap_or_default());
    let x = across(index * 100 + (100 - BAR_PERCENT) / 2);
    let width = across(BAR_PERCENT);
    for (series, part) in bar.parts.iter().enumerate() {
        // Both edges come out of the running sum, so that the parts meet and end where the whole ends.
        let from = scale.place(below, HEIGHT);
        below = below.saturating_add(*part);
        let to = scale.place(below, HEIGHT);
        if to > from {
            rectangles.push(view! {
                <rect
                    class=part_class(series)
                    x=x.clone()
                    width=width.clone()
                    y=percent_text(HEIGHT - to)
                    height=percent_text(to - from)
                ></rect>
            });
        }
    }
    rectangles.into_any()
}

/// The points of a line that is level over each place, from place `first` on; `None` of nothing.
fn step_points(heights: &[u64], first: usize, slots: usize, scale: Scale) -> Option<String> {
    let mut points = Vec::with_capacity(heights.len() * 2);
    for (index, height) in (first..slots).zip(heights) {
        let y = HEIGHT - scale.place(*height, HEIGHT);
        points.push(format!("{index},{y} {},{y}", index + 1));
    }
    (!points.is_empty()).then(|| points.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_level_over_their_place_and_end_with_the_chart() {
        let scale = Scale::up_to(100);
        assert_eq!(step_points(&[100, 50, 0], 1, 3, scale).unwrap(), "1,0 2,0 2,5000 3,5000");
        assert_eq!(step_points(&[], 0, 3, scale), None);
        assert_eq!(step_points(&[1], 3, 3, scale), None);
    }
}
