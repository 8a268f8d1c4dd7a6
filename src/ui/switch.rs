//! A switch that shows the true state: it moves when the state has changed, not when it is pressed.

use leptos::prelude::*;

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
            aria-checked=move || if checked.get() { "true" } else { "false" }
            aria-busy=move || busy.get().then_some("true")
            on:click=move |_| {
                if !busy.get_untracked() {
                    on_toggle.run((!checked.get_untracked(),));
                }
            }
        >
            <span class="switch-track" aria-hidden="true"><span class="switch-thumb"></span></span>
            <span>{move || label.get()}</span>
        </button>
    }
    .into_any()
}
