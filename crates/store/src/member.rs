//! People and their roles in organizations.

use billing_domain::{ExternalId, MemberSource, OrganizationId, Role, Timestamp, UserId};

use crate::db::{Tx, args, columns, retrying};
use crate::notice::{self, NoticeFacts, NoticeKind};
use crate::{Actor, AuditFacts, NewAudit, Result, Store, StoreError, access, audit, wallet};

columns!(
    member_columns,
    Member {
        user_id = "u.id",
        external_id = "u.external_id",
        name = "u.name",
        email = "u.email",
        role = "m.role",
        source = "m.source"
    }
);

macro_rules! select_member {
    () => {
        concat!("SELECT ", member_columns!(), " FROM members m JOIN users u ON u.id = m.user_id")
    };
}

mod external;

pub(crate) use external::put_member_in;
pub use external::{MemberFacts, MemberPut, PutMember, Removal};

columns!(user_columns, User { id, email, name, password_hash });
#[expect(clippy::single_component_path_imports, reason = "the macro is made by a macro")]
pub(crate) use user_columns;

columns!(membership_columns, Membership { organization_id, role });
#[expect(clippy::single_component_path_imports, reason = "the macro is made by a macro")]
pub(crate) use membership_columns;

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// UUIDv7, one for all their organizations.
    pub id: UserId,
    /// As entered; unique without regard to case.
    pub email: String,
    /// Full name, as people know them.
    pub name: String,
    /// PHC string of argon2id.
    pub password_hash: String,
}

/// A person in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// UUIDv7 of the user.
    pub user_id: UserId,
    /// The host's own id of theirs, if the host made them known.
    pub external_id: Option<ExternalId>,
    /// Full name; members are sorted by it.
    pub name: String,
    /// Sign-in address, as it was entered.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Who says that they are a member.
    pub source: MemberSource,
}

/// An organization that a user belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The organization that they belong to.
    pub organization_id: OrganizationId,
    /// What they may do there.
    pub role: Role,
}

/// What became of a change of role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleChange {
    /// Done; the member as they are now.
    Changed(Member),
    /// Refused: this is the last owner.
    LastOwner,
}

impl Store {
    /// Adds a person. A taken id or address (without regard to case) is `Conflict`.
    pub async fn create_user(&self, user: &User, now: Timestamp) -> Result<()> {
        retrying!("create_user", self.create_user_once(user, now))
    }

