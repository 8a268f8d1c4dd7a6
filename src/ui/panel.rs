//! A framed part of a page with a heading, which loads, fails and retries alone.

use leptos::prelude::*;

use crate::platform::connection;
use crate::platform::signal::{ErasedMemo, ErasedProp};
use crate::texts;

use super::banner::{Banner, Tone};
use super::dynamic::{effect_after, flag, view};
use super::field::unique_id;
use super::prose::prose;
use super::retry::Retry;
use super::skeleton::Skeleton;

/// Where a panel's content stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum LoadState {
    Loading,
    /// It could not be had: one sentence.
    Failed(String),
    #[default]
    Ready,
}

/// A panel. Its content is made when it is ready, and kept.
#[component]
pub(crate) fn Panel(
    #[prop(into)] heading: Signal<String>,
    /// Where its content stands.
    #[prop(optional, into)]
    load: ErasedProp<LoadState>,
    /// Called by the button that stands beside a failure.
    #[prop(optional, into)]
    on_retry: Option<Callback<()>>,
    /// A class of its own.
    #[prop(optional, into)]
    class: &'static str,
    #[prop(optional, into)] actions: ViewFn,
    children: ChildrenFn,
) -> AnyView {
    let id = unique_id("panel");
    let load = ErasedMemo::new(move || load.get());
    // What the broken connection has cost is fetched by itself once it is back.
    effect_after(move |before: Option<bool>| {
        let lost = connection::lost_signal().get();
        let failed = matches!(&*load.read_untracked(), LoadState::Failed(_));
        if let (Some(true), false, true, Some(on_retry)) = (before, lost, failed, on_retry) {
            on_retry.run(());
        }
        lost
    });
    let content = view(move || match load.get() {
        LoadState::Loading => view! { <Skeleton /> }.into_any(),
        LoadState::Failed(reason) => view! {
            <Banner tone=Tone::Warn title=texts::ui::not_loaded() alert=true>
                <p>{reason}</p>
                {on_retry.map(|on_retry| view! { <Retry on_press=on_retry /> })}
            </Banner>
        }
        .into_any(),
        LoadState::Ready => children(),
    });
    view! {
        <section class=format!("panel {class}") aria-labelledby=id.clone()
            aria-busy=flag(move || *load.read() == LoadState::Loading)>
            <header class="panel-head">
                <h2 id=id.clone()>{prose(heading)}</h2>
                <div class="panel-actions">{view(move || actions.run())}</div>
            </header>
            {content}
        </section>
    }
    .into_any()
}

/// Nothing is here, and what to do next.
#[component]
pub(crate) fn Empty(
    /// What is not here.
    #[prop(into)]
    title: Signal<String>,
    /// Why, and the next step.
    children: Children,
) -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-title">{prose(title)}</p>
            {children()}
        </div>
    }
    .into_any()
}
