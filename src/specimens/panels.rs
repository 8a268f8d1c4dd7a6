//! Panels: on their way, not to be had, there, and with nothing in them.

use std::future;

use leptos::prelude::*;
use wasm_split_helpers::SplitLoaderError;

use super::specimen;
use crate::platform::signal::Slot;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::lazy::lazy;
use crate::ui::panel::{Empty, Load, Panel};
use crate::ui::skeleton::Skeleton;

pub(super) fn show(sheet: &'static str) -> AnyView {
    let named = move |what: &str| format!("{what}, {}", sheet.to_lowercase());
    let failed = Slot::new(Load::Failed("The server did not answer within 10 seconds.".to_owned()));
    let loading = view! { <Panel heading=named("Loading") load=Load::Loading>{Vec::<AnyView>::new}</Panel> };
    let broken = view! {
        <Panel heading=named("Failed") load=failed on_retry=move || failed.set(Load::Loading)>{Vec::<AnyView>::new}</Panel>
    };
    let actions = || view! { <Button style=ButtonStyle::Primary>"Add Balance"</Button> };
    let ready = view! {
        <Panel heading=named("Ready") actions=actions>
            <p>"Its content."</p>
        </Panel>
    };
    let empty = view! {
        <Panel heading=named("Empty")>
            <Empty title="Nothing was spent in November 2026">
                <p>"Calls and AI tasks appear here, day by day, as soon as they are posted."</p>
                <Button>"The next step"</Button>
            </Empty>
        </Panel>
    };
    view! {
        {specimen("On its way", loading)}
        {specimen("Not to be had", broken)}
        {specimen("There", ready)}
        {specimen("Nothing in it", empty)}
        {specimen("Skeleton", view! { <Skeleton lines=5 /> })}
        {specimen("Code that is still fetched", view! { <div>{lazy(never, nothing)}</div> })}
    }
    .into_any()
}

fn never() -> future::Pending<Result<(), SplitLoaderError>> {
    future::pending()
}

fn nothing() -> future::Ready<Result<AnyView, SplitLoaderError>> {
    future::ready(Ok(().into_any()))
}
