//! A sentence that has parts of a page in it, in whatever order the language puts them.

use leptos::prelude::*;

/// The template with each `{name}` replaced by the part of that name; each part is used once.
pub(crate) fn interpolate(template: &'static str, parts: impl IntoIterator<Item = (&'static str, AnyView)>) -> AnyView {
    interpolate_boxed(template, parts.into_iter().collect())
}

fn interpolate_boxed(template: &'static str, mut parts: Vec<(&'static str, AnyView)>) -> AnyView {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push(before.into_any());
        if let Some(at) = parts.iter().position(|(known, _)| *known == name) {
            out.push(parts.swap_remove(at).1);
        }
        rest = after;
    }
    out.push(rest.into_any());
    out.into_any()
}
