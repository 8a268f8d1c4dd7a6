//! Text fields with label, hint and error wired together, keeping whatever was typed.

use std::cell::Cell;

use billing_domain::free_text::contains_card_number;
use leptos::prelude::*;

use crate::platform::drafts;

use super::dynamic::{flag, view};
use super::icon::{Icon, IconName};
use super::prose::prose;

/// A name for an element that no other element of the page has.
pub(crate) fn unique_id(stem: &str) -> String {
    thread_local! {
        static NEXT: Cell<u32> = const { Cell::new(0) };
    }
    let number = NEXT.replace(NEXT.get().wrapping_add(1));
    format!("{stem}-{number}")
}

/// Label above, hint and error below, whatever control between.
#[component]
pub(super) fn FieldFrame(
    id: String,
    label: Signal<String>,
    /// Help that is always there; empty for none.
    hint: Signal<String>,
    /// What is wrong and how to fix it.
    error: Signal<Option<String>>,
    /// The label is read out, not shown: the surroundings show it.
    hide_label: bool,
    children: Children,
) -> AnyView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    view! {
        <div class="field" class:field-wrong=Signal::derive(move || error.read().is_some())>
            <label for=id class:visually-hidden=hide_label>{prose(label)}</label>
            {children()}
            <p class="field-error" id=error_id role="alert">
                {view(move || error.get().map(|text| view! { <Icon name=IconName::Warning /> <span>{text}</span> }))}
            </p>
            <p class="field-hint" id=hint_id>{prose(hint)}</p>
        </div>
    }
    .into_any()
}

/// The ids that describe the control with this id.
pub(super) fn described_by(id: &str, hint: Signal<String>, error: Signal<Option<String>>) -> Signal<Option<String>> {
    let id = id.to_owned();
    Signal::derive(move || {
        let mut ids = String::new();
        if error.read().is_some() {
            ids.push_str(&id);
            ids.push_str("-error ");
        }
        if !hint.read().is_empty() {
            ids.push_str(&id);
            ids.push_str("-hint");
        }
        (!ids.is_empty()).then_some(ids)
    })
}

/// What is typed into a named field, for as long as it is there. A copy is the same.
#[derive(Clone, Copy)]
pub(super) struct KeptDraft(StoredValue<String>);

impl KeptDraft {
    /// Of the field of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        if name.is_empty() {
            return None;
        }
        let gone = name.to_owned();
        on_cleanup(move || drafts::forget_draft(&gone));
        Some(Self(StoredValue::new(name.to_owned())))
    }

    /// What stood in it before another version of the page was loaded.
    pub(super) fn kept(self) -> Option<String> {
        let text = self.0.with_value(|name| drafts::take_draft(name))?;
        self.note(&text);
        Some(text)
    }

    /// This stands in it now. A card's number is never kept, into whatever field somebody typed it.
    pub(super) fn note(self, text: &str) {
        self.0.with_value(|name| {
            if contains_card_number(text) { drafts::forget_draft(name) } else { drafts::record_draft(name, text) }
        });
    }
}

/// Passwords and a card's details are never kept.
fn is_secret(kind: Option<&str>, autocomplete: Option<&str>) -> bool {
    let of_card = |purpose: &str| purpose.starts_with("cc-") || purpose == "one-time-code";
    kind == Some("password") || autocomplete.is_some_and(of_card)
}

