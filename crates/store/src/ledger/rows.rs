//! Ledger lines as rows.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::Poll;

use billing_domain::ledger::Line;
use billing_domain::{Currency, OrganizationId, TextMap, TransactionKind};
use sqlx::AssertSqlSafe;

use super::{NewLine, Origin, PostedLine};
use crate::db::{Arg, Many, Row, StoredCode, Tx, args, numbered_places, split_pieces};
use crate::references::{ChainPosition, Committed, RUN_LINES, Span, digest_reference};
use crate::wallet::SELECT_WALLET;
use crate::{Result, StoreError, Wallet};

/// Attempts to bring a filter up to date that others displace.
const CATCH_UPS: u32 = 5;
/// Runs that a filter catches up with at once, up to the end of one: its hash is known of archived lines too.
const RUNS_AT_ONCE: i64 = 2;
/// Of a row, as `insert_columns!` has them.
const COLUMNS: usize = 20;

/// What is read of a row by whoever knows the wallet.
macro_rules! line_columns {
    () => {
        "seq, id, kind, contra, amount, balance_after, occurred_at, posted_at, description, source, quantity, unit,
        unit_price, reference, corrects, details, hash"
    };
}

/// What [`read_line`] reads, in a statement whose `$1` is the organization.
macro_rules! ledger_columns {
    () => {
        concat!(
            $crate::ledger::line_columns!(),
            ", (SELECT currency FROM wallets WHERE organization_id = $1) AS currency"
        )
    };
}
pub(crate) use {ledger_columns, line_columns};

macro_rules! insert_columns {
    () => {
        "wallet_id, kind, origin, seq, digest, amount, balance_after, occurred_at, posted_at, corrects, unit, id, hash,
        contra, description, source, quantity, unit_price, reference, details"
    };
}

/// Reads the columns of `ledger_columns!`.
pub(crate) fn read_line(row: &Row, organization_id: &OrganizationId) -> Result<PostedLine> {
    read_line_in(row, organization_id, row.get("currency")?)
}

/// Reads the columns of `line_columns!` of a ledger in this currency.
pub(crate) fn read_line_in(row: &Row, organization_id: &OrganizationId, currency: Currency) -> Result<PostedLine> {
    let kind = row.get("kind")?;
    let line = Line {
        organization_id: organization_id.clone(),
        seq: row.get("seq")?,
        id: row.get("id")?,
        kind,
        contra: row.get::<Option<String>>("contra")?.unwrap_or_else(|| usual_contra(kind).to_owned()),
        amount: row.get("amount")?,
        balance_after: row.get("balance_after")?,
        currency,
        occurred_at: row.get("occurred_at")?,
        posted_at: row.get("posted_at")?,
        description: row.get("description")?,
        source: row.get("source")?,
        quantity: row.get("quantity")?,
        unit: row.get("unit")?,
        unit_price: row.get("unit_price")?,
        reference: row.get("reference")?,
        corrects: row.get("corrects")?,
        details: row.get::<Option<TextMap>>("details")?.unwrap_or_default(),
    };
    Ok(PostedLine { line, hash: row.get("hash")? })
}

/// The account that nearly every line of a kind is against, which its row does not repeat. Frozen, like the codes of kinds.
fn usual_contra(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::OutboundCall => "revenue:outbound_call",
        TransactionKind::InboundCall => "revenue:inbound_call",
        TransactionKind::AiTask => "revenue:ai_task",
        TransactionKind::Promo => "promo",
        TransactionKind::Adjustment => "adjustment",
        TransactionKind::TopUp | TransactionKind::AutoTopUp | TransactionKind::Refund | TransactionKind::Dispute => "",
    }
}

/// Lines of the ledger under the references of `lines`, whose digests these are; the wallet is locked.
pub(super) async fn find_existing(
    tx: &mut Tx,
    wallet: &Wallet,
    lines: &[NewLine],
    digests: &[Option<i64>],
) -> Result<HashMap<(Origin, String), PostedLine>> {
    let mut found = HashMap::new();
    let of_usage: Vec<_> = digests.iter().copied().flatten().collect();
    if !of_usage.is_empty() {
        // Made only where something is suspected.
        let wanted: LazyLock<HashSet<_>, _> =
            LazyLock::new(|| lines.iter().map(|line| line.reference.as_str()).collect::<HashSet<_>>());
        let posted = find_usage(tx, wallet, &of_usage, |reference| wanted.contains(reference), true).await?;
        found.extend(posted.into_iter().map(|posted| ((Origin::Usage, posted.line.reference.clone()), posted)));
    }
    // One after the other: what is no usage comes singly.
    for line in lines.iter().filter(|line| line.origin != Origin::Usage) {
        if let Some(posted) = find_money(tx, wallet, line).await? {
            found.insert((line.origin, line.reference.clone()), posted);
        }
    }
    Ok(found)
}

