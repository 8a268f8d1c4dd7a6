//! What is read out to people who do not see the screen change: two live regions, there from the first moment.

use leptos::prelude::*;

/// Where announcements are put. Get it with [`announcer`].
#[derive(Clone, Copy)]
pub(crate) struct Announcer {
    polite: RwSignal<String>,
    urgent: RwSignal<String>,
}

impl Announcer {
    /// Read out when the reader has finished: saved, paid, arrived.
    pub(crate) fn say(self, text: impl Into<String>) {
        Self::put(self.polite, text.into());
    }

    /// Read out at once: failed, paused.
    pub(crate) fn alert(self, text: impl Into<String>) {
        Self::put(self.urgent, text.into());
    }

    /// The same words twice are two announcements; a region speaks only when its text changes.
    fn put(region: RwSignal<String>, mut text: String) {
        if *region.read_untracked() == text {
            text.push('\u{a0}');
        }
        region.set(text);
    }
}

/// Puts an [`Announcer`] into the context. Once, at the top.
pub(crate) fn provide_announcer() -> Announcer {
    let announcer = Announcer { polite: RwSignal::default(), urgent: RwSignal::default() };
    provide_context(announcer);
    announcer
}

/// The page's announcer. Silent where none was provided.
pub(crate) fn use_announcer() -> Announcer {
    use_context().unwrap_or_else(|| Announcer { polite: RwSignal::default(), urgent: RwSignal::default() })
}

/// The two regions. Once, at the top.
#[component]
pub(crate) fn LiveRegions(
    /// Where the announcements are put.
    announcer: Announcer,
) -> AnyView {
    view! {
        <div class="visually-hidden" role="status">{announcer.polite}</div>
        <div class="visually-hidden" role="alert">{announcer.urgent}</div>
    }
    .into_any()
}
