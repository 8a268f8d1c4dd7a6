//! Parts that change, boxed: compiled once for all of them instead of once for each closure, which is what weighs.

use std::cell::Cell;

use leptos::prelude::*;

use crate::platform::signal::ErasedMemo;

/// A part of a view that is made anew whenever what it reads changes.
pub(crate) type DynamicView = Box<dyn FnMut() -> AnyView + Send>;
pub(crate) type DynamicText = Box<dyn FnMut() -> String + Send>;
/// An attribute that is there, as `"true"`, or not.
pub(crate) type Flag = Signal<Option<&'static str>>;

/// A part that changes: `{part(move || …)}` in a view.
pub(crate) fn view<V: IntoView + 'static>(make: impl Fn() -> V + Send + 'static) -> DynamicView {
    Box::new(move || make().into_any())
}

/// Words that change: `{words(move || …)}` in a view.
pub(crate) fn text<T: Into<String>>(make: impl Fn() -> T + Send + 'static) -> DynamicText {
    Box::new(move || make().into())
}

/// An attribute that says `"true"` or is not there: `aria-busy=flag(move || …)`.
pub(crate) fn flag(is: impl Fn() -> bool + Send + Sync + 'static) -> Flag {
    Signal::derive(move || is().then_some("true"))
}

/// An attribute that always says which: `aria-checked=yes_no(move || …)`.
pub(crate) fn yes_no(is: impl Fn() -> bool + Send + Sync + 'static) -> Flag {
    Signal::derive(move || Some(if is() { "true" } else { "false" }))
}

/// Runs now and whenever what it reads has changed.
pub(crate) fn effect<T>(run: impl Fn() -> T + 'static) {
    boxed_effect(Box::new(move || drop(run())));
}

/// Runs now and whenever what it reads has changed, with what it answered before.
pub(crate) fn effect_after<T: 'static>(run: impl Fn(Option<T>) -> T + 'static) {
    let before = Cell::new(None);
    boxed_effect(Box::new(move || before.set(Some(run(before.take())))));
}

fn boxed_effect(run: Box<dyn Fn()>) {
    Effect::new(move |_| run());
}

/// A value worked out of others, which notifies its readers only when it is another one.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(
    work_out: impl Fn() -> T + Send + Sync + 'static,
) -> ErasedMemo<T> {
    ErasedMemo::new(work_out)
}
