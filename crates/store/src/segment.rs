//! Whole runs of lines, summarized once: reads of a long ledger stand on them instead of on its lines.
//! See docs/decisions/0106-segments.md.

mod signature;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use billing_domain::ledger::Hash;
use billing_domain::{Money, OrganizationId, Timestamp, TransactionKind};
use sqlx::AssertSqlSafe;

pub(crate) use signature::{BLOCK_LINES, Blocks, kind_bucket, page_of, read_blocks};

use crate::db::{Arg, args, columns, numbered_places, retrying, split_pieces};
use crate::references::RUN_LINES;
use crate::search_text::{normalize_text, trigram_buckets};
use crate::{Result, Store, StoreError, WalletId};
use signature::Signature;

/// Lines of a segment: a run of the index `ledger_digest`, whose number is the segment's.
pub(crate) const SEGMENT_LINES: i64 = RUN_LINES;
/// Lines of a part of a segment.
pub(crate) const PART_LINES: i64 = 256;
/// Segments kept in memory, of all wallets together: some two kilobytes each.
const KEPT_SEGMENTS: usize = 20_000;
/// Whole segments that are named at once.
const DUE_AT_ONCE: u32 = 32;

/// The lines of one kind in a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentKind {
    pub(crate) segment: i64,
    pub(crate) kind: TransactionKind,
    pub(crate) lines: i64,
    pub(crate) amount: Money,
    pub(crate) money_in: Money,
    pub(crate) first_occurred: Timestamp,
    pub(crate) last_occurred: Timestamp,
}

/// When the lines of a part of a segment occurred, those of the kinds that were asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartSpan {
    pub(crate) segment: i64,
    pub(crate) part: i64,
    pub(crate) first_occurred: Timestamp,
    pub(crate) last_occurred: Timestamp,
}

impl PartSpan {
    /// Its lines: above the first up to the second.
    pub(crate) const fn lines(&self) -> (i64, i64) {
        let after = self.segment * SEGMENT_LINES + self.part * PART_LINES;
        (after, after + PART_LINES)
    }
}

columns!(kind_columns, SegmentKind { segment, kind, lines, amount, money_in, first_occurred, last_occurred });

/// A summary. The lines never change, so neither does this.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) posted_at: Timestamp,
    hash: Hash,
    buckets: Vec<u8>,
    pub(crate) kinds: Vec<SegmentKind>,
}

impl Segment {
    /// Whether any of its lines has this trigram or kind.
    pub(crate) fn has_bucket(&self, bucket: u32) -> bool {
        self.buckets.get(bucket as usize / 8).is_some_and(|byte| byte >> (bucket % 8) & 1 == 1)
    }
}

/// The segments of a wallet from its beginning.
pub(crate) type Segments = Vec<Arc<Segment>>;

/// The segments that this server has read.
#[derive(Debug, Default)]
pub(crate) struct SegmentCache(Mutex<HashMap<WalletId, Arc<Segments>>>);

impl SegmentCache {
    fn get(&self, wallet: WalletId) -> Arc<Segments> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&wallet).cloned().unwrap_or_default()
    }

    fn put(&self, wallet: WalletId, segments: &Arc<Segments>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.values().map(|segments| segments.len()).sum::<usize>() > KEPT_SEGMENTS {
            // Read again by whoever needs them.
            kept.clear();
        }
        kept.insert(wallet, Arc::clone(segments));
    }
}

/// A wallet as its lines are read.
#[derive(Clone, Debug)]
pub(crate) struct LedgerOutline {
    pub(crate) wallet: WalletId,
    pub(crate) last_seq: i64,
    pub(crate) segments: Arc<Segments>,
}

impl LedgerOutline {
    /// The last line that a segment covers.
    pub(crate) fn covered(&self) -> i64 {
        i64::try_from(self.segments.len()).unwrap_or_default().saturating_mul(SEGMENT_LINES)
    }
}

/// A run of lines that is whole and not summarized yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueSegment {
    wallet: WalletId,
    segment: i64,
}

