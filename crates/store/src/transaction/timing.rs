//! Which lines occurred around a moment: asked of the segments that can hold them.

use std::cmp::Reverse;

use billing_domain::Timestamp;

use super::TransactionFilter;
use super::searching::{Found, may_have, occurred_span};
use crate::db::args;
use crate::search_text::Pattern;
use crate::segment::{LedgerOutline, PartSpan, SEGMENT_LINES};
use crate::{Result, Store};

/// Of the segments, and of their parts, on both sides of a moment, the oldest: what is in newer ones was reported late.
const ACROSS: usize = 4;
/// Of the segments, and of their parts, wholly on the side that is asked for, the nearest.
const BESIDE: usize = 2;
/// The newest segments' worth of lines behind the last segment that are looked at.
const TAIL: i64 = 2;

impl Store {
    /// Lines that pass the filter, among them those that occurred last before `until` in their place.
    pub(super) async fn near_candidates(
        &self,
        ledger: &LedgerOutline,
        filter: &TransactionFilter,
        until: Timestamp,
    ) -> Result<Vec<Found>> {
        let pattern = filter.query.as_deref().and_then(Pattern::of);
        let (mut across, mut beside) = (Vec::new(), Vec::new());
        for (number, segment) in (0_i64..).zip(ledger.segments.iter()) {
            if !may_have(segment, filter, pattern.as_ref()) {
                continue;
            }
            match occurred_span(segment, &filter.kinds) {
                Some((_, last)) if last < until => beside.push((Reverse(last), Reverse(number))),
                _ => across.push(number),
            }
        }
        beside.sort_unstable();
        let chosen = across.into_iter().take(ACROSS);
        let chosen: Vec<_> = chosen.chain(beside.into_iter().take(BESIDE).map(|(_, Reverse(number))| number)).collect();
        let mut found = Vec::new();
        let spans = match pattern {
            // Which part of a segment has the words is not known.
            Some(_) => {
                chosen.into_iter().map(|number| (number * SEGMENT_LINES, (number + 1) * SEGMENT_LINES)).collect()
            }
            None => self.parts_before(ledger, &chosen, filter, until).await?,
        };
        for (after, last) in spans.into_iter().chain([tail(ledger)]) {
            found.extend(self.scan_span(ledger, filter, pattern.as_ref(), after, last, None).await?);
        }
        Ok(found)
    }

    /// Of these segments the parts that have the lines which occurred last before a moment in their place.
    async fn parts_before(
        &self,
        ledger: &LedgerOutline,
        segments: &[i64],
        filter: &TransactionFilter,
        until: Timestamp,
    ) -> Result<Vec<(i64, i64)>> {
        let parts = self.part_spans(ledger.wallet, segments, &filter.kinds).await?;
        let from = |part: &PartSpan| filter.from.is_none_or(|from| part.last_occurred >= from);
        let (mut beside, across): (Vec<_>, Vec<_>) = parts
            .into_iter()
            .filter(|part| part.first_occurred < until && from(part))
            .partition(|part| part.last_occurred < until);
        beside.sort_by_key(|part| Reverse(part.last_occurred));
        let chosen = across.iter().take(ACROSS).chain(beside.iter().take(BESIDE));
        Ok(chosen.map(PartSpan::lines).collect())
    }

    /// Of these segments the parts that have the lines which occurred next after a moment in their place.
    async fn parts_after(
        &self,
        ledger: &LedgerOutline,
        segments: &[i64],
        moment: Timestamp,
    ) -> Result<Vec<(i64, i64)>> {
        let parts = self.part_spans(ledger.wallet, segments, &[]).await?;
        let (mut beside, across): (Vec<_>, Vec<_>) =
            parts.into_iter().filter(|part| part.last_occurred > moment).partition(|part| part.first_occurred > moment);
        beside.sort_by_key(|part| part.first_occurred);
        let chosen = across.iter().take(ACROSS).chain(beside.iter().take(BESIDE));
        Ok(chosen.map(PartSpan::lines).collect())
    }

    /// The lines that occurred next after a moment, at most `limit`.
    pub(super) async fn following_lines(
        &self,
        ledger: &LedgerOutline,
        moment: Timestamp,
        limit: usize,
    ) -> Result<Vec<Found>> {
        let (mut across, mut beside) = (Vec::new(), Vec::new());
        for (number, segment) in (0_i64..).zip(ledger.segments.iter()) {
            match occurred_span(segment, &[]) {
                Some((first, _)) if first > moment => beside.push((first, number)),
                Some((_, last)) if last > moment => across.push(number),
                _ => {}
            }
        }
        beside.sort_unstable();
        let chosen = across.into_iter().take(ACROSS).chain(beside.into_iter().take(BESIDE).map(|(_, number)| number));
        let parts = self.parts_after(ledger, &chosen.collect::<Vec<_>>(), moment).await?;
        let mut found = Vec::new();
        for (after, last) in parts.into_iter().chain([tail(ledger)]) {
            let sql = "SELECT seq, occurred_at FROM ledger WHERE wallet_id = $1 AND seq > $2 AND seq <= $3
                AND occurred_at > $4 ORDER BY occurred_at, seq LIMIT $5";
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            for row in self.db.all(sql, args![ledger.wallet, after, last, moment, limit]).await? {
                found.push(Found { seq: row.get("seq")?, occurred_at: row.get("occurred_at")? });
            }
        }
        found.sort_unstable_by_key(|line| (line.occurred_at, line.seq));
        found.truncate(limit);
        Ok(found)
    }
}

/// The lines behind the last segment: above the first up to the second.
fn tail(ledger: &LedgerOutline) -> (i64, i64) {
    (ledger.covered().max(ledger.last_seq - TAIL * SEGMENT_LINES), ledger.last_seq)
}
