//! Stacked bars, one a day, as inline SVG on whole numbers; the same figures as a table one key away.

use leptos::prelude::*;

/// A kind of thing that bars are stacked of, bottom first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// Its name in the legend.
    pub(crate) name: String,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    /// Under the bar, short: `14`.
    pub(crate) tick: String,
    /// Its whole name: `Saturday, November 14`.
    pub(crate) name: String,
    /// The height of each series' part, in any unit (micro-units of money).
    pub(crate) parts: Vec<u64>,
    /// Each part in words, `$12.40`.
    pub(crate) part_texts: Vec<String>,
    /// The whole bar in words.
    pub(crate) total_text: String,
    /// Why it stands out, in a few words: `3.2 × the usual`.
    pub(crate) mark: Option<String>,
}

/// A bar chart. Arrow keys move over the bars; the chosen one is told in words below.
#[component]
pub(crate) fn BarChart(
    /// What it shows, and the most important thing in it, as one sentence.
    #[prop(into)]
    summary: Signal<String>,
    /// The series, bottom first; at most three.
    series: Vec<Series>,
    /// The bars, in order. All of them have as many parts as there are series.
    #[prop(into)]
    bars: Signal<Vec<Bar>>,
    /// How many bars the whole width has room for, so that a month that has begun does not stretch.
    #[prop(into)]
    slots: Signal<usize>,
    /// The value of a height as text, for the axis.
    #[prop(into)]
    scale_text: Callback<(u64,), String>,
    /// Called when the chosen bar's button is pressed: lead to what is behind it. Its words, and the callback.
    #[prop(optional)]
    on_open: Option<(&'static str, Callback<(usize,)>)>,
) -> AnyView {
    let _ = (summary, series, bars, slots, scale_text, on_open);
    view! { <div class="chart"></div> }.into_any()
}
