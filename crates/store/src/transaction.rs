//! Reading the ledger: filtered pages for people, ascending runs for machines.

mod searching;
mod timing;

use std::cmp::Reverse;

use billing_domain::{OrganizationId, Timestamp, TransactionKind};

use sqlx::AssertSqlSafe;

use crate::db::{Arg, Db, args, numbered_places, split_pieces};
use crate::ledger::{find_usage_line, is_archived, ledger_columns, read_line};
use crate::segment::LedgerOutline;
use crate::wallet::of_wallet;
use crate::{PostedLine, Result, Store};
use searching::{Found, Search};

/// Which lines are wanted. Everything by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Only these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
    /// Occurred at or after.
    pub from: Option<Timestamp>,
    /// Occurred before this moment (exclusive).
    pub to: Option<Timestamp>,
    /// Contained in description, source or reference, without regard to case, accents and separators; other signs are taken
    /// literally, also `%` and `_`.
    pub query: Option<String>,
}

impl TransactionFilter {
    /// Nothing but kinds that are no usage: those have an index.
    fn is_money_alone(&self) -> bool {
        let only_money = !self.kinds.is_empty() && self.kinds.iter().all(|kind| kind.usage().is_none());
        only_money && self.from.is_none() && self.to.is_none() && self.query.is_none()
    }
}

/// Where an outline begins or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutlinePlace {
    /// The newest line that is looked at.
    pub last_seq: i64,
    /// Lines that were found before it: 0 where an outline begins.
    pub counted: i64,
}

/// Where each page of a filtered list begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// How many lines were found from the place on.
    pub count: i64,
    /// The `seq` of each page's first line, newest first.
    pub starts: Vec<i64>,
    /// There are more pages than were asked for.
    pub truncated: bool,
    /// More may follow, from here on.
    pub next: Option<OutlinePlace>,
}

/// Lines that pass, by their `seq`, newest first, and where the search goes on: with this line.
#[derive(Debug, Default)]
struct FoundPlaces {
    seqs: Vec<i64>,
    next: Option<i64>,
}

/// So many lines of one time may be late before the newest of them is taken all the same.
const CANDIDATES: usize = 50;
/// So many lines that occurred next say whether one is late.
const NEIGHBORS: usize = 9;

/// What one request looks through, in lines that the database goes through; one that is read counts for four.
const BUDGET: i64 = 30_000;
/// Lines that the first answer of an outline finds at most: what is on the screen at once is on its pages.
const OUTLINE_LINES: i64 = 500;
/// Each further answer finds so many times what was found before it, up to a bound.
const OUTLINE_GROWTH: i64 = 4;
const MOST_OUTLINE_LINES: i64 = 20_000;
/// What is looked through for one of those lines, and at most in one answer: counted as in [`BUDGET`].
const WORK_PER_PLACE: i64 = 16;
const MOST_OUTLINE_WORK: i64 = 120_000;

