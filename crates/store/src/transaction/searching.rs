//! Looking for lines from the newest on, in pieces of bounded work: by segments where there are any, line by line behind them.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;

use billing_domain::{OrganizationId, Timestamp, TransactionKind};
use sqlx::AssertSqlSafe;

use super::TransactionFilter;
use crate::db::{Arg, Row, numbered_places, split_pieces};
use crate::search_text::Pattern;
use crate::segment::{BLOCK_LINES, Blocks, LedgerOutline, SEGMENT_LINES, Segment, kind_bucket};
use crate::{Result, Store};

/// Segments whose signatures are looked at together.
const SEGMENTS_AT_ONCE: usize = 20;
/// Lines read of blocks at once: a size for which the statement stays prepared.
const BLOCKS_AT_ONCE: usize = 31;
/// The first lines of the tail that are looked through for words; then ever more.
const FIRST_LINES: i64 = 512;

/// Up to so many blocks of a segment are read line by line where kinds are looked for.
const FEW_BLOCKS: usize = 128;
/// What looking at a segment's signature counts for.
const SIGNATURE_WORK: i64 = 32;

/// A line that passes the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) seq: i64,
    pub(super) occurred_at: Timestamp,
}

/// Lines that may pass: newest first.
#[derive(Debug)]
enum Piece {
    /// Those above `after` up to `last`.
    Span { after: i64, last: i64 },
    /// The blocks that end with these lines.
    Blocks(VecDeque<i64>),
}

/// A search from the newest line on.
pub(super) struct Search<'a> {
    store: &'a Store,
    pub(super) ledger: LedgerOutline,
    filter: &'a TransactionFilter,
    pattern: Option<Pattern>,
    /// Lines below this one are still to be looked at.
    pub(super) below: i64,
    pieces: VecDeque<Piece>,
    /// Where the segments are that `pieces` come from: those below this number are not looked at.
    segments_below: i64,
    at_once: i64,
    /// What was looked at so far, in lines that the database went through; one that is read counts for four.
    pub(super) work: i64,
}

impl<'a> Search<'a> {
    /// `None`: there is no such wallet.
    pub(super) async fn begin(
        store: &'a Store,
        organization_id: &OrganizationId,
        filter: &'a TransactionFilter,
        before_seq: Option<i64>,
    ) -> Result<Option<Self>> {
        let Some(ledger) = store.ledger_outline(organization_id).await? else { return Ok(None) };
        let end = ledger.last_seq.saturating_add(1);
        Ok(Some(Self {
            store,
            filter,
            pattern: filter.query.as_deref().and_then(Pattern::of),
            below: before_seq.unwrap_or(end).min(end),
            pieces: VecDeque::new(),
            segments_below: i64::MAX,
            at_once: FIRST_LINES,
            work: 0,
            ledger,
        }))
    }

    /// Whether every line has been looked at.
    pub(super) const fn is_over(&self) -> bool {
        self.below <= 1
    }

    /// The following lines that pass, newest first, at most `need` of them; perhaps none, without being over.
    pub(super) async fn advance(&mut self, need: usize) -> Result<Vec<Found>> {
        if self.pieces.is_empty() {
            self.plan().await?;
        }
        match self.pieces.pop_front() {
            None => Ok(Vec::new()),
            Some(Piece::Span { after, last }) => self.read_span(after, last, need).await,
            Some(Piece::Blocks(ends)) => self.read_blocks(ends, need).await,
        }
    }

    /// What is to be looked at next.
    async fn plan(&mut self) -> Result<()> {
        // What was planned before has been looked through, and nothing in between passes.
        self.below = self.below.min(self.segments_below.saturating_mul(SEGMENT_LINES).saturating_add(1));
        if self.is_over() {
            return Ok(());
        }
        let (covered, last) = (self.ledger.covered(), self.below - 1);
        if last > covered {
            let most = if self.pattern.is_some() { self.at_once } else { SEGMENT_LINES };
            self.at_once = (self.at_once * 2).min(SEGMENT_LINES);
            self.pieces.push_back(Piece::Span { after: covered.max(last - most), last });
            return Ok(());
        }
        let mut number = ((last - 1) / SEGMENT_LINES).min(self.segments_below - 1);
        let mut chosen = Vec::new();
        while number >= 0 && chosen.len() < SEGMENTS_AT_ONCE {
            if may_have(
                &self.ledger.segments[usize::try_from(number).unwrap_or_default()],
                self.filter,
                self.pattern.as_ref(),
            ) {
                chosen.push(number);
            }
            number -= 1;
        }
        self.segments_below = number + 1;
        if chosen.is_empty() {
            // Nothing older passes.
            self.below = 1;
            return Ok(());
        }
        self.work += i64::try_from(chosen.len()).unwrap_or_default() * SIGNATURE_WORK;
        let blocks = self.blocks_of(&chosen).await?;
        let dated = self.dated_blocks(&chosen).await?;
        for number in chosen {
            let after = number * SEGMENT_LINES;
            let dated = dated.get(&number).copied().unwrap_or(Blocks::ALL);
            let blocks = blocks.as_ref().map(|blocks| blocks.get(&number).copied().unwrap_or(Blocks::NONE).and(dated));
            match blocks {
                Some(blocks) if self.pattern.is_some() || blocks.numbers().count() <= FEW_BLOCKS => {
                    self.pieces.push_back(Piece::Blocks(block_ends(blocks, after, last)));
                }
                // Nearly all of it: the database looks through the whole for less.
                _ => self.pieces.extend(block_spans(dated, after, last)),
            }
        }
        Ok(())
    }

