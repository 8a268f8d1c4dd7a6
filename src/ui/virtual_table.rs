//! A table of any length of which only the rows in view are in the document, gone through by its own scroll bar and by
//! keys. Each row has one control; the table is one stop on the way of the Tab key.

mod geometry;

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use self::geometry::{DrawnRows, Geometry, SPARE, ScrollPosition};
use super::dynamic;
use super::field::unique_id;
use super::table::{TableColumn, render_head};
use crate::platform::scroll::{self, Resized};
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::platform::timers::{self, Timer};
use crate::platform::{focus, listener};

/// After so long without scrolling the bar is put where it belongs.
const PAUSE_MILLISECONDS: i32 = 200;

/// A row: its number, counted from the end of the list so that it stays while others are added before, and whether its
/// content has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TableRow {
    /// 1 for the last row.
    pub(crate) number: i64,
    /// Otherwise it is a placeholder.
    pub(crate) there: bool,
}

/// Says of each number whether its content has come.
pub(crate) type IsLoaded = Arc<dyn Fn(i64) -> bool + Send + Sync>;

/// Where one is in a table, and ways to go elsewhere. A copy is the same.
#[derive(Clone, Copy)]
pub(crate) struct Scroller {
    frame: NodeRef<html::Div>,
    stem: StoredValue<String>,
    rows: RwSignal<i64>,
    geometry: StoredValue<Geometry>,
    position: StoredValue<ScrollPosition>,
    drawn: ErasedSignal<DrawnRows>,
    /// The row that has or had the focus.
    active: RwSignal<i64>,
    later: StoredValue<Option<Timer>, LocalStorage>,
    pause: StoredValue<Option<Timer>, LocalStorage>,
}

impl Scroller {
    /// At the beginning of a table with so many rows; whoever knows how many there are changes that.
    pub(crate) fn new(rows: RwSignal<i64>) -> Self {
        Self {
            frame: NodeRef::new(),
            stem: StoredValue::new(unique_id("row")),
            rows,
            geometry: StoredValue::new(Geometry::default()),
            position: StoredValue::new(ScrollPosition::default()),
            drawn: ErasedSignal::default(),
            active: RwSignal::new(0),
            later: StoredValue::new_local(None),
            pause: StoredValue::new_local(None),
        }
    }

    /// The numbers of the rows that are drawn, the lowest and the highest; whoever reads it runs again when they change.
    pub(crate) fn drawn(self) -> Option<(i64, i64)> {
        let (drawn, rows) = (self.drawn.read(), self.rows.get());
        (drawn.end > drawn.first).then_some((rows - drawn.end + 1, rows - drawn.first))
    }

    /// The first row is in view, and nobody works further down.
    pub(crate) fn at_top(self) -> bool {
        self.position.get_value().top <= 0 && !focus::is_within(&self.stem.get_value())
    }

    /// Back to the beginning.
    pub(crate) fn to_top(self) {
        self.go(self.geometry.get_value().at(0));
    }

    /// Makes this row the first one in view.
    pub(crate) fn to_row(self, number: i64) {
        self.active.set(number);
        self.go(self.geometry.get_value().at(self.rows.get_untracked() - number));
    }

    /// Brings the row into view; the focus stays where it is.
    pub(crate) fn reveal(self, number: i64) {
        self.active.set(number);
        let index = self.rows.get_untracked() - number;
        self.go(self.geometry.get_value().showing(index, self.position.get_value()));
    }

    /// Gives the focus to the control of this row, bringing it into view.
    pub(crate) fn focus(self, number: i64) {
        self.reveal(number);
        let id = self.control_id(number);
        // The row is in the document only after this.
        self.later.set_value(Some(timers::run_after(0, move || {
            focus::focus_id(&id);
        })));
    }

    /// The id of the control of this row.
    pub(crate) fn control_id(self, number: i64) -> String {
        format!("{}-{number}", self.stem.get_value())
    }

