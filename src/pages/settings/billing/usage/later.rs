//! What is below a month's figures, whose code comes once the page has been painted: spikes, the days, the sources.

use billing_contract::usage::Usage;
use billing_domain::Month;
use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::super::Doors;
use super::{days, sources, spikes};
use crate::platform::signal::Derived;
use crate::state::Live;
use crate::ui::dynamic::{memo, part};

/// The details of `month`. They stay while its figures change, so that nobody who walks through them loses their place.
#[wasm_split(settings, fallible, preload(load))]
pub(super) fn details(
    live: Live,
    doors: Doors,
    usage: Derived<Option<Usage>>,
    month: Month,
) -> Result<AnyView, SplitLoaderError> {
    let currency = live.currency;
    let spikes = memo(move || {
        let usage = usage.read();
        let days = usage.iter().flat_map(|usage| &usage.days);
        days.filter(|day| day.spike.is_some()).cloned().collect::<Vec<_>>()
    });
    Ok(view! {
        {part(move || spikes::list(&spikes.read(), currency, doors))}
        {days::chart(live, doors, usage, month)}
        {sources::table(currency, doors, usage, month)}
    }
    .into_any())
}
