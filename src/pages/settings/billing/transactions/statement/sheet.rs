//! The statement as it is printed.

use billing_contract::statement::{Statement, StatementDay, StatementEntry};
use billing_domain::{Currency, Money};
use leptos::prelude::*;

use super::super::super::words::kind_word;
use super::super::rows::line_title;
use crate::shared::brand::current_brand;
use crate::shared::words::card_text;
use crate::texts;
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::table::{Table, TableColumn};
use crate::ui::time::{DateStyle, date_text, instant_text, month_text};

pub(super) fn render_sheet(statement: &Statement) -> AnyView {
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
    let tax = |tax_id: &str| (!tax_id.is_empty()).then(|| texts::statement::tax_number(tax_id));
    let number = statement.number.as_deref().zip(statement.issued_at).map(|(number, at)| {
        view! { <p class="small">{texts::statement::number(number, &instant_text(at, DateStyle::Date))}</p> }
    });
    let seller = &statement.seller;
    let rounded = RoundedStatement::of(statement);
    let mut figures = vec![
        (texts::statement::opening(), rounded.opening),
        (texts::statement::money_in(), rounded.money_in),
        (texts::statement::money_out(), rounded.money_out),
    ];
    figures.extend((!rounded.rounding.is_zero()).then(|| (texts::statement::rounding(), rounded.rounding)));
    figures.push((texts::statement::closing(), rounded.closing));
    let figures: Vec<_> = figures
        .into_iter()
        .map(|(name, amount)| {
            let amount = money_text(amount, currency, MoneyStyle::Line);
            view! { <div><dt>{name}</dt><dd><bdi class="money">{amount}</bdi></dd></div> }
        })
        .collect();
    let columns = vec![
        TableColumn::text(texts::transactions::date()).wide_only(),
        TableColumn::text(texts::statement::movement()),
        TableColumn::figures(texts::statement::column_in()),
        TableColumn::figures(texts::statement::column_out()),
        TableColumn::figures(texts::transactions::balance()).wide_only(),
    ];
    let rows = statement.days.iter().map(|day| render_day(day, currency)).collect_view();
    let rounding = (!rounded.rounding.is_zero()).then(|| rounding_row(rounded.rounding, currency));
    view! {
        <article class="statement">
            <header class="statement-head">
                <div>
                    <p class="statement-name">{organization.name.clone()}</p>
                    <p class="small">{address_lines(&organization.address)}{tax(&organization.tax_id)}</p>
                </div>
                <div class="statement-title">
                    <h3>{texts::statement::heading()}</h3>
                    <p>{texts::statement::wallet_of(&current_brand().name)}" · "{month_text(statement.month)}</p>
                    {number}
                    <p class="small">
                        {texts::statement::issued_by()}" "{seller.name.clone()}<br />
                        {address_lines(&seller.address)}{tax(&seller.tax_id)}
                    </p>
                </div>
            </header>
            <p class="small muted">{period}</p>
            <dl class="statement-sums">{figures}</dl>
            <div class="statement-table">
                <Table caption=texts::statement::caption(&month_text(statement.month)) columns=columns>
                    <tbody>
                        <tr class="statement-edge wide-only">
                            <td class="wide-only"></td><td>{texts::statement::opening()}</td><td></td><td></td>
                            <td class="numeric wide-only">{render_figure(rounded.opening, currency)}</td>
                        </tr>
                    </tbody>
                    {rows}
                    {rounding}
                    <tbody>
                        <tr class="statement-edge">
                            <td class="wide-only"></td><td>{texts::statement::closing()}</td>
                            <td class="numeric">{render_figure(rounded.money_in, currency)}</td>
                            <td class="numeric">{render_figure(rounded.money_out, currency)}</td>
                            <td class="numeric wide-only">{render_figure(rounded.closing, currency)}</td>
                        </tr>
                    </tbody>
                </Table>
            </div>
            <p class="small muted">{sheet_note(statement)}</p>
        </article>
    }
    .into_any()
}

fn address_lines(address: &str) -> AnyView {
    address.lines().map(|line| view! { {line.to_owned()}<br /> }).collect_view().into_any()
}