impl Store {
    /// What is known of a ledger without reading its lines; `None`: there is no such wallet.
    pub(crate) async fn ledger_outline(&self, organization_id: &OrganizationId) -> Result<Option<LedgerOutline>> {
        let sql = "SELECT wallets.wallet_id, wallets.last_seq, newest.segment, newest.hash FROM wallets
            LEFT JOIN ledger_segments AS newest ON newest.wallet_id = wallets.wallet_id AND newest.segment =
                (SELECT MAX(segment) FROM ledger_segments AS all_of_it WHERE all_of_it.wallet_id = wallets.wallet_id)
            WHERE wallets.organization_id = $1";
        let Some(row) = self.db.first(sql, args![organization_id]).await? else { return Ok(None) };
        let wallet = row.get("wallet_id")?;
        let newest = row.get::<Option<i64>>("segment")?.zip(row.get::<Option<Hash>>("hash")?);
        let segments = match newest {
            Some((number, hash)) => self.segments_until(wallet, number, hash).await?,
            None => Arc::default(),
        };
        Ok(Some(LedgerOutline { wallet, last_seq: row.get("last_seq")?, segments }))
    }

    async fn segments_until(&self, wallet: WalletId, newest: i64, hash: Hash) -> Result<Arc<Segments>> {
        let wanted = usize::try_from(newest).unwrap_or_default() + 1;
        let mut kept = self.segments.get(wallet);
        // The chain of hashes says that it is still the same ledger: after a failover it may have lost its end.
        if kept.len() >= wanted && kept[wanted - 1].hash != hash {
            kept = Arc::default();
        }
        if kept.len() >= wanted {
            return Ok(kept);
        }
        let read = self.read_segments(wallet, i64::try_from(kept.len()).unwrap_or_default(), newest).await?;
        let segments = Arc::new(kept.iter().cloned().chain(read).collect::<Segments>());
        if segments.len() != wanted {
            return Err(StoreError::Corrupt(format!("{} segments instead of {wanted}", segments.len())));
        }
        self.segments.put(wallet, &segments);
        Ok(segments)
    }

    async fn read_segments(&self, wallet: WalletId, first: i64, last: i64) -> Result<Segments> {
        let sql = concat!(
            "SELECT ",
            kind_columns!(),
            " FROM segment_kinds WHERE wallet_id = $1 AND segment BETWEEN $2 AND $3 ORDER BY segment, kind"
        );
        let mut kinds: BTreeMap<i64, Vec<SegmentKind>> = BTreeMap::new();
        for row in self.db.all(sql, args![wallet, first, last]).await? {
            let kind = SegmentKind::read(&row)?;
            kinds.entry(kind.segment).or_default().push(kind);
        }
        let sql = "SELECT segment, posted_at, hash, buckets FROM ledger_segments
            WHERE wallet_id = $1 AND segment BETWEEN $2 AND $3 ORDER BY segment";
        let rows = self.db.all(sql, args![wallet, first, last]).await?;
        let read = |row: &crate::db::Row| {
            Ok(Arc::new(Segment {
                posted_at: row.get("posted_at")?,
                hash: row.get("hash")?,
                buckets: row.get("buckets")?,
                kinds: kinds.remove(&row.get("segment")?).unwrap_or_default(),
            }))
        };
        rows.iter().map(read).collect()
    }