/// A field for text. `value` is what stands in it, always.
#[component]
pub(crate) fn TextField(
    #[prop(into)] label: Signal<String>,
    /// What stands in it.
    value: RwSignal<String>,
    /// `name` and, unless `id` is given, part of the id.
    #[prop(optional, into)]
    name: String,
    /// Fixed id, for focus from elsewhere.
    #[prop(optional, into)]
    id: Option<String>,
    /// Help that is always there.
    #[prop(optional, into)]
    hint: Signal<String>,
    /// What is wrong and how to fix it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// `type`; `text` when left out.
    #[prop(optional, into)]
    kind: Option<&'static str>,
    /// The HTML attribute `inputmode` of the control.
    #[prop(optional, into)]
    input_mode: Option<&'static str>,
    /// The HTML attribute `autocomplete` of the control.
    #[prop(optional, into)]
    autocomplete: Option<&'static str>,
    /// Shown beside the text, not read out: put it into the label too.
    #[prop(optional, into)]
    sign: String,
    /// The sign stands behind the text.
    #[prop(optional)]
    sign_last: bool,
    /// The id of a `<datalist>` with suggestions.
    #[prop(optional, into)]
    list: Option<String>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Cannot be changed now.
    #[prop(optional, into)]
    read_only: Signal<bool>,
    /// The label is read out, not shown.
    #[prop(optional)]
    hide_label: bool,
    /// Called after each change with what stands in it now.
    #[prop(optional, into)]
    on_input: Option<Callback<(String,)>>,
) -> AnyView {
    let id = id.unwrap_or_else(|| unique_id(if name.is_empty() { "field" } else { &name }));
    let describe = described_by(&id, hint, error);
    let draft = (!is_secret(kind, autocomplete)).then(|| KeptDraft::of(&name)).flatten();
    if let Some(text) = draft.and_then(KeptDraft::kept) {
        value.set(text.clone());
        if let Some(on_input) = on_input {
            on_input.run((text,));
        }
    }
    let has_sign = !sign.is_empty();
    let control = view! {
        <span class="input" class:input-signed=has_sign class:input-signed-last=sign_last>
            {has_sign.then(|| view! { <bdi class="input-sign" aria-hidden="true">{sign}</bdi> })}
            <input
                type=kind.unwrap_or("text")
                id=id.clone()
                name=name
                inputmode=input_mode
                autocomplete=autocomplete
                list=list
                required=required
                readonly=read_only
                aria-invalid=flag(move || error.read().is_some())
                aria-describedby=describe
                prop:value=value
                on:input=move |event| {
                    let text = event_target_value(&event);
                    value.set(text.clone());
                    if let Some(draft) = draft {
                        draft.note(&text);
                    }
                    if let Some(on_input) = on_input {
                        on_input.run((text,));
                    }
                }
            />
        </span>
    }
    .into_any();
    view! { <FieldFrame id=id label=label hint=hint error=error hide_label=hide_label>{control}</FieldFrame> }
        .into_any()
}

/// A field for several lines of text.
#[component]
pub(crate) fn TextArea(
    #[prop(into)] label: Signal<String>,
    /// What stands in it.
    value: RwSignal<String>,
    /// `name` and part of the id.
    #[prop(into)]
    name: String,
    #[prop(default = "3")] rows: &'static str,
    /// Help that is always there.
    #[prop(optional, into)]
    hint: Signal<String>,
    /// What is wrong and how to fix it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The HTML attribute `autocomplete` of the control.
    #[prop(optional, into)]
    autocomplete: Option<&'static str>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Cannot be changed now.
    #[prop(optional, into)]
    read_only: Signal<bool>,
) -> AnyView {
    let id = unique_id(&name);
    let describe = described_by(&id, hint, error);
    let draft = KeptDraft::of(&name);
    if let Some(text) = draft.and_then(KeptDraft::kept) {
        value.set(text);
    }
    let control = view! {
        <span class="input">
            <textarea
                id=id.clone()
                name=name
                rows=rows
                autocomplete=autocomplete
                required=required
                readonly=read_only
                aria-invalid=flag(move || error.read().is_some())
                aria-describedby=describe
                prop:value=value
                on:input=move |event| {
                    let text = event_target_value(&event);
                    if let Some(draft) = draft {
                        draft.note(&text);
                    }
                    value.set(text);
                }
            ></textarea>
        </span>
    }
    .into_any();
    view! { <FieldFrame id=id label=label hint=hint error=error hide_label=false>{control}</FieldFrame> }.into_any()
}
