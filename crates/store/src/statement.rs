//! What a month's statement is made of: where in the ledger a moment lies, and sums of runs of lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use billing_domain::{Money, OrganizationId, Timestamp, TransactionKind};
use sqlx::AssertSqlSafe;

use crate::db::{Arg, FromColumn, columns, numbered_places, split_pieces};
use crate::segment::{LedgerOutline, PART_LINES, SEGMENT_LINES, SegmentKind};
use crate::{PostedLine, Result, Store, StoreError};

/// Spans that one statement sums.
const SPANS_AT_ONCE: usize = 32;
/// A [`KindSum`] of parts.
const PART_SUMS: &str = "kind, CAST(SUM(lines) AS BIGINT) AS lines, CAST(SUM(amount) AS BIGINT) AS amount,
    CAST(SUM(money_in) AS BIGINT) AS money_in";

/// The sum of all lines of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindSum {
    /// The kind that is summed.
    pub kind: TransactionKind,
    /// How many lines the sum covers.
    pub lines: i64,
    /// Sum of the lines, positive into the wallet.
    pub amount: Money,
    /// Of it what came in.
    pub money_in: Money,
}

columns!(sum_columns, KindSum {
    kind,
    lines = "COUNT(*)",
    amount = "CAST(SUM(amount) AS BIGINT)",
    money_in = "CAST(SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS BIGINT)",
});

/// The sums of lines by their kinds.
type Sums = BTreeMap<TransactionKind, KindSum>;

/// Lines that are summed one by one: above `after` up to `last`.
#[derive(Clone, Copy, Debug)]
struct SingleLines {
    after: i64,
    last: i64,
}

impl Store {
    /// The last `seq` up to `last_seq` that was posted before `at`; 0 when there is none.
    pub async fn seq_posted_before(
        &self,
        organization_id: &OrganizationId,
        at: Timestamp,
        last_seq: i64,
    ) -> Result<i64> {
        Ok(self.seqs_posted_before(organization_id, &[at], last_seq).await?.first().copied().unwrap_or_default())
    }

    /// The same for several moments, in their order, with the look-ups of one.
    ///
    /// Lines are posted in the order of `seq`, but those of several servers may name times that differ by the moment
    /// that they waited for each other. The places that are looked at depend on nothing but the ledger's beginning, so
    /// the answer for a moment that is over is the same for ever, and two neighboring spans always meet.
    pub async fn seqs_posted_before(
        &self,
        organization_id: &OrganizationId,
        moments: &[Timestamp],
        last_seq: i64,
    ) -> Result<Vec<i64>> {
        let Some(ledger) = self.ledger_outline(organization_id).await? else { return Ok(vec![0; moments.len()]) };
        // Moment by moment where lines are in files: the look-ups of one fall into the same run.
        let together = if self.archived_seq(organization_id).await? > 0 { 1 } else { moments.len().max(1) };
        let mut found = Vec::with_capacity(moments.len());
        for moments in moments.chunks(together) {
            found.extend(self.find_moments(organization_id, &ledger, moments, last_seq).await?);
        }
        Ok(found)
    }

    async fn find_moments(
        &self,
        organization_id: &OrganizationId,
        ledger: &LedgerOutline,
        moments: &[Timestamp],
        last_seq: i64,
    ) -> Result<Vec<i64>> {
        let mut found = vec![0_i64; moments.len()];
        // Bit by bit from the highest: the end of a segment is known, below it one look-up by primary key for each bit.
        for bit in (0..i64::BITS - 1).rev() {
            let Some(step) = 1_i64.checked_shl(bit) else { continue };
            let next: Vec<_> = found.iter().map(|seq| seq.checked_add(step).filter(|next| *next <= last_seq)).collect();
            let posted = self.posted_at(organization_id, ledger, next.iter().copied().flatten()).await?;
            for ((seq, next), moment) in found.iter_mut().zip(next).zip(moments) {
                if let Some(next) = next.filter(|next| posted.get(next).is_some_and(|posted| posted < moment)) {
                    *seq = next;
                }
            }
        }
        Ok(found)
    }

    /// When these lines were posted.
    async fn posted_at(
        &self,
        organization_id: &OrganizationId,
        ledger: &LedgerOutline,
        seqs: impl Iterator<Item = i64>,
    ) -> Result<BTreeMap<i64, Timestamp>> {
        let (mut posted, mut unknown) = (BTreeMap::new(), BTreeSet::new());
        for seq in seqs {
            let known = usize::try_from(seq / SEGMENT_LINES - 1).ok().filter(|_| seq % SEGMENT_LINES == 0);
            match known.and_then(|number| ledger.segments.get(number)) {
                Some(segment) => {
                    posted.insert(seq, segment.posted_at);
                }
                None => {
                    unknown.insert(seq);
                }
            }
        }
        self.read_of_lines(
            (organization_id, ledger),
            ("posted_at", |posted| posted.line.posted_at),
            &unknown,
            &mut posted,
        )
        .await?;
        Ok(posted)
    }

