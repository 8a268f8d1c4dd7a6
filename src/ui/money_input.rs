//! A box for an exact amount. It takes whatever is typed; what it means is for the domain's rules to say.

use billing_domain::Currency;
use leptos::prelude::*;

use super::field::TextField;
use super::money::{currency_sign, is_sign_last};
use crate::texts;

/// A box for an amount, with the currency's sign where the reader writes it and its code in the label.
#[component]
pub(crate) fn MoneyInput(
    /// The label, without the currency.
    #[prop(into)]
    label: Signal<String>,
    /// What stands in it, as typed.
    value: RwSignal<String>,
    currency: Currency,
    /// `name` and part of the id.
    #[prop(into)]
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
    /// Called after each change with what stands in it now.
    #[prop(optional, into)]
    on_input: Option<Callback<(String,)>>,
) -> AnyView {
    let id = id.unwrap_or_else(|| super::field::unique_id(&name));
    let label = Signal::derive(move || texts::ui::with_currency(&label.get(), currency.code()));
    let on_input = on_input.unwrap_or_else(|| Callback::from(|_: String| ()));
    view! {
        <TextField
            label=label
            value=value
            name=name
            id=id
            hint=hint
            error=error
            sign=currency_sign(currency)
            sign_last=is_sign_last(currency)
            input_mode="decimal"
            autocomplete="off"
            on_input=on_input
        />
    }
    .into_any()
}
