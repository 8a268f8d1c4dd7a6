//! Invitations: a person is asked into an organization by a link, and comes in by it once.

use billing_domain::{InvitationId, OrganizationId, Role, Timestamp, UserId};

use crate::access::bump_version;
use crate::account::{find_user, is_member};
use crate::audit::{append_entry, new_entry};
use crate::db::{Tx, args, columns, retrying};
use crate::member::{self, email_key};
use crate::{Actor, NewAudit, Result, Store, StoreError, User, wallet};

/// So many of an organization can be open at a time.
const MAX_OPEN: u32 = 200;

/// Not used, not withdrawn, and sent by somebody who could still send it: whoever loses that right takes back with it what
/// they have given out.
macro_rules! is_open {
    () => {
        "invitations.accepted_at IS NULL AND invitations.revoked_at IS NULL AND EXISTS (SELECT 1 FROM members
            WHERE members.organization_id = invitations.organization_id AND members.user_id = invitations.invited_by
            AND (members.role = 'owner' OR (members.role = 'admin' AND invitations.role <> 'owner')))"
    };
}

/// An invitation to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInvitation<'a> {
    /// UUIDv7.
    pub id: &'a InvitationId,
    /// Where to.
    pub organization_id: &'a OrganizationId,
    /// Whom, as entered.
    pub email: &'a str,
    /// What they may do there.
    pub role: Role,
    /// SHA-256 of the token, hex. The token itself is never stored.
    pub token_hash: &'a str,
    /// Who sends it, and answers for it.
    pub invited_by: &'a UserId,
    /// Useless from then on.
    pub expires_at: Timestamp,
}

columns!(
    invitation_columns,
    OpenInvitation {
        id = "invitations.id",
        organization_id = "invitations.organization_id",
        organization_name = "(SELECT name FROM organizations WHERE organizations.id = invitations.organization_id)",
        email = "invitations.email",
        role = "invitations.role",
        invited_by_name = "(SELECT name FROM users WHERE users.id = invitations.invited_by)",
        created_at = "invitations.created_at",
        expires_at = "invitations.expires_at",
    }
);

/// An invitation that nobody has used or withdrawn; its time may have run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenInvitation {
    /// UUIDv7.
    pub id: InvitationId,
    /// Where to.
    pub organization_id: OrganizationId,
    /// Legal name of that organization.
    pub organization_name: String,
    /// Whom, as entered.
    pub email: String,
    /// What they may do there.
    pub role: Role,
    /// Who has sent it, by name.
    pub invited_by_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Useless from then on.
    pub expires_at: Timestamp,
}

/// Who came in by an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitedPerson {
    /// Where to.
    pub organization_id: OrganizationId,
    /// Who; with the account that they had, or the one that was made.
    pub user: User,
}

