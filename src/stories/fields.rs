//! Fields for text and for amounts: empty, filled in, explained, wrong, not to be changed.

use billing_domain::Currency;
use leptos::prelude::*;

use super::render_story;
use crate::ui::field::{TextArea, TextField};
use crate::ui::money_input::MoneyInput;

pub(super) fn render_fields(_: &'static str) -> AnyView {
    let text = |text: &str| RwSignal::new(text.to_owned());
    let wrong = |words: &'static str| Signal::derive(move || Some(words.to_owned()));
    let always = Signal::derive(|| true);
    let plain = view! {
        <TextField label="Empty" value=text("") />
        <TextField label="Filled in" value=text("Northwind Dental") />
        <TextField label="With a hint" hint="As it stands on the card." value=text("") />
    };
    let wrongs = view! {
        <TextField label="Wrong" value=text("12/19") error=wrong("This card has expired. Use another one.") />
        <TextField label="Wrong, with a hint" value=text("x") hint="Month and year." error=wrong("Write it as 12/30.") />
        <TextField label="Not to be changed" value=text("https://billing.example.com/pay") read_only=always />
    };
    let amounts = view! {
        <MoneyInput label="Amount" value=text("") currency=Currency::Usd name="kit-empty" />
        <MoneyInput label="Amount" value=text("1,250.00") currency=Currency::Usd name="kit-amount" hint="From $10 to $5,000." />
        <MoneyInput label="Amount" value=text("1") currency=Currency::Eur name="kit-wrong" error=wrong("The smallest top-up is €10.00.") />
    };
    let areas = view! {
        <TextArea label="Reason" value=text("The recall campaign starts on Monday.") name="kit-reason" />
        <TextArea label="Wrong" value=text("") name="kit-area-wrong" error=wrong("Say what it is for.") />
    };
    view! {
        {render_story("Text", plain)}
        {render_story("Wrong, and not to be changed", wrongs)}
        {render_story("Amounts", amounts)}
        {render_story("Several lines", areas)}
    }
    .into_any()
}
