//! What entries of many subjects are made of.

use billing_domain::UserId;

use super::NewAudit;
use crate::db::{Tx, args};
use crate::{Actor, AuditFacts, Result};

/// Facts by name; empty ones are none.
pub(crate) fn collect_facts<'a>(facts: impl IntoIterator<Item = (&'a str, String)>) -> AuditFacts {
    facts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text)).collect()
}

/// An entry about what differs: facts that stay are left out.
pub(crate) fn change_entry(
    action: &'static str,
    subject: &impl ToString,
    mut before: AuditFacts,
    mut after: AuditFacts,
) -> NewAudit {
    let same: Vec<String> =
        before.iter().filter(|(name, text)| after.get(*name) == Some(*text)).map(|(name, _)| name.clone()).collect();
    for name in same {
        before.remove(&name);
        after.remove(&name);
    }
    NewAudit { action, subject: subject.to_string(), before, after }
}

/// A person who acts by what they began earlier, in a request that is long over.
pub(crate) async fn find_person(tx: &mut Tx, user_id: &UserId) -> Result<Actor> {
    let row = tx.first("SELECT name FROM users WHERE id = $1", args![user_id]).await?;
    let name: String = row.map(|row| row.get("name")).transpose()?.unwrap_or_default();
    Ok(Actor::user(user_id, name))
}
