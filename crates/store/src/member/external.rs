//! Members as the host names them: put with the role that they have there, and taken out again.

use billing_domain::{ExternalId, MemberSource, OrganizationId, Role, Timestamp, UserId, UserRef};

use super::Member;
use crate::access::{SessionsOf, bump_version, end_sessions_in};
use crate::audit::append_entry;
use crate::db::{Tx, args, columns, retrying};
use crate::{Actor, AuditFacts, NewAudit, Result, Store, StoreError, wallet};

/// What a host says of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberFacts {
    /// Where notices go.
    pub email: String,
    /// Full name.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// A put of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPut<'a> {
    /// Where.
    pub organization_id: &'a OrganizationId,
    /// Who.
    pub named: &'a UserRef,
    /// For a person that the host has not named before.
    pub new_id: &'a UserId,
    /// What is said.
    pub facts: &'a MemberFacts,
    /// Only if the person is in no other organization: for a key that sees none.
    pub only_here: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutMember {
    /// They are a member now.
    Created(Member),
    /// They were, with other facts.
    Changed {
        /// As they were.
        before: Member,
        /// As they are.
        after: Member,
    },
    /// They were, just like this.
    Same(Member),
    /// The person is not the host's to change: they have an account of their own, or are in another organization too.
    NotTheirs,
}

/// What became of taking a member out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// They are out; the SHA-256 of the tokens of their sessions, which are over.
    Removed {
        /// Who it was.
        user_id: UserId,
        /// Hex.
        ended: Vec<String>,
    },
    /// Refused: this is the last owner.
    LastOwner,
}

columns!(person_columns, Person { id, email, name, source });

#[derive(Clone, Debug, PartialEq, Eq)]
struct Person {
    id: UserId,
    email: String,
    name: String,
    source: MemberSource,
}

impl Store {
    /// Makes somebody a member on the host's word, with this role, or changes the one that they are. `NotFound` without
    /// such an organization, and for an id of ours that is nobody's.
    pub async fn put_member(&self, put: &MemberPut<'_>, actor: &Actor, now: Timestamp) -> Result<PutMember> {
        retrying!("put_member", self.put_member_once(put, actor, now))
    }

    /// Takes somebody out of an organization; their sessions there and codes for new ones are over. `NotFound` for
    /// strangers.
    pub async fn remove_member(
        &self,
        organization_id: &OrganizationId,
        named: &UserRef,
        keep_last_owner: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Removal> {
        retrying!("remove_member", organization_id => self.remove_member_once(
            organization_id, named, keep_last_owner, actor, now))
    }
}

impl Store {
    async fn put_member_once(&self, put: &MemberPut<'_>, actor: &Actor, now: Timestamp) -> Result<PutMember> {
        let mut tx = self.db.begin().await?;
        let done = put_member_in(&mut tx, put, actor, now).await?;
        match done {
            PutMember::Created(_) | PutMember::Changed { .. } => tx.commit().await?,
            PutMember::Same(_) | PutMember::NotTheirs => tx.rollback().await?,
        }
        Ok(done)
    }

