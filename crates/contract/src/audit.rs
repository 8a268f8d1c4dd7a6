//! `GET /audit`: who did what, from where.

use std::collections::BTreeMap;

use billing_domain::ledger::Hash;
use billing_domain::{ActorKind, Timestamp};
use serde::{Deserialize, Serialize};

/// Who has acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditActor {
    /// A person, a program with a key, or the server itself.
    pub kind: ActorKind,
    /// The person's or key's id; empty for the operator's service key and the server.
    pub id: String,
    /// The person's or key's name then; which part of the server, or which command.
    pub name: String,
}

/// One entry. Nothing changes or deletes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditRecord {
    /// Whose chain of entries it is in; `null`: the installation's own.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub organization_id: Option<String>,
    /// Position in the chain, gapless from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: AuditActor,
    /// The public id of the session; empty without one.
    pub session: String,
    /// The IP address of the request; empty without one.
    pub address: String,
    /// What was done: subject and verb, such as `member.change_role`.
    pub action: String,
    /// To what: an id, or the text by which people name it.
    pub subject: String,
    /// The name that the subject has now, if it is a person.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub subject_name: Option<String>,
    /// What was changed, as it was; empty for what is new.
    pub before: BTreeMap<String, String>,
    /// The same as it is now; empty for what is gone.
    pub after: BTreeMap<String, String>,
    /// Of the entry before it and this one.
    pub hash: Hash,
}

/// `GET /audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// Newest first.
    pub items: Vec<AuditRecord>,
    /// For the next page; `null` on the last one.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}
