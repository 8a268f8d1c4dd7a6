//! Reading the ledger: filtered pages for people, ascending runs for machines.

use std::fmt::Write as _;

use billing_domain::{OrganizationId, Timestamp, TransactionKind};

use sqlx::AssertSqlSafe;

use crate::db::{Arg, args, numbered_places};
use crate::ledger::{ledger_columns, read_line};
use crate::{Origin, PostedLine, Result, Store};

/// Which lines are wanted. Everything by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Only these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
    /// Occurred at or after.
    pub from: Option<Timestamp>,
    /// Occurred before this moment (exclusive).
    pub to: Option<Timestamp>,
    /// Contained in description, source or reference, without regard to case. Taken literally, also `%` and `_`.
    pub query: Option<String>,
}

/// Where each page of a filtered list begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// How many lines pass the filter; of a truncated one, how many are on its pages.
    pub count: i64,
    /// The `seq` of each page's first line, newest first.
    pub starts: Vec<i64>,
    /// There are more pages than were asked for.
    pub truncated: bool,
}

/// A statement in the making.
struct Sql<'a> {
    text: String,
    args: Vec<Arg<'a>>,
}

impl<'a> Sql<'a> {
    /// `SELECT … FROM ledger` of one organization; `select` ends before its WHERE.
    fn new(select: &str, organization_id: &'a OrganizationId) -> Self {
        Self { text: format!("{select} WHERE organization_id = $1"), args: vec![Arg::from(organization_id)] }
    }

    /// `AND start $N end`.
    fn and(&mut self, start: &str, value: impl Into<Arg<'a>>, end: &str) {
        self.args.push(value.into());
        // Writing to a String cannot fail.
        let _ = write!(self.text, " AND {start} ${}{end}", self.args.len());
    }

    fn filter(&mut self, filter: &'a TransactionFilter) {
        if !filter.kinds.is_empty() {
            self.text.push_str(" AND kind IN ");
            // Numbered even on SQLite, because the other places of this statement are.
            self.text.push_str(&numbered_places(true, self.args.len() + 1, 1, filter.kinds.len()));
            self.args.extend(filter.kinds.iter().map(|kind| Arg::from(kind.as_str())));
        }
        if let Some(from) = filter.from {
            self.and("occurred_at >=", from, "");
        }
        if let Some(to) = filter.to {
            self.and("occurred_at <", to, "");
        }
        if let Some(query) = &filter.query {
            // An escape of our own: PostgreSQL's is the backslash by default, SQLite has none.
            self.and("search LIKE", like_pattern(query), " ESCAPE '!'");
        }
    }

    /// ` ORDER BY … LIMIT $N`.
    fn ordered(&mut self, order: &str, limit: u32) {
        self.args.push(Arg::from(limit));
        let _ = write!(self.text, " ORDER BY {order} LIMIT ${}", self.args.len());
    }
}

/// So many lines of one time may be late before the newest of them is taken all the same.
const CANDIDATES: u32 = 50;
/// So many lines that occurred next say whether one is late.
const NEIGHBORS: u32 = 9;

impl Store {
    /// Lines that pass the filter, newest (`seq`) first, at most `limit`. The next page is asked with `before_seq` = the
    /// last `seq` of this one; no line is missed or seen twice, however many are posted meanwhile.
    pub async fn transactions(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        before_seq: Option<i64>,
        limit: u32,
    ) -> Result<Vec<PostedLine>> {
        let mut sql = Sql::new(concat!("SELECT ", ledger_columns!(), " FROM ledger"), organization_id);
        sql.filter(filter);
        // A keyset, not OFFSET: no line is missed or seen twice while others are posted.
        if let Some(seq) = before_seq {
            sql.and("seq <", seq, "");
        }
        sql.ordered("seq DESC", limit);
        self.lines(sql).await
    }

    /// Whether a usage line was posted under this reference.
    pub async fn has_usage(&self, organization_id: &OrganizationId, reference: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM ledger WHERE organization_id = $1 AND origin = $2 AND reference = $3";
        Ok(self.db.first(sql, args![organization_id, Origin::Usage.as_str(), reference]).await?.is_some())
    }

    /// One line; `None` where there is none.
    pub async fn line(&self, organization_id: &OrganizationId, seq: i64) -> Result<Option<PostedLine>> {
        let mut sql = Sql::new(concat!("SELECT ", ledger_columns!(), " FROM ledger"), organization_id);
        sql.and("seq =", seq, "");
        Ok(self.lines(sql).await?.pop())
    }

    /// The `seq` of each line that corrects this one, oldest first.
    pub async fn corrections(&self, organization_id: &OrganizationId, seq: i64) -> Result<Vec<i64>> {
        let sql = "SELECT seq FROM ledger WHERE organization_id = $1 AND corrects = $2 ORDER BY seq";
        let rows = self.db.all(sql, args![organization_id, seq]).await?;
        rows.iter().map(|row| row.get("seq")).collect()
    }

