//! One line as the cells of a row, of a height that never changes.

use billing_contract::paths;
use billing_contract::transaction::Transaction;
use billing_domain::Capability;
use billing_domain::kind::{TransactionKind, Unit};
use leptos::prelude::*;

use super::super::words::{figure_text, kind_word};
use super::list::TransactionList;
use crate::api::client::resource_address;
use crate::texts;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, digits_short, money_text, signed_text};
use crate::ui::permission::is_permitted;
use crate::ui::time::{DateStyle, instant_text};
use crate::ui::virtual_table::Scroller;

/// Of what a use costs: a price with four digits, times a whole number.
const USUAL_DIGITS: u32 = 4;

/// The cells of the line at this index, or of a placeholder.
pub(super) fn render_cells(list: TransactionList, scroller: Scroller, index: i64) -> AnyView {
    match untrack(|| list.line(index)) {
        Some(line) => render_row(&line, scroller, index),
        None => render_placeholder(),
    }
}

/// As little as says that something comes: whoever drags the bar along makes a screen full of them in each frame.
fn render_placeholder() -> AnyView {
    view! {
        <td class="wide-only"></td>
        <td><span class="line-ghost">{texts::ui::loading()}</span></td>
        <td></td>
        <td class="wide-only"></td>
    }
    .into_any()
}

fn render_row(line: &Transaction, scroller: Scroller, index: i64) -> AnyView {
    let (amount, balance) =
        (signed_text(line.amount, line.currency), money_text(line.balance_after, line.currency, MoneyStyle::Balance));
    let short = digits_short(line.amount, line.currency, USUAL_DIGITS);
    let incoming = if line.amount.is_positive() { "money-in" } else { "" };
    let when = instant_text(line.occurred_at, DateStyle::DateTime);
    let machine = line.occurred_at.to_string();
    view! {
        <td class="when wide-only"><time datetime=machine.clone()>{when.clone()}</time></td>
        <td><div class="what">
            <span class="what-icon" aria-hidden="true"><Icon name=kind_icon(line.kind) /></span>
            <span class="what-text">
                <button
                    type="button"
                    class="what-title"
                    dir="auto"
                    aria-haspopup="dialog"
                    id=scroller.control_id(index)
                    tabindex=scroller.tab_index(index)
                >{line_title(line)}</button>
                <span class="cell-sub">{line_facts(line)}{render_receipt_link(line)}</span>
                <span class="cell-sub narrow-only"><time datetime=machine>{when}</time></span>
            </span>
        </div></td>
        <td class="numeric"><bdi class=format!("money short-{short} {incoming}")>{amount}</bdi></td>
        <td class="numeric wide-only"><bdi class="money muted">{balance}</bdi></td>
    }
    .into_any()
}

/// What the line is called.
pub(super) fn line_title(line: &Transaction) -> String {
    if line.description.is_empty() {
        return kind_word(line.kind).to_owned();
    }
    texts::translate_sentence(&line.description, line.translation.as_deref())
}

/// Where it came from; empty when nobody said.
pub(super) fn line_source(line: &Transaction) -> String {
    texts::translate_sentence(&line.source, line.source_translation.as_deref())
}

/// Kind, source, quantity, correction.
fn line_facts(line: &Transaction) -> String {
    let kind = Some(kind_word(line.kind).to_owned());
    let source = Some(line_source(line)).filter(|source| !source.is_empty());
    let correction = line.corrects.map(|seq| texts::transactions::corrects(&seq.to_string()));
    side_by_side(&[kind, source, measured_text(line), correction].into_iter().flatten().collect::<Vec<_>>())
}

/// Facts with a dot between them. Where both directions of writing may meet, each keeps its own by the marks of Unicode:
/// an element for each would be a fifth of what a row costs.
fn side_by_side(facts: &[String]) -> String {
    /// Hebrew to the extended Arabic letters, and their presentation forms.
    fn runs_leftwards(letter: char) -> bool {
        matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
    }
    if facts.iter().flat_map(|fact| fact.chars()).any(runs_leftwards) {
        let isolated: Vec<String> = facts.iter().map(|fact| format!("\u{2068}{fact}\u{2069}")).collect();
        return isolated.join(" · ");
    }
    facts.join(" · ")
}

