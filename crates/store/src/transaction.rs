//! Reading the ledger: filtered pages for people, ascending runs for machines.

use std::fmt::Write as _;

use billing_domain::{Timestamp, TransactionKind};

use sqlx::AssertSqlSafe;

use crate::db::{Arg, args, places};
use crate::ledger::{ledger_columns, read_line};
use crate::{PostedLine, Result, Store};

/// Which lines are wanted. Everything by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Only these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
    /// Occurred at or after.
    pub from: Option<Timestamp>,
    /// Occurred before (exclusive).
    pub to: Option<Timestamp>,
    /// Contained in description, source or reference, without regard to case. Taken literally, also `%` and `_`.
    pub query: Option<String>,
}

impl Store {
    /// Lines that pass the filter, newest (`seq`) first, at most `limit`. The next page is asked with `before_seq` = the
    /// last `seq` of this one; no line is missed or seen twice, however many are posted meanwhile.
    pub async fn transactions(
        &self,
        organization_id: &str,
        filter: &TransactionFilter,
        before_seq: Option<i64>,
        limit: u32,
    ) -> Result<Vec<PostedLine>> {
        let mut sql = concat!("SELECT ", ledger_columns!(), " FROM ledger WHERE organization_id = $1").to_owned();
        let mut args = vec![Arg::from(organization_id)];
        if !filter.kinds.is_empty() {
            sql.push_str(" AND kind IN ");
            sql.push_str(&places(true, args.len() + 1, 1, filter.kinds.len()));
            args.extend(filter.kinds.iter().map(|kind| Arg::from(kind.as_str())));
        }
        let mut condition = |start: &str, value: Arg<'static>, end: &str| {
            args.push(value);
            // Writing to a String cannot fail.
            let _ = write!(sql, " AND {start} ${}{end}", args.len());
        };
        if let Some(from) = filter.from {
            condition("occurred_at >=", from.into(), "");
        }
        if let Some(to) = filter.to {
            condition("occurred_at <", to.into(), "");
        }
        if let Some(query) = &filter.query {
            condition("search LIKE", like_pattern(query).into(), " ESCAPE '!'");
        }
        if let Some(seq) = before_seq {
            condition("seq <", seq.into(), "");
        }
        args.push(Arg::from(limit));
        let _ = write!(sql, " ORDER BY seq DESC LIMIT ${}", args.len());
        let rows = self.db.all(AssertSqlSafe(sql), &args).await?;
        rows.iter().map(|row| read_line(&mut row.fields())).collect()
    }

    /// Lines with a `seq` above `after_seq`, ascending, at most `limit`: replay of events, export, verification.
    pub async fn lines_after(&self, organization_id: &str, after_seq: i64, limit: u32) -> Result<Vec<PostedLine>> {
        let sql = concat!(
            "SELECT ",
            ledger_columns!(),
            " FROM ledger WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        );
        let rows = self.db.all(sql, args![organization_id, after_seq, limit]).await?;
        rows.iter().map(|row| read_line(&mut row.fields())).collect()
    }
}

/// A pattern that finds `query` anywhere, in the lower case in which lines are searched, with nothing in it special.
fn like_pattern(query: &str) -> String {
    let mut pattern = String::from("%");
    for character in query.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
