//! A slider over named stops, with − and + beside it: dragging is never the only way.

use leptos::prelude::*;

use crate::platform::signal::ErasedProp;
use crate::texts;

use super::button::IconButton;
use super::dynamic;
use super::field::unique_id;
use super::icon::IconName;

/// A native range over the stops `0..count`, read out as `text`.
#[component]
pub(crate) fn Slider(
    /// The label, read out and shown.
    #[prop(into)]
    label: Signal<String>,
    /// Which stop the thumb stands at.
    #[prop(into)]
    position: ErasedProp<usize>,
    /// How many stops there are.
    #[prop(into)]
    count: ErasedProp<usize>,
    /// The present value in words, `$150.00`.
    #[prop(into)]
    text: Signal<String>,
    /// What stands under the two ends.
    #[prop(into)]
    ends: ErasedProp<(String, String)>,
    /// The thumb was moved to this stop.
    #[prop(into)]
    on_slide: Callback<(usize,)>,
    #[prop(into)] on_less: Callback<()>,
    #[prop(into)] on_more: Callback<()>,
) -> AnyView {
    let id = unique_id("slider");
    let last = Signal::derive(move || count.get().saturating_sub(1));
    // The filled part of the track, in whole percent.
    let filled = Signal::derive(move || format!("{}%", (position.get().min(last.get()) * 100) / last.get().max(1)));
    view! {
        <div class="slider">
            <label for=id.clone()>{label}</label>
            <div class="slider-row">
                <IconButton icon=IconName::Minus label=Signal::derive(move || texts::ui::less(&label.get())) on_press=on_less />
                <input
                    type="range"
                    id=id
                    min="0"
                    step="1"
                    max=Signal::derive(move || last.get().to_string())
                    prop:value=Signal::derive(move || position.get().to_string())
                    aria-valuetext=text
                    style:--filled=filled
                    on:input=move |event| {
                        if let Ok(stop) = event_target_value(&event).parse() {
                            on_slide.run((stop,));
                        }
                    }
                />
                <IconButton icon=IconName::Plus label=Signal::derive(move || texts::ui::more(&label.get())) on_press=on_more />
            </div>
            <div class="slider-ends" aria-hidden="true">
                <span>{dynamic::text(move || ends.get().0.clone())}</span>
                <span>{dynamic::text(move || ends.get().1.clone())}</span>
            </div>
        </div>
    }
    .into_any()
}
