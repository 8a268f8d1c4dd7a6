//! Following a chain of the audit log from its first entry, to show that nothing was altered or left out.

use billing_domain::OrganizationId;
use billing_domain::ledger::Hash;

use super::{AuditEntry, Head, audit_columns, chain_name, read_head};
use crate::db::{Row, Tx, args};
use crate::verify::{Broken, Verification};
use crate::{Result, Store, StoreError};

/// Entries read at once.
const ENTRIES_AT_ONCE: u32 = 2000;

impl Store {
    /// Recomputes the chain of one organization, or with `None` the installation's own, on one snapshot of the database.
    /// `lines` counts entries.
    pub async fn verify_audit(&self, organization_id: Option<&OrganizationId>) -> Result<Verification> {
        let mut tx = self.db.snapshot().await?;
        let result = follow_chain(&mut tx, chain_name(organization_id)).await;
        tx.rollback().await?;
        result
    }
}

async fn follow_chain(tx: &mut Tx, chain: &str) -> Result<Verification> {
    let mut end = Head::BEGINNING;
    loop {
        let sql = concat!(
            "SELECT ",
            audit_columns!(),
            " FROM audit WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        );
        let rows = tx.all(sql, args![chain, end.last_seq, ENTRIES_AT_ONCE]).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let seq = row.get("seq")?;
            match end.follow(row) {
                Ok(next) => end = next,
                Err(StoreError::Corrupt(reason)) => return Ok(broken_at(seq, &end, reason)),
                Err(other) => return Err(other),
            }
        }
    }
    let head = read_head(tx, chain).await?.unwrap_or(Head::BEGINNING);
    if head != end {
        let reason = format!("the log ends at entry {}, its head stands at {}", end.last_seq, head.last_seq);
        return Ok(broken_at(end.last_seq, &end, reason));
    }
    Ok(Verification { lines: end.last_seq, broken: None })
}

impl Head {
    /// One entry further; `Corrupt` says what is wrong with it.
    fn follow(&self, row: &Row) -> Result<Self> {
        let entry = AuditEntry::read(row)?;
        if self.last_seq.checked_add(1) != Some(entry.seq) {
            return Err(StoreError::Corrupt(format!("it does not follow entry {}", self.last_seq)));
        }
        let hash: Hash = row.get("hash")?;
        if entry.hash_after(self.last_hash)? != hash {
            return Err(StoreError::Corrupt("the contents do not fit the hash".to_owned()));
        }
        Ok(Self { last_seq: entry.seq, last_hash: hash })
    }
}

fn broken_at(seq: i64, end: &Head, reason: String) -> Verification {
    Verification { lines: end.last_seq, broken: Some(Broken { seq, reason }) }
}
