//! What stands in the panel: filters, tools, and the table with only the rows in view in the document.

use std::sync::Arc;

use leptos::prelude::*;

use super::ID;
use super::drawer::{Drawer, LineDrawer};
use super::export::{Export, ExportProgress};
use super::filter_bar::FilterBar;
use super::go_to::GoToDate;
use super::list::{List, Waiting};
use super::rows::cells;
use super::statement::StatementDialog;
use super::verify::{Check, CheckResult};
use crate::platform::signal::{Given, Slot};
use crate::platform::{focus, history, intl};
use crate::state::Live;
use crate::state::filter::Filter;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::IconName;
use crate::ui::lazy::split;
use crate::ui::panel::{Empty, Load};
use crate::ui::retry::Retry;
use crate::ui::skeleton::Skeleton;
use crate::ui::table::Column;
use crate::ui::virtual_table::{Scroller, There, VirtualTable};

split!(settings: pub(super) fn content(live: Live, filter: Slot<Filter>) => make_content);

/// All of it, whose code comes after the first paint.
fn make_content(live: Live, filter: Slot<Filter>) -> AnyView {
    let list = List::new(live, filter);
    let scroller = Scroller::new(list.total);
    let drawer = Drawer::new(list, scroller);
    dynamic::effect_after(move |before: Option<()>| {
        let query = filter.read().to_query();
        if before.is_some() {
            history::replace_query(&query);
            list.reload();
        }
    });
    dynamic::effect(move || {
        live.recent.track();
        list.load.track();
        list.counting.track();
        list.hear(scroller.at_top() && !drawer.open.get_untracked());
    });
    dynamic::effect_after(move |before: Option<()>| {
        list.anew.track();
        if before.is_some() {
            scroller.to_top();
        }
    });
    dynamic::effect(move || {
        if let Some((lowest, highest)) = scroller.drawn() {
            list.look_at(lowest, highest);
        }
    });
    let content = view! {
        <FilterBar filter=filter />
        {tools(list, scroller, drawer, filter)}
        <div class="transactions-list">
            {waiting(list, scroller)}
            {page_failure(list)}
            {body(list, scroller, drawer, filter)}
        </div>
        <LineDrawer drawer=drawer />
    };
    content.into_any()
}

/// How many lines there are, and what can be done with them.
fn tools(list: List, scroller: Scroller, drawer: Drawer, filter: Slot<Filter>) -> AnyView {
    let (export, check, statement) = (Export::new(list), Check::new(list), RwSignal::new(false));
    let count = move || {
        let total = u64::try_from(list.total.get()).unwrap_or_default();
        let whole = filter.read().is_empty();
        match (list.counting.get(), list.load.get()) {
            // What is shown until then was counted for another filter.
            (_, Load::Loading) if whole => String::new(),
            (true, _) | (_, Load::Loading) => texts::transactions::counting().to_owned(),
            _ if whole => texts::transactions::count(total),
            _ => texts::transactions::matches(total),
        }
    };
    let truncated = move || {
        let _ = list.version.get();
        list.with(|book| book.truncated).then(|| format!(" {}", texts::transactions::truncated()))
    };
    view! {
        <div class="transactions-tools">
            <p class="transactions-count muted small" role="status">
                {dynamic::words(count)}{dynamic::part(truncated)}
            </p>
            <div class="transactions-acts">
                <GoToDate list=list scroller=scroller />
                <Button style=ButtonStyle::Quiet icon=IconName::Check busy=check.busy on_press=move || check.start()>
                    {texts::verify::verify()}
                </Button>
                <Button style=ButtonStyle::Quiet icon=IconName::Document on_press=move || statement.set(true)>
                    {texts::statement::open()}
                </Button>
                <Button
                    style=ButtonStyle::Quiet
                    icon=IconName::Download
                    busy=export.running()
                    on_press=move || export.start(&filter.read_untracked().to_query())
                >{texts::transactions::download()}</Button>
            </div>
        </div>
        <p class="transactions-printed">{texts::transactions::printed()}</p>
        <ExportProgress export=export />
        <CheckResult check=check drawer=drawer />
        <StatementDialog open=statement />
    }
    .into_any()
}