impl Store {
    /// Writes an invitation down; an open one to the same address is withdrawn. `Conflict`: somebody with an account of this
    /// address is a member already. `LimitReached` beyond two hundred open ones.
    pub async fn create_invitation(
        &self,
        new: &NewInvitation<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<OpenInvitation> {
        let organization_id = new.organization_id;
        retrying!("create_invitation", organization_id => self.create_invitation_once(new, by, now))
    }

    /// Gives an open invitation another token and more time; the old link is useless. Whoever sends it again answers for it
    /// from now on. `NotFound` without such an open one.
    pub async fn renew_invitation(
        &self,
        new: &NewInvitation<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<OpenInvitation> {
        let organization_id = new.organization_id;
        retrying!("renew_invitation", organization_id => self.renew_invitation_once(new, by, now))
    }

    /// Withdraws an open invitation. `NotFound` without such an open one.
    pub async fn revoke_invitation(
        &self,
        organization_id: &OrganizationId,
        id: &InvitationId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        retrying!("revoke_invitation", organization_id => self.revoke_invitation_once(organization_id, id, by, now))
    }

    /// The open invitations of an organization, the newest first.
    pub async fn open_invitations(&self, organization_id: &OrganizationId) -> Result<Vec<OpenInvitation>> {
        let sql = concat!(
            "SELECT ",
            invitation_columns!(),
            " FROM invitations WHERE invitations.organization_id = $1 AND ",
            is_open!(),
            " ORDER BY invitations.created_at DESC, invitations.id DESC"
        );
        let rows = self.db.all(sql, args![organization_id]).await?;
        rows.iter().map(OpenInvitation::read).collect()
    }

    /// One open invitation, or `NotFound`.
    pub async fn open_invitation(&self, organization_id: &OrganizationId, id: &InvitationId) -> Result<OpenInvitation> {
        let sql = concat!(
            "SELECT ",
            invitation_columns!(),
            " FROM invitations WHERE invitations.organization_id = $1 AND invitations.id = $2 AND ",
            is_open!()
        );
        let row = self.db.first(sql, args![organization_id, id]).await?;
        OpenInvitation::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// The invitation whose token has this hash, while it can be used.
    pub async fn invitation_by_token(&self, token_hash: &str, now: Timestamp) -> Result<Option<OpenInvitation>> {
        let sql = concat!(
            "SELECT ",
            invitation_columns!(),
            " FROM invitations WHERE invitations.token_hash = $1 AND invitations.expires_at > $2 AND ",
            is_open!()
        );
        self.db.first(sql, args![token_hash, now]).await?.as_ref().map(OpenInvitation::read).transpose()
    }

    /// Uses an invitation up: whoever it was sent to is a member, with the account of that address, or else with `user`,
    /// which is then written down with this language of mails. `None`: it cannot be used. `Conflict`: there is an account of that address meanwhile, and
    /// it is not `user`.
    pub async fn accept_invitation(
        &self,
        token_hash: &str,
        user: &User,
        locale: Option<&str>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Option<InvitedPerson>> {
        retrying!("accept_invitation", self.accept_invitation_once(token_hash, user, locale, by, now))
    }

    /// Forgets invitations whose time ran out before this moment; how many.
    pub async fn purge_invitations(&self, before: Timestamp) -> Result<u64> {
        self.db.execute("DELETE FROM invitations WHERE expires_at <= $1", args![before]).await
    }
}

impl Store {
    async fn create_invitation_once(
        &self,
        new: &NewInvitation<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<OpenInvitation> {
        let mut tx = self.db.begin().await?;
        // One after the other: two to the same address at once must not both stay open, nor pass the limit together.
        wallet::lock_wallet(&mut tx, new.organization_id).await?;
        if let Some(user) = find_user(&mut tx, new.email).await?
            && is_member(&mut tx, new.organization_id, &user.id).await?
        {
            tx.rollback().await?;
            return Err(StoreError::Conflict("member"));
        }
        tx.execute(
            "UPDATE invitations SET revoked_at = $3
            WHERE organization_id = $1 AND email_key = $2 AND accepted_at IS NULL AND revoked_at IS NULL",
            args![new.organization_id, email_key(new.email), now],
        )
        .await?;
        let count = concat!("SELECT COUNT(*) AS open FROM invitations WHERE organization_id = $1 AND ", is_open!());
        let open: i64 = tx.first(count, args![new.organization_id]).await?.map_or(Ok(0), |row| row.get("open"))?;
        if open >= i64::from(MAX_OPEN) {
            tx.rollback().await?;
            return Err(StoreError::LimitReached(MAX_OPEN));
        }
        tx.execute(
            "INSERT INTO invitations (id, organization_id, email, email_key, role, token_hash, invited_by, created_at,
                expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                new.id,
                new.organization_id,
                new.email,
                email_key(new.email),
                new.role.as_str(),
                new.token_hash,
                new.invited_by,
                now,
                new.expires_at
            ],
        )
        .await?;
        let created = read_invitation(&mut tx, new.id).await?;
        append_entry(&mut tx, Some(new.organization_id), by, &sent_entry("invitation.create", &created), now).await?;
        tx.commit().await?;
        Ok(created)
    }

    async fn renew_invitation_once(
        &self,
        new: &NewInvitation<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<OpenInvitation> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, new.organization_id).await?;
        let sql = concat!(
            "UPDATE invitations SET token_hash = $3, expires_at = $4, invited_by = $5
            WHERE organization_id = $1 AND id = $2 AND role = $6 AND ",
            is_open!()
        );
        let changed =
            args![new.organization_id, new.id, new.token_hash, new.expires_at, new.invited_by, new.role.as_str()];
        if tx.execute(sql, changed).await? == 0 {
            return Err(StoreError::NotFound);
        }
        let renewed = read_invitation(&mut tx, new.id).await?;
        append_entry(&mut tx, Some(new.organization_id), by, &sent_entry("invitation.resend", &renewed), now).await?;
        tx.commit().await?;
        Ok(renewed)
    }

    async fn revoke_invitation_once(
        &self,
        organization_id: &OrganizationId,
        id: &InvitationId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let sql = concat!(
            "UPDATE invitations SET revoked_at = $3 WHERE organization_id = $1 AND id = $2 AND ",
            is_open!(),
            " RETURNING email"
        );
        let row = tx.first(sql, args![organization_id, id, now]).await?.ok_or(StoreError::NotFound)?;
        let email: String = row.get("email")?;
        let entry = new_entry("invitation.withdraw", id, [("email", email.as_str())], []);
        append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        tx.commit().await
    }

    async fn accept_invitation_once(
        &self,
        token_hash: &str,
        user: &User,
        locale: Option<&str>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Option<InvitedPerson>> {
        let mut tx = self.db.begin().await?;
        let sql = "SELECT organization_id FROM invitations WHERE token_hash = $1";
        let Some(row) = tx.first(sql, args![token_hash]).await? else {
            return tx.rollback().await.map(|()| None);
        };
        let organization_id: OrganizationId = row.get("organization_id")?;
        wallet::lock_wallet(&mut tx, &organization_id).await?;
        let sql = concat!(
            "UPDATE invitations SET accepted_at = $2 WHERE token_hash = $1 AND expires_at > $2 AND ",
            is_open!(),
            " RETURNING id"
        );
        let Some(row) = tx.first(sql, args![token_hash, now]).await? else {
            return tx.rollback().await.map(|()| None);
        };
        let invitation = read_invitation(&mut tx, &row.get("id")?).await?;
        let known = find_user(&mut tx, &invitation.email).await?;
        match &known {
            Some(known) if known.id != user.id => return Err(StoreError::Conflict("user")),
            Some(_) => {}
            None => member::insert_user(&mut tx, user, locale, now).await?,
        }
        // Whoever was put in meanwhile keeps the role that they were given then.
        if !is_member(&mut tx, &organization_id, &user.id).await? {
            member::insert_member(&mut tx, &organization_id, &user.id, invitation.role, now).await?;
            bump_version(&mut tx, &organization_id).await?;
        }
        let after = [("email", user.email.as_str()), ("role", invitation.role.as_str())];
        let entry = new_entry("invitation.accept", &user.id, [], after);
        append_entry(&mut tx, Some(&organization_id), by, &entry, now).await?;
        tx.commit().await?;
        Ok(Some(InvitedPerson { organization_id, user: user.clone() }))
    }
}

/// Whatever became of it.
async fn read_invitation(tx: &mut Tx, id: &InvitationId) -> Result<OpenInvitation> {
    let sql = concat!("SELECT ", invitation_columns!(), " FROM invitations WHERE invitations.id = $1");
    OpenInvitation::read(&tx.first(sql, args![id]).await?.ok_or(StoreError::NotFound)?)
}

fn sent_entry(action: &'static str, invitation: &OpenInvitation) -> NewAudit {
    let after = [("email", invitation.email.as_str()), ("role", invitation.role.as_str())];
    new_entry(action, &invitation.id, [], after)
}
