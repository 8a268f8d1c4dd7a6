//! Panels: on their way, not to be had, there, and with nothing in them.

use std::future;

use leptos::prelude::*;
use wasm_split_helpers::SplitLoaderError;

use super::render_story;
use crate::platform::signal::ErasedSignal;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::lazy::render_lazy;
use crate::ui::panel::{Empty, LoadState, Panel};
use crate::ui::skeleton::Skeleton;

pub(super) fn render_panels(sheet: &'static str) -> AnyView {
    let named = move |what: &str| format!("{what}, {}", sheet.to_lowercase());
    let failed = ErasedSignal::new(LoadState::Failed("The server did not answer within 10 seconds.".to_owned()));
    let loading = view! { <Panel heading=named("Loading") load=LoadState::Loading>{Vec::<AnyView>::new}</Panel> };
    let broken = view! {
        <Panel heading=named("Failed") load=failed on_retry=move || failed.set(LoadState::Loading)>{Vec::<AnyView>::new}</Panel>
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
        {render_story("On its way", loading)}
        {render_story("Not to be had", broken)}
        {render_story("There", ready)}
        {render_story("Nothing in it", empty)}
        {render_story("Skeleton", view! { <Skeleton lines=5 /> })}
        {render_story("Code that is still fetched", view! { <div>{render_lazy(load_never, render_nothing)}</div> })}
    }
    .into_any()
}

fn load_never() -> future::Pending<Result<(), SplitLoaderError>> {
    future::pending()
}

fn render_nothing() -> future::Ready<Result<AnyView, SplitLoaderError>> {
    future::ready(Ok(().into_any()))
}
