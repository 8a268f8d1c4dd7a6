//! The first organization of a database and its owner: made once, by whoever holds the operator's link or command.

use billing_domain::{Role, Timestamp, UserId};

use crate::audit::append_entry;
use crate::audit::new_entry;
use crate::db::{Tx, args, retrying};
use crate::user_token::{insert_token, use_token};
use crate::{
    Actor, NewOrganization, NewUserToken, Organization, Result, Store, StoreError, TokenPurpose, User, member,
    organization,
};

/// The row of `meta` that says that it was done.
const DONE: &str = "setup.done";

/// By what right the first organization is made.
#[derive(Clone, Copy, Debug)]
pub enum SetupGrant<'a> {
    /// SHA-256 of the token of a link that the server has printed, hex. It is used up.
    Link(&'a str),
    /// The operator's own command; the owner gets this link to choose a password.
    Command(&'a NewUserToken),
}

/// The first organization and its owner.
#[derive(Clone, Debug)]
pub struct NewSetup<'a> {
    /// The organization.
    pub organization: &'a NewOrganization,
    /// Its owner. No password hash: the person chooses one by a link.
    pub owner: &'a User,
    /// BCP 47 tag of both; `None`: not said.
    pub locale: Option<&'a str>,
}

/// Why it was not made; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupRefusal {
    /// The link is used up, too old or unknown.
    UnknownLink,
    /// Somebody owns an organization here already.
    DoneBefore,
}

impl Store {
    /// Whether nothing was ever made here: no organization and so no owner.
    pub async fn is_unused(&self) -> Result<bool> {
        Ok(self.db.first("SELECT id FROM organizations LIMIT 1", &[]).await?.is_none())
    }

    /// Makes the first organization with its owner. Of several at once one succeeds. A taken address is `Conflict`.
    pub async fn set_up(
        &self,
        new: &NewSetup<'_>,
        grant: SetupGrant<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<std::result::Result<Organization, SetupRefusal>> {
        retrying!("set_up", self.set_up_once(new, grant, by, now))
    }

    async fn set_up_once(
        &self,
        new: &NewSetup<'_>,
        grant: SetupGrant<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<std::result::Result<Organization, SetupRefusal>> {
        let mut tx = self.db.begin().await?;
        // First of all: whoever comes second waits here for the first one's end.
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
        let first = tx.execute(sql, args![DONE, now.to_string()]).await? == 1;
        if let SetupGrant::Link(token_hash) = grant
            && use_token(&mut tx, token_hash, &[TokenPurpose::FirstRun], now).await?.is_none()
        {
            return tx.rollback().await.map(|()| Err(SetupRefusal::UnknownLink));
        }
        if !first || has_owner(&mut tx).await? {
            return tx.rollback().await.map(|()| Err(SetupRefusal::DoneBefore));
        }
        let created = organization::insert_organization(&mut tx, new.organization, None, now)
            .await?
            .ok_or(StoreError::NotFound)?;
        let sql = "UPDATE organizations SET locale = $2 WHERE id = $1";
        tx.execute(sql, args![&created.id, new.locale]).await?;
        member::insert_user(&mut tx, new.owner, new.locale, now).await?;
        member::insert_member(&mut tx, &created.id, &new.owner.id, Role::Owner, now).await?;
        if let SetupGrant::Command(token) = grant {
            insert_token(&mut tx, token, now).await?;
        }
        let after = [("name", created.name.as_str()), ("owner", new.owner.email.as_str())];
        let entry = new_entry("organization.set_up", &created.id, [], after);
        append_entry(&mut tx, Some(&created.id), by, &entry, now).await?;
        tx.commit().await?;
        Ok(Ok(Organization { locale: new.locale.map(str::to_owned), ..created }))
    }
}

/// Whether somebody who can sign in owns an organization.
async fn has_owner(tx: &mut Tx) -> Result<bool> {
    let sql = "SELECT members.user_id FROM members JOIN users ON users.id = members.user_id
        WHERE members.role = 'owner' AND users.source = 'account' LIMIT 1";
    let row = tx.first(sql, &[]).await?;
    Ok(row.map(|row| row.get::<UserId>("user_id")).transpose()?.is_some())
}
