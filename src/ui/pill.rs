//! A word in a small coloured frame: a state.

use leptos::prelude::*;

use crate::platform::signal::Given;

use super::banner::Tone;

/// A state in one or two words.
#[component]
pub(crate) fn Pill(
    /// How serious.
    #[prop(into)]
    tone: Given<Tone>,
    /// The words.
    #[prop(into)]
    text: Signal<String>,
) -> AnyView {
    view! { <span class=Signal::derive(move || format!("pill pill-{}", tone.get().name()))>{text}</span> }.into_any()
}
