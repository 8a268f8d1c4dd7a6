//! Who did what: one entry per change, written in the change's own transaction, each chained to the one before it.
//!
//! The chain of an organization, and the one of the installation itself, are numbered without gaps. Locks are taken in one
//! order: the wallet first, the head of a chain last.

mod facts;
mod reading;
mod verifying;

pub(crate) use facts::{change_entry, collect_facts, find_person};
pub use reading::{AuditPlace, WrittenAudit};

use std::collections::BTreeMap;

use billing_domain::ledger::Hash;
use billing_domain::{ActorKind, OrganizationId, Timestamp, UserId};
use serde::Serialize;

use crate::db::{Row, Tx, args, columns, retrying};
use crate::{Result, Store, StoreError};

/// Hashed with every entry, so that a later format cannot be mistaken for this one.
const FORMAT: &[u8] = b"nexis-billing audit entry v1";

/// Facts about a subject by name. Never a secret, a token or data of a card.
pub type AuditFacts = BTreeMap<String, String>;

/// Who acts, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// What kind.
    pub kind: ActorKind,
    /// The person's or key's id; empty for the program.
    pub id: String,
    /// For people: the person's or key's name, the worker's or the command's.
    pub name: String,
    /// The session's public id; empty without one.
    pub session: String,
    /// The IP address that the request came from; empty without one.
    pub address: String,
}

impl Actor {
    /// A person, without a session or an address.
    pub fn user(id: &UserId, name: impl Into<String>) -> Self {
        Self { kind: ActorKind::User, id: id.to_string(), name: name.into(), ..Self::system("") }
    }

    /// This program; `name` says which part of it, or which command.
    pub fn system(name: impl Into<String>) -> Self {
        Self {
            kind: ActorKind::System,
            id: String::new(),
            name: name.into(),
            session: String::new(),
            address: String::new(),
        }
    }
}

/// An entry to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    /// What was done: subject and verb, such as `member.change_role`.
    pub action: &'static str,
    /// To what: an id, or the text by which people name it.
    pub subject: String,
    /// What was changed, as it was; empty for what is new.
    pub before: AuditFacts,
    /// The same as it is now; empty for what is gone.
    pub after: AuditFacts,
}

/// An entry as it stands in the log. Its hash covers the fields in this order, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Whose chain; `None`: the installation's own.
    pub organization_id: Option<OrganizationId>,
    /// From 1, without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What was done: subject and verb, such as `member.change_role`.
    pub action: String,
    /// To what: an id, or the text by which people name it.
    pub subject: String,
    /// What was changed, as it was; empty for what is new.
    pub before: AuditFacts,
    /// The same as it is now; empty for what is gone.
    pub after: AuditFacts,
}

/// The columns of an entry and its hash.
macro_rules! audit_columns {
    () => {
        "organization_id, seq, at, actor_kind, actor_id, actor_name, session, address, action, subject, before_text,
            after_text, hash"
    };
}
use audit_columns;

impl Store {
    /// Writes an entry for what is no change of another row: somebody signed in, a command ran.
    pub async fn append_audit(
        &self,
        organization_id: Option<&OrganizationId>,
        actor: &Actor,
        new: &NewAudit,
        now: Timestamp,
    ) -> Result<()> {
        retrying!("append_audit", self.append_audit_once(organization_id, actor, new, now))
    }

    async fn append_audit_once(
        &self,
        organization_id: Option<&OrganizationId>,
        actor: &Actor,
        new: &NewAudit,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        append_entry(&mut tx, organization_id, actor, new, now).await?;
        tx.commit().await
    }
}

