//! What people see to themselves: their profile, their password, their sessions, the organizations that they are in.

use billing_domain::{OrganizationId, Role, SessionKind, Timestamp, UserId};

use crate::access::{SessionsOf, end_sessions_in};
use crate::account::{Account, account_columns};
use crate::audit::{append_entry, new_entry};
use crate::db::{args, columns, retrying};
use crate::member::membership_columns;
use crate::user_token::{TokenPurpose, revoke_tokens};
use crate::{Actor, Membership, Result, Store, StoreError};

columns!(listed_columns, ListedSession { token_hash, kind, created_at, last_seen_at, address, browser });

/// A session in the list of a person's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// SHA-256 of the token, hex.
    pub token_hash: String,
    /// How they came in.
    pub kind: SessionKind,
    /// When they signed in.
    pub created_at: Timestamp,
    /// The last [`Store::touch_session`].
    pub last_seen_at: Timestamp,
    /// Where it came from, as an IP address.
    pub address: String,
    /// What the browser called itself.
    pub browser: String,
}

columns!(own_columns, OwnOrganization {
    id = "organizations.id",
    name = "organizations.name",
    role = "members.role",
});

/// An organization that a person is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnOrganization {
    /// UUIDv7.
    pub id: OrganizationId,
    /// Legal name.
    pub name: String,
    /// What they may do there.
    pub role: Role,
}

impl Store {
    /// A person's sessions that live, the newest first.
    pub async fn user_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<ListedSession>> {
        let sql = concat!(
            "SELECT ",
            listed_columns!(),
            " FROM sessions WHERE user_id = $1 AND expires_at > $2 AND absolute_expires_at > $2
            ORDER BY created_at DESC, token_hash"
        );
        let rows = self.db.all(sql, args![user_id, now]).await?;
        rows.iter().map(ListedSession::read).collect()
    }

    /// The organizations that a person is in, by name.
    pub async fn user_organizations(&self, user_id: &UserId) -> Result<Vec<OwnOrganization>> {
        let sql = concat!(
            "SELECT ",
            own_columns!(),
            " FROM members JOIN organizations ON organizations.id = members.organization_id WHERE members.user_id = $1"
        );
        let rows = self.db.all(sql, args![user_id]).await?;
        let mut all = rows.iter().map(OwnOrganization::read).collect::<Result<Vec<_>>>()?;
        all.sort_by_cached_key(|organization| (organization.name.to_lowercase(), organization.id.clone()));
        Ok(all)
    }

    /// Where a person goes on who signs in: where they were last, else where they joined first.
    pub async fn sign_in_membership(&self, user_id: &UserId) -> Result<Option<Membership>> {
        let sql = concat!(
            "SELECT ",
            membership_columns!(),
            " FROM members WHERE user_id = $1
            ORDER BY CASE WHEN organization_id = (SELECT last_organization_id FROM users WHERE id = $1) THEN 0 ELSE 1 END,
                joined_at, organization_id LIMIT 1"
        );
        self.db.first(sql, args![user_id]).await?.as_ref().map(Membership::read).transpose()
    }

    /// Notes where a person was last, so that they sign in there.
    pub async fn set_last_organization(&self, user_id: &UserId, organization_id: &OrganizationId) -> Result<()> {
        let sql = "UPDATE users SET last_organization_id = $2 WHERE id = $1";
        self.db.execute(sql, args![user_id, organization_id]).await?;
        Ok(())
    }

    /// Changes name and language; `NotFound` of whoever is a host's.
    pub async fn set_profile(
        &self,
        user_id: &UserId,
        name: &str,
        locale: Option<&str>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Account> {
        retrying!("set_profile", self.set_profile_once(user_id, name, locale, by, now))
    }

    /// Gives a person another password and ends all their sessions but this one. The SHA-256 of the tokens of those that
    /// were ended; `NotFound` for whoever has no account.
    pub async fn set_password(
        &self,
        user_id: &UserId,
        password_hash: &str,
        but: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        retrying!("set_password", self.set_password_once(user_id, password_hash, but, by, now))
    }
}

impl Store {
    async fn set_profile_once(
        &self,
        user_id: &UserId,
        name: &str,
        locale: Option<&str>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Account> {
        let mut tx = self.db.begin().await?;
        let sql = concat!("SELECT ", account_columns!(), " FROM users WHERE id = $1 AND source <> 'platform'");
        let before = Account::read(&tx.first(sql, args![user_id]).await?.ok_or(StoreError::NotFound)?)?;
        let sql = "UPDATE users SET name = $2, locale = $3 WHERE id = $1";
        tx.execute(sql, args![user_id, name, locale]).await?;
        let after = Account { name: name.to_owned(), locale: locale.map(str::to_owned), ..before.clone() };
        if after != before {
            let was = [("name", before.name.as_str()), ("locale", before.locale.as_deref().unwrap_or_default())];
            let entry = new_entry(
                "user.change_profile",
                user_id,
                was,
                [("name", name), ("locale", locale.unwrap_or_default())],
            );
            append_entry(&mut tx, None, by, &entry, now).await?;
        }
        tx.commit().await?;
        Ok(after)
    }

    async fn set_password_once(
        &self,
        user_id: &UserId,
        password_hash: &str,
        but: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE users SET password_hash = $2 WHERE id = $1 AND source = 'account' AND locked_at IS NULL";
        if tx.execute(sql, args![user_id, password_hash]).await? == 0 {
            return Err(StoreError::NotFound);
        }
        // Links that were sent while the old one held are of no use any more.
        revoke_tokens(&mut tx, user_id, &TokenPurpose::OF_ACCOUNTS, now).await?;
        let ended = end_sessions_in(&mut tx, SessionsOf::UserExcept { user_id, token_hash: but }, now).await?;
        append_entry(&mut tx, None, by, &new_entry("user.change_password", user_id, [], []), now).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