/// Where the receipt of a top-up is.
pub(super) fn receipt_address(line: &Transaction) -> Option<String> {
    (line.kind.has_receipt() && is_permitted(Capability::Export))
        .then(|| resource_address(paths::TOP_UP_RECEIPT, &line.reference, &[]))
}

fn render_receipt_link(line: &Transaction) -> Option<AnyView> {
    let address = receipt_address(line)?;
    // The row itself opens its details.
    let stop = |event: leptos::ev::MouseEvent| event.stop_propagation();
    let shown = view! { " · "<a href=address download="" on:click=stop>{texts::transactions::receipt()}</a> };
    Some(shown.into_any())
}

const fn kind_icon(kind: TransactionKind) -> IconName {
    use TransactionKind as Kind;
    match kind {
        Kind::OutboundCall => IconName::CallOut,
        Kind::InboundCall => IconName::CallIn,
        Kind::AiTask => IconName::Spark,
        Kind::Refund | Kind::Dispute => IconName::ArrowUp,
        Kind::TopUp | Kind::AutoTopUp | Kind::Promo | Kind::Adjustment => IconName::ArrowDown,
    }
}

/// `1 min 35 s`, `3 tasks`: what was counted, as it is written.
pub(super) fn measured_text(line: &Transaction) -> Option<String> {
    let quantity = line.quantity.as_deref()?;
    Some(match line.unit? {
        Unit::Second => duration_text(quantity).unwrap_or_else(|| texts::transactions::seconds(&figure_text(quantity))),
        Unit::Minute => texts::transactions::minutes(&figure_text(quantity)),
        Unit::Token => texts::transactions::tokens(plural_count(quantity), &figure_text(quantity)),
        Unit::Task => texts::transactions::tasks(plural_count(quantity), &figure_text(quantity)),
    })
}

/// Which plural a quantity takes. Fractions take the form for any number, which is that of 100 in every language here.
pub(super) fn plural_count(quantity: &str) -> u64 {
    quantity.parse().unwrap_or(100)
}

/// What was counted is written with minutes.
pub(super) fn has_minutes(line: &Transaction) -> bool {
    match line.unit {
        Some(Unit::Minute) => true,
        Some(Unit::Second) => line
            .quantity
            .as_deref()
            .and_then(|seconds| seconds.parse::<u32>().ok())
            .is_some_and(|seconds| seconds >= 60),
        _ => false,
    }
}

/// Whole seconds as minutes and seconds.
fn duration_text(seconds: &str) -> Option<String> {
    let seconds: u32 = seconds.parse().ok()?;
    Some(match (seconds / 60, seconds % 60) {
        (0, rest) => texts::transactions::seconds(&figure_text(&rest.to_string())),
        (minutes, 0) => texts::transactions::minutes(&figure_text(&minutes.to_string())),
        (minutes, rest) => {
            texts::transactions::minutes_seconds(&figure_text(&minutes.to_string()), &figure_text(&rest.to_string()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_isolated_where_directions_may_meet() {
        let facts = |facts: [&str; 2]| side_by_side(&facts.map(str::to_owned));
        assert_eq!(facts(["AI task", "Agent Zoë"]), "AI task · Agent Zoë");
        assert_eq!(facts(["AI task", "عيادة"]), "\u{2068}AI task\u{2069} · \u{2068}عيادة\u{2069}");
    }

    #[test]
    fn calls_are_written_in_minutes_and_seconds_and_fractions_as_they_are() {
        assert_eq!(duration_text("95").as_deref(), Some("1 min 35 s"));
        assert_eq!(duration_text("120").as_deref(), Some("2 min"));
        assert_eq!(duration_text("0").as_deref(), Some("0 s"));
        assert_eq!(duration_text("9.5"), None);
    }
}
