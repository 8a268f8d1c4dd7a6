//! Entries of the audit log.

use billing_contract::audit::{AuditActor, AuditRecord};
use billing_store::{AuditEntry, WrittenAudit};

/// As readers see it.
pub(crate) fn map_audit(written: WrittenAudit) -> AuditRecord {
    let WrittenAudit { entry, subject_name, hash } = written;
    let AuditEntry { organization_id, seq, at, actor, action, subject, before, after } = entry;
    AuditRecord {
        organization_id: organization_id.map(Into::into),
        seq,
        at,
        actor: AuditActor { kind: actor.kind, id: actor.id, name: actor.name },
        session: actor.session,
        address: actor.address,
        action,
        subject,
        subject_name,
        before,
        after,
        hash,
    }
}
