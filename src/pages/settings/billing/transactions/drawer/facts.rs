//! What is known of a line, each fact under its name.

use billing_contract::transaction::Transaction;
use billing_domain::kind::Unit;
use leptos::prelude::*;

use super::super::super::words::{count_text, figure_text, kind_word};
use super::super::rows::{has_minutes, line_source, measured_text, plural_count, receipt_address};
use crate::platform::signal::ErasedSignal;
use crate::platform::{share, task};
use crate::shared::words::card_text;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::button::{Button, ButtonStyle, IconButton};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, money_text, price_text, signed_text};
use crate::ui::time::{DateStyle, Instant};

/// Names of details that have a line of their own.
const SHOWN_ELSEWHERE: [&str; 4] = ["card_brand", "card_last4", "expires_at", "hold_id"];

/// All of them. `corrected_by` is `None` until it is known.
pub(super) fn render_facts(
    line: &Transaction,
    corrected_by: ErasedSignal<Option<Vec<i64>>>,
    on_line: Callback<(i64,)>,
) -> AnyView {
    let incoming = line.amount.is_positive();
    let detail = |name: &str| line.details.get(name);
    let card = detail("card_last4").map(|last4| {
        let brand = detail("card_brand").unwrap_or_default();
        card_text(brand, last4)
    });
    let ends = detail("expires_at").and_then(|at| at.parse().ok());
    let other: Vec<AnyView> = line
        .details
        .iter()
        .filter(|(name, _)| !SHOWN_ELSEWHERE.contains(name))
        .map(|(name, value)| code_fact(detail_word(name), value))
        .collect();
    let fixed = move || match corrected_by.get() {
        Some(seqs) if seqs.is_empty() => ().into_any(),
        Some(seqs) => links_fact(texts::drawer::corrected_by(), seqs, on_line),
        None => ().into_any(),
    };
    let receipt = receipt_address(line).map(|address| {
        view! {
            <p>
                <a class="button" href=address download="">
                    <Icon name=IconName::Download />
                    {texts::transactions::receipt()}
                </a>
            </p>
        }
        .into_any()
    });
    view! {
        <p class="line-amount"><bdi class="money" class:money-in=incoming>{signed_text(line.amount, line.currency)}</bdi></p>
        {receipt}
        <dl class="line-facts">
            {text_fact(texts::drawer::kind(), kind_word(line.kind))}
            {optional_fact(texts::drawer::source(), line_source(line))}
            {render_sum(line)}
            {text_fact(texts::drawer::balance_after(), money_text(line.balance_after, line.currency, MoneyStyle::Line))}
            {render_fact(texts::drawer::occurred(), view! { <Instant at=line.occurred_at style=DateStyle::Full /> }.into_any())}
            {render_fact(texts::drawer::posted(), view! { <Instant at=line.posted_at style=DateStyle::Full /> }.into_any())}
            {ends.map(|at| render_fact(texts::drawer::expires(), view! { <Instant at=at style=DateStyle::Full /> }.into_any()))}
            {card.map(|card| text_fact(texts::drawer::card(), card))}
            {line.corrects.map(|seq| links_fact(texts::drawer::corrects(), vec![seq], on_line))}
            {dynamic::view(fixed)}
            {copyable_fact(texts::drawer::reference(), &line.reference)}
            {detail("hold_id").map(|hold| code_fact(texts::drawer::hold(), hold))}
            {other}
            {text_fact(texts::drawer::account(), line.contra.clone())}
            {text_fact(texts::drawer::line(), line_number(line.seq))}
            {code_fact(texts::drawer::hash(), &line.hash.to_string())}
        </dl>
    }
    .into_any()
}

/// Written as `no. 12,345`.
pub(super) fn line_number(seq: i64) -> String {
    texts::drawer::number(&count_text(seq))
}

/// `1 min 35 s × $0.0012 = $0.114`. The unit price is that of one unit of the quantity, so seconds are written as such.
fn render_sum(line: &Transaction) -> Option<AnyView> {
    let words = product_text(line)?;
    let length = measured_text(line).filter(|_| has_minutes(line)).map(|length| {
        view! { <span class="cell-sub">{length}</span> }
    });
    Some(render_fact(texts::drawer::amount(), view! { <bdi class="money">{words}</bdi>{length} }.into_any()))
}

/// The same as one text.
pub(super) fn product_text(line: &Transaction) -> Option<String> {
    let (quantity, unit, price) = (line.quantity.as_deref()?, line.unit?, line.unit_price.as_deref()?);
    let amount = money_text(line.amount.magnitude(), line.currency, MoneyStyle::Line);
    let say = match unit {
        Unit::Second => texts::drawer::seconds_worth,
        Unit::Minute => texts::drawer::minutes_worth,
        Unit::Token => texts::drawer::tokens_worth,
        Unit::Task => texts::drawer::tasks_worth,
    };
    Some(say(plural_count(quantity), &figure_text(quantity), &price_text(price, line.currency), &amount))
}

fn detail_word(name: &str) -> &str {
    match name {
        "charge" => texts::drawer::charge(),
        "top_up" => texts::drawer::top_up(),
        "dispute" => texts::drawer::dispute(),
        "reason" => texts::drawer::reason(),
        "refund" => texts::drawer::refund(),
        other => other,
    }
}

fn render_fact(name: &str, value: AnyView) -> AnyView {
    view! { <div><dt>{name.to_owned()}</dt><dd>{value}</dd></div> }.into_any()
}

fn text_fact(name: &str, value: impl Into<String>) -> AnyView {
    render_fact(name, value.into().into_any())
}

fn optional_fact(name: &str, value: String) -> Option<AnyView> {
    (!value.is_empty()).then(|| text_fact(name, value))
}

fn code_fact(name: &str, value: &str) -> AnyView {
    render_fact(name, view! { <code>{value.to_owned()}</code> }.into_any())
}

fn links_fact(name: &str, seqs: Vec<i64>, on_line: Callback<(i64,)>) -> AnyView {
    let each = |seq: i64| {
        view! { <Button style=ButtonStyle::Quiet on_press=move || on_line.run((seq,))>{line_number(seq)}</Button> }
    };
    render_fact(name, seqs.into_iter().map(each).collect_view().into_any())
}

/// With a button that copies it.
fn copyable_fact(name: &str, value: &str) -> AnyView {
    let announcer = use_announcer();
    let work = StoredValue::new_local(None);
    let copied = value.to_owned();
    let copy = move || {
        let copied = copied.clone();
        work.set_value(Some(task::spawn_task(async move {
            let done = share::copy_text(&copied).await;
            announcer.say(if done { texts::drawer::said_copied() } else { texts::drawer::not_copied() });
        })));
    };
    let value = view! {
        <span class="fact-copy">
            <code>{value.to_owned()}</code>
            <IconButton icon=IconName::Copy label=texts::drawer::copy_reference() on_press=copy />
        </span>
    };
    render_fact(name, value.into_any())
}
