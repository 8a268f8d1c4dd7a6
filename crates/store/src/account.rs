//! People's own accounts: made, locked and let in again by whoever may; each with an entry in the audit log.

use billing_domain::{OrganizationId, Role, Timestamp, UserId};

use crate::access::{SessionsOf, bump_version, end_sessions_in};
use crate::audit::{append_entry, new_entry};
use crate::db::{Tx, args, columns, retrying};
use crate::member::{self, email_key};
use crate::organization::{insert_organization, organization_columns};
use crate::user_token::insert_token;
use crate::{Actor, NewOrganization, NewUserToken, Organization, Result, Store, StoreError, User};

columns!(account_columns, Account { id, email, name, password_hash, locale, locked_at, last_organization_id });
#[expect(clippy::single_component_path_imports, reason = "the macro is made by a macro")]
pub(crate) use account_columns;

/// A person's own account, locked ones too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// UUIDv7.
    pub id: UserId,
    /// As entered; unique without regard to case.
    pub email: String,
    /// Full name.
    pub name: String,
    /// PHC string of argon2id; empty until a password was chosen.
    pub password_hash: String,
    /// BCP 47 tag of the language of mails.
    pub locale: Option<String>,
    /// Locked out since then.
    pub locked_at: Option<Timestamp>,
    /// Where they were last.
    pub last_organization_id: Option<OrganizationId>,
}

/// A person to be put into an organization.
#[derive(Clone, Debug)]
pub struct NewAccountMember<'a> {
    /// Where.
    pub organization_id: &'a OrganizationId,
    /// The account to be made if there is none of this address.
    pub user: &'a User,
    /// What they may do there.
    pub role: Role,
    /// For a new account: its link to choose a password.
    pub token: &'a NewUserToken,
}

/// What became of a person to be put into an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddedMember {
    /// With a new account; the link was written down.
    NewAccount(User),
    /// With the account that this person has already.
    Existing(User),
    /// They are in the organization already; nothing was changed.
    Already(User),
}

impl Store {
    /// The account of this address, without regard to case; locked ones too, nobody of a host's.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<Account>> {
        let sql = concat!("SELECT ", account_columns!(), " FROM users WHERE email_key = $1 AND source = 'account'");
        self.db.first(sql, args![email_key(email)]).await?.as_ref().map(Account::read).transpose()
    }

    /// One person, also one who signs in elsewhere; `NotFound` of whoever is a host's.
    pub async fn account(&self, id: &UserId) -> Result<Account> {
        let sql = concat!("SELECT ", account_columns!(), " FROM users WHERE id = $1 AND source <> 'platform'");
        Account::read(&self.db.first(sql, args![id]).await?.ok_or(StoreError::NotFound)?)
    }

    /// Makes an organization with an empty wallet on the word of `by`. A taken id is `Conflict`.
    pub async fn add_organization(&self, new: &NewOrganization, by: &Actor, now: Timestamp) -> Result<Organization> {
        retrying!("add_organization", self.add_organization_once(new, by, now))
    }

    /// Puts a person into an organization, with an account of their own or a new one. `NotFound`: no such organization.
    pub async fn add_account_member(
        &self,
        new: &NewAccountMember<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AddedMember> {
        retrying!("add_account_member", self.add_account_member_once(new, by, now))
    }

    /// Locks a person out of their account and ends their sessions, or lets them in again. The SHA-256 of the tokens of
    /// ended sessions; `NotFound` for whoever has no account.
    pub async fn lock_account(
        &self,
        user_id: &UserId,
        locked: bool,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        retrying!("lock_account", self.lock_account_once(user_id, locked, by, now))
    }

    /// Ends all sessions of a person, or all but one, on the word of `by`. The SHA-256 of their tokens.
    pub async fn end_user_sessions(
        &self,
        which: SessionsOf<'_>,
        user_id: &UserId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        retrying!("end_user_sessions", self.end_user_sessions_once(which, user_id, by, now))
    }
}

impl Store {
    async fn add_organization_once(&self, new: &NewOrganization, by: &Actor, now: Timestamp) -> Result<Organization> {
        let mut tx = self.db.begin().await?;
        let created = insert_organization(&mut tx, new, None, now).await?.ok_or(StoreError::NotFound)?;
        let after = [("name", created.name.as_str()), ("currency", created.currency.code())];
        let entry = new_entry("organization.create", &created.id, [], after);
        append_entry(&mut tx, Some(&created.id), by, &entry, now).await?;
        tx.commit().await?;
        Ok(created)
    }

    async fn add_account_member_once(
        &self,
        new: &NewAccountMember<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AddedMember> {
        let mut tx = self.db.begin().await?;
        let sql = concat!("SELECT ", organization_columns!(), " FROM organizations WHERE id = $1");
        tx.first(sql, args![new.organization_id]).await?.ok_or(StoreError::NotFound)?;
        let known = find_user(&mut tx, &new.user.email).await?;
        let added = match known {
            Some(user) if is_member(&mut tx, new.organization_id, &user.id).await? => {
                return tx.rollback().await.map(|()| AddedMember::Already(user));
            }
            Some(user) => AddedMember::Existing(user),
            None => {
                member::insert_user(&mut tx, new.user, None, now).await?;
                insert_token(&mut tx, new.token, now).await?;
                AddedMember::NewAccount(new.user.clone())
            }
        };
        let (AddedMember::NewAccount(user) | AddedMember::Existing(user) | AddedMember::Already(user)) = &added;
        member::insert_member(&mut tx, new.organization_id, &user.id, new.role, now).await?;
        bump_version(&mut tx, new.organization_id).await?;
        let after = [("email", user.email.as_str()), ("role", new.role.as_str())];
        let entry = new_entry("member.add", &user.id, [], after);
        append_entry(&mut tx, Some(new.organization_id), by, &entry, now).await?;
        tx.commit().await?;
        Ok(added)
    }

    async fn lock_account_once(
        &self,
        user_id: &UserId,
        locked: bool,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE users SET locked_at = $2 WHERE id = $1 AND source = 'account'";
        if tx.execute(sql, args![user_id, locked.then_some(now)]).await? == 0 {
            return Err(StoreError::NotFound);
        }
        let ended = if locked { end_sessions_in(&mut tx, SessionsOf::User(user_id), now).await? } else { Vec::new() };
        let action = if locked { "user.lock" } else { "user.unlock" };
        append_entry(&mut tx, None, by, &new_entry(action, user_id, [], []), now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn end_user_sessions_once(
        &self,
        which: SessionsOf<'_>,
        user_id: &UserId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let mut tx = self.db.begin().await?;
        let ended = end_sessions_in(&mut tx, which, now).await?;
        if !ended.is_empty() {
            let count = ended.len().to_string();
            let entry = new_entry("user.end_sessions", user_id, [], [("sessions", count.as_str())]);
            append_entry(&mut tx, None, by, &entry, now).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }
}

/// The account of this address, within a transaction.
pub(crate) async fn find_user(tx: &mut Tx, email: &str) -> Result<Option<User>> {
    let sql = concat!("SELECT ", member::user_columns!(), " FROM users WHERE email_key = $1 AND source = 'account'");
    tx.first(sql, args![email_key(email)]).await?.as_ref().map(User::read).transpose()
}

pub(crate) async fn is_member(tx: &mut Tx, organization_id: &OrganizationId, user_id: &UserId) -> Result<bool> {
    let sql = "SELECT role FROM members WHERE organization_id = $1 AND user_id = $2";
    Ok(tx.first(sql, args![organization_id, user_id]).await?.is_some())
}
