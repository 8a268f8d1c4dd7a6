//! A QR code: always dark on white with its quiet zone, in dark mode too, since that is what cameras read.

use leptos::prelude::*;

/// The code. `path` draws its dark modules, one unit each, from the upper left.
#[component]
pub(crate) fn Qr(
    /// Modules on a side.
    size: u16,
    /// SVG path data, one unit a module.
    path: String,
    /// What it leads to.
    label: &'static str,
) -> AnyView {
    // Four modules of quiet zone on every side (ISO/IEC 18004).
    let view_box = format!("-4 -4 {0} {0}", size + 8);
    view! {
        <svg class="qr" viewBox=view_box role="img" aria-label=label shape-rendering="crispEdges">
            <path class="qr-dark" d=path></path>
        </svg>
    }
    .into_any()
}
