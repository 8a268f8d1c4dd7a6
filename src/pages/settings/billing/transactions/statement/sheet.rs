//! The statement as it is printed.

use billing_contract::statement::{Statement, StatementDay, StatementEntry};
use billing_domain::{Currency, Money, TransactionKind};
use leptos::prelude::*;

use super::super::super::words::kind_word;
use super::super::rows::title;
use crate::parts::brand::brand;
use crate::parts::words::card_text;
use crate::texts;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::table::{Column, Table};
use crate::ui::time::{DateStyle, date_text, instant_text, month_text};

/// All of it.
pub(super) fn sheet(statement: &Statement) -> AnyView {
    let currency = statement.currency;
    let amount = move |amount: Money| money_text(amount, currency, MoneyStyle::Line);
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
    let [opening, money_in, money_out, closing] =
        [statement.opening_balance, statement.money_in, statement.money_out, statement.closing_balance].map(amount);
    let figures = [
        (texts::statement::opening(), opening.clone()),
        (texts::statement::money_in(), money_in.clone()),
        (texts::statement::money_out(), money_out.clone()),
        (texts::statement::closing(), closing.clone()),
    ];
    let figures = figures.map(|(name, amount)| {
        view! { <div><dt>{name}</dt><dd><bdi class="money">{amount}</bdi></dd></div> }
    });
    let columns = vec![
        Column::text(texts::transactions::date()),
        Column::text(texts::statement::movement()),
        Column::figures(texts::statement::column_in()),
        Column::figures(texts::statement::column_out()),
        Column::figures(texts::transactions::balance()),
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
                        <tr class="statement-edge">
                            <td></td><td>{texts::statement::opening()}</td><td></td><td></td>
                            <td class="numeric"><bdi class="money">{opening}</bdi></td>
                        </tr>
                    </tbody>
                    {rows}
                    <tbody>
                        <tr class="statement-edge">
                            <td></td><td>{texts::statement::closing()}</td>
                            <td class="numeric"><bdi class="money">{money_in}</bdi></td>
                            <td class="numeric"><bdi class="money">{money_out}</bdi></td>
                            <td class="numeric"><bdi class="money">{closing}</bdi></td>
                        </tr>
                    </tbody>
                </Table>
            </div>
            <p class="small muted">{note(statement)}</p>
        </article>
    }
    .into_any()
}

fn note(statement: &Statement) -> String {
    let lines = u64::try_from(statement.lines).unwrap_or_default();
    if statement.all_summed { texts::statement::note_all_summed(lines) } else { texts::statement::note_listed(lines) }
}

fn rows(day: &StatementDay, currency: Currency) -> AnyView {
    let last = day.entries.len().saturating_sub(1);
    let each = |(index, entry): (usize, &StatementEntry)| {
        let amount = money_text(entry.amount.magnitude(), currency, MoneyStyle::Line);
        let amount = view! { <bdi class="money">{amount}</bdi> };
        let (money_in, money_out) =
            if entry.amount.is_positive() { (Some(amount), None) } else { (None, Some(amount)) };
        let date = (index == 0).then(|| date_text(day.date, DateStyle::Date));
        let balance = (index == last).then(|| {
            view! { <bdi class="money">{money_text(day.closing_balance, currency, MoneyStyle::Line)}</bdi> }
        });
        view! {
            <tr class:statement-day=index == last>
                <td>{date}</td>
                <td>{words(entry)}</td>
                <td class="numeric">{money_in}</td>
                <td class="numeric">{money_out}</td>
                <td class="numeric">{balance}</td>
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