    /// `tabindex` of the control of this row: one of them is a stop of the Tab key.
    pub(crate) fn tab_index(self, number: i64) -> Signal<&'static str> {
        Signal::derive(move || {
            let (active, drawn) = (self.active.get(), self.drawn());
            let (lowest, highest) = drawn.unwrap_or_default();
            let stop = if (lowest..=highest).contains(&active) { active } else { highest };
            if number == stop { "0" } else { "-1" }
        })
    }

    fn go(self, position: ScrollPosition) {
        self.position.set_value(position);
        self.draw(SPARE);
        if let Some(frame) = self.frame.get_untracked() {
            scroll::set_scroll_offset(&frame, position.offset);
        }
    }

    fn draw(self, spare: i64) {
        let drawn = self.geometry.get_value().drawn(self.position.get_value(), spare);
        if *self.drawn.read_untracked() == drawn {
            return;
        }
        let index = self.rows.get_untracked() - self.active.get_untracked();
        let leaves = !(drawn.first..drawn.end).contains(&index);
        if let Some(frame) = self.frame.get_untracked().filter(|_| leaves && focus::is_within(&self.stem.get_value())) {
            // The row with the focus leaves the document: the keys go on from its table.
            focus::focus_element(&frame);
        }
        self.drawn.set(drawn);
    }

    fn scrolled(self) {
        let Some(frame) = self.frame.get_untracked() else { return };
        let offset = scroll::scroll_offset(&frame);
        let before = self.position.get_value();
        if offset == before.offset {
            return;
        }
        let geometry = self.geometry.get_value();
        let position = geometry.scrolled(before, offset);
        self.position.set_value(position);
        // Whoever jumps sees all new rows: those around them can wait until it is known that they are needed.
        self.draw(if geometry.is_jump(before, position) { 0 } else { SPARE });
        self.pause.set_value(Some(timers::run_after(PAUSE_MILLISECONDS, move || {
            let (now, rested) =
                (self.position.get_value(), self.geometry.get_value().settled(self.position.get_value()));
            if now == rested { self.draw(SPARE) } else { self.go(rested) }
        })));
    }

    /// Measures what the style and the screen have made of it.
    fn measure(self) {
        let Some(frame) = self.frame.get_untracked() else { return };
        let head = scroll::height_of(&frame, "thead").unwrap_or_default();
        let row = scroll::height_of(&frame, "tbody tr[aria-rowindex]").unwrap_or_default();
        let before = self.geometry.get_value();
        let now = Geometry {
            rows: self.rows.get_untracked(),
            row: if row > 0 { row } else { before.row.max(1) },
            view: (scroll::view_height(&frame) - head).max(0),
        };
        if now == before {
            return;
        }
        let mut position = self.position.get_value();
        if before.row > 1 && now.row != before.row {
            // The same row stays the first one in view.
            position.top = position.top / before.row * now.row;
        }
        self.geometry.set_value(now);
        self.go(now.settled(position));
    }

    /// Whether the key led to another row.
    fn pressed(self, key: &str) -> bool {
        let rows = self.rows.get_untracked();
        let Some((lowest, highest)) = untrack(|| self.drawn()) else { return false };
        let geometry = self.geometry.get_value();
        let page = (geometry.view / geometry.row.max(1)).max(1);
        let active = self.active.get_untracked();
        let active = if (1..=rows).contains(&active) { active } else { highest.max(lowest) };
        let next = match key {
            "ArrowDown" => active - 1,
            "ArrowUp" => active + 1,
            "PageDown" => active - page,
            "PageUp" => active + page,
            "Home" => rows,
            "End" => 1,
            _ => return false,
        };
        self.focus(next.clamp(1, rows.max(1)));
        true
    }
}

/// The table. Newer rows come first, and numbers are counted from the other end.
#[component]
pub(crate) fn VirtualTable(
    /// What the table shows, read out before it.
    #[prop(into)]
    caption: Signal<String>,
    columns: Vec<TableColumn>,
    scroller: Scroller,
    /// Whether the content of the row at this number has come; whoever reads it runs again when more has.
    there: ErasedProp<IsLoaded>,
    /// The cells of a row.
    #[prop(into)]
    cells: Callback<(i64, bool), AnyView>,
    /// A row was chosen by pointer or key.
    #[prop(into)]
    on_choose: Callback<(i64,)>,
) -> AnyView {
    let id = unique_id("table");
    let rows = scroller.rows;
    let resized = StoredValue::new_local(None::<Resized>);
    let keys = StoredValue::new_local(None);
    dynamic::effect(move || {
        let Some(frame) = scroller.frame.get() else { return };
        resized.set_value(scroll::on_resize(&frame, move || scroller.measure()));
        keys.set_value(Some(listener::on_key(&frame, move |key| scroller.pressed(key))));
        scroller.measure();
    });
    dynamic::effect(move || {
        rows.track();
        scroller.measure();
    });
    let each = move || {
        let there = there.get();
        let (lowest, highest) = scroller.drawn().unwrap_or((1, 0));
        (lowest..=highest).rev().map(|number| TableRow { number, there: there(number) }).collect::<Vec<_>>()
    };
    let row = move |TableRow { number, there }: TableRow| {
        view! {
            <tr
                aria-rowindex=Signal::derive(move || (rows.get() - number + 2).to_string())
                on:click=move |_| {
                    if there {
                        scroller.active.set(number);
                        on_choose.run((number,));
                    }
                }
            >
                {cells.run((number, there))}
            </tr>
        }
        .into_any()
    };
    let is_long = Signal::derive(move || {
        let drawn = scroller.drawn.read();
        drawn.before + drawn.behind > 0
    });
    let space = move |size: fn(&DrawnRows) -> i64| {
        let height = Signal::derive(move || format!("{}px", size(&scroller.drawn.read())));
        view! { <tr aria-hidden="true" class="table-space"><td style:height=height></td></tr> }.into_any()
    };
    view! {
        <div
            node_ref=scroller.frame
            class="table-frame table-virtual"
            class:table-long=is_long
            id=scroller.stem.get_value()
            role="region"
            tabindex="0"
            aria-labelledby=id.clone()
            on:scroll=move |_| scroller.scrolled()
        >
            <table class="table" aria-rowcount=Signal::derive(move || (rows.get() + 1).to_string())>
                <caption class="visually-hidden" id=id.clone()>{caption}</caption>
                <thead><tr aria-rowindex="1">{render_head(columns)}</tr></thead>
                <tbody>
                    {space(|drawn| drawn.before)}
                    <For each=each key=|row| *row children=row />
                    {space(|drawn| drawn.behind)}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}
