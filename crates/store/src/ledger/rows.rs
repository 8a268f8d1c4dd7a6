//! Ledger lines as rows.

use billing_domain::OrganizationId;

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use billing_domain::ledger::Line;
use sqlx::AssertSqlSafe;

use super::{NewLine, Origin, PostedLine};
use crate::db::{Arg, Row, Tx, numbered_places, split_pieces};
use crate::{Result, StoreError};

const COLUMNS: usize = 21;

macro_rules! ledger_columns {
    () => {
        "organization_id, seq, id, kind, contra, amount, balance_after, currency, occurred_at, posted_at, description,
        source, quantity, unit, unit_price, reference, corrects, details, hash"
    };
}
pub(crate) use ledger_columns;

/// Reads the columns of `ledger_columns!`.
pub(crate) fn read_line(row: &Row) -> Result<PostedLine> {
    let line = Line {
        organization_id: row.get("organization_id")?,
        seq: row.get("seq")?,
        id: row.get("id")?,
        kind: row.get("kind")?,
        contra: row.get("contra")?,
        amount: row.get("amount")?,
        balance_after: row.get("balance_after")?,
        currency: row.get("currency")?,
        occurred_at: row.get("occurred_at")?,
        posted_at: row.get("posted_at")?,
        description: row.get("description")?,
        source: row.get("source")?,
        quantity: row.get("quantity")?,
        unit: row.get("unit")?,
        unit_price: row.get("unit_price")?,
        reference: row.get("reference")?,
        corrects: row.get("corrects")?,
        details: row.get("details")?,
    };
    Ok(PostedLine { line, hash: row.get("hash")? })
}

/// Lines of the ledger under the references of `lines`.
pub(super) async fn find_existing(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    lines: &[NewLine],
) -> Result<HashMap<(Origin, String), PostedLine>> {
    // By origin, since a reference is unique within its origin only.
    let mut references: BTreeMap<Origin, Vec<&str>> = BTreeMap::new();
    for line in lines {
        references.entry(line.origin).or_default().push(&line.reference);
    }
    let mut found = HashMap::new();
    for (origin, references) in references {
        // In pieces of few sizes, so that the statements stay prepared.
        for chunk in split_pieces(&references) {
            let mut args = vec![Arg::from(organization_id), Arg::from(origin.as_str())];
            args.extend(chunk.iter().map(|reference| Arg::from(*reference)));
            let sql =
                if tx.is_postgres() { by_reference_postgres(chunk.len()) } else { by_reference_sqlite(chunk.len()) };
            for row in tx.all(AssertSqlSafe(sql), &args).await? {
                let line = read_line(&row)?;
                found.insert((origin, line.line.reference.clone()), line);
            }
        }
    }
    Ok(found)
}

/// For a long list both databases would rather read the organization's whole ledger, as long as they know nothing of its
/// size. Here one line after the other is looked for.
/// See docs/decisions/0059-reference-look-ups.md.
fn by_reference_postgres(count: usize) -> String {
    format!(
        "SELECT {0} FROM (VALUES {1}) AS wanted (wanted_reference) CROSS JOIN LATERAL
        (SELECT {0} FROM ledger WHERE organization_id = $1 AND origin = $2 AND reference = wanted_reference LIMIT 1) AS line",
        ledger_columns!(),
        numbered_places(true, 3, count, 1)
    )
}

fn by_reference_sqlite(count: usize) -> String {
    format!(
        "SELECT {} FROM ledger INDEXED BY ledger_reference
        WHERE organization_id = ? AND origin = ? AND reference IN {}",
        ledger_columns!(),
        numbered_places(false, 3, 1, count)
    )
}

/// Appends. While the database is at one piece, the next is made ready.
pub(super) async fn insert_lines(tx: &mut Tx, lines: &[(&NewLine, Arc<PostedLine>)]) -> Result<()> {
    let postgres = tx.is_postgres();
    let mut pieces = split_pieces(lines);
    let mut next = pieces.next().map(|piece| insert_statement(piece, postgres)).transpose()?;
    while let Some((sql, args)) = next {
        // Pinned here, because the future is polled once before it is awaited.
        let mut running = pin!(tx.execute(AssertSqlSafe(sql), &args));
        // The first poll hands the statement over.
        let first = poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await;
        next = pieces.next().map(|piece| insert_statement(piece, postgres)).transpose()?;
        match first {
            Poll::Ready(done) => done?,
            Poll::Pending => running.await?,
        };
    }
    Ok(())
}

fn insert_statement<'a>(piece: &'a [(&NewLine, Arc<PostedLine>)], postgres: bool) -> Result<(String, Vec<Arg<'a>>)> {
    let sql = format!(
        "INSERT INTO ledger ({}, origin, search) VALUES {}",
        ledger_columns!(),
        numbered_places(postgres, 1, piece.len(), COLUMNS)
    );
    let mut args = Vec::with_capacity(piece.len() * COLUMNS);
    for (new, posted) in piece {
        push_row(&mut args, new, posted)?;
    }
    Ok((sql, args))
}

fn push_row<'a>(args: &mut Vec<Arg<'a>>, new: &NewLine, posted: &'a PostedLine) -> Result<()> {
    let line = &posted.line;
    let details =
        // The map is sorted by name, so that equal details are equal texts.
        serde_json::to_string(&line.details).map_err(|error| StoreError::Corrupt(format!("details: {error}")))?;
    args.extend([
        Arg::from(&line.organization_id),
        Arg::from(line.seq),
        Arg::from(&line.id),
        Arg::from(line.kind.as_str()),
        Arg::from(&line.contra),
        Arg::from(line.amount),
        Arg::from(line.balance_after),
        Arg::from(line.currency),
        Arg::from(line.occurred_at),
        Arg::from(line.posted_at),
        Arg::from(&line.description),
        Arg::from(&line.source),
        Arg::from(&line.quantity),
        Arg::from(line.unit.map(billing_domain::kind::Unit::as_str)),
        Arg::from(&line.unit_price),
        Arg::from(&line.reference),
        Arg::from(line.corrects),
        Arg::from(details),
        Arg::from(posted.hash),
        Arg::from(new.origin.as_str()),
        Arg::from(searchable_text(line)),
    ]);
    Ok(())
}

/// What a search looks through; the line breaks keep a word from being found across two fields.
fn searchable_text(line: &Line) -> String {
    format!("{}\n{}\n{}", line.description, line.source, line.reference).to_lowercase()
}
