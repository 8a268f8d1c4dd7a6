//! What is known of a line, each fact under its name.

use billing_contract::transaction::Transaction;
use leptos::prelude::*;

use super::super::super::words::kind_word;
use super::super::rows::{measured, receipt_address};
use crate::parts::words::card_text;
use crate::platform::signal::Slot;
use crate::platform::{language, share, task};
use crate::ui::announcer::announcer;
use crate::ui::button::{Button, ButtonStyle, IconButton};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, money_text, price_text, signed_text};
use crate::ui::time::{DateStyle, Instant};

/// Names of details that have a line of their own.
const TOLD: [&str; 3] = ["card_brand", "card_last4", "hold_id"];

/// All of them. `corrected_by` is `None` until it is known.
pub(super) fn facts(line: &Transaction, corrected_by: Slot<Option<Vec<i64>>>, on_line: Callback<(i64,)>) -> AnyView {
    let incoming = line.amount.is_positive();
    let detail = |name: &str| line.details.get(name).cloned();
    let card = detail("card_last4").map(|last4| {
        let brand = detail("card_brand").unwrap_or_default();
        card_text(&brand, &last4)
    });
    let other: Vec<AnyView> = line
        .details
        .iter()
        .filter(|(name, _)| !TOLD.contains(&name.as_str()))
        .map(|(name, value)| code(detail_word(name), value))
        .collect();
    let fixed = move || match corrected_by.get() {
        Some(seqs) if seqs.is_empty() => ().into_any(),
        Some(seqs) => links("Corrected by", seqs, on_line),
        None => ().into_any(),
    };
    let receipt = receipt_address(line).map(|address| {
        view! {
            <p><a class="button" href=address download=""><Icon name=IconName::Download />"Receipt"</a></p>
        }
        .into_any()
    });
    view! {
        <p class="line-amount"><bdi class="money" class:money-in=incoming>{signed_text(line.amount, line.currency)}</bdi></p>
        {receipt}
        <dl class="facts">
            {text("Kind", kind_word(line.kind))}
            {some("Source", line.source.clone())}
            {sum(line)}
            {text("Balance after", money_text(line.balance_after, line.currency, MoneyStyle::Line))}
            {fact("Occurred", view! { <Instant at=line.occurred_at style=DateStyle::Full /> }.into_any())}
            {fact("Posted", view! { <Instant at=line.posted_at style=DateStyle::Full /> }.into_any())}
            {card.map(|card| text("Card", card))}
            {line.corrects.map(|seq| links("Corrects", vec![seq], on_line))}
            {dynamic::part(fixed)}
            {copied("Reference", &line.reference)}
            {detail("hold_id").map(|hold| code("Hold", &hold))}
            {other}
            {text("Account", line.contra.clone())}
            {text("Line", number(line.seq))}
            {code("Hash", &line.hash.to_string())}
        </dl>
    }
    .into_any()
}

/// `no. 12,345`.
pub(super) fn number(seq: i64) -> String {
    format!("no. {}", language::whole(u64::try_from(seq).unwrap_or_default()))
}

/// `1 min 35 s × $0.0012 = $0.114`. The unit price is that of one unit of the quantity, so seconds are told as such.
fn sum(line: &Transaction) -> Option<AnyView> {
    let words = product(line)?;
    let length = measured(line).filter(|length| length.contains("min")).map(|length| {
        view! { <span class="cell-sub">{length}</span> }
    });
    Some(fact("Amount", view! { <bdi class="money">{words}</bdi>{length} }.into_any()))
}

/// The same as one text.
pub(super) fn product(line: &Transaction) -> Option<String> {
    let (quantity, unit, price) = (line.quantity.as_deref()?, line.unit?, line.unit_price.as_deref()?);
    let plural = if quantity == "1" { "" } else { "s" };
    let amount = money_text(line.amount.magnitude(), line.currency, MoneyStyle::Line);
    Some(format!("{quantity} {unit}{plural} × {} = {amount}", price_text(price, line.currency)))
}

fn detail_word(name: &str) -> &str {
    match name {
        "charge" => "Charge",
        "top_up" => "Top-up",
        "dispute" => "Dispute",
        "reason" => "Reason",
        "refund" => "Refund",
        other => other,
    }
}

fn fact(name: &str, value: AnyView) -> AnyView {
    view! { <div><dt>{name.to_owned()}</dt><dd>{value}</dd></div> }.into_any()
}

fn text(name: &str, value: impl Into<String>) -> AnyView {
    fact(name, value.into().into_any())
}

fn some(name: &str, value: String) -> Option<AnyView> {
    (!value.is_empty()).then(|| text(name, value))
}

fn code(name: &str, value: &str) -> AnyView {
    fact(name, view! { <code>{value.to_owned()}</code> }.into_any())
}

fn links(name: &str, seqs: Vec<i64>, on_line: Callback<(i64,)>) -> AnyView {
    let each = |seq: i64| {
        view! { <Button style=ButtonStyle::Quiet on_press=move || on_line.run((seq,))>{number(seq)}</Button> }
    };
    fact(name, seqs.into_iter().map(each).collect_view().into_any())
}

/// With a button that copies it.
fn copied(name: &str, value: &str) -> AnyView {
    let announcer = announcer();
    let work = StoredValue::new_local(None);
    let copied = value.to_owned();
    let copy = move || {
        let copied = copied.clone();
        work.set_value(Some(task::start(async move {
            let done = share::copy(&copied).await;
            announcer.say(if done {
                "The reference is copied."
            } else {
                "The browser did not allow to copy. Select it instead."
            });
        })));
    };
    let value = view! {
        <span class="fact-copy">
            <code>{value.to_owned()}</code>
            <IconButton icon=IconName::Copy label="Copy reference" on_press=copy />
        </span>
    };
    fact(name, value.into_any())
}
