//! A modal question: the browser's own dialog, named by its heading, closed by Escape, focus back to where it was.

use leptos::html;
use leptos::prelude::*;

use crate::platform::signal::ErasedMemo;
use crate::platform::{self, focus, timers};
use crate::texts;

use super::button::IconButton;
use super::dynamic::{effect, effect_after, view};
use super::field::unique_id;
use super::icon::IconName;
use super::retry::NewVersion;

/// A modal dialog. Its content exists while it is open.
#[component]
pub(crate) fn Dialog(
    /// Open or not; closing by Escape or the cross sets it to `false`.
    open: RwSignal<bool>,
    /// What it is about.
    #[prop(into)]
    heading: Signal<String>,
    /// Something is under way that must not be lost: Escape and the cross do nothing.
    #[prop(optional, into)]
    locked: Signal<bool>,
    /// Where it stands and how wide it is: `dialog-side`, `dialog-wide`.
    #[prop(optional, into)]
    class: &'static str,
    /// Called with the name of each key that is pressed in it; what answers `true` is done with.
    #[prop(optional, into)]
    on_key: Option<Callback<(String,), bool>>,
    /// Called after it was closed, in whatever way.
    #[prop(optional, into)]
    on_close: Option<Callback<()>>,
    children: ChildrenFn,
) -> AnyView {
    let id = unique_id("dialog");
    let element = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(element) = element.get() else { return };
        if open.get() {
            platform::dialog::show_modal(&element);
        } else {
            platform::dialog::close_modal(&element);
        }
    });
    let close = move || {
        if !locked.get_untracked() {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=element
            class=format!("dialog {class}")
            on:keydown=move |event: leptos::ev::KeyboardEvent| {
                let plain = !event.ctrl_key() && !event.alt_key() && !event.meta_key();
                if plain && on_key.is_some_and(|on_key| on_key.run((event.key(),))) {
                    event.prevent_default();
                }
            }
            aria-labelledby=id.clone()
            on:cancel=move |event: leptos::ev::Event| {
                event.prevent_default();
                close();
            }
            on:close=move |_| {
                // Open again already: it has only stepped aside, or come back.
                if element.get_untracked().is_some_and(|element| element.open()) {
                    return;
                }
                open.set(false);
                if let Some(on_close) = on_close {
                    on_close.run(());
                }
            }
        >
            <header class="dialog-head">
                <h2 id=id.clone()>{heading}</h2>
                <IconButton icon=IconName::Cross label=texts::ui::close() unavailable=locked on_press=close />
            </header>
            {view(move || open.get().then(|| view! { <NewVersion />{children()} }))}
        </dialog>
    }
    .into_any()
}

/// The reader's place moves to the element with this id whenever another screen is shown in it; not at first, and only
/// while `shown`.
pub(crate) fn focus_on_change<T: Copy + PartialEq + Send + Sync + 'static>(
    screen: ErasedMemo<T>,
    id: &'static str,
    shown: impl Fn() -> bool + 'static,
) {
    let later = StoredValue::new_local(None);
    effect_after(move |before: Option<T>| {
        let now = screen.get();
        if before.is_some_and(|before| before != now) && shown() {
            // The new content is in the document only after this effect.
            later.set_value(Some(timers::run_after(0, move || {
                focus::focus_id(id);
            })));
        }
        now
    });
}
