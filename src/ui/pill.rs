//! A word in a small colored frame: a state.

use leptos::prelude::*;

use crate::platform::signal::ErasedProp;

use super::banner::Tone;

/// A state in one or two words.
#[component]
pub(crate) fn Pill(#[prop(into)] tone: ErasedProp<Tone>, #[prop(into)] text: Signal<String>) -> AnyView {
    view! { <span class=Signal::derive(move || format!("pill pill-{}", tone.get().name()))>{text}</span> }.into_any()
}
