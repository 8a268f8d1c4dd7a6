//! A month's statement: what was in the wallet, what moved, what is left.

use billing_domain::{Currency, Date, Money, Month, Timestamp, TransactionKind};
use serde::{Deserialize, Serialize};

use crate::transaction::Transaction;

/// `GET /statement?month=`. A line belongs to the month in which it was posted, so that one month's closing balance is
/// the next one's opening balance for ever. `opening_balance + money_in - money_out = closing_balance`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Statement {
    /// The month, in the organization's zone.
    pub month: Month,
    /// `S-000012`: follows on the seller's last one without a gap; given when the statement of a month that is over is
    /// first asked for, and with it what it says of organization, seller and zone stays as it is. `None` before.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub number: Option<String>,
    /// When the number was given; `None` without one.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub issued_at: Option<Timestamp>,
    /// The operator's company; frozen with the number.
    pub seller: StatementSeller,
    /// The wallet's owner; frozen with the number.
    pub organization: StatementOrganization,
    /// The wallet's currency.
    pub currency: Currency,
    /// Up to when lines are counted: the month's end, or the moment of the answer while it runs.
    pub until: Timestamp,
    /// The month is over: the figures stay as they are.
    pub is_final: bool,
    /// Before the first line.
    pub opening_balance: Money,
    /// After the last line.
    pub closing_balance: Money,
    /// Sum of what came in; positive.
    pub money_in: Money,
    /// Sum of what went out; positive.
    pub money_out: Money,
    /// How many lines there are.
    pub lines: i64,
    /// Days with lines, oldest first.
    pub days: Vec<StatementDay>,
    /// There are too many lines that are not usage to list each of them: they are summed as well.
    pub all_summed: bool,
}

/// As receipts print it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementOrganization {
    /// Legal name as printed.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
    /// IANA time zone, in which days and months are counted.
    pub time_zone: String,
}

/// Who sells, as receipts print it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementSeller {
    /// Legal name as printed.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
}

/// A day of the organization's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementDay {
    /// The day in the organization's zone.
    pub date: Date,
    /// What is listed singly, in the ledger's order, then the sums by kind.
    pub entries: Vec<StatementEntry>,
    /// After the day's last line.
    pub closing_balance: Money,
}

/// One line, or the sum of all of a kind in a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementEntry {
    /// What the line or sum counts as.
    pub kind: TransactionKind,
    /// How many lines it stands for.
    pub lines: i64,
    /// Sum of the lines, positive into the wallet.
    pub amount: Money,
    /// The line itself where it is listed singly.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub transaction: Option<Transaction>,
}
