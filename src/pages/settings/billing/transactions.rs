//! Transaction History: every movement of money, newest first, as far back as one cares to go.
#![allow(
    clippy::large_types_passed_by_value,
    reason = "handles of signals: large only where no browser is, in tests of the rules beside them"
)]

mod arrivals;
mod drawer;
mod export;
mod filter_bar;
mod go_to;
mod list;
mod panel;
mod row_cache;
mod rows;
mod statement;
mod verify;

use leptos::prelude::*;

use self::panel::load;
use crate::platform::idle;
use crate::platform::signal::ErasedSignal;
use crate::state::LiveWallet;
use crate::state::filter::Filter;
use crate::texts;
use crate::ui::dynamic;
use crate::ui::lazy::render_lazy;
use crate::ui::panel::Panel;
use crate::ui::skeleton::Skeleton;

/// Where one goes to see the lines.
pub(super) const ID: &str = "transaction-history";

/// The panel. It is the last one of the tab: its code comes after the first paint.
#[component]
pub(super) fn TransactionsPanel(
    live: LiveWallet,
    /// Which lines are wanted.
    filter: ErasedSignal<Filter>,
) -> AnyView {
    let rests = RwSignal::new(false);
    idle::when_idle(move || {
        // The tab may have been left before that.
        let _ = rests.try_set(true);
    });
    let content = move || {
        if rests.get() {
            render_lazy(load, move || panel::content(live, filter)).into_any()
        } else {
            view! { <Skeleton lines=6 /> }.into_any()
        }
    };
    view! {
        <Panel heading=texts::transactions::heading() class="transactions">
            <div id=ID class="transactions-place" tabindex="-1">{dynamic::view(content)}</div>
        </Panel>
    }
    .into_any()
}
