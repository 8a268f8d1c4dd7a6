//! What stands in the panel: filters, tools, and the table with only the rows in view in the document.

use std::sync::Arc;

use billing_domain::Capability;
use leptos::prelude::*;

use super::ID;
use super::drawer::{DrawerState, LineDrawer};
use super::export::{CsvExport, ExportProgress};
use super::filter_bar::FilterBar;
use super::go_to::GoToDate;
use super::list::{TransactionList, WaitingLines};
use super::rows::render_cells;
use super::statement::StatementDialog;
use super::verify::{ChainCheck, CheckResult};
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::platform::{focus, history, intl};
use crate::state::LiveWallet;
use crate::state::filter::Filter;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::IconName;
use crate::ui::lazy::split;
use crate::ui::panel::{Empty, LoadState};
use crate::ui::retry::Retry;
use crate::ui::skeleton::Skeleton;
use crate::ui::table::TableColumn;
use crate::ui::virtual_table::{IsLoaded, Scroller, VirtualTable};

split!(settings: pub(super) fn content(live: LiveWallet, filter: ErasedSignal<Filter>) => make_content);

/// All of it, whose code comes after the first paint.
fn make_content(live: LiveWallet, filter: ErasedSignal<Filter>) -> AnyView {
    let list = TransactionList::new(live, filter);
    let scroller = Scroller::new(list.total);
    let drawer = DrawerState::new(list, scroller);
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
        list.apply_arrivals(scroller.at_top() && !drawer.open.get_untracked());
    });
    dynamic::effect_after(move |before: Option<()>| {
        list.replaced.track();
        if before.is_some() {
            scroller.to_top();
        }
    });
    dynamic::effect(move || {
        if let Some((lowest, highest)) = scroller.drawn() {
            list.cover_rows(lowest, highest);
        }
    });
    let content = view! {
        <FilterBar filter=filter />
        {render_tools(list, scroller, drawer, filter)}
        <div class="transactions-list">
            {render_waiting(list, scroller)}
            {render_page_failure(list)}
            {render_body(list, scroller, drawer, filter)}
        </div>
        <LineDrawer drawer=drawer />
    };
    content.into_any()
}

/// How many lines there are, and what can be done with them.
fn render_tools(
    list: TransactionList,
    scroller: Scroller,
    drawer: DrawerState,
    filter: ErasedSignal<Filter>,
) -> AnyView {
    let (export, check, statement) = (CsvExport::new(list), ChainCheck::new(list), RwSignal::new(false));
    let count = move || {
        let total = u64::try_from(list.total.get()).unwrap_or_default();
        let whole = filter.read().is_empty();
        match (list.counting.get(), list.load.get()) {
            // What is shown until then was counted for another filter.
            (_, LoadState::Loading) if whole => String::new(),
            (true, _) | (_, LoadState::Loading) => texts::transactions::counting().to_owned(),
            _ if whole => texts::transactions::count(total),
            _ => texts::transactions::matches(total),
        }
    };
    let truncated = move || {
        let _ = list.version.get();
        let counting = list.counting.get();
        list.with(|cache| match (cache.truncated, &cache.uncounted) {
            (true, _) => Some(format!(" {}", texts::transactions::truncated())),
            (false, Some(_)) if !counting => Some(format!(" {}", texts::transactions::uncounted())),
            _ => None,
        })
    };
    view! {
        <div class="transactions-tools">
            <p class="transactions-count muted small" role="status">
                {dynamic::text(count)}{dynamic::view(truncated)}
            </p>
            <div class="transactions-acts">
                <GoToDate list=list scroller=scroller />
                <Button style=ButtonStyle::Quiet icon=IconName::Check busy=check.running() on_press=move || check.start()>
                    {texts::verify::verify()}
                </Button>
                <Button needs=Capability::Export style=ButtonStyle::Quiet icon=IconName::Document on_press=move || statement.set(true)>
                    {texts::statement::open()}
                </Button>
                <Button needs=Capability::Export
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
fn render_waiting(list: TransactionList, scroller: Scroller) -> AnyView {
    let words = dynamic::memo(move || match &*list.waiting.read() {
        WaitingLines { unsure: true, count: 0, .. } => Some(texts::transactions::look_again().to_owned()),
        WaitingLines { unsure: false, count: 0, .. } => None,
        WaitingLines { count, .. } => Some(texts::transactions::new(u64::try_from(*count).unwrap_or(0))),
    });
    let is_there = dynamic::memo(move || words.read().is_some());
    let show = move || {
        list.show_waiting();
        scroller.to_top();
        focus::focus_at_top(ID);
    };
    let button = move || {
        is_there.get().then(|| {
            let words = dynamic::text(move || words.get().unwrap_or_default());
            view! { <Button style=ButtonStyle::Primary icon=IconName::ArrowUp on_press=show>{words}</Button> }
        })
    };
    view! { <div class="waiting" role="status">{dynamic::view(button)}</div> }.into_any()
}

fn render_page_failure(list: TransactionList) -> AnyView {
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
    dynamic::view(failure).into_any()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PanelBody {
    Loading,
    Failed,
    Nothing,
    Rows,
}

fn render_body(
    list: TransactionList,
    scroller: Scroller,
    drawer: DrawerState,
    filter: ErasedSignal<Filter>,
) -> AnyView {
    let shown = dynamic::memo(move || match (&*list.load.read(), list.total.get() == 0) {
        (LoadState::Failed(_), _) => PanelBody::Failed,
        (LoadState::Loading, true) => PanelBody::Loading,
        (LoadState::Ready, true) => PanelBody::Nothing,
        // While others are looked for, the present lines stay.
        (LoadState::Loading | LoadState::Ready, false) => PanelBody::Rows,
    });
    let content = move || match shown.get() {
        PanelBody::Loading => view! { <Skeleton lines=6 /> }.into_any(),
        PanelBody::Failed => render_failure(list),
        PanelBody::Nothing => render_empty(filter),
        PanelBody::Rows => render_table(list, scroller, drawer),
    };
    dynamic::view(content).into_any()
}

fn render_failure(list: TransactionList) -> AnyView {
    let reason = move || match &*list.load.read() {
        LoadState::Failed(reason) => reason.clone(),
        _ => String::new(),
    };
    view! {
        <Banner tone=Tone::Warn title=texts::transactions::not_loaded() alert=true>
            <p>{dynamic::view(reason)}</p>
            <Retry on_press=move || list.reload() />
        </Banner>
    }
    .into_any()
}

fn render_empty(filter: ErasedSignal<Filter>) -> AnyView {
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

fn render_table(list: TransactionList, scroller: Scroller, drawer: DrawerState) -> AnyView {
    let columns = vec![
        TableColumn::text(texts::transactions::date()).wide_only(),
        TableColumn::text(texts::transactions::transaction()),
        TableColumn::figures(texts::transactions::amount()),
        TableColumn::figures(texts::transactions::balance()).wide_only(),
    ];
    let busy = dynamic::flag(move || *list.load.read() == LoadState::Loading);
    let there = ErasedProp::derive(move || {
        list.version.track();
        let there: IsLoaded = Arc::new(move |index| list.with(|cache| cache.line(index).is_some()));
        there
    });
    let cells = Callback::new(move |(index, _there): (i64, bool)| render_cells(list, scroller, index));
    view! {
        <div class="transactions-table" aria-busy=busy>
            <VirtualTable
                caption=texts::transactions::caption(&intl::current_zone())
                columns=columns
                scroller=scroller
                there=there
                cells=cells
                on_choose=move |index| drawer.show(index)
            />
        </div>
    }
    .into_any()
}