/// Appends to the organization's chain, or to the installation's own, which stays locked until the end of the
/// transaction.
pub(crate) async fn append_entry(
    tx: &mut Tx,
    organization_id: Option<&OrganizationId>,
    actor: &Actor,
    new: &NewAudit,
    now: Timestamp,
) -> Result<()> {
    let chain = chain_name(organization_id);
    let head = lock_head(tx, chain).await?;
    let entry = AuditEntry {
        organization_id: organization_id.cloned(),
        seq: head.last_seq.checked_add(1).ok_or(StoreError::Overflow)?,
        at: now,
        actor: actor.clone(),
        action: new.action.to_owned(),
        subject: new.subject.clone(),
        before: new.before.clone(),
        after: new.after.clone(),
    };
    let hash = entry.hash_after(head.last_hash)?;
    tx.execute(
        "INSERT INTO audit (organization_id, seq, at, actor_kind, actor_id, actor_name, session, address, action, subject,
            before_text, after_text, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        args![
            chain,
            entry.seq,
            entry.at,
            actor.kind.as_str(),
            &actor.id,
            &actor.name,
            &actor.session,
            &actor.address,
            &entry.action,
            &entry.subject,
            write_json(&entry.before)?,
            write_json(&entry.after)?,
            hash
        ],
    )
    .await?;
    let sql = "UPDATE audit_heads SET last_seq = $2, last_hash = $3 WHERE organization_id = $1";
    tx.execute(sql, args![chain, entry.seq, hash]).await?;
    Ok(())
}

/// Where a chain ends.
#[derive(PartialEq, Eq)]
struct Head {
    last_seq: i64,
    last_hash: Hash,
}

columns!(head_columns, Head { last_seq, last_hash });

async fn lock_head(tx: &mut Tx, chain: &str) -> Result<Head> {
    let sql = "INSERT INTO audit_heads (organization_id, last_seq, last_hash) VALUES ($1, 0, $2)
        ON CONFLICT (organization_id) DO NOTHING";
    tx.execute(sql, args![chain, Hash::GENESIS]).await?;
    if tx.is_postgres() {
        // An immediate transaction of SQLite holds the whole database.
        tx.all("SELECT last_seq FROM audit_heads WHERE organization_id = $1 FOR UPDATE", args![chain]).await?;
    }
    read_head(tx, chain).await?.ok_or(StoreError::NotFound)
}

async fn read_head(tx: &mut Tx, chain: &str) -> Result<Option<Head>> {
    let sql = concat!("SELECT ", head_columns!(), " FROM audit_heads WHERE organization_id = $1");
    tx.first(sql, args![chain]).await?.map(|row| Head::read(&row)).transpose()
}

/// The column that names a chain.
fn chain_name(organization_id: Option<&OrganizationId>) -> &str {
    organization_id.map_or("", OrganizationId::as_str)
}

impl Head {
    /// Before the first entry of every chain.
    const BEGINNING: Self = Self { last_seq: 0, last_hash: Hash::GENESIS };
}

impl AuditEntry {
    fn hash_after(&self, previous: Hash) -> Result<Hash> {
        Ok(previous.extend(FORMAT, write_json(self)?.as_bytes()))
    }

    fn read(row: &Row) -> Result<Self> {
        let organization_id: String = row.get("organization_id")?;
        Ok(Self {
            organization_id: (!organization_id.is_empty()).then(|| OrganizationId::from_trusted(organization_id)),
            seq: row.get("seq")?,
            at: row.get("at")?,
            actor: Actor {
                kind: row.get("actor_kind")?,
                id: row.get("actor_id")?,
                name: row.get("actor_name")?,
                session: row.get("session")?,
                address: row.get("address")?,
            },
            action: row.get("action")?,
            subject: row.get("subject")?,
            before: row.get("before_text")?,
            after: row.get("after_text")?,
        })
    }
}

fn write_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// An entry about this subject; facts as they were and as they are.
pub(crate) fn new_entry<const B: usize, const A: usize>(
    action: &'static str,
    subject: &impl ToString,
    before: [(&str, &str); B],
    after: [(&str, &str); A],
) -> NewAudit {
    let facts = |facts: &[(&str, &str)]| -> AuditFacts {
        facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    NewAudit { action, subject: subject.to_string(), before: facts(&before), after: facts(&after) }
}
