//! What is below a month's figures, whose code comes once the page has been painted: spikes, the days, the sources.

use billing_contract::usage::Usage;
use billing_domain::Month;
use leptos::prelude::*;

use super::super::BillingActions;
use super::{days, sources, spikes};
use crate::platform::signal::ErasedMemo;
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::dynamic::{memo, view};
use crate::ui::lazy::split;

split!(settings: pub(super) fn details(live: LiveWallet, actions: BillingActions, usage: ErasedMemo<Option<Usage>>, month: Month) => make_details);

/// The details of `month`. They stay while its figures change, so that nobody who walks through them loses their place.
fn make_details(live: LiveWallet, actions: BillingActions, usage: ErasedMemo<Option<Usage>>, month: Month) -> AnyView {
    let currency = live.currency;
    let spikes = memo(move || {
        let usage = usage.read();
        let days = usage.iter().flat_map(|usage| &usage.days);
        days.filter(|day| day.spike.is_some()).cloned().collect::<Vec<_>>()
    });
    view! {
        {view(move || spikes::render_list(&spikes.read(), currency, actions))}
        {days::render_chart(live, actions, usage, month)}
        {sources::render_table(currency, actions, usage, month)}
        <p class="muted small">{texts::usage::counted_by_use()}</p>
    }
    .into_any()
}
