//! The shape of what is still loading, in its final place, shown only when loading takes a while.

use leptos::prelude::*;

use crate::texts;

/// So many gray lines, and one sentence for those who do not see them.
#[component]
pub(crate) fn Skeleton(#[prop(default = 3)] lines: usize) -> AnyView {
    view! {
        <div class="skeleton">
            <p class="visually-hidden" role="status">{texts::ui::loading()}</p>
            {(0..lines).map(|_| view! { <span class="skeleton-line"></span> }).collect_view()}
        </div>
    }
    .into_any()
}
