//! A switch that shows the true state: it moves when the state has changed, not when it is pressed.

use leptos::prelude::*;

use super::dynamic::{flag, yes_no};

/// On or off. The label never changes with the state.
#[component]
pub(crate) fn Switch(
    /// What is on or off.
    #[prop(into)]
    label: Signal<String>,
    /// The true state.
    #[prop(into)]
    checked: Signal<bool>,
    /// The state is being changed.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Called with the wanted state.
    #[prop(into)]
    on_toggle: Callback<(bool,)>,
) -> AnyView {
    view! {
        <button
            type="button"
            role="switch"
            class="switch"
            aria-checked=yes_no(move || checked.get())
            aria-busy=flag(move || busy.get())
            on:click=move |_| {
                if !busy.get_untracked() {
                    on_toggle.run((!checked.get_untracked(),));
                }
            }
        >
            <span class="switch-track" aria-hidden="true"><span class="switch-thumb"></span></span>
            <span>{label}</span>
        </button>
    }
    .into_any()
}