    async fn remove_member_once(
        &self,
        organization_id: &OrganizationId,
        named: &UserRef,
        keep_last_owner: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Removal> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let person = find_person(&mut tx, named).await?.ok_or(StoreError::NotFound)?;
        let member = find_member(&mut tx, organization_id, &person.id).await?.ok_or(StoreError::NotFound)?;
        let sql = "SELECT 1 FROM members WHERE organization_id = $1 AND role = 'owner' AND user_id <> $2 LIMIT 1";
        if keep_last_owner
            && member.role == Role::Owner
            && tx.first(sql, args![organization_id, &person.id]).await?.is_none()
        {
            tx.rollback().await?;
            return Ok(Removal::LastOwner);
        }
        // First: a code that is exchanged meanwhile leaves a session that is then ended too.
        tx.execute(
            "UPDATE portal_sessions SET ended_at = $3 WHERE organization_id = $1 AND user_id = $2 AND ended_at IS NULL",
            args![organization_id, &person.id, now],
        )
        .await?;
        let ended = end_sessions_in(&mut tx, SessionsOf::Member { organization_id, user_id: &person.id }, now).await?;
        let sql = "DELETE FROM members WHERE organization_id = $1 AND user_id = $2";
        tx.execute(sql, args![organization_id, &person.id]).await?;
        bump_version(&mut tx, organization_id).await?;
        note(&mut tx, "member.remove", organization_id, [Some(&member), None], actor, now).await?;
        tx.commit().await?;
        Ok(Removal::Removed { user_id: person.id, ended })
    }
}

/// [`Store::put_member`] within a transaction, which takes the wallet's lock. After `NotTheirs` nothing was written; after
/// `Same` nothing that matters.
pub(crate) async fn put_member_in(
    tx: &mut Tx,
    put: &MemberPut<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<PutMember> {
    let MemberPut { organization_id, facts, .. } = *put;
    wallet::lock_wallet(tx, organization_id).await?;
    let mut found = find_person(tx, put.named).await?;
    if let (None, UserRef::External(external_id)) = (&found, put.named) {
        insert_person(tx, put.new_id, external_id, facts, now).await?;
        // Perhaps somebody else's at the same moment; another statement sees that (READ COMMITTED).
        found = find_person(tx, put.named).await?;
    }
    let person = found.ok_or(StoreError::NotFound)?;
    let elsewhere = "SELECT 1 FROM members WHERE user_id = $1 AND organization_id <> $2 LIMIT 1";
    let theirs = person.source == MemberSource::Platform
        && !(put.only_here && tx.first(elsewhere, args![&person.id, organization_id]).await?.is_some());
    if !theirs {
        return Ok(PutMember::NotTheirs);
    }
    let before = find_member(tx, organization_id, &person.id).await?;
    if (person.email.as_str(), person.name.as_str()) != (&facts.email, &facts.name) {
        let sql = "UPDATE users SET email = $2, name = $3 WHERE id = $1";
        tx.execute(sql, args![&person.id, &facts.email, &facts.name]).await?;
    }
    tx.execute(
        "INSERT INTO members (organization_id, user_id, role, joined_at, source) VALUES ($1, $2, $3, $4, 'platform')
        ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role, source = excluded.source",
        args![organization_id, &person.id, facts.role.as_str(), now],
    )
    .await?;
    let after = find_member(tx, organization_id, &person.id).await?.ok_or(StoreError::NotFound)?;
    let action = match &before {
        None => "member.add",
        Some(before) if *before == after => return Ok(PutMember::Same(after)),
        Some(before) => {
            if before.role != after.role {
                bump_version(tx, organization_id).await?;
            }
            "member.change"
        }
    };
    note(tx, action, organization_id, [before.as_ref(), Some(&after)], actor, now).await?;
    Ok(match before {
        None => PutMember::Created(after),
        Some(before) => PutMember::Changed { before, after },
    })
}

async fn find_person(tx: &mut Tx, named: &UserRef) -> Result<Option<Person>> {
    let row = match named {
        UserRef::Id(id) => {
            tx.first(concat!("SELECT ", person_columns!(), " FROM users WHERE id = $1"), args![id]).await?
        }
        UserRef::External(id) => {
            let sql = concat!("SELECT ", person_columns!(), " FROM users WHERE external_id = $1");
            tx.first(sql, args![id.as_str()]).await?
        }
    };
    row.as_ref().map(Person::read).transpose()
}

async fn find_member(tx: &mut Tx, organization_id: &OrganizationId, user_id: &UserId) -> Result<Option<Member>> {
    let sql = concat!(select_member!(), " WHERE m.organization_id = $1 AND m.user_id = $2");
    tx.first(sql, args![organization_id, user_id]).await?.as_ref().map(Member::read).transpose()
}

/// Host's people have no password and no e-mail address to sign in by: two of them may share one.
async fn insert_person(
    tx: &mut Tx,
    id: &UserId,
    external_id: &ExternalId,
    facts: &MemberFacts,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO users (id, email, email_key, name, password_hash, created_at, external_id, source)
        VALUES ($1, $2, $3, $4, '', $5, $6, 'platform') ON CONFLICT (external_id) DO NOTHING",
        args![id, &facts.email, format!("external:{external_id}"), &facts.name, now, external_id.as_str()],
    )
    .await
    .map_err(|error| error.or_conflict("user"))?;
    Ok(())
}

async fn note(
    tx: &mut Tx,
    action: &'static str,
    organization_id: &OrganizationId,
    states: [Option<&Member>; 2],
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let facts = |member: Option<&Member>| {
        member.map_or_else(AuditFacts::new, |member| {
            AuditFacts::from([
                ("email".to_owned(), member.email.clone()),
                ("name".to_owned(), member.name.clone()),
                ("role".to_owned(), member.role.as_str().to_owned()),
            ])
        })
    };
    let [before, after] = states;
    let Some(member) = after.or(before) else { return Ok(()) };
    let entry = NewAudit { action, subject: member.user_id.to_string(), before: facts(before), after: facts(after) };
    append_entry(tx, Some(organization_id), actor, &entry, now).await
}