    /// The balance after each of these lines; 0 before the first one.
    pub async fn balances_after(
        &self,
        organization_id: &OrganizationId,
        seqs: &BTreeSet<i64>,
    ) -> Result<BTreeMap<i64, Money>> {
        let mut balances = BTreeMap::from([(0, Money::ZERO)]);
        if let Some(ledger) = self.ledger_outline(organization_id).await? {
            self.read_of_lines(
                (organization_id, &ledger),
                ("balance_after", |posted| posted.line.balance_after),
                seqs,
                &mut balances,
            )
            .await?;
        }
        Ok(balances)
    }

    /// Reads a column of these lines, also of those that are in files.
    async fn read_of_lines<T: for<'r> FromColumn<'r>>(
        &self,
        (organization_id, ledger): (&OrganizationId, &LedgerOutline),
        (column, of_archived): (&'static str, fn(&PostedLine) -> T),
        seqs: &BTreeSet<i64>,
        found: &mut BTreeMap<i64, T>,
    ) -> Result<()> {
        let all: Vec<_> = seqs.iter().copied().collect();
        for seqs in split_pieces(&all) {
            let mut args = vec![Arg::from(ledger.wallet)];
            args.extend(seqs.iter().copied().map(Arg::from));
            let places = numbered_places(true, 2, 1, seqs.len());
            let sql = format!("SELECT seq, {column} FROM ledger WHERE wallet_id = $1 AND seq IN {places}");
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                found.insert(row.get("seq")?, row.get(column)?);
            }
        }
        for seq in all {
            if found.contains_key(&seq) {
                continue;
            }
            if let Some(posted) = self.archived_line(organization_id, seq).await? {
                found.insert(seq, of_archived(&posted));
            }
        }
        Ok(())
    }

    /// The lines above `after_seq` up to `last_seq`, summed by kind, in the order of the kinds.
    pub async fn sums_by_kind(
        &self,
        organization_id: &OrganizationId,
        after_seq: i64,
        last_seq: i64,
    ) -> Result<Vec<KindSum>> {
        Ok(self.sums_of_spans(organization_id, &[after_seq, last_seq]).await?.pop().unwrap_or_default())
    }

    /// The same between each of these lines, which ascend, and the next one. Whole segments and parts are summed already.
    pub async fn sums_of_spans(&self, organization_id: &OrganizationId, ends: &[i64]) -> Result<Vec<Vec<KindSum>>> {
        let Some(ledger) = self.ledger_outline(organization_id).await? else { return Ok(Vec::new()) };
        let ends: Vec<_> = ends.iter().map(|seq| (*seq).clamp(0, ledger.last_seq)).collect();
        // Between neighbors in one part, and behind the last segment, only the lines in between are read.
        let (mut singles, mut bases) = (Vec::<SingleLines>::new(), BTreeSet::new());
        for last in ends.iter().copied() {
            let known = (last / PART_LINES * PART_LINES).min(ledger.covered());
            let before = singles.last().map(|lines| lines.last).filter(|before| *before >= known);
            if before.is_none() {
                bases.insert(known);
            }
            singles.push(SingleLines { after: before.unwrap_or(known), last });
        }
        let parts = self.sum_parts(&ledger, &bases).await?;
        let lines = self.sum_all_lines(organization_id, &ledger, &singles).await?;

        // From the ledger's beginning up to each end; a span is the difference between two of them.
        let mut up_to: BTreeMap<i64, Sums> = BTreeMap::new();
        for (single, lines) in singles.iter().zip(lines) {
            let (mut sums, parts) = match up_to.get(&single.after) {
                Some(sums) => (sums.clone(), None),
                None => (sum_segments(&ledger, single.after)?, parts.get(&single.after)),
            };
            for sum in parts.into_iter().flatten().chain(&lines) {
                add_sum(&mut sums, *sum)?;
            }
            up_to.entry(single.last).or_insert(sums);
        }
        ends.windows(2).map(|ends| subtract_sums(&up_to[&ends[1]], &up_to[&ends[0]])).collect()
    }

