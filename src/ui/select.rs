//! A choice out of a short list, by the browser's own list.

use leptos::prelude::*;

use crate::platform::signal::ErasedProp;

use super::dynamic::{flag, view};
use super::field::{FieldFrame, KeptDraft, described_by, unique_id};
use super::icon::{Icon, IconName};

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What the program knows it by.
    pub(crate) value: String,
    pub(crate) text: String,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), text: text.into() }
    }
}

/// A choice out of a list. `value` is the value of the chosen entry.
#[component]
pub(crate) fn Select(
    #[prop(into)] label: Signal<String>,
    /// The chosen entry's value.
    #[prop(into)]
    value: Signal<String>,
    /// The entries, in order.
    #[prop(into)]
    choices: ErasedProp<Vec<Choice>>,
    /// Called with the newly chosen entry's value.
    #[prop(into)]
    on_choose: Callback<(String,)>,
    /// `name` and part of the id.
    #[prop(optional, into)]
    name: String,
    /// Help that is always there.
    #[prop(optional, into)]
    hint: Signal<String>,
    /// What is wrong and how to fix it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The label is read out, not shown.
    #[prop(optional)]
    hide_label: bool,
    /// Cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> AnyView {
    let id = unique_id(if name.is_empty() { "select" } else { &name });
    let describe = described_by(&id, hint, error);
    let options = view(move || {
        let chosen = value.get();
        let each = |choice: Choice| {
            let selected = choice.value == chosen;
            view! { <option value=choice.value prop:selected=selected>{choice.text}</option> }
        };
        choices.get().into_iter().map(each).collect_view()
    });
    let element = NodeRef::<leptos::html::Select>::new();
    let draft = KeptDraft::of(&name);
    if let Some(kept) = draft.and_then(KeptDraft::kept)
        && untrack(|| choices.get()).iter().any(|choice| choice.value == kept)
    {
        on_choose.run((kept,));
    }
    let choose = move |event| {
        let chosen = event_target_value(&event);
        if let Some(draft) = draft {
            draft.note(&chosen);
        }
        on_choose.run((chosen,));
        // What is shown is the true state, also when the owner has not (or not yet) taken the choice over.
        if let Some(element) = element.get_untracked() {
            element.set_value(&value.read_untracked());
        }
    };
    let control = view! {
        <span class="input input-select">
            <select
                node_ref=element
                id=id.clone()
                name=name
                disabled=disabled
                aria-invalid=flag(move || error.read().is_some())
                aria-describedby=describe
                on:change=choose
            >
                {options}
            </select>
            <Icon name=IconName::ChevronDown />
        </span>
    }
    .into_any();
    view! { <FieldFrame id=id label=label hint=hint error=error hide_label=hide_label>{control}</FieldFrame> }
        .into_any()
}