/// A page that was looked for within a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundPage {
    /// What passes the filter, newest first.
    pub lines: Vec<PostedLine>,
    /// Where the next page goes on: below this `seq`. `None`: nothing older passes.
    pub next: Option<i64>,
}

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
        Ok(self.search(organization_id, filter, before_seq, limit, i64::MAX).await?.lines)
    }

    /// The same with bounded work: it may find fewer than there are, and say where to go on.
    pub async fn find_page(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        before_seq: Option<i64>,
        limit: u32,
    ) -> Result<FoundPage> {
        self.search(organization_id, filter, before_seq, limit, BUDGET).await
    }

    async fn search(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        before_seq: Option<i64>,
        limit: u32,
        budget: i64,
    ) -> Result<FoundPage> {
        if let Some(mut lines) = self.plain_lines(organization_id, filter, before_seq, limit.saturating_add(1)).await? {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = lines.len() > limit;
            lines.truncate(limit);
            let next = lines.last().filter(|_| more).map(|posted| posted.line.seq);
            return Ok(FoundPage { lines, next });
        }
        let Some(mut search) = Search::begin(self, organization_id, filter, before_seq).await? else {
            return Ok(FoundPage::default());
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found: Vec<Found> = Vec::new();
        // One more than asked for says whether there is a following page.
        while found.len() <= limit && !search.is_over() && search.work < budget {
            found.extend(search.advance(limit.saturating_add(1) - found.len()).await?);
        }
        let next = if found.len() > limit {
            found.truncate(limit);
            found.last().map(|last| last.seq)
        } else {
            Some(search.below).filter(|_| !search.is_over())
        };
        Ok(FoundPage { lines: self.lines_of(organization_id, &found).await?, next })
    }

    /// The lines that a key leads to: all of them, or those of kinds that are no usage. `None` for every other filter.
    async fn plain_lines(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        before_seq: Option<i64>,
        limit: u32,
    ) -> Result<Option<Vec<PostedLine>>> {
        if *filter != TransactionFilter::default() && !filter.is_money_alone() {
            return Ok(None);
        }
        let before = before_seq.unwrap_or(i64::MAX);
        if filter.kinds.is_empty() {
            let sql = concat!(
                "SELECT ",
                ledger_columns!(),
                " FROM ledger WHERE ",
                of_wallet!(),
                " AND seq < $2 ORDER BY seq DESC LIMIT $3"
            );
            let rows = self.db.all(sql, args![organization_id, before, limit]).await?;
            let lines = rows.iter().map(|row| read_line(row, organization_id)).collect::<Result<Vec<_>>>()?;
            if has_no_gap(&lines, before_seq, limit) {
                return Ok(Some(lines));
            }
            // Whoever turns the pages goes on in the files.
            return self.add_archived(organization_id, lines, before, limit).await.map(Some);
        }
        let kinds = filter.kinds.iter().copied();
        self.lines_of_money(organization_id, kinds, (0, before.saturating_sub(1)), limit).await.map(Some)
    }

    /// A page of the whole ledger, of which the database may have only a part.
    async fn add_archived(
        &self,
        organization_id: &OrganizationId,
        mut lines: Vec<PostedLine>,
        before: i64,
        limit: u32,
    ) -> Result<Vec<PostedLine>> {
        let archived = self.archived_seq(organization_id).await?;
        if archived > 0 {
            lines.retain(|posted| posted.line.seq > archived);
            let left = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(lines.len());
            let before = before.min(archived.saturating_add(1));
            let all = TransactionFilter::default();
            lines.extend(self.archived_before(organization_id, &all, before, left).await?);
        }
        Ok(lines)
    }

    /// The lines of these kinds, which are no usage, above the first up to the second `seq`, newest first.
    pub(crate) async fn lines_of_money(
        &self,
        organization_id: &OrganizationId,
        kinds: impl Iterator<Item = TransactionKind>,
        (after_seq, last_seq): (i64, i64),
        limit: u32,
    ) -> Result<Vec<PostedLine>> {
        let sql = format!(
            "SELECT {} FROM ledger{} WHERE {} AND kind = $2 AND kind > 3 AND seq > $3 AND seq <= $4
            ORDER BY seq DESC LIMIT $5",
            ledger_columns!(),
            self.money_index(),
            of_wallet!()
        );
        let mut lines = Vec::new();
        // One after the other, each by the index of money: of several at once the database would sort all.
        for kind in kinds {
            let args = args![organization_id, kind, after_seq, last_seq, limit];
            for row in self.db.all(AssertSqlSafe(sql.clone()), args).await? {
                lines.push(read_line(&row, organization_id)?);
            }
        }
        lines.sort_unstable_by_key(|posted| Reverse(posted.line.seq));
        lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(lines)
    }

    /// SQLite would go through the whole ledger, in whose order the lines are wanted.
    fn money_index(&self) -> &'static str {
        match self.db {
            Db::Postgres { .. } => "",
            Db::Sqlite { .. } => " INDEXED BY ledger_money",
        }
    }

    async fn lines_of(&self, organization_id: &OrganizationId, found: &[Found]) -> Result<Vec<PostedLine>> {
        let mut lines = Vec::with_capacity(found.len());
        for found in split_pieces(found) {
            let mut args = vec![Arg::from(organization_id)];
            args.extend(found.iter().map(|line| Arg::from(line.seq)));
            let sql = format!(
                "SELECT {} FROM ledger WHERE {} AND seq IN {} ORDER BY seq DESC",
                ledger_columns!(),
                of_wallet!(),
                numbered_places(true, 2, 1, found.len())
            );
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                lines.push(read_line(&row, organization_id)?);
            }
        }
        Ok(lines)
    }

    /// Whether a usage line was posted under this reference.
    pub async fn has_usage(&self, organization_id: &OrganizationId, reference: &str) -> Result<bool> {
        let mut tx = self.db.snapshot().await?;
        let found = find_usage_line(&mut tx, organization_id, reference).await;
        let archived = is_archived(&mut tx, organization_id, reference).await;
        tx.rollback().await?;
        Ok(found?.is_some() || archived?)
    }

    /// One line; `None` where there is none.
    pub async fn line(&self, organization_id: &OrganizationId, seq: i64) -> Result<Option<PostedLine>> {
        let sql = concat!("SELECT ", ledger_columns!(), " FROM ledger WHERE ", of_wallet!(), " AND seq = $2");
        match self.db.first(sql, args![organization_id, seq]).await? {
            Some(row) => read_line(&row, organization_id).map(Some),
            None => self.archived_line(organization_id, seq).await,
        }
    }

    /// The `seq` of each line that corrects this one, oldest first.
    pub async fn corrections(&self, organization_id: &OrganizationId, seq: i64) -> Result<Vec<i64>> {
        let sql = concat!("SELECT seq FROM ledger WHERE ", of_wallet!(), " AND corrects = $2 ORDER BY seq");
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
        let Some(ledger) = self.ledger_outline(organization_id).await? else { return Ok(None) };
        let until = filter.to.map_or(until, |to| to.min(until));
        let archived = self.archived_seq(organization_id).await?;
        if archived > 0 && *filter == TransactionFilter::default() {
            // In files lines are found by when they were posted.
            let seq = self.seq_posted_before(organization_id, until, archived).await?;
            if seq < archived {
                return Ok(Some(seq).filter(|seq| *seq > 0));
            }
        }
        let filter = TransactionFilter { to: Some(until), ..filter.clone() };
        let mut found = self.near_candidates(&ledger, &filter, until).await?;
        found.sort_unstable_by_key(|line| Reverse((line.occurred_at, line.seq)));
        found.truncate(CANDIDATES);
        for line in &found {
            if !self.is_late(&ledger, *line).await? {
                return Ok(Some(line.seq));
            }
        }
        Ok(found.first().map(|line| line.seq))
    }

    /// Most of the lines that occurred next were posted before this one.
    async fn is_late(&self, ledger: &LedgerOutline, line: Found) -> Result<bool> {
        let next = self.following_lines(ledger, line.occurred_at, NEIGHBORS).await?;
        // More than half, because single lines may be late themselves.
        Ok(next.iter().filter(|other| other.seq < line.seq).count() * 2 > next.len())
    }

    /// Where each page of `every` lines begins that the filter finds from a place on, at most `most` pages in all. The
    /// first answer is short, each further one a few times as long as all before it, up to a bound.
    pub async fn outline(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        from: OutlinePlace,
        every: u32,
        most: u32,
    ) -> Result<Outline> {
        let OutlinePlace { last_seq, counted } = from;
        let every = i64::from(every.max(1));
        let most = i64::from(most).saturating_mul(every);
        if *filter == TransactionFilter::default() {
            // The whole ledger has no gaps: its pages are worked out.
            let count = last_seq.clamp(0, most);
            let starts = (0..count).step_by(usize::try_from(every).unwrap_or(usize::MAX)).map(|place| last_seq - place);
            return Ok(Outline { count, starts: starts.collect(), truncated: last_seq > most, next: None });
        }
        let limit = counted.saturating_mul(OUTLINE_GROWTH).clamp(OUTLINE_LINES, MOST_OUTLINE_LINES);
        let found = self.find_places(organization_id, filter, last_seq, limit.min(most - counted)).await?;
        let (mut outline, wanted) = (Outline::default(), most.saturating_sub(counted));
        for seq in found.seqs {
            if (counted + outline.count) % every == 0 {
                outline.starts.push(seq);
            }
            outline.count += 1;
        }
        let counted = counted + outline.count;
        outline.truncated = outline.count >= wanted && found.next.is_some();
        outline.next = found.next.filter(|_| !outline.truncated).map(|last_seq| OutlinePlace { last_seq, counted });
        Ok(outline)
    }

    /// The places of at most `limit` lines that pass, newest first, looked for within a bound that grows with `limit`.
    async fn find_places(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        last_seq: i64,
        limit: i64,
    ) -> Result<FoundPlaces> {
        let before = last_seq.saturating_add(1);
        if filter.is_money_alone() {
            return self.places_of_money(organization_id, &filter.kinds, before, limit).await;
        }
        let Some(mut search) = Search::begin(self, organization_id, filter, Some(before)).await? else {
            return Ok(FoundPlaces::default());
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let budget = i64::try_from(limit).unwrap_or(i64::MAX).saturating_mul(WORK_PER_PLACE).min(MOST_OUTLINE_WORK);
        let mut seqs = Vec::new();
        while !search.is_over() && search.work < budget && seqs.len() < limit {
            seqs.extend(search.advance(limit - seqs.len()).await?.into_iter().map(|found| found.seq));
        }
        Ok(FoundPlaces { next: Some(search.below - 1).filter(|_| !search.is_over()), seqs })
    }

    async fn places_of_money(
        &self,
        organization_id: &OrganizationId,
        kinds: &[TransactionKind],
        before: i64,
        limit: i64,
    ) -> Result<FoundPlaces> {
        let sql = format!(
            "SELECT seq FROM ledger{} WHERE {} AND kind = $2 AND kind > 3 AND seq < $3 ORDER BY seq DESC LIMIT $4",
            self.money_index(),
            of_wallet!()
        );
        let mut seqs: Vec<i64> = Vec::new();
        for kind in kinds.iter().copied() {
            // One more than wanted says whether there are any behind.
            let args = args![organization_id, kind, before, limit.saturating_add(1)];
            for row in self.db.all(AssertSqlSafe(sql.clone()), args).await? {
                seqs.push(row.get("seq")?);
            }
        }
        seqs.sort_unstable_by_key(|seq| Reverse(*seq));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = seqs.len() > limit;
        seqs.truncate(limit);
        Ok(FoundPlaces { next: seqs.last().filter(|_| more).map(|last| last - 1), seqs })
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
            " FROM ledger WHERE ",
            of_wallet!(),
            " AND seq > $2 ORDER BY seq LIMIT $3"
        );
        let rows = self.db.all(sql, args![organization_id, after_seq, limit]).await?;
        let lines = rows.iter().map(|row| read_line(row, organization_id)).collect::<Result<Vec<_>>>()?;
        // Without a gap: nothing of it is archived.
        let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        // The last line of a ledger is never taken out.
        if lines.last().is_none_or(|last| last.line.seq == after_seq.saturating_add(count)) {
            return Ok(lines);
        }
        let archived = self.archived_seq(organization_id).await?;
        let until = archived.min(after_seq.saturating_add(i64::from(limit)));
        let mut found = self.archived_between(organization_id, after_seq, until).await?;
        let left = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(found.len());
        if left > 0 {
            let rows = self.db.all(sql, args![organization_id, archived, u32::try_from(left).unwrap_or(limit)]).await?;
            for row in &rows {
                found.push(read_line(row, organization_id)?);
            }
        }
        Ok(found)
    }
}

/// Whether a page of the whole ledger is full or ends with the first line, and has no gap: nothing of it is archived.
fn has_no_gap(lines: &[PostedLine], before_seq: Option<i64>, limit: u32) -> bool {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        return before_seq.is_some_and(|seq| seq <= 1);
    };
    let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    // The ledger's last line is never archived: without a place the page begins with it.
    before_seq.is_none_or(|before| first.line.seq == before - 1)
        && first.line.seq - last.line.seq + 1 == count
        && (count == i64::from(limit) || last.line.seq == 1)
}
