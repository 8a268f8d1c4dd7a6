//! What the audit log says of an organization.

use billing_domain::Timestamp;

use super::Organization;
use crate::audit::{append_entry, change_entry, collect_facts};
use crate::db::Tx;
use crate::{Actor, AuditFacts, Result, StoreError};

/// Writes down what differs; `before` is `None` of a new one.
pub(crate) async fn append_change(
    tx: &mut Tx,
    action: &'static str,
    before: Option<&Organization>,
    after: &Organization,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let was = before.map_or_else(|| Ok(AuditFacts::new()), audit_facts)?;
    let entry = change_entry(action, &after.id, was, audit_facts(after)?);
    append_entry(tx, Some(&after.id), actor, &entry, now).await
}

fn audit_facts(organization: &Organization) -> Result<AuditFacts> {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let facts = [
        ("external_id", organization.external_id.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("name", organization.name.clone()),
        ("address", organization.address.clone()),
        ("tax_id", organization.tax_id.clone()),
        ("time_zone", organization.time_zone.clone()),
        ("currency", organization.currency.code().to_owned()),
        ("locale", some(&organization.locale)),
        ("plan", some(&organization.plan)),
        ("policy", write_json(&organization.policy)?),
        ("metadata", write_json(&organization.metadata)?),
        ("status", organization.status.as_str().to_owned()),
        ("status_reason", organization.status_reason.clone()),
    ];
    Ok(collect_facts(facts.into_iter().filter(|(_, text)| text != "{}")))
}

/// As a column of the organization holds it.
pub(super) fn write_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