/// `3 new – show`, instead of moving what somebody reads.
fn waiting(list: List, scroller: Scroller) -> AnyView {
    let words = dynamic::memo(move || match &*list.waiting.read() {
        Waiting { unsure: true, count: 0, .. } => Some(texts::transactions::look_again().to_owned()),
        Waiting { unsure: false, count: 0, .. } => None,
        Waiting { count, .. } => Some(texts::transactions::new(u64::try_from(*count).unwrap_or(0))),
    });
    let is_there = dynamic::memo(move || words.read().is_some());
    let show = move || {
        list.show_waiting();
        scroller.to_top();
        focus::at_top(ID);
    };
    let button = move || {
        is_there.get().then(|| {
            let words = dynamic::words(move || words.get().unwrap_or_default());
            view! { <Button style=ButtonStyle::Primary icon=IconName::ArrowUp on_press=show>{words}</Button> }
        })
    };
    view! { <div class="waiting" role="status">{dynamic::part(button)}</div> }.into_any()
}

fn page_failure(list: List) -> AnyView {
    let failure = move || {
        list.page_failure.get().map(|reason| {
            view! {
                <Banner tone=Tone::Warn title=texts::transactions::some_not_loaded() alert=true>
                    <p>{reason}</p>
                    <Retry on_press=move || list.retry() />
                </Banner>
            }
        })
    };
    dynamic::part(failure).into_any()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Loading,
    Failed,
    Nothing,
    Rows,
}

fn body(list: List, scroller: Scroller, drawer: Drawer, filter: Slot<Filter>) -> AnyView {
    let shown = dynamic::memo(move || match (&*list.load.read(), list.total.get() == 0) {
        (Load::Failed(_), _) => Body::Failed,
        (Load::Loading, true) => Body::Loading,
        (Load::Ready, true) => Body::Nothing,
        // While others are looked for, the present lines stay.
        (Load::Loading | Load::Ready, false) => Body::Rows,
    });
    let content = move || match shown.get() {
        Body::Loading => view! { <Skeleton lines=6 /> }.into_any(),
        Body::Failed => failure(list),
        Body::Nothing => empty(filter),
        Body::Rows => table(list, scroller, drawer),
    };
    dynamic::part(content).into_any()
}

fn failure(list: List) -> AnyView {
    let reason = move || match &*list.load.read() {
        Load::Failed(reason) => reason.clone(),
        _ => String::new(),
    };
    view! {
        <Banner tone=Tone::Warn title=texts::transactions::not_loaded() alert=true>
            <p>{dynamic::part(reason)}</p>
            <Retry on_press=move || list.reload() />
        </Banner>
    }
    .into_any()
}

fn empty(filter: Slot<Filter>) -> AnyView {
    if filter.read_untracked().is_empty() {
        return view! {
            <Empty title=texts::transactions::none()>
                <p>{texts::transactions::none_next()}</p>
            </Empty>
        }
        .into_any();
    }
    view! {
        <Empty title=texts::transactions::no_match()>
            <p>{texts::transactions::no_match_next()}</p>
            <Button on_press=move || filter.set(Filter::default())>{texts::transactions::clear_filters()}</Button>
        </Empty>
    }
    .into_any()
}

fn table(list: List, scroller: Scroller, drawer: Drawer) -> AnyView {
    let columns = vec![
        Column::text(texts::transactions::date()).wide_only(),
        Column::text(texts::transactions::transaction()),
        Column::figures(texts::transactions::amount()),
        Column::figures(texts::transactions::balance()).wide_only(),
    ];
    let busy = dynamic::flag(move || *list.load.read() == Load::Loading);
    let there = Given::derive(move || {
        list.version.track();
        let there: There = Arc::new(move |place| list.with(|book| book.line(place).is_some()));
        there
    });
    let cells = Callback::new(move |(place, _there): (i64, bool)| cells(list, scroller, place));
    view! {
        <div class="transactions-table" aria-busy=busy>
            <VirtualTable
                caption=texts::transactions::caption(&intl::zone())
                columns=columns
                scroller=scroller
                there=there
                cells=cells
                on_choose=move |place| drawer.show(place)
            />
        </div>
    }
    .into_any()
}