    /// The person who signs in by this address and a password of ours, without regard to case.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM users WHERE email_key = $1 AND source = 'account' AND locked_at IS NULL"
        );
        let row = self.db.first(sql, args![email_key(email)]).await?;
        row.as_ref().map(User::read).transpose()
    }

    /// The organizations of a person, first joined first.
    pub async fn memberships(&self, user_id: &UserId) -> Result<Vec<Membership>> {
        let sql = concat!(
            "SELECT ",
            membership_columns!(),
            " FROM members WHERE user_id = $1 ORDER BY joined_at, organization_id"
        );
        let rows = self.db.all(sql, args![user_id]).await?;
        rows.iter().map(Membership::read).collect()
    }

    /// Puts a person into an organization. Being there already is `Conflict`.
    pub async fn add_member(
        &self,
        organization_id: &OrganizationId,
        user_id: &UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<()> {
        retrying!("add_member", self.add_member_once(organization_id, user_id, role, now))
    }

    /// Everybody in the organization, by name.
    pub async fn members(&self, organization_id: &OrganizationId) -> Result<Vec<Member>> {
        let rows =
            self.db.all(concat!(select_member!(), " WHERE m.organization_id = $1"), args![organization_id]).await?;
        let mut members = rows.iter().map(Member::read).collect::<Result<Vec<_>>>()?;
        // Not by the database: PostgreSQL and SQLite disagree about the order of letters.
        members.sort_by_cached_key(|member| (member.name.to_lowercase(), member.user_id.clone()));
        Ok(members)
    }

    /// One member, or `NotFound`.
    pub async fn member(&self, organization_id: &OrganizationId, user_id: &UserId) -> Result<Member> {
        let sql = concat!(select_member!(), " WHERE m.organization_id = $1 AND m.user_id = $2");
        let row = self.db.first(sql, args![organization_id, user_id]).await?;
        Member::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// Gives a member another role on behalf of `by`, never leaving the organization without an owner; people
    /// are notified. `NotFound` for strangers.
    pub async fn change_role(
        &self,
        organization_id: &OrganizationId,
        user_id: &UserId,
        role: Role,
        by: &Actor,
        now: Timestamp,
    ) -> Result<RoleChange> {
        retrying!("change_role", organization_id => self.change_role_once(organization_id, user_id, role, by, now))
    }

    /// The names of owners and admins, for "ask an admin", by name.
    pub async fn admin_names(&self, organization_id: &OrganizationId) -> Result<Vec<String>> {
        let members = self.members(organization_id).await?;
        Ok(members.into_iter().filter(|member| member.role.manages_billing()).map(|member| member.name).collect())
    }
}

impl Store {
    async fn create_user_once(&self, user: &User, now: Timestamp) -> Result<()> {
        let mut tx = self.db.begin().await?;
        insert_user(&mut tx, user, None, now).await?;
        tx.commit().await
    }

    async fn add_member_once(
        &self,
        organization_id: &OrganizationId,
        user_id: &UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        insert_member(&mut tx, organization_id, user_id, role, now).await?;
        tx.commit().await
    }

    async fn change_role_once(
        &self,
        organization_id: &OrganizationId,
        user_id: &UserId,
        role: Role,
        by: &Actor,
        now: Timestamp,
    ) -> Result<RoleChange> {
        // Read first, because the notification names the role that is given up.
        let mut tx = self.db.begin().await?;
        // Two owners who demote each other at the same time must not both succeed.
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let sql = concat!(select_member!(), " WHERE m.organization_id = $1 AND m.user_id = $2");
        let row = tx.first(sql, args![organization_id, user_id]).await?.ok_or(StoreError::NotFound)?;
        let before = Member::read(&row)?;
        // In the statement as well as under the lock: the last owner stays, whoever writes beside this program.
        let changed = tx
            .execute(
                "UPDATE members SET role = $3 WHERE organization_id = $1 AND user_id = $2 AND (
                    $3 = 'owner' OR role <> 'owner' OR EXISTS (
                        SELECT 1 FROM members other
                        WHERE other.organization_id = $1 AND other.role = 'owner' AND other.user_id <> $2))",
                args![organization_id, user_id, role.as_str()],
            )
            .await?;
        if changed == 0 {
            tx.rollback().await?;
            return Ok(RoleChange::LastOwner);
        }
        // The same role again is no change that anybody needs to know of.
        if before.role != role {
            access::bump_version(&mut tx, organization_id).await?;
            let facts = NoticeFacts::from([
                ("by".to_owned(), by.name.clone()),
                ("member".to_owned(), before.name.clone()),
                ("role_before".to_owned(), before.role.as_str().to_owned()),
                ("role".to_owned(), role.as_str().to_owned()),
            ]);
            notice::write_notice(&mut tx, organization_id, NoticeKind::RoleChanged, &facts, now).await?;
            let role_fact = |role: Role| AuditFacts::from([("role".to_owned(), role.as_str().to_owned())]);
            let entry = NewAudit {
                action: "member.change_role",
                subject: user_id.to_string(),
                before: role_fact(before.role),
                after: role_fact(role),
            };
            audit::append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        }
        tx.commit().await?;
        Ok(RoleChange::Changed(Member { role, ..before }))
    }
}

/// Adds a person with an account within a transaction. A taken id or address is `Conflict`.
pub(crate) async fn insert_user(tx: &mut Tx, user: &User, locale: Option<&str>, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO users (id, email, email_key, name, password_hash, locale, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![&user.id, &user.email, email_key(&user.email), &user.name, &user.password_hash, locale, now],
    )
    .await
    .map_err(|error| error.or_conflict("user"))?;
    Ok(())
}

/// Puts a person into an organization within a transaction. Being there already is `Conflict`.
pub(crate) async fn insert_member(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    user_id: &UserId,
    role: Role,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO members (organization_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4)",
        args![organization_id, user_id, role.as_str(), now],
    )
    .await
    .map_err(|error| error.or_conflict("member").or_not_found())?;
    Ok(())
}

/// The form in which addresses are compared.
pub(crate) fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}