    /// Of each of these places in a segment, which are ends of parts: the parts before it, summed.
    async fn sum_parts(&self, ledger: &LedgerOutline, places: &BTreeSet<i64>) -> Result<BTreeMap<i64, Vec<KindSum>>> {
        let inside: Vec<_> = places.iter().copied().filter(|place| place % SEGMENT_LINES != 0).collect();
        let mut found: BTreeMap<i64, Vec<KindSum>> = BTreeMap::new();
        for places in inside.chunks(SPANS_AT_ONCE) {
            let (mut sql, mut args) = (String::new(), vec![Arg::from(ledger.wallet)]);
            for place in places {
                let next = args.len() + 1;
                // Writing to a String cannot fail.
                let _ = write!(
                    sql,
                    "{}SELECT CAST(${next} AS BIGINT) AS place, {} FROM segment_parts
                    WHERE wallet_id = $1 AND segment = ${} AND part < ${} GROUP BY kind",
                    if sql.is_empty() { "" } else { " UNION ALL " },
                    PART_SUMS,
                    next + 1,
                    next + 2,
                );
                args.push(Arg::from(*place));
                args.push(Arg::from(place / SEGMENT_LINES));
                args.push(Arg::from(place % SEGMENT_LINES / PART_LINES));
            }
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                found.entry(row.get("place")?).or_default().push(KindSum::read(&row)?);
            }
        }
        Ok(found)
    }

    /// Line by line, in the database and in files.
    async fn sum_all_lines(
        &self,
        organization_id: &OrganizationId,
        ledger: &LedgerOutline,
        spans: &[SingleLines],
    ) -> Result<Vec<Vec<KindSum>>> {
        let mut archived = self.archived_seq(organization_id).await?;
        let mut found = loop {
            let kept = |span: &SingleLines| SingleLines { after: span.after.max(archived), last: span.last };
            let found = self.sum_lines(ledger, &spans.iter().map(kept).collect::<Vec<_>>()).await?;
            // Again where lines went from the database to a file meanwhile.
            match self.archived_seq(organization_id).await? {
                same if same == archived => break found,
                later => archived = later,
            }
        };
        for (span, sums) in spans.iter().zip(&mut found) {
            for PostedLine { line, .. } in
                self.archived_between(organization_id, span.after, span.last.min(archived)).await?
            {
                let money_in = if line.amount.is_positive() { line.amount } else { Money::ZERO };
                sums.push(KindSum { kind: line.kind, lines: 1, amount: line.amount, money_in });
            }
        }
        Ok(found)
    }

    /// Line by line.
    async fn sum_lines(&self, ledger: &LedgerOutline, spans: &[SingleLines]) -> Result<Vec<Vec<KindSum>>> {
        let mut found = vec![Vec::new(); spans.len()];
        let wanted: Vec<_> = spans.iter().copied().enumerate().filter(|(_, span)| span.last > span.after).collect();
        for spans in wanted.chunks(SPANS_AT_ONCE) {
            let (mut sql, mut args) = (String::new(), vec![Arg::from(ledger.wallet)]);
            for (number, span) in spans {
                let next = args.len() + 1;
                // Writing to a String cannot fail.
                let _ = write!(
                    sql,
                    "{}SELECT CAST(${next} AS BIGINT) AS span, {} FROM ledger
                    WHERE wallet_id = $1 AND seq > ${} AND seq <= ${} GROUP BY kind",
                    if sql.is_empty() { "" } else { " UNION ALL " },
                    sum_columns!(),
                    next + 1,
                    next + 2,
                );
                args.push(Arg::from(i64::try_from(*number).unwrap_or_default()));
                args.push(Arg::from(span.after));
                args.push(Arg::from(span.last));
            }
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                let number = usize::try_from(row.get::<i64>("span")?).unwrap_or_default();
                found[number].push(KindSum::read(&row)?);
            }
        }
        Ok(found)
    }

    /// What is no usage among the lines above `after_seq` up to `last_seq`, newest first, at most `limit` lines.
    pub async fn money_lines(
        &self,
        organization_id: &OrganizationId,
        after_seq: i64,
        last_seq: i64,
        limit: u32,
    ) -> Result<Vec<PostedLine>> {
        let kinds = TransactionKind::ALL.iter().copied().filter(|kind| kind.usage().is_none());
        self.lines_of_money(organization_id, kinds, (after_seq, last_seq), limit).await
    }
}

/// The whole segments before this place, summed.
fn sum_segments(ledger: &LedgerOutline, place: i64) -> Result<Sums> {
    let mut sums = Sums::new();
    let whole = usize::try_from(place / SEGMENT_LINES).unwrap_or_default();
    for sum in ledger.segments.iter().take(whole).flat_map(|segment| &segment.kinds) {
        let SegmentKind { kind, lines, amount, money_in, .. } = *sum;
        add_sum(&mut sums, KindSum { kind, lines, amount, money_in })?;
    }
    Ok(sums)
}

/// What `all` has more than `before`, kind by kind.
fn subtract_sums(all: &Sums, before: &Sums) -> Result<Vec<KindSum>> {
    let mut rest = Vec::new();
    for sum in all.values() {
        let Some(less) = before.get(&sum.kind) else {
            rest.push(*sum);
            continue;
        };
        let lines = sum.lines - less.lines;
        if lines > 0 {
            let amount = sum.amount.checked_sub(less.amount).ok_or_else(overflow)?;
            let money_in = sum.money_in.checked_sub(less.money_in).ok_or_else(overflow)?;
            rest.push(KindSum { kind: sum.kind, lines, amount, money_in });
        }
    }
    Ok(rest)
}

fn add_sum(sums: &mut Sums, more: KindSum) -> Result<()> {
    let Some(sum) = sums.get_mut(&more.kind) else {
        sums.insert(more.kind, more);
        return Ok(());
    };
    sum.lines += more.lines;
    sum.amount = sum.amount.checked_add(more.amount).ok_or_else(overflow)?;
    sum.money_in = sum.money_in.checked_add(more.money_in).ok_or_else(overflow)?;
    Ok(())
}

fn overflow() -> StoreError {
    StoreError::Corrupt("the sums of a kind leave their range".to_owned())
}