async fn find_money(tx: &mut Tx, wallet: &Wallet, line: &NewLine) -> Result<Option<PostedLine>> {
    let sql = concat!(
        "SELECT ",
        line_columns!(),
        " FROM ledger WHERE wallet_id = $1 AND origin = $2 AND origin > 1 AND reference = $3"
    );
    let row = tx.first(sql, args![wallet.id, line.origin, &line.reference]).await?;
    row.map(|row| read_line_in(&row, &wallet.organization_id, wallet.currency)).transpose()
}

/// Usage lines with these digests whose references are wanted. `saving`: the transaction writes, and what was found out may
/// be kept.
/// See docs/decisions/0097-reference-filters.md.
async fn find_usage(
    tx: &mut Tx,
    wallet: &Wallet,
    digests: &[i64],
    is_wanted: impl Fn(&str) -> bool,
    saving: bool,
) -> Result<Vec<PostedLine>> {
    let mut found = Vec::new();
    for (span, mut suspects) in find_suspects(tx, wallet, digests, saving).await? {
        for run in span.runs(wallet.last_seq) {
            for row in find_digests(tx, wallet, run, &suspects).await? {
                let posted = read_line_in(&row, &wallet.organization_id, wallet.currency)?;
                // Two references may share a digest.
                if is_wanted(&posted.line.reference) {
                    let digest = digest_reference(&posted.line.reference);
                    suspects.retain(|suspect| *suspect != digest);
                    found.push(posted);
                }
            }
            if suspects.is_empty() {
                break;
            }
        }
    }
    Ok(found)
}

/// The usage line under this reference.
pub(crate) async fn find_usage_line(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    reference: &str,
) -> Result<Option<PostedLine>> {
    let Some(row) = tx.first(SELECT_WALLET, args![organization_id]).await? else { return Ok(None) };
    let wallet = Wallet::read(&row)?;
    let digests = [digest_reference(reference)];
    Ok(find_usage(tx, &wallet, &digests, |found| found == reference, false).await?.pop())
}

async fn find_digests(tx: &mut Tx, wallet: &Wallet, run: i64, digests: &[i64]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if tx.is_postgres() {
        let sql = concat!(
            "SELECT ",
            line_columns!(),
            " FROM ledger WHERE wallet_id = $1 AND (seq - 1) / 8192 = $2 AND digest = ANY($3)"
        );
        let digests = Arg::Many(Many::Ints(digests.iter().copied().map(Some).collect()));
        return tx.all(sql, &[Arg::from(wallet.id), Arg::from(run), digests]).await;
    }
    // In pieces of few sizes, so that the statements stay prepared.
    for chunk in split_pieces(digests) {
        let mut args = vec![Arg::from(wallet.id), Arg::from(run)];
        args.extend(chunk.iter().copied().map(Arg::from));
        let sql = format!(
            "SELECT {} FROM ledger INDEXED BY ledger_digest
            WHERE wallet_id = ? AND (seq - 1) / 8192 = ? AND digest IN {}",
            line_columns!(),
            numbered_places(false, 3, 1, chunk.len())
        );
        rows.extend(tx.all(AssertSqlSafe(sql), &args).await?);
    }
    Ok(rows)
}

/// The digests that the wallet may have, by span.
pub(super) async fn find_suspects(
    tx: &mut Tx,
    wallet: &Wallet,
    digests: &[i64],
    saving: bool,
) -> Result<Vec<(Span, Vec<i64>)>> {
    let end = ChainPosition { seq: wallet.last_seq, hash: wallet.last_hash };
    // Again where the filter went meanwhile: other wallets may have needed its memory.
    for _ in 0..CATCH_UPS {
        // Boxed: it is deep, and everything that posts would be as large as it.
        Box::pin(catch_up(tx, wallet, saving)).await?;
        if let Some(suspects) = tx.references().suspects(wallet.id, end, digests) {
            return Ok(suspects);
        }
    }
    Err(StoreError::Unavailable("there is not enough memory for the filters of references".to_owned()))
}

