//! Small buttons that are pressed or not: quick picks, and filters.

use leptos::prelude::*;

use crate::platform::signal::ErasedProp;

use super::dynamic::{view, yes_no};
use super::field::unique_id;

/// A named group of chips. Which of them are pressed is the owner's to decide.
#[component]
pub(crate) fn Chips(
    /// What the group is about.
    #[prop(into)]
    label: Signal<String>,
    #[prop(into)] choices: ErasedProp<Vec<String>>,
    /// The indices of the pressed ones.
    #[prop(into)]
    pressed: ErasedProp<Vec<usize>>,
    /// Called with the index of the one that was pressed.
    #[prop(into)]
    on_press: Callback<(usize,)>,
    /// The label is read out, not shown.
    #[prop(optional)]
    hide_label: bool,
) -> AnyView {
    let id = unique_id("chips");
    let each = move |(index, text): (usize, String)| {
        let is_pressed = yes_no(move || pressed.get().contains(&index));
        view! {
            <button type="button" class="chip" aria-pressed=is_pressed on:click=move |_| on_press.run((index,))>{text}</button>
        }
    };
    view! {
        <div class="chips" role="group" aria-labelledby=id.clone()>
            <span id=id.clone() class="chips-label" class:visually-hidden=hide_label>{label}</span>
            {view(move || choices.get().into_iter().enumerate().map(each).collect_view())}
        </div>
    }
    .into_any()
}
