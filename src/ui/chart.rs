//! Stacked bars, one a day, as inline SVG on whole numbers; the same figures as a table one key away.

mod plot;
mod scale;

use leptos::prelude::*;

use crate::platform::signal::{Derived, Given, Slot};

use self::plot::Plot;
use super::button::{Button, ButtonStyle};
use super::dynamic::{part, words};
use super::icon::IconName;
use super::table::{Column, Table};

/// A kind of thing that bars are stacked of, bottom first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// Its name in the legend.
    pub(crate) name: String,
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

impl Bar {
    fn height(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
    }

    /// The bar in one sentence.
    fn sentence(&self) -> String {
        let mark = self.mark.as_ref().map(|mark| format!(", spike: {mark}")).unwrap_or_default();
        format!("{}: {}{mark}", self.name, self.total_text)
    }
}

/// A bar chart. Arrow keys or the pointer move over the bars; the chosen one is told in words below.
#[component]
pub(crate) fn BarChart(
    /// What it shows, and the most important thing in it, as one sentence.
    #[prop(into)]
    summary: Signal<String>,
    /// The series, bottom first; at most three.
    series: Vec<Series>,
    /// The bars, in order. All of them have as many parts as there are series.
    #[prop(into)]
    bars: Given<Vec<Bar>>,
    /// How many bars the whole width has room for, so that a month that has begun does not stretch.
    #[prop(into)]
    slots: Given<usize>,
    /// The heading of the table's first column, `Day`.
    #[prop(default = "Day")]
    bar_word: &'static str,
    /// The value of a height as text, for the axis.
    #[prop(into)]
    scale_text: Callback<(u64,), String>,
    /// The button beside the chosen bar that leads to what is behind it: its words and what it does.
    #[prop(optional, into)]
    on_open: Option<(&'static str, Callback<(usize,)>)>,
) -> AnyView {
    let bars = Derived::new(move || bars.get());
    let as_table = RwSignal::new(false);
    // Which bar is told in words; the last one until somebody points at another one.
    let pointed = Slot::new(None::<usize>);
    let chosen = Derived::new(move || {
        let last = bars.read().len().checked_sub(1)?;
        Some(pointed.get().map_or(last, |index| index.min(last)))
    });
    let names = StoredValue::new(series.into_iter().map(|series| series.name).collect::<Vec<_>>());
    let body = part(move || {
        if as_table.get() {
            table(summary, names, bars, bar_word)
        } else {
            view! {
                <Plot summary=summary bars=bars slots=slots chosen=chosen pointed=pointed scale_text=scale_text />
                {part(move || chosen.get().and_then(|index| bars.read().get(index).map(|bar| details(bar, index, names, on_open))))}
            }
            .into_any()
        }
    });
    view! {
        <div class="chart">
            <div class="chart-head">
                <ul class="legend">{legend(names)}</ul>
                <Button style=ButtonStyle::Quiet on_press=move || as_table.update(|shown| *shown = !*shown)>
                    {words(move || if as_table.get() { "Show as chart" } else { "Show as table" })}
                </Button>
            </div>
            {body}
        </div>
    }
    .into_any()
}

fn legend(names: StoredValue<Vec<String>>) -> AnyView {
    let each = |(index, name): (usize, String)| {
        view! { <li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class=plot::part_class(index) width="10" height="10"></rect></svg>{name}</li> }
    };
    names.get_value().into_iter().enumerate().map(each).collect_view().into_any()
}

/// What the chosen bar is made of.
fn details(
    bar: &Bar,
    index: usize,
    names: StoredValue<Vec<String>>,
    on_open: Option<(&'static str, Callback<(usize,)>)>,
) -> AnyView {
    let part = |(name, text): (String, &String)| view! { <div><dt>{name}</dt><dd>{text.clone()}</dd></div> };
    let parts = names.get_value().into_iter().zip(&bar.part_texts).map(part).collect_view();
    let mark = bar
        .mark
        .as_ref()
        .map(|mark| view! { <span class="chart-mark"><span aria-hidden="true">"◆ "</span>{mark.clone()}</span> });
    let open = on_open.map(|(words, run)| {
        view! { <Button style=ButtonStyle::Quiet icon=IconName::ArrowRight on_press=move || run.run((index,))>{words}</Button> }
    });
    view! {
        <div class="chart-details">
            <p><strong>{bar.name.clone()}</strong>" "<bdi class="money">{bar.total_text.clone()}</bdi>" "{mark}</p>
            <dl>{parts}</dl>
            {open}
        </div>
    }
    .into_any()
}

/// The same figures as rows.
fn table(
    caption: Signal<String>,
    names: StoredValue<Vec<String>>,
    bars: Derived<Vec<Bar>>,
    bar_word: &'static str,
) -> AnyView {
    let mut columns = vec![Column::text(bar_word)];
    columns.extend(names.get_value().into_iter().map(|name| Column::figures(name).wide_only()));
    columns.push(Column::figures("Total"));
    let row = |bar: Bar| {
        let mark = bar.mark.map(|mark| view! { <span class="chart-mark cell-sub">"Spike: "{mark}</span> });
        let parts = bar.part_texts.into_iter().map(|text| view! { <td class="numeric wide-only">{text}</td> });
        view! { <tr><th scope="row">{bar.name}{mark}</th>{parts.collect_view()}<td class="numeric">{bar.total_text}</td></tr> }
    };
    let rows = part(move || bars.get().into_iter().map(row).collect_view());
    view! { <div class="chart-table"><Table caption=caption columns=columns><tbody>{rows}</tbody></Table></div> }
        .into_any()
}