    /// The blocks of those of these segments through which an end of the dates goes: the parts on its side.
    async fn dated_blocks(&self, segments: &[i64]) -> Result<HashMap<i64, Blocks>> {
        let TransactionFilter { from, to, kinds, .. } = self.filter;
        let cut = |number: &i64| {
            let segment = usize::try_from(*number).ok().and_then(|number| self.ledger.segments.get(number));
            segment
                .and_then(|segment| occurred_span(segment, kinds))
                .is_some_and(|(first, last)| from.is_some_and(|from| first < from) || to.is_some_and(|to| last >= to))
        };
        let cut: Vec<_> = segments.iter().copied().filter(cut).collect();
        let mut found: HashMap<i64, Blocks> = cut.iter().map(|number| (*number, Blocks::NONE)).collect();
        for part in self.store.part_spans(self.ledger.wallet, &cut, kinds).await? {
            if from.is_none_or(|from| part.last_occurred >= from) && to.is_none_or(|to| part.first_occurred < to) {
                found.entry(part.segment).or_insert(Blocks::NONE).add_part(part.part);
            }
        }
        Ok(found)
    }

    /// The blocks of these segments that may pass; `None`: the filter says nothing that signatures know.
    async fn blocks_of(&self, segments: &[i64]) -> Result<Option<HashMap<i64, Blocks>>> {
        let letters: &[u32] = self.pattern.as_ref().map_or(&[], |pattern| &pattern.buckets);
        let kinds: Vec<_> = self.filter.kinds.iter().copied().map(kind_bucket).collect();
        if letters.is_empty() && kinds.is_empty() {
            return Ok(self.pattern.is_some().then(|| segments.iter().map(|number| (*number, Blocks::ALL)).collect()));
        }
        let buckets: Vec<_> = letters.iter().chain(&kinds).copied().collect();
        let found = self.store.bucket_blocks(self.ledger.wallet, segments, &buckets).await?;
        let of = |number: i64, bucket: u32| found.get(&(number, bucket)).copied().unwrap_or(Blocks::NONE);
        let blocks = segments.iter().map(|number| {
            let any_kind = kinds.iter().fold(Blocks::NONE, |any, kind| any.or(of(*number, *kind)));
            let begin = if kinds.is_empty() { Blocks::ALL } else { any_kind };
            (*number, letters.iter().fold(begin, |all, bucket| all.and(of(*number, *bucket))))
        });
        Ok(Some(blocks.collect()))
    }

    async fn read_span(&mut self, after: i64, last: i64, need: usize) -> Result<Vec<Found>> {
        let last = last.min(self.below - 1);
        if last <= after {
            self.below = self.below.min(after + 1);
            return Ok(Vec::new());
        }
        let found =
            self.store.scan_span(&self.ledger, self.filter, self.pattern.as_ref(), after, last, Some(need)).await?;
        self.work += if self.pattern.is_some() { (last - after) * 4 } else { last - after };
        self.note(&found, need, after + 1);
        Ok(found)
    }

    async fn read_blocks(&mut self, mut ends: VecDeque<i64>, need: usize) -> Result<Vec<Found>> {
        let now: Vec<_> = ends.drain(..ends.len().min(BLOCKS_AT_ONCE)).collect();
        let Some(oldest) = now.last().copied() else { return Ok(Vec::new()) };
        let seqs: Vec<_> = now.iter().flat_map(|end| (end - BLOCK_LINES + 1..=*end).rev()).collect();
        let seqs: Vec<_> = seqs.into_iter().filter(|seq| *seq < self.below).collect();
        self.work += i64::try_from(seqs.len()).unwrap_or_default() * 4;
        let mut found = self.store.scan_lines(&self.ledger, self.filter, self.pattern.as_ref(), &seqs).await?;
        found.truncate(need);
        if !ends.is_empty() {
            self.pieces.push_front(Piece::Blocks(ends));
        }
        self.note(&found, need, oldest - BLOCK_LINES + 1);
        Ok(found)
    }

    /// How far it has come: `lowest` when the piece was looked through.
    fn note(&mut self, found: &[Found], need: usize, lowest: i64) {
        self.below = match found.last() {
            Some(last) if found.len() >= need => {
                // The rest of the piece is planned anew.
                self.pieces.clear();
                self.segments_below = i64::MAX;
                last.seq
            }
            _ => lowest.min(self.below),
        };
    }
}

