//! Transaction History: every movement of money, newest first, as far back as one cares to scroll.

mod arrivals;
mod filter_bar;
mod list;
mod rows;

use leptos::html;
use leptos::prelude::*;

use crate::platform::signal::{Given, Slot};

use self::filter_bar::FilterBar;
use self::list::{List, More};
use self::rows::ChunkRows;
use crate::platform::{focus, history, intl, scroll};
use crate::state::Live;
use crate::state::filter::Filter;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::IconName;
use crate::ui::panel::{Empty, Load, Panel};
use crate::ui::skeleton::Skeleton;
use crate::ui::table::{Column, Table};

/// Up to so many chunks all rows stay in the document; of a longer list only those in view.
const SHORT_CHUNKS: usize = 4;
/// Where one goes to see the lines.
pub(super) const ID: &str = "transaction-history";

/// The panel.
#[component]
pub(super) fn TransactionsPanel(
    /// The wallet.
    live: Live,
    /// Which lines are wanted.
    filter: Slot<Filter>,
) -> AnyView {
    let list = List::new(live, filter);
    let top = NodeRef::<html::Div>::new();
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
        let at_top = top.get_untracked().is_none_or(|element| scroll::position(&element).0 >= 0);
        list.hear(at_top);
    });
    view! {
        <Panel heading="Transaction History" class="transactions">
            <div id=ID class="transactions-place" tabindex="-1">
                <FilterBar filter=filter />
                <div node_ref=top>
                    {waiting(list)}
                    {body(list, filter)}
                    {more(list)}
                </div>
            </div>
        </Panel>
    }
    .into_any()
}

/// `3 new – show`, instead of moving what somebody reads.
fn waiting(list: List) -> AnyView {
    let words = dynamic::memo(move || {
        let waiting = list.waiting.read();
        match (waiting.lines.len(), waiting.unsure) {
            (0, false) => None,
            (0, true) => Some("New transactions – look again".to_owned()),
            (count, _) => Some(format!("{count} new – show")),
        }
    });
    let show = move || {
        list.show_waiting();
        focus::at_top(ID);
    };
    let button = move || {
        let words = words.get()?;
        Some(view! { <Button style=ButtonStyle::Primary icon=IconName::ArrowDown on_press=show>{words}</Button> })
    };
    view! { <div class="waiting" role="status">{dynamic::part(button)}</div> }.into_any()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Loading,
    Failed,
    Nothing,
    Rows,
}

fn body(list: List, filter: Slot<Filter>) -> AnyView {
    let shown = dynamic::memo(move || match (&*list.load.read(), list.chunks.read().is_empty()) {
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
        Body::Rows => table(list),
    };
    view! { {dynamic::part(content)} }.into_any()
}

fn failure(list: List) -> AnyView {
    let reason = move || match &*list.load.read() {
        Load::Failed(reason) => reason.clone(),
        _ => String::new(),
    };
    view! {
        <Banner tone=Tone::Warn title="The transactions could not be loaded" alert=true>
            <p>{dynamic::part(reason)}</p>
            <Button icon=IconName::Refresh on_press=move || list.reload()>"Try again"</Button>
        </Banner>
    }
    .into_any()
}

fn empty(filter: Slot<Filter>) -> AnyView {
    if filter.read_untracked().is_empty() {
        return view! {
            <Empty title="No transactions yet">
                <p>"Every call, AI task and top-up becomes a line here. Add balance, and let the AI system make its first call."</p>
            </Empty>
        }
        .into_any();
    }
    view! {
        <Empty title="No transaction matches">
            <p>"Nothing was posted with these kinds, days and words."</p>
            <Button on_press=move || filter.set(Filter::default())>"Clear filters"</Button>
        </Empty>
    }
    .into_any()
}

fn table(list: List) -> AnyView {
    let columns = vec![
        Column::text("Date").wide_only(),
        Column::text("Transaction"),
        Column::figures("Amount"),
        Column::figures("Balance").wide_only(),
    ];
    // Unknown as long as there is more, and also with all loaded: those out of view are not in the document.
    let count = Given::derive(move || match *list.more.read() {
        More::End => {
            let lines = list.chunks.read().iter().map(|chunk| chunk.lines.read().len()).sum::<usize>();
            i64::try_from(lines + 1).ok()
        }
        _ => Some(-1),
    });
    let busy = move || (*list.load.read() == Load::Loading).then_some("true");
    let short = dynamic::memo(move || list.chunks.read().len() <= SHORT_CHUNKS);
    view! {
        <div class="transactions-table" aria-busy=busy>
            <Table caption=format!("Transactions, newest first. Times in {}.", intl::zone()) columns=columns row_count=count>
                <For
                    each=move || list.chunks.get()
                    key=|chunk| chunk.id
                    children=move |chunk| view! { <ChunkRows chunk=chunk short=short /> }
                />
            </Table>
        </div>
    }
    .into_any()
}

/// Loads the following page when one scrolls there, and by a button.
fn more(list: List) -> AnyView {
    let foot = NodeRef::<html::Div>::new();
    let watch = StoredValue::new_local(None);
    let reached = RwSignal::new(false);
    dynamic::effect(move || {
        let Some(element) = foot.get() else { return };
        watch.set_value(scroll::in_view(&element, move |inside| reached.set(inside)));
    });
    dynamic::effect(move || {
        // A page that does not fill the screen is followed by the next one.
        let ready = *list.load.read() == Load::Ready && *list.more.read() == More::Some;
        if reached.get() && ready {
            list.load_more();
        }
    });
    let failed = move || match &*list.more.read() {
        More::Failed(reason) => Some(view! { <p class="field-error" role="alert">{reason.clone()}</p> }),
        _ => None,
    };
    let is_there = dynamic::memo(move || *list.more.read() != More::End && !list.chunks.read().is_empty());
    let busy = dynamic::memo(move || *list.more.read() == More::Loading);
    let button = move || {
        is_there.get().then(|| view! { <Button busy=busy on_press=move || list.load_more()>"Load more"</Button> })
    };
    view! { <div class="transactions-foot" node_ref=foot>{dynamic::part(failed)}{dynamic::part(button)}</div> }
        .into_any()
}