/// An amount of a column, in whole minor units.
fn render_figure(amount: Money, currency: Currency) -> AnyView {
    view! { <bdi class="money">{money_text(amount, currency, MoneyStyle::Line)}</bdi> }.into_any()
}

/// The month in whole minor units. Balances are rounded down and movements half to even, so the columns may miss the closing
/// balance by some of them: the rounding makes up for that, positive where it comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RoundedStatement {
    opening: Money,
    money_in: Money,
    money_out: Money,
    rounding: Money,
    closing: Money,
}

impl RoundedStatement {
    fn of(statement: &Statement) -> Self {
        let currency = statement.currency;
        let (mut money_in, mut money_out) = (Money::ZERO, Money::ZERO);
        for entry in statement.days.iter().flat_map(|day| &day.entries) {
            let (in_entry, out_entry) = in_and_out(entry, currency);
            // What does not fit here did not fit the ledger.
            money_in = money_in.checked_add(in_entry).unwrap_or(money_in);
            money_out = money_out.checked_add(out_entry).unwrap_or(money_out);
        }
        let (opening, closing) =
            (round_balance(statement.opening_balance, currency), round_balance(statement.closing_balance, currency));
        let listed = opening.checked_add(money_in).and_then(|sum| sum.checked_sub(money_out));
        let rounding = listed.and_then(|listed| closing.checked_sub(listed)).unwrap_or_default();
        Self { opening, money_in, money_out, rounding, closing }
    }
}

/// A movement in whole minor units: what came in, what went out.
fn in_and_out(entry: &StatementEntry, currency: Currency) -> (Money, Money) {
    let amount = Money::from_minor(entry.amount.magnitude().to_minor_half_even(currency), currency);
    let amount = amount.unwrap_or_default();
    if entry.amount.is_positive() { (amount, Money::ZERO) } else { (Money::ZERO, amount) }
}

fn round_balance(amount: Money, currency: Currency) -> Money {
    Money::from_minor(amount.to_minor_down(currency), currency).unwrap_or(amount)
}

fn rounding_row(rounding: Money, currency: Currency) -> AnyView {
    let amount = render_figure(rounding.magnitude(), currency);
    let (money_in, money_out) = if rounding.is_positive() { (Some(amount), None) } else { (None, Some(amount)) };
    view! {
        <tbody>
            <tr class="statement-day">
                <td class="wide-only"></td><td>{texts::statement::rounding()}</td>
                <td class="numeric">{money_in}</td><td class="numeric">{money_out}</td><td class="wide-only"></td>
            </tr>
        </tbody>
    }
    .into_any()
}

/// A day as one row, for paper.
fn paper_row(day: &StatementDay, currency: Currency) -> AnyView {
    let sum = |pick: fn((Money, Money)) -> Money| {
        let sum = Money::checked_sum(day.entries.iter().map(|entry| pick(in_and_out(entry, currency))));
        sum.filter(|sum| !sum.is_zero()).map(|sum| render_figure(sum, currency))
    };
    let (money_in, money_out) = (sum(|(money_in, _)| money_in), sum(|(_, money_out)| money_out));
    let count: i64 = day.entries.iter().map(|entry| entry.lines).sum();
    view! {
        <tr class="statement-day statement-paper">
            <td>{date_text(day.date, DateStyle::Date)}</td>
            <td>{texts::transactions::count(u64::try_from(count).unwrap_or_default())}</td>
            <td class="numeric">{money_in}</td>
            <td class="numeric">{money_out}</td>
            <td class="numeric">{render_figure(round_balance(day.closing_balance, currency), currency)}</td>
        </tr>
    }
    .into_any()
}

fn sheet_note(statement: &Statement) -> String {
    let lines = u64::try_from(statement.lines).unwrap_or_default();
    if statement.all_summed { texts::statement::note_all_summed(lines) } else { texts::statement::note_listed(lines) }
}

