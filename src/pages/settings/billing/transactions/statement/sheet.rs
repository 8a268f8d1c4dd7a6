//! The statement as it is printed.

use billing_contract::statement::{Statement, StatementDay, StatementEntry};
use billing_domain::{Currency, Money, TransactionKind};
use leptos::prelude::*;

use super::super::super::words::kind_word;
use super::super::rows::title;
use crate::parts::brand::brand;
use crate::parts::words::card_text;
use crate::texts;
use crate::ui::money::{MoneyStyle, digits_short, money_text};
use crate::ui::table::{Column, Table};
use crate::ui::time::{DateStyle, date_text, instant_text, month_text};

/// Sums of a day's usage may have every digit that money has.
const MOST_DIGITS: u32 = 6;

/// All of it.
pub(super) fn sheet(statement: &Statement) -> AnyView {
    let currency = statement.currency;
    let organization = &statement.organization;
    let zone = &organization.time_zone;
    let (first, last) = (statement.month.first_day(), statement.month.last_day());
    let period = if statement.is_final {
        texts::statement::period(&date_text(first, DateStyle::Date), &date_text(last, DateStyle::Date), zone)
    } else {
        let until = instant_text(statement.until, DateStyle::DateTime);
        texts::statement::period_so_far(&date_text(first, DateStyle::Date), &until, zone)
    };
    let address = organization.address.lines().map(|line| view! { {line.to_owned()}<br /> }).collect_view();
    let tax = (!organization.tax_id.is_empty()).then(|| texts::statement::tax_number(&organization.tax_id));
    let figures = [
        (texts::statement::opening(), statement.opening_balance),
        (texts::statement::money_in(), statement.money_in),
        (texts::statement::money_out(), statement.money_out),
        (texts::statement::closing(), statement.closing_balance),
    ];
    let [opening, money_in, money_out, closing] = figures.map(|(_, amount)| figure(amount, currency));
    let figures = figures.map(|(name, amount)| {
        let amount = money_text(amount, currency, MoneyStyle::Line);
        view! { <div><dt>{name}</dt><dd><bdi class="money">{amount}</bdi></dd></div> }
    });
    let columns = vec![
        Column::text(texts::transactions::date()).wide_only(),
        Column::text(texts::statement::movement()),
        Column::figures(texts::statement::column_in()),
        Column::figures(texts::statement::column_out()),
        Column::figures(texts::transactions::balance()).wide_only(),
    ];
    let rows = statement.days.iter().map(|day| rows(day, currency)).collect_view();
    view! {
        <article class="statement">
            <header class="statement-head">
                <div>
                    <p class="statement-name">{organization.name.clone()}</p>
                    <p class="small">{address}{tax}</p>
                </div>
                <div class="statement-title">
                    <h3>{texts::statement::heading()}</h3>
                    <p>{texts::statement::wallet_of(&brand().name)}" · "{month_text(statement.month)}</p>
                </div>
            </header>
            <p class="small muted">{period}</p>
            <dl class="statement-sums">{figures}</dl>
            <div class="statement-table">
                <Table caption=texts::statement::caption(&month_text(statement.month)) columns=columns>
                    <tbody>
                        <tr class="statement-edge wide-only">
                            <td class="wide-only"></td><td>{texts::statement::opening()}</td><td></td><td></td>
                            <td class="numeric wide-only">{opening}</td>
                        </tr>
                    </tbody>
                    {rows}
                    <tbody>
                        <tr class="statement-edge">
                            <td class="wide-only"></td><td>{texts::statement::closing()}</td>
                            <td class="numeric">{money_in}</td>
                            <td class="numeric">{money_out}</td>
                            <td class="numeric wide-only">{closing}</td>
                        </tr>
                    </tbody>
                </Table>
            </div>
            <p class="small muted">{note(statement)}</p>
        </article>
    }
    .into_any()
}

/// An amount of a column.
fn figure(amount: Money, currency: Currency) -> AnyView {
    let short = digits_short(amount, currency, MOST_DIGITS);
    view! { <bdi class=format!("money short-{short}")>{money_text(amount, currency, MoneyStyle::Line)}</bdi> }
        .into_any()
}

fn note(statement: &Statement) -> String {
    let lines = u64::try_from(statement.lines).unwrap_or_default();
    if statement.all_summed { texts::statement::note_all_summed(lines) } else { texts::statement::note_listed(lines) }
}

fn rows(day: &StatementDay, currency: Currency) -> AnyView {
    let last = day.entries.len().saturating_sub(1);
    let each = |(index, entry): (usize, &StatementEntry)| {
        let amount = figure(entry.amount.magnitude(), currency);
        let (money_in, money_out) =
            if entry.amount.is_positive() { (Some(amount), None) } else { (None, Some(amount)) };
        let date = (index == 0).then(|| date_text(day.date, DateStyle::Date));
        // Where there is no room for their columns, a day's date and balance stand around its lines.
        let narrow_date = date.clone().map(|date| view! { <span class="cell-sub narrow-only">{date}</span> });
        let narrow_balance = (index == last).then(|| {
            let balance = money_text(day.closing_balance, currency, MoneyStyle::Line);
            view! { <span class="cell-sub narrow-only">{texts::transactions::balance()}" "<bdi class="money">{balance}</bdi></span> }
        });
        let balance = (index == last).then(|| figure(day.closing_balance, currency));
        view! {
            <tr class:statement-day=index == last>
                <td class="wide-only">{date}</td>
                <td>{narrow_date}{words(entry)}{narrow_balance}</td>
                <td class="numeric">{money_in}</td>
                <td class="numeric">{money_out}</td>
                <td class="numeric wide-only">{balance}</td>
            </tr>
        }
    };
    // One day stays on one sheet of paper.
    view! { <tbody>{day.entries.iter().enumerate().map(each).collect_view()}</tbody> }.into_any()
}

fn words(entry: &StatementEntry) -> AnyView {
    let Some(line) = &entry.transaction else {
        let count = texts::transactions::count(u64::try_from(entry.lines).unwrap_or_default());
        return view! { {kind_word(entry.kind)}<span class="cell-sub">{count}</span> }.into_any();
    };
    let card = line
        .details
        .get("card_last4")
        .map(|last4| card_text(line.details.get("card_brand").map(String::as_str).unwrap_or_default(), last4));
    let paid = matches!(line.kind, TransactionKind::TopUp | TransactionKind::AutoTopUp);
    let fact = card.filter(|_| paid).unwrap_or_else(|| line.reference.clone());
    view! { {title(line)}<span class="cell-sub">{format!("{} · {fact}", kind_word(line.kind))}</span> }.into_any()
}
