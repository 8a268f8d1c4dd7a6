//! Slider, chips, lists and tabs.

use billing_domain::{Currency, Money};
use leptos::prelude::*;

use super::render_story;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::ui::chips::Chips;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::select::{Choice, Select};
use crate::ui::slider::Slider;
use crate::ui::tabs::{Tab, Tabs};

const STOPS: [i32; 7] = [10, 20, 50, 100, 200, 500, 1000];

pub(super) fn render_choices(sheet: &'static str) -> AnyView {
    let chips = view! {
        {quick_picks("Quick picks", false)}
        {quick_picks("Without a label to see", true)}
    };
    view! {
        {render_story("Slider", view! { {render_slider(0)} {render_slider(3)} {render_slider(STOPS.len() - 1)} })}
        {render_story("Chips", chips)}
        {render_story("List", render_lists())}
        {render_story("Tabs", render_tabs(sheet))}
    }
    .into_any()
}

fn dollars_text(stop: usize) -> String {
    let whole = STOPS.get(stop).copied().unwrap_or_default();
    money_text(Money::from_major(whole), Currency::Usd, MoneyStyle::Total)
}

fn render_slider(at: usize) -> AnyView {
    let at = ErasedSignal::new(at);
    view! {
        <Slider
            label=Signal::derive(move || format!("Amount: {}", dollars_text(at.get())))
            position=at
            count=STOPS.len()
            text=Signal::derive(move || dollars_text(at.get()))
            ends=(dollars_text(0), dollars_text(STOPS.len() - 1))
            on_slide=move |stop| at.set(stop)
            on_less=move || at.update(|stop| *stop = stop.saturating_sub(1))
            on_more=move || at.update(|stop| *stop = (*stop + 1).min(STOPS.len() - 1))
        />
    }
    .into_any()
}

fn quick_picks(label: &'static str, hide_label: bool) -> AnyView {
    let pressed = ErasedSignal::new(vec![1_usize]);
    let choices: Vec<String> = (1..6).map(dollars_text).collect();
    view! {
        <Chips label=label hide_label=hide_label choices=choices pressed=pressed on_press=move |index| pressed.set(vec![index]) />
    }
    .into_any()
}

fn render_lists() -> AnyView {
    let chosen = RwSignal::new("11".to_owned());
    let months = ErasedProp::derive(|| {
        vec![Choice::new("11", "November 2026"), Choice::new("10", "October 2026"), Choice::new("9", "September 2026")]
    });
    let choose = move |value: String| chosen.set(value);
    let wrong = Signal::derive(|| Some("Choose a month with usage.".to_owned()));
    view! {
        <Select label="Month" value=chosen choices=months on_choose=choose />
        <Select label="With a hint" hint="The organization's own months." value=chosen choices=months on_choose=choose />
        <Select label="Wrong" error=wrong value=chosen choices=months on_choose=choose />
        <Select label="Cannot be used now" disabled=Signal::derive(|| true) value=chosen choices=months on_choose=choose />
    }
    .into_any()
}

fn render_tabs(sheet: &'static str) -> AnyView {
    let all = vec![
        Tab { address: "#organization", text: "Organization" },
        Tab { address: "#members", text: "Members" },
        Tab { address: "#billing", text: "Billing" },
    ];
    let label = if sheet == "Light" { "Tabs, light" } else { "Tabs, dark" };
    view! { <Tabs label=label tabs=all current=Signal::derive(|| "#billing".to_owned()) /> }.into_any()
}