fn render_day(day: &StatementDay, currency: Currency) -> AnyView {
    let last = day.entries.len().saturating_sub(1);
    let each = |(index, entry): (usize, &StatementEntry)| {
        let (money_in, money_out) = in_and_out(entry, currency);
        let (money_in, money_out) = if entry.amount.is_positive() {
            (Some(render_figure(money_in, currency)), None)
        } else {
            (None, Some(render_figure(money_out, currency)))
        };
        let date = (index == 0).then(|| date_text(day.date, DateStyle::Date));
        // Where there is no room for their columns, a day's date and balance stand around its lines.
        let narrow_date = date.clone().map(|date| view! { <span class="cell-sub narrow-only">{date}</span> });
        let narrow_balance = (index == last).then(|| {
            let balance = money_text(round_balance(day.closing_balance, currency), currency, MoneyStyle::Line);
            view! { <span class="cell-sub narrow-only">{texts::transactions::balance()}" "<bdi class="money">{balance}</bdi></span> }
        });
        let balance = (index == last).then(|| render_figure(round_balance(day.closing_balance, currency), currency));
        view! {
            <tr class="statement-listed" class:statement-day=index == last>
                <td class="wide-only">{date}</td>
                <td>{narrow_date}{render_entry(entry)}{narrow_balance}</td>
                <td class="numeric">{money_in}</td>
                <td class="numeric">{money_out}</td>
                <td class="numeric wide-only">{balance}</td>
            </tr>
        }
    };
    // On paper a day is one row; on the screen, each of its movements.
    view! { <tbody>{day.entries.iter().enumerate().map(each).collect_view()}{paper_row(day, currency)}</tbody> }
        .into_any()
}

fn render_entry(entry: &StatementEntry) -> AnyView {
    let Some(line) = &entry.transaction else {
        let count = texts::transactions::count(u64::try_from(entry.lines).unwrap_or_default());
        return view! { {kind_word(entry.kind)}<span class="cell-sub">{count}</span> }.into_any();
    };
    let card = line
        .details
        .get("card_last4")
        .map(|last4| card_text(line.details.get("card_brand").unwrap_or_default(), last4));
    let fact = card.filter(|_| line.kind.has_receipt()).unwrap_or_else(|| line.reference.clone());
    view! { {line_title(line)}<span class="cell-sub">{format!("{} · {fact}", kind_word(line.kind))}</span> }.into_any()
}

#[cfg(test)]
mod tests {
    use billing_contract::statement::{StatementOrganization, StatementSeller};
    use billing_domain::{Timestamp, TransactionKind};

    use super::*;

    #[test]
    fn the_columns_and_the_rounding_come_to_the_closing_balance() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let entry = |amount: &str| StatementEntry {
            kind: TransactionKind::OutboundCall,
            lines: 1,
            amount: money(amount),
            transaction: None,
        };
        let day = |date: &str, amounts: &[&str], closing: &str| StatementDay {
            date: date.parse().unwrap(),
            entries: amounts.iter().map(|amount| entry(amount)).collect(),
            closing_balance: money(closing),
        };
        let statement = Statement {
            month: "2026-10".parse().unwrap(),
            number: Some("S-000001".to_owned()),
            issued_at: Some(Timestamp::from_seconds(0)),
            seller: StatementSeller { name: String::new(), address: String::new(), tax_id: String::new() },
            organization: StatementOrganization {
                name: String::new(),
                address: String::new(),
                tax_id: String::new(),
                time_zone: "UTC".to_owned(),
            },
            currency: Currency::Usd,
            until: Timestamp::from_seconds(0),
            is_final: true,
            opening_balance: money("10.009"),
            closing_balance: money("19.9945"),
            money_in: money("10"),
            money_out: money("0.0145"),
            lines: 4,
            days: vec![
                day("2026-10-01", &["10", "-0.0049"], "20.0041"),
                day("2026-10-02", &["-0.0048", "-0.0048"], "19.9945"),
            ],
            all_summed: false,
        };
        let rounded = RoundedStatement::of(&statement);
        assert_eq!((rounded.opening, rounded.closing), (money("10"), money("19.99")));
        assert_eq!((rounded.money_in, rounded.money_out, rounded.rounding), (money("10"), Money::ZERO, money("-0.01")));
    }
}
