//! A value over time as a line: inline SVG on whole numbers, a quiet level across it, marks told apart by their shape.

mod points;

use leptos::prelude::*;

use crate::platform::signal::ErasedMemo;

use self::points::{HEIGHT, ValueRange, WIDTH, polyline_points, x_position};
use super::dynamic::{text, view};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trend {
    /// The values, evenly spaced, in any unit (micro-units of money).
    pub(crate) values: Vec<i64>,
    /// Where the quiet line runs.
    pub(crate) level: i64,
    /// The indices of the values that are marked.
    pub(crate) marks: Vec<usize>,
}

/// The drawing. Say the same in words and rows nearby: nothing can be pointed at in it.
#[component]
pub(crate) fn TrendLine(
    /// What it shows as one sentence.
    #[prop(into)]
    summary: Signal<String>,
    trend: ErasedMemo<Trend>,
    /// What the line, the quiet line and the marks are.
    legend: Signal<[String; 3]>,
    /// When it begins and ends.
    ends: Signal<[String; 2]>,
    /// A value as text, for the axis.
    #[prop(into)]
    scale_text: Callback<(i64,), String>,
) -> AnyView {
    let drawn = view(move || render_line(&trend.read()));
    let marks = view(move || render_marks(&trend.read()));
    let highest = move || scale_text.run((trend.read().values.iter().copied().max().unwrap_or_default(),));
    let place = ErasedMemo::new(move || {
        let trend = trend.read();
        let span = ValueRange::of(&trend.values, trend.level);
        let highest = trend.values.iter().copied().max().unwrap_or_default();
        (percent_text(span.down(highest)), percent_text(span.down(0)))
    });
    let swatch = |class: &'static str, word: Box<dyn Fn() -> String + Send>| {
        view! { <li><span class=class aria-hidden="true"></span>{text(word)}</li> }
    };
    view! {
        <div class="trend">
            <ul class="legend">
                {swatch("trend-key", Box::new(move || legend.get()[0].clone()))}
                {swatch("trend-key trend-key-level", Box::new(move || legend.get()[1].clone()))}
                {swatch("trend-key trend-key-mark", Box::new(move || legend.get()[2].clone()))}
            </ul>
            <div class="trend-plot">
                <div class="trend-area">
                    <svg role="img" aria-label=summary viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none">
                        {drawn}
                    </svg>
                    {marks}
                </div>
                <div class="trend-axis" aria-hidden="true">
                    <span style:--y=Signal::derive(move || place.get().0)>{text(highest)}</span>
                    <span style:--y=Signal::derive(move || place.get().1)>{text(move || scale_text.run((0,)))}</span>
                </div>
                <p class="trend-ends" aria-hidden="true">
                    <span>{text(move || ends.get()[0].clone())}</span>
                    <span>{text(move || ends.get()[1].clone())}</span>
                </p>
            </div>
        </div>
    }
    .into_any()
}

fn render_line(trend: &Trend) -> AnyView {
    let span = ValueRange::of(&trend.values, trend.level);
    let across = |class: &'static str, value: i64| {
        let y = span.down(value).to_string();
        view! { <line class=class x1="0" x2=WIDTH.to_string() y1=y.clone() y2=y></line> }
    };
    view! {
        {across("trend-zero", 0)}
        {across("trend-level", trend.level)}
        <polyline class="trend-line" points=polyline_points(&trend.values, span)></polyline>
    }
    .into_any()
}

/// Beside the stretched drawing, so that they keep their shape; of marks on one spot only the first.
fn render_marks(trend: &Trend) -> AnyView {
    let span = ValueRange::of(&trend.values, trend.level);
    let mut last = None;
    let each = trend.marks.iter().filter_map(|index| {
        let (x, y) = (x_position(*index, trend.values.len()), span.down(*trend.values.get(*index)?));
        (last.replace(x / 4) != Some(x / 4)).then(
            || view! { <span class="trend-mark" aria-hidden="true" style:--x=percent_text(x) style:--y=percent_text(y)></span> },
        )
    });
    each.collect_view().into_any()
}

/// Thousandths as a percentage.
fn percent_text(thousandths: i64) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}