    /// In which blocks of these segments these buckets are, by both. Those that are not named are in none.
    pub(crate) async fn bucket_blocks(
        &self,
        wallet: WalletId,
        segments: &[i64],
        buckets: &[u32],
    ) -> Result<HashMap<(i64, u32), Blocks>> {
        let mut pages: Vec<_> = buckets.iter().map(|bucket| page_of(*bucket)).collect();
        pages.sort_unstable();
        pages.dedup();
        let mut found = HashMap::new();
        for segments in split_pieces(segments) {
            let mut args = vec![Arg::from(wallet)];
            args.extend(segments.iter().chain(&pages).copied().map(Arg::from));
            let sql = format!(
                "SELECT segment, page, bits FROM segment_signatures WHERE wallet_id = $1 AND segment IN {} AND page IN {}",
                numbered_places(true, 2, 1, segments.len()),
                numbered_places(true, 2 + segments.len(), 1, pages.len())
            );
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                let (segment, page): (i64, i64) = (row.get("segment")?, row.get("page")?);
                let bits: Vec<u8> = row.get("bits")?;
                for bucket in buckets.iter().copied().filter(|bucket| page_of(*bucket) == page) {
                    let blocks = read_blocks(&bits, bucket);
                    let broken = || StoreError::Corrupt(format!("page {page} of segment {segment}"));
                    found.insert((segment, bucket), blocks.ok_or_else(broken)?);
                }
            }
        }
        Ok(found)
    }

    /// When the lines of these kinds occurred (of all kinds when none is named), by part of these segments, oldest first.
    pub(crate) async fn part_spans(
        &self,
        wallet: WalletId,
        segments: &[i64],
        kinds: &[TransactionKind],
    ) -> Result<Vec<PartSpan>> {
        let mut found = Vec::new();
        for segments in split_pieces(segments) {
            let mut args = vec![Arg::from(wallet)];
            args.extend(segments.iter().copied().map(Arg::from));
            args.extend(kinds.iter().copied().map(Arg::from));
            let of_kinds = if kinds.is_empty() {
                String::new()
            } else {
                format!(" AND kind IN {}", numbered_places(true, 2 + segments.len(), 1, kinds.len()))
            };
            let sql = format!(
                "SELECT segment, part, MIN(first_occurred) AS first_occurred, MAX(last_occurred) AS last_occurred
                FROM segment_parts WHERE wallet_id = $1 AND segment IN {}{of_kinds} GROUP BY segment, part",
                numbered_places(true, 2, 1, segments.len())
            );
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                found.push(PartSpan {
                    segment: row.get("segment")?,
                    part: row.get("part")?,
                    first_occurred: row.get("first_occurred")?,
                    last_occurred: row.get("last_occurred")?,
                });
            }
        }
        found.sort_unstable_by_key(|part| (part.segment, part.part));
        Ok(found)
    }

    /// Runs of lines that are whole and not summarized, the oldest of each wallet.
    pub async fn due_segments(&self) -> Result<Vec<DueSegment>> {
        let sql = "SELECT wallet_id, segment FROM (
                SELECT wallet_id, last_seq, COALESCE((SELECT MAX(segment) FROM ledger_segments AS known
                    WHERE known.wallet_id = wallets.wallet_id), -1) + 1 AS segment
                FROM wallets WHERE last_seq >= 8192
            ) AS wanted WHERE last_seq >= (segment + 1) * 8192 ORDER BY segment, wallet_id LIMIT $1";
        let rows = self.db.all(sql, args![DUE_AT_ONCE]).await?;
        rows.iter().map(|row| Ok(DueSegment { wallet: row.get("wallet_id")?, segment: row.get("segment")? })).collect()
    }

    /// Summarizes the whole runs of a ledger up to a line, before they leave the database.
    pub(crate) async fn summarize_until(&self, organization_id: &OrganizationId, last_seq: i64) -> Result<()> {
        while let Some(ledger) = self.ledger_outline(organization_id).await? {
            let segment = ledger.covered() / SEGMENT_LINES;
            if (segment + 1).saturating_mul(SEGMENT_LINES) > last_seq {
                break;
            }
            self.summarize_segment(DueSegment { wallet: ledger.wallet, segment }).await?;
        }
        Ok(())
    }

    /// Summarizes a run of lines, unless another server has: then nothing is written.
    pub async fn summarize_segment(&self, due: DueSegment) -> Result<()> {
        let DueSegment { wallet, segment } = due;
        let after = segment.saturating_mul(SEGMENT_LINES);
        let sql = "SELECT seq, kind, amount, occurred_at, posted_at, hash, description, source, reference FROM ledger
            WHERE wallet_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
        // Read before the transaction: lines do not change, and nobody shall wait for this.
        let rows = self.db.all(sql, args![wallet, after, after.saturating_add(SEGMENT_LINES)]).await?;
        let Some(last) = rows.last().filter(|_| i64::try_from(rows.len()) == Ok(SEGMENT_LINES)) else {
            return Err(StoreError::Corrupt(format!("segment {segment} has {} lines", rows.len())));
        };
        let (posted_at, hash): (Timestamp, Hash) = (last.get("posted_at")?, last.get("hash")?);
        let summary = tokio::task::spawn_blocking(move || summarize_lines(segment, &rows)).await;
        let summary = summary.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        retrying!("segment", self.keep_summary(due, posted_at, hash, &summary))
    }

    async fn keep_summary(&self, due: DueSegment, posted_at: Timestamp, hash: Hash, summary: &Summary) -> Result<()> {
        let DueSegment { wallet, segment } = due;
        let mut tx = self.db.begin().await?;
        let sql =
            "INSERT INTO ledger_segments (wallet_id, segment, posted_at, hash, buckets) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING";
        let row = [
            Arg::from(wallet),
            Arg::from(segment),
            Arg::from(posted_at),
            Arg::from(hash),
            Arg::Bytes(summary.signature.buckets()),
        ];
        if tx.execute(sql, &row).await? == 0 {
            return tx.rollback().await;
        }
        for kind in summary.kinds.values() {
            let sql = "INSERT INTO segment_kinds (wallet_id, segment, kind, lines, amount, money_in, first_occurred,
                last_occurred) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
            let row = args![
                wallet,
                segment,
                kind.kind,
                kind.lines,
                kind.amount,
                kind.money_in,
                kind.first_occurred,
                kind.last_occurred
            ];
            tx.execute(sql, row).await?;
        }
        let parts: Vec<_> = summary.parts.iter().collect();
        for parts in split_pieces(&parts) {
            let mut args = Vec::with_capacity(parts.len() * 9);
            for ((part, _), sum) in parts {
                args.extend([Arg::from(wallet), Arg::from(segment), Arg::from(*part), Arg::from(sum.kind)]);
                args.extend([Arg::from(sum.lines), Arg::from(sum.amount), Arg::from(sum.money_in)]);
                args.extend([Arg::from(sum.first_occurred), Arg::from(sum.last_occurred)]);
            }
            let sql = format!(
                "INSERT INTO segment_parts (wallet_id, segment, part, kind, lines, amount, money_in, first_occurred,
                last_occurred) VALUES {}",
                numbered_places(tx.is_postgres(), 1, parts.len(), 9)
            );
            tx.execute(AssertSqlSafe(sql), &args).await?;
        }
        let pages: Vec<_> = summary.signature.pages().collect();
        for pages in split_pieces(&pages) {
            let mut args = Vec::with_capacity(pages.len() * 4);
            for (page, bits) in pages {
                args.extend([Arg::from(wallet), Arg::from(segment), Arg::from(*page), Arg::Bytes(bits.clone())]);
            }
            let sql = format!(
                "INSERT INTO segment_signatures (wallet_id, segment, page, bits) VALUES {}",
                numbered_places(tx.is_postgres(), 1, pages.len(), 4)
            );
            tx.execute(AssertSqlSafe(sql), &args).await?;
        }
        tx.commit().await
    }
}

