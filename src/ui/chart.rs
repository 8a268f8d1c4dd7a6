//! Stacked bars, one a day, as inline SVG on whole numbers, with what was before behind them and what is expected ahead of
//! them; the same figures as a table one key away.

mod bar_list;
mod details;
mod plot;
mod scale;
mod table;

use leptos::prelude::*;

use crate::platform::signal::{ErasedMemo, ErasedProp, ErasedSignal};

use self::details::render_details;
use self::plot::Plot;
use self::table::render_table;
use super::dynamic::{text, view};
use super::field::unique_id;
use crate::platform::focus;
use crate::texts;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChartBar {
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
    /// How it compares, as a sentence without its point; may be empty.
    pub(crate) note: String,
    /// What the line behind says at its place, in words; empty where it says nothing.
    pub(crate) behind_text: String,
    /// It stands out: a few letters over the bar, `3.2×`.
    pub(crate) mark: Option<String>,
}

impl ChartBar {
    fn height(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
    }
}

/// A line of steps beside the bars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StepLine {
    /// Its name in the legend.
    pub(crate) name: String,
    /// One height a bar's place, in the unit of the bars; nothing is drawn when there is none.
    pub(crate) heights: Vec<u64>,
}

/// The chart's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChartWords {
    /// The heading of the table's first column, `Day`.
    pub(crate) bar: &'static str,
    /// All bars, for those who walk through them: `Days of November 2026`.
    pub(crate) bars: String,
    /// To the bar before.
    pub(crate) back: &'static str,
    /// To the next bar.
    pub(crate) on: &'static str,
    /// What stands out is called so: `Spike`.
    pub(crate) mark: &'static str,
    /// The same inside a sentence: `spike`.
    pub(crate) mark_within: &'static str,
    /// Leads to what is behind the chosen bar.
    pub(crate) open: &'static str,
}

/// What the parts of a chart share.
#[derive(Clone, Copy)]
struct ChartState {
    summary: Signal<String>,
    names: StoredValue<Vec<String>>,
    words: StoredValue<ChartWords>,
    bars: ErasedMemo<Vec<ChartBar>>,
    behind: ErasedMemo<StepLine>,
    ahead: ErasedMemo<StepLine>,
    slots: ErasedMemo<usize>,
    /// The bar that somebody chose by key, tap or button.
    chosen: ErasedSignal<Option<usize>>,
    /// The bar under the pointer.
    pointed: ErasedSignal<Option<usize>>,
    on_open: Callback<(usize,)>,
}

impl ChartState {
    /// The bar that the keyboard is at; the last one until somebody chooses.
    fn active(self) -> Option<usize> {
        let last = self.bars.read().len().checked_sub(1)?;
        Some(self.chosen.get().map_or(last, |index| index.min(last)))
    }

    /// The bar that is described in words.
    fn shown(self) -> Option<usize> {
        let count = self.bars.read().len();
        self.pointed.get().filter(|index| *index < count).or_else(|| self.active())
    }
}

/// A bar chart. Arrow keys, taps or the pointer go through the bars; the chosen one is described below. `T` shows the
/// table instead.
#[component]
pub(crate) fn BarChart(
    /// What it shows, and the most important things in it, in sentences.
    #[prop(into)]
    summary: Signal<String>,
    /// The names of the series, bottom first; at most three.
    series: Vec<String>,
    /// The chart's own words.
    words_of: ChartWords,
    /// The bars, in order. All of them have as many parts as there are series.
    #[prop(into)]
    bars: ErasedProp<Vec<ChartBar>>,
    /// A quiet line behind the bars, from the first place on.
    #[prop(into)]
    behind: ErasedProp<StepLine>,
    /// A dashed line that goes on where the bars end, from the place of the last bar on.
    #[prop(into)]
    ahead: ErasedProp<StepLine>,
    /// How many bars the whole width has room for, so that a month that has begun does not stretch.
    slots: usize,
    /// The value of a height as text, for the axis.
    #[prop(into)]
    scale_text: Callback<(u64,), String>,
    /// Whether the table is shown.
    as_table: RwSignal<bool>,
    /// Leads to what is behind a bar.
    #[prop(into)]
    on_open: Callback<(usize,)>,
) -> AnyView {
    let bars = ErasedMemo::new(move || bars.get());
    let shared = ChartState {
        summary,
        names: StoredValue::new(series),
        words: StoredValue::new(words_of),
        bars,
        behind: ErasedMemo::new(move || behind.get()),
        ahead: ErasedMemo::new(move || ahead.get()),
        slots: ErasedMemo::new(move || slots.max(bars.read().len()).max(1)),
        chosen: ErasedSignal::new(None),
        pointed: ErasedSignal::new(None),
        on_open,
    };
    let body = move || {
        if as_table.get() {
            render_table(shared)
        } else {
            view! { <Plot shared=shared scale_text=scale_text />{render_details(shared)} }.into_any()
        }
    };
    let button = unique_id("chart-table");
    let id = button.clone();
    let toggle = move || {
        // Whatever has focus may go with the chart.
        focus::focus_id(&id);
        as_table.update(|shown| *shown = !*shown);
    };
    let press = toggle.clone();
    let key = move |event: leptos::ev::KeyboardEvent| {
        let plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
        if plain && event.key().eq_ignore_ascii_case("t") {
            event.prevent_default();
            toggle();
        }
    };
    view! {
        <div class="chart" on:keydown=key>
            <div class="chart-head">
                {view(move || render_legend(shared))}
                <button type="button" id=button class="button button-quiet" aria-keyshortcuts="T" on:click=move |_| press()>
                    {text(move || if as_table.get() { texts::chart::as_chart() } else { texts::chart::as_table() })}
                    <kbd aria-hidden="true">"T"</kbd>
                </button>
            </div>
            {view(body)}
        </div>
    }
    .into_any()
}

fn render_legend(shared: ChartState) -> AnyView {
    let names = shared.names.get_value().into_iter().enumerate();
    let series = names.map(|(index, name)| {
        view! { <li><svg class="swatch" aria-hidden="true"><rect class=plot::part_class(index) width="100%" height="100%"></rect></svg>{name}</li> }
    });
    let line = |class: &'static str, steps: &StepLine| {
        let name = (!steps.heights.is_empty()).then(|| steps.name.clone())?;
        Some(view! { <li><span class=class aria-hidden="true"></span>{name}</li> })
    };
    view! {
        <ul class="legend">
            {series.collect_view()}
            {line("swatch-behind", &shared.behind.read())}
            {line("swatch-ahead", &shared.ahead.read())}
        </ul>
    }
    .into_any()
}