    /// The `seq` of the line that passes the filter and occurred last before `until` (exclusive), where the list shows that
    /// time: a line that was reported late stands among lines of another time, and does not lead there.
    pub async fn newest_until(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        until: Timestamp,
    ) -> Result<Option<i64>> {
        let mut sql = Sql::new("SELECT seq FROM ledger", organization_id);
        sql.filter(filter);
        sql.and("occurred_at <", until, "");
        sql.text = sql.text.replacen("SELECT seq", "SELECT seq, occurred_at", 1);
        sql.ordered("occurred_at DESC, seq DESC", CANDIDATES);
        let mut newest = None;
        for row in self.db.all(AssertSqlSafe(sql.text), &sql.args).await? {
            let seq = row.get("seq")?;
            let occurred_at = row.get("occurred_at")?;
            if !self.is_late(organization_id, seq, occurred_at).await? {
                return Ok(Some(seq));
            }
            newest = newest.or(Some(seq));
        }
        Ok(newest)
    }

    /// Most of the lines that occurred next were posted before this one.
    async fn is_late(&self, organization_id: &OrganizationId, seq: i64, occurred_at: Timestamp) -> Result<bool> {
        let sql = "SELECT seq FROM ledger WHERE organization_id = $1 AND occurred_at > $2
            ORDER BY occurred_at, seq LIMIT $3";
        let next = self.db.all(sql, args![organization_id, occurred_at, NEIGHBORS]).await?;
        let next = next.iter().map(|row| row.get("seq")).collect::<Result<Vec<i64>>>()?;
        // More than half, because single lines may be late themselves.
        Ok(next.iter().filter(|other| **other < seq).count() * 2 > next.len())
    }

    /// Where each page of `every` lines begins that the filter finds up to `last_seq`, at most `most` pages. One pass
    /// over an index, or over the lines where words are looked for.
    pub async fn outline(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        last_seq: i64,
        every: u32,
        most: u32,
    ) -> Result<Outline> {
        // The window function counts what passes the filter; a page is every so many of them.
        let mut sql =
            Sql::new("SELECT seq, ROW_NUMBER() OVER (ORDER BY seq DESC) AS place FROM ledger", organization_id);
        sql.filter(filter);
        sql.and("seq <=", last_seq, "");
        // `every` is a number of ours, no text.
        sql.text = format!("SELECT seq FROM ({}) AS numbered WHERE (place - 1) % {every} = 0", sql.text);
        // One more than fits shows whether there are more.
        sql.ordered("place", most.saturating_add(1));
        let rows = self.db.all(AssertSqlSafe(sql.text), &sql.args).await?;
        let mut starts = rows.iter().map(|row| row.get("seq")).collect::<Result<Vec<_>>>()?;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let truncated = starts.len() > most;
        starts.truncate(most);
        let full = starts.len().saturating_sub(usize::from(!truncated));
        let full = i64::try_from(full).unwrap_or(i64::MAX).saturating_mul(i64::from(every));
        let rest = match starts.last() {
            // Only the last page is counted: all others are full.
            Some(last) if !truncated => self.count_until(organization_id, filter, *last).await?,
            _ => 0,
        };
        Ok(Outline { count: full.saturating_add(rest), starts, truncated })
    }

    async fn count_until(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        last_seq: i64,
    ) -> Result<i64> {
        let mut sql = Sql::new("SELECT COUNT(*) AS lines FROM ledger", organization_id);
        sql.filter(filter);
        sql.and("seq <=", last_seq, "");
        let row = self.db.first(AssertSqlSafe(sql.text), &sql.args).await?;
        row.map_or(Ok(0), |row| row.get("lines"))
    }

    async fn lines(&self, sql: Sql<'_>) -> Result<Vec<PostedLine>> {
        let rows = self.db.all(AssertSqlSafe(sql.text), &sql.args).await?;
        rows.iter().map(read_line).collect()
    }

    /// Lines with a `seq` above `after_seq`, ascending, at most `limit`: replay of events, export, verification.
    pub async fn lines_after(
        &self,
        organization_id: &OrganizationId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<PostedLine>> {
        let sql = concat!(
            "SELECT ",
            ledger_columns!(),
            " FROM ledger WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        );
        let rows = self.db.all(sql, args![organization_id, after_seq, limit]).await?;
        rows.iter().map(read_line).collect()
    }
}

/// A pattern that finds `query` anywhere, in the lower case in which texts are searched, with nothing in it special.
pub(crate) fn like_pattern(query: &str) -> String {
    let mut pattern = String::from("%");
    // Lines are searched in lower case, since the two databases fold letters differently.
    for character in query.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
