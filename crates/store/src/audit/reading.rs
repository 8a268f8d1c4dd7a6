//! The audit log by pages, newest first: of one organization, or of all and the installation itself.

use billing_domain::ledger::Hash;
use billing_domain::{OrganizationId, Timestamp};

use super::{AuditEntry, audit_columns, chain_name};
use crate::db::{Row, args};
use crate::{Result, Store};

/// An entry as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenAudit {
    /// What it says.
    pub entry: AuditEntry,
    /// The name that the subject has now, if it is a person. No part of the entry.
    pub subject_name: Option<String>,
    /// Of the entry before it and this one.
    pub hash: Hash,
}

/// Where an entry stands among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    /// When it was written.
    pub at: Timestamp,
    /// Its chain; `None`: the installation's own.
    pub organization_id: Option<OrganizationId>,
    /// Its place in that.
    pub seq: i64,
}

macro_rules! select_audit {
    () => {
        concat!("SELECT ", audit_columns!(), ", (SELECT name FROM users WHERE id = subject) AS subject_name FROM audit")
    };
}

impl Store {
    /// Entries of one organization, or with `None` of all and of the installation; newest first, older than `before`, at
    /// most `limit`.
    pub async fn page_audit(
        &self,
        organization_id: Option<&OrganizationId>,
        before: Option<&AuditPlace>,
        limit: u32,
    ) -> Result<Vec<WrittenAudit>> {
        let rows = match (organization_id, before) {
            (Some(id), before) => {
                let sql =
                    concat!(select_audit!(), " WHERE organization_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3");
                self.db.all(sql, args![id, before.map_or(i64::MAX, |place| place.seq), limit]).await?
            }
            (None, None) => {
                let sql = concat!(select_audit!(), " ORDER BY at DESC, organization_id DESC, seq DESC LIMIT $1");
                self.db.all(sql, args![limit]).await?
            }
            (None, Some(place)) => {
                let sql = concat!(
                    select_audit!(),
                    " WHERE at <= $1 AND (at, organization_id, seq) < ($1, $2, $3)
                    ORDER BY at DESC, organization_id DESC, seq DESC LIMIT $4"
                );
                let chain = chain_name(place.organization_id.as_ref());
                self.db.all(sql, args![place.at, chain, place.seq, limit]).await?
            }
        };
        rows.iter().map(WrittenAudit::read).collect()
    }
}

impl WrittenAudit {
    /// Where the entry stands among all.
    pub fn place(&self) -> AuditPlace {
        let AuditEntry { at, organization_id, seq, .. } = &self.entry;
        AuditPlace { at: *at, organization_id: organization_id.clone(), seq: *seq }
    }

    fn read(row: &Row) -> Result<Self> {
        Ok(Self { entry: AuditEntry::read(row)?, subject_name: row.get("subject_name")?, hash: row.get("hash")? })
    }
}
