//! One chunk of lines as rows; out of view it is an empty space of the same height.

use billing_contract::paths;
use billing_contract::transaction::Transaction;
use billing_domain::kind::{TransactionKind, Unit};
use leptos::html;
use leptos::prelude::*;

use super::super::words::kind_word;
use super::list::Chunk;
use crate::platform::scroll;
use crate::platform::signal::Derived;
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, money_text, signed_text};
use crate::ui::time::{DateStyle, Instant};

/// A chunk as a `<tbody>`.
#[component]
pub(super) fn ChunkRows(
    /// The lines.
    chunk: Chunk,
    /// The list is short: its rows stay, whether in view or not, for readers, search in the page and print.
    short: Derived<bool>,
) -> AnyView {
    let body = NodeRef::<html::Tbody>::new();
    let near = RwSignal::new(true);
    let height = StoredValue::new(0);
    let watch = StoredValue::new_local(None);
    dynamic::effect(move || {
        let Some(element) = body.get() else { return };
        let measured = element.clone();
        watch.set_value(scroll::in_view(&element, move |inside| {
            if !inside && near.get_untracked() {
                height.set_value(scroll::height(&measured));
            }
            near.set(inside);
        }));
    });
    let lines = chunk.lines;
    let shown = dynamic::memo(move || near.get() || short.get());
    let rows = move || {
        if shown.get() {
            view! { <For each=move || lines.get() key=|line| line.seq children=|line| row(&line) /> }.into_any()
        } else {
            let space = format!("{}px", height.get_value());
            view! { <tr aria-hidden="true"><td colspan="4" class="space" style:height=space></td></tr> }.into_any()
        }
    };
    view! { <tbody node_ref=body>{dynamic::part(rows)}</tbody> }.into_any()
}

fn row(line: &Transaction) -> AnyView {
    let kind = kind_word(line.kind);
    let (amount, balance) =
        (signed_text(line.amount, line.currency), money_text(line.balance_after, line.currency, MoneyStyle::Balance));
    let incoming = line.amount.is_positive();
    let measure = measured(line);
    let title = if line.description.is_empty() { kind.to_owned() } else { line.description.clone() };
    let paid = matches!(line.kind, TransactionKind::TopUp | TransactionKind::AutoTopUp);
    let receipt = paid.then(|| paths::full(paths::TOP_UP_RECEIPT, &line.reference));
    let correction = line.corrects.map(|seq| format!(" · corrects no. {seq}"));
    view! {
        <tr>
            <td class="when wide-only"><Instant at=line.occurred_at style=DateStyle::DateTime /></td>
            <td><div class="what">
                <span class="what-icon" aria-hidden="true"><Icon name=icon(line) /></span>
                <span class="what-text">
                    <span class="what-title">{title}</span>
                    <span class="cell-sub">
                        {kind}
                        {(!line.source.is_empty()).then(|| format!(" · {}", line.source))}
                        {measure.map(|text| format!(" · {text}"))}
                        {correction}
                        {receipt.map(|address| view! { " · "<a href=address download="">"Receipt"</a> })}
                    </span>
                    <span class="cell-sub narrow-only"><Instant at=line.occurred_at style=DateStyle::DateTime /></span>
                </span>
            </div></td>
            <td class="numeric"><bdi class="money" class:money-in=incoming>{amount}</bdi></td>
            <td class="numeric wide-only"><bdi class="money muted">{balance}</bdi></td>
        </tr>
    }
    .into_any()
}

const fn icon(line: &Transaction) -> IconName {
    use billing_domain::TransactionKind as Kind;
    match line.kind {
        Kind::OutboundCall => IconName::CallOut,
        Kind::InboundCall => IconName::CallIn,
        Kind::AiTask => IconName::Spark,
        Kind::Refund | Kind::Dispute => IconName::ArrowUp,
        Kind::TopUp | Kind::AutoTopUp | Kind::Promo | Kind::Adjustment => IconName::ArrowDown,
    }
}

/// `1 min 35 s`, `3 tasks`: what was counted, as it is written.
fn measured(line: &Transaction) -> Option<String> {
    let quantity = line.quantity.as_deref()?;
    Some(match line.unit? {
        Unit::Second => duration(quantity).unwrap_or_else(|| format!("{quantity} s")),
        Unit::Minute => format!("{quantity} min"),
        Unit::Token if quantity == "1" => "1 token".to_owned(),
        Unit::Token => format!("{quantity} tokens"),
        Unit::Task if quantity == "1" => "1 task".to_owned(),
        Unit::Task => format!("{quantity} tasks"),
    })
}

/// Whole seconds as minutes and seconds.
fn duration(seconds: &str) -> Option<String> {
    let seconds: u32 = seconds.parse().ok()?;
    Some(match (seconds / 60, seconds % 60) {
        (0, rest) => format!("{rest} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, rest) => format!("{minutes} min {rest} s"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_written_in_minutes_and_seconds_and_fractions_as_they_are() {
        assert_eq!(duration("95").as_deref(), Some("1 min 35 s"));
        assert_eq!(duration("120").as_deref(), Some("2 min"));
        assert_eq!(duration("0").as_deref(), Some("0 s"));
        assert_eq!(duration("9.5"), None);
    }
}