/// The last lines of these blocks, newest first; those that begin above `last` are over.
fn block_ends(blocks: Blocks, after: i64, last: i64) -> VecDeque<i64> {
    let end = |block: usize| after + (i64::try_from(block).unwrap_or_default() + 1) * BLOCK_LINES;
    blocks.numbers().map(end).filter(|end| end - BLOCK_LINES < last).collect()
}

/// Neighboring blocks as one span each, newest first.
fn block_spans(blocks: Blocks, after: i64, last: i64) -> Vec<Piece> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for end in block_ends(blocks, after, last) {
        match spans.last_mut() {
            Some((after, _)) if *after == end => *after = end - BLOCK_LINES,
            _ => spans.push((end - BLOCK_LINES, end)),
        }
    }
    spans.into_iter().map(|(after, end)| Piece::Span { after, last: end.min(last) }).collect()
}

/// Whether a segment can hold a line that passes.
pub(super) fn may_have(segment: &Segment, filter: &TransactionFilter, pattern: Option<&Pattern>) -> bool {
    occurred_span(segment, &filter.kinds).is_some_and(|(first, last)| {
        filter.from.is_none_or(|from| last >= from) && filter.to.is_none_or(|to| first < to)
    }) && pattern.into_iter().flat_map(|pattern| &pattern.buckets).all(|bucket| segment.has_bucket(*bucket))
}

/// When the first and the last line of these kinds occurred, of all kinds when none is named.
pub(super) fn occurred_span(segment: &Segment, kinds: &[TransactionKind]) -> Option<(Timestamp, Timestamp)> {
    let wanted = segment.kinds.iter().filter(|sum| kinds.is_empty() || kinds.contains(&sum.kind));
    wanted.map(|sum| (sum.first_occurred, sum.last_occurred)).reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
}

impl Store {
    /// The lines above `after` up to `last` that pass, newest first.
    pub(super) async fn scan_span(
        &self,
        ledger: &LedgerOutline,
        filter: &TransactionFilter,
        pattern: Option<&Pattern>,
        after: i64,
        last: i64,
        need: Option<usize>,
    ) -> Result<Vec<Found>> {
        let mut args = vec![Arg::from(ledger.wallet), Arg::from(after), Arg::from(last)];
        let mut sql = format!(
            "SELECT seq, occurred_at{} FROM ledger WHERE wallet_id = $1 AND seq > $2 AND seq <= $3",
            if pattern.is_some() { ", description, source, reference" } else { "" }
        );
        if !filter.kinds.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(sql, " AND kind IN {}", numbered_places(true, 4, 1, filter.kinds.len()));
            args.extend(filter.kinds.iter().copied().map(Arg::from));
        }
        for (sign, at) in [(">=", filter.from), ("<", filter.to)] {
            if let Some(at) = at {
                args.push(Arg::from(at));
                // Writing to a String cannot fail.
                let _ = write!(sql, " AND occurred_at {sign} ${}", args.len());
            }
        }
        sql += " ORDER BY seq DESC";
        if let Some(need) = need.filter(|_| pattern.is_none()) {
            args.push(Arg::from(i64::try_from(need).unwrap_or(i64::MAX)));
            // Writing to a String cannot fail.
            let _ = write!(sql, " LIMIT ${}", args.len());
        }
        let rows = self.db.all(AssertSqlSafe(sql), &args).await?;
        let found = rows.iter().filter_map(|row| read_found(row, pattern).transpose());
        found.take(need.unwrap_or(usize::MAX)).collect()
    }

    /// Those of these lines that pass, newest first.
    async fn scan_lines(
        &self,
        ledger: &LedgerOutline,
        filter: &TransactionFilter,
        pattern: Option<&Pattern>,
        seqs: &[i64],
    ) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for seqs in split_pieces(seqs) {
            let mut args = vec![Arg::from(ledger.wallet)];
            args.extend(seqs.iter().copied().map(Arg::from));
            let sql = format!(
                "SELECT seq, kind, occurred_at, description, source, reference FROM ledger
                WHERE wallet_id = $1 AND seq IN {} ORDER BY seq DESC",
                numbered_places(true, 2, 1, seqs.len())
            );
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                let (kind, occurred_at): (TransactionKind, Timestamp) = (row.get("kind")?, row.get("occurred_at")?);
                if (filter.kinds.is_empty() || filter.kinds.contains(&kind))
                    && filter.from.is_none_or(|from| occurred_at >= from)
                    && filter.to.is_none_or(|to| occurred_at < to)
                {
                    found.extend(read_found(&row, pattern)?);
                }
            }
        }
        Ok(found)
    }
}

fn read_found(row: &Row, pattern: Option<&Pattern>) -> Result<Option<Found>> {
    if let Some(pattern) = pattern {
        let (description, source): (String, String) = (row.get("description")?, row.get("source")?);
        let reference: String = row.get("reference")?;
        if !pattern.is_in([&description, &source, &reference]) {
            return Ok(None);
        }
    }
    Ok(Some(Found { seq: row.get("seq")?, occurred_at: row.get("occurred_at")? }))
}