/// Brings the wallet's filter to where its ledger is. Nothing is read where this server has posted the last line.
async fn catch_up(tx: &mut Tx, wallet: &Wallet, saving: bool) -> Result<()> {
    let filters = tx.references();
    let end = ChainPosition { seq: wallet.last_seq, hash: wallet.last_hash };
    let mut at = filters.position(wallet.id);
    if !saving && at.seq > end.seq {
        // A reader whose state of the database is older than the last posting.
        return Ok(());
    }
    if at != end && at != ChainPosition::BEGINNING && position_at(tx, wallet, at.seq).await? != Some(at) {
        // Another ledger than the one it knows: lines were lost with a server, or a transaction was rolled back.
        filters.forget(wallet.id);
        at = ChainPosition::BEGINNING;
    }
    while at.seq < end.seq {
        let span = Span::following(at.seq);
        if span.is_whole() && at.seq == span.after && span.until <= end.seq {
            let after = position_of(tx, wallet, span.until).await?;
            if enter_kept(tx, wallet, at, after).await? {
                at = after;
                continue;
            }
        }
        let until = span.until.min((at.seq / RUN_LINES + RUNS_AT_ONCE) * RUN_LINES).min(end.seq);
        let after = if until == end.seq { end } else { position_of(tx, wallet, until).await? };
        let digests = read_digests(tx, wallet, at.seq, until).await?;
        filters.enter(&Committed { wallet: wallet.id, before: at, after, digests });
        at = after;
    }
    if let Some((after, bytes)) = filters.take_unsaved(wallet.id).filter(|_| saving) {
        let sql =
            "INSERT INTO reference_filters (wallet_id, after_seq, bits) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        tx.execute(sql, &[Arg::from(wallet.id), Arg::from(after), Arg::Bytes(bytes)]).await?;
    }
    Ok(())
}

/// The place in the chain of a line that must be there.
async fn position_of(tx: &mut Tx, wallet: &Wallet, seq: i64) -> Result<ChainPosition> {
    let position = position_at(tx, wallet, seq).await?;
    position.ok_or_else(|| StoreError::Corrupt(format!("line {seq} is missing")))
}

/// The line's place in the chain; `None`: there is no such line.
async fn position_at(tx: &mut Tx, wallet: &Wallet, seq: i64) -> Result<Option<ChainPosition>> {
    let row = tx.first("SELECT hash FROM ledger WHERE wallet_id = $1 AND seq = $2", args![wallet.id, seq]).await?;
    let row = match row {
        // An archived run has left the hash of its last line.
        None if seq <= wallet.archived_seq && seq % RUN_LINES == 0 => {
            let sql = "SELECT hash FROM ledger_segments WHERE wallet_id = $1 AND segment = $2";
            tx.first(sql, args![wallet.id, seq / RUN_LINES - 1]).await?
        }
        row => row,
    };
    row.map(|row| Ok(ChainPosition { seq, hash: row.get("hash")? })).transpose()
}

/// Whether a whole piece was kept, and is known now.
async fn enter_kept(tx: &mut Tx, wallet: &Wallet, before: ChainPosition, after: ChainPosition) -> Result<bool> {
    let sql = "SELECT bits FROM reference_filters WHERE wallet_id = $1 AND after_seq = $2";
    let Some(row) = tx.first(sql, args![wallet.id, before.seq]).await? else { return Ok(false) };
    let bits: Vec<u8> = row.get("bits")?;
    Ok(tx.references().enter_kept(wallet.id, before, after, &bits))
}

async fn read_digests(tx: &mut Tx, wallet: &Wallet, after: i64, until: i64) -> Result<Vec<(i64, i64)>> {
    // What was archived is in the one, and everything else in the other.
    let sql = if after < wallet.archived_seq {
        "SELECT seq, digest FROM ledger WHERE wallet_id = $1 AND seq > $2 AND seq <= $3 AND origin = 1
        UNION ALL SELECT seq, digest FROM archived_references WHERE wallet_id = $1 AND seq > $2 AND seq <= $3"
    } else {
        "SELECT seq, digest FROM ledger WHERE wallet_id = $1 AND seq > $2 AND seq <= $3 AND origin = 1"
    };
    let rows = tx.all(sql, args![wallet.id, after, until]).await?;
    rows.iter().map(|row| Ok((row.get("seq")?, row.get("digest")?))).collect()
}

/// Lines that are to be written, in the order of `seq`.
pub(super) type Fresh<'l> = [FreshLine<'l>];

/// A line that is to be written.
pub(super) struct FreshLine<'l> {
    /// Where it comes from.
    pub(super) new: &'l NewLine,
    /// As it will stand there.
    pub(super) posted: Arc<PostedLine>,
    /// See [`digest_of`].
    pub(super) digest: Option<i64>,
}

/// Appends.
pub(super) async fn insert_lines(tx: &mut Tx, wallet: &Wallet, lines: &Fresh<'_>) -> Result<()> {
    if tx.is_postgres() {
        // Boxed: its twenty columns would make every future that posts as large.
        Box::pin(insert_arrays(tx, wallet, lines)).await
    } else {
        insert_pieces(tx, wallet, lines).await
    }
}

