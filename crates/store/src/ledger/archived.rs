//! What is left in the database of an archived line, so that its reference posts once, for ever.

use std::collections::HashMap;

use billing_domain::kind::Unit;
use billing_domain::ledger::Line;
use billing_domain::{Money, OrganizationId, Timestamp, TransactionKind};
use serde::Serialize;
use sqlx::AssertSqlSafe;

use super::rows::find_suspects;
use super::{LineOutcome, NewLine, Origin};
use crate::db::{Arg, Many, Row, Tx, args, columns, numbered_places, split_pieces};
use crate::references::{digest_longer, digest_reference};
use crate::wallet::SELECT_WALLET;
use crate::{Result, StoreError, Wallet, WalletId};

/// Of a row.
const COLUMNS: usize = 6;

columns!(stub_columns, Stub { seq, digest, digest_rest, contents, amount });

/// An archived line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stub {
    seq: i64,
    /// Of the reference, as the ledger's own index has it, and eight bytes more.
    digest: i64,
    digest_rest: i64,
    contents: i64,
    amount: Money,
}

/// What the sender says of a line; the amount is compared by itself.
#[derive(Serialize)]
struct Contents<'l> {
    kind: TransactionKind,
    contra: &'l str,
    occurred_at: Timestamp,
    description: &'l str,
    source: &'l str,
    quantity: Option<&'l str>,
    unit: Option<Unit>,
    unit_price: Option<&'l str>,
    corrects: Option<i64>,
}

/// Two types have the same fields.
macro_rules! digest_contents {
    ($line:expr) => {{
        let contents = Contents {
            kind: $line.kind,
            contra: &$line.contra,
            occurred_at: $line.occurred_at,
            description: &$line.description,
            source: &$line.source,
            quantity: $line.quantity.as_deref(),
            unit: $line.unit,
            unit_price: $line.unit_price.as_deref(),
            corrects: $line.corrects,
        };
        let text = serde_json::to_string(&contents).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        digest_reference(&text)
    }};
}

impl Stub {
    pub(crate) fn of(line: &Line) -> Result<Self> {
        let (digest, digest_rest) = digest_longer(&line.reference);
        Ok(Self { seq: line.seq, digest, digest_rest, contents: digest_contents!(line), amount: line.amount })
    }

    fn is_of(&self, reference: &str) -> bool {
        (self.digest, self.digest_rest) == digest_longer(reference)
    }

    /// What a line comes to that is sent under this reference again.
    fn compare(&self, new: &NewLine) -> Result<LineOutcome> {
        // As in the posting: a line that took a carried micro-unit along is compared without it.
        let took_one = new.amount.checked_sub(Money::from_micros(1)).filter(|_| !new.part.is_zero());
        let same =
            (new.amount == self.amount || took_one == Some(self.amount)) && digest_contents!(new) == self.contents;
        Ok(if same {
            LineOutcome::Duplicate { seq: self.seq, amount: self.amount }
        } else {
            LineOutcome::Conflict { seq: self.seq }
        })
    }
}

/// Answers to those of `lines` whose references are archived, by their places; the wallet is locked.
pub(super) async fn find_archived(
    tx: &mut Tx,
    wallet: &Wallet,
    lines: &[NewLine],
) -> Result<HashMap<usize, LineOutcome>> {
    let mut found = HashMap::new();
    let usage = || lines.iter().enumerate().filter(|(_, line)| line.origin == Origin::Usage);
    let references: Vec<_> = usage().map(|(_, line)| line.reference.as_str()).collect();
    let stubs = find_stubs(tx, wallet, &references).await?;
    if stubs.is_empty() {
        return Ok(found);
    }
    for (place, line) in usage() {
        if let Some(stub) = stubs.iter().find(|stub| stub.is_of(&line.reference)) {
            found.insert(place, stub.compare(line)?);
        }
    }
    Ok(found)
}

/// Whether a usage line was archived under this reference.
pub(crate) async fn is_archived(tx: &mut Tx, organization_id: &OrganizationId, reference: &str) -> Result<bool> {
    let Some(row) = tx.first(SELECT_WALLET, args![organization_id]).await? else { return Ok(false) };
    let wallet = Wallet::read(&row)?;
    let stubs = if wallet.archived_seq > 0 { find_stubs(tx, &wallet, &[reference]).await? } else { Vec::new() };
    Ok(stubs.iter().any(|stub| stub.is_of(reference)))
}

/// What is left of lines under these references.
async fn find_stubs(tx: &mut Tx, wallet: &Wallet, references: &[&str]) -> Result<Vec<Stub>> {
    let digests: Vec<_> = references.iter().map(|reference| digest_reference(reference)).collect();
    let mut stubs = Vec::new();
    // As the ledger's own are looked for: docs/decisions/0097-reference-filters.md.
    for (span, suspects) in find_suspects(tx, wallet, &digests, false).await? {
        if span.after >= wallet.archived_seq {
            continue;
        }
        for run in span.runs(wallet.archived_seq) {
            let rows = find_digests(tx, wallet.id, run, &suspects).await?;
            stubs.extend(rows.iter().map(Stub::read).collect::<Result<Vec<_>>>()?);
        }
    }
    Ok(stubs)
}

async fn find_digests(tx: &mut Tx, wallet: WalletId, run: i64, digests: &[i64]) -> Result<Vec<Row>> {
    if tx.is_postgres() {
        let sql = concat!(
            "SELECT ",
            stub_columns!(),
            " FROM archived_references WHERE wallet_id = $1 AND (seq - 1) / 8192 = $2 AND digest = ANY($3)"
        );
        let digests = Arg::Many(Many::Ints(digests.iter().copied().map(Some).collect()));
        return tx.all(sql, &[Arg::from(wallet), Arg::from(run), digests]).await;
    }
    let mut rows = Vec::new();
    for piece in split_pieces(digests) {
        let mut args = vec![Arg::from(wallet), Arg::from(run)];
        args.extend(piece.iter().copied().map(Arg::from));
        let sql = format!(
            "SELECT {} FROM archived_references INDEXED BY archived_references_digest
            WHERE wallet_id = ? AND (seq - 1) / 8192 = ? AND digest IN {}",
            stub_columns!(),
            numbered_places(false, 3, 1, piece.len())
        );
        rows.extend(tx.all(AssertSqlSafe(sql), &args).await?);
    }
    Ok(rows)
}

/// Writes them down.
pub(crate) async fn insert_stubs(tx: &mut Tx, wallet: WalletId, stubs: &[Stub]) -> Result<()> {
    for piece in split_pieces(stubs) {
        let sql = format!(
            "INSERT INTO archived_references (wallet_id, {}) VALUES {}",
            stub_columns!(),
            numbered_places(tx.is_postgres(), 1, piece.len(), COLUMNS)
        );
        let mut args = Vec::with_capacity(piece.len() * COLUMNS);
        for stub in piece {
            args.extend([
                Arg::from(wallet),
                Arg::from(stub.seq),
                Arg::from(stub.digest),
                Arg::from(stub.digest_rest),
                Arg::from(stub.contents),
                Arg::from(stub.amount),
            ]);
        }
        tx.execute(AssertSqlSafe(sql), &args).await?;
    }
    Ok(())
}