struct Summary {
    kinds: BTreeMap<TransactionKind, SegmentKind>,
    parts: BTreeMap<(i64, TransactionKind), SegmentKind>,
    signature: Signature,
}

impl SegmentKind {
    /// Takes in one more line; `None`: a sum leaves its range.
    fn add(&mut self, amount: Money, occurred_at: Timestamp) -> Option<()> {
        self.lines += 1;
        self.amount = self.amount.checked_add(amount)?;
        if amount.is_positive() {
            self.money_in = self.money_in.checked_add(amount)?;
        }
        self.first_occurred = self.first_occurred.min(occurred_at);
        self.last_occurred = self.last_occurred.max(occurred_at);
        Some(())
    }
}

fn summarize_lines(segment: i64, rows: &[crate::db::Row]) -> Result<Summary> {
    let mut summary = Summary { kinds: BTreeMap::new(), parts: BTreeMap::new(), signature: Signature::empty() };
    let overflow = || StoreError::Corrupt(format!("the sums of segment {segment} leave their range"));
    for row in rows {
        let place = row.get::<i64>("seq")? - 1 - segment * SEGMENT_LINES;
        let (kind, amount): (TransactionKind, Money) = (row.get("kind")?, row.get("amount")?);
        let occurred_at: Timestamp = row.get("occurred_at")?;
        let empty = SegmentKind {
            segment,
            kind,
            lines: 0,
            amount: Money::ZERO,
            money_in: Money::ZERO,
            first_occurred: occurred_at,
            last_occurred: occurred_at,
        };
        summary.kinds.entry(kind).or_insert(empty).add(amount, occurred_at).ok_or_else(overflow)?;
        let part = summary.parts.entry((place / PART_LINES, kind)).or_insert(empty);
        part.add(amount, occurred_at).ok_or_else(overflow)?;
        summary.signature.add(kind_bucket(kind), place);
        for column in ["description", "source", "reference"] {
            for bucket in trigram_buckets(&normalize_text(&row.get::<String>(column)?)) {
                summary.signature.add(bucket, place);
            }
        }
    }
    Ok(summary)
}