/// PostgreSQL: one statement, however many lines, with an array for each column.
async fn insert_arrays(tx: &mut Tx, wallet: &Wallet, lines: &Fresh<'_>) -> Result<()> {
    let sql = concat!(
        "INSERT INTO ledger (",
        insert_columns!(),
        ") SELECT $1, * FROM UNNEST($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
    );
    let details = lines.iter().map(|line| write_details(&line.posted.line.details)).collect::<Result<Vec<_>>>()?;
    let int = |read: fn(&FreshLine<'_>) -> Option<i64>| Arg::Many(Many::Ints(lines.iter().map(read).collect()));
    let text = |read: fn(&Line) -> Option<&str>| {
        Arg::Many(Many::Texts(lines.iter().map(|line| read(&line.posted.line)).collect()))
    };
    let args = [
        Arg::from(wallet.id),
        int(|line| Some(line.posted.line.kind.code())),
        int(|line| Some(line.new.origin.code())),
        int(|line| Some(line.posted.line.seq)),
        int(|line| line.digest),
        int(|line| Some(line.posted.line.amount.micros())),
        int(|line| Some(line.posted.line.balance_after.micros())),
        int(|line| Some(line.posted.line.occurred_at.micros())),
        int(|line| Some(line.posted.line.posted_at.micros())),
        int(|line| line.posted.line.corrects),
        int(|line| line.posted.line.unit.map(StoredCode::code)),
        Arg::Many(Many::Uuids(lines.iter().map(|line| line.posted.line.id.as_str()).collect())),
        Arg::Many(Many::Hashes(lines.iter().map(|line| line.posted.hash.to_bytes()).collect())),
        text(stored_contra),
        text(|line| Some(&line.description)),
        text(|line| Some(&line.source)),
        text(|line| line.quantity.as_deref()),
        text(|line| line.unit_price.as_deref()),
        text(|line| Some(&line.reference)),
        Arg::Many(Many::Texts(details.iter().map(Option::as_deref).collect())),
    ];
    tx.execute(sql, &args).await.map(drop)
}

/// SQLite: while the database is at one piece, the next is made ready.
async fn insert_pieces(tx: &mut Tx, wallet: &Wallet, lines: &Fresh<'_>) -> Result<()> {
    let mut pieces = split_pieces(lines);
    let mut next = pieces.next().map(|piece| insert_statement(wallet, piece)).transpose()?;
    while let Some((sql, args)) = next {
        // Pinned here, because the future is polled once before it is awaited.
        let mut running = pin!(tx.execute(AssertSqlSafe(sql), &args));
        // The first poll hands the statement over.
        let first = poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await;
        next = pieces.next().map(|piece| insert_statement(wallet, piece)).transpose()?;
        match first {
            Poll::Ready(done) => done?,
            Poll::Pending => running.await?,
        };
    }
    Ok(())
}

fn insert_statement<'a>(wallet: &Wallet, piece: &'a Fresh<'_>) -> Result<(String, Vec<Arg<'a>>)> {
    let sql = format!(
        "INSERT INTO ledger ({}) VALUES {}",
        insert_columns!(),
        numbered_places(false, 1, piece.len(), COLUMNS)
    );
    let mut args = Vec::with_capacity(piece.len() * COLUMNS);
    for FreshLine { new, posted, digest } in piece {
        let line = &posted.line;
        args.extend([
            Arg::from(wallet.id),
            Arg::from(line.kind),
            Arg::from(new.origin),
            Arg::from(line.seq),
            Arg::from(*digest),
            Arg::from(line.amount),
            Arg::from(line.balance_after),
            Arg::from(line.occurred_at),
            Arg::from(line.posted_at),
            Arg::from(line.corrects),
            Arg::from(line.unit),
            Arg::from(&line.id),
            Arg::from(posted.hash),
            Arg::from(stored_contra(line)),
            Arg::from(&line.description),
            Arg::from(&line.source),
            Arg::from(&line.quantity),
            Arg::from(&line.unit_price),
            Arg::from(&line.reference),
            write_details(&line.details)?.map_or(Arg::Text(None), Arg::Owned),
        ]);
    }
    Ok((sql, args))
}

/// `None`: it is the kind's usual one.
fn stored_contra(line: &Line) -> Option<&str> {
    Some(line.contra.as_str()).filter(|contra| *contra != usual_contra(line.kind))
}

/// Of usage, whose references are many; those of money have an index of their own.
pub(super) fn digest_of(new: &NewLine) -> Option<i64> {
    (new.origin == Origin::Usage).then(|| digest_reference(&new.reference))
}

fn write_details(details: &TextMap) -> Result<Option<String>> {
    if details.is_empty() {
        return Ok(None);
    }
    // The map is sorted by name, so that equal details are equal texts.
    serde_json::to_string(details).map(Some).map_err(|error| StoreError::Corrupt(format!("details: {error}")))
}
