//! People and their roles in organisations.

use billing_domain::{Role, Timestamp};

use crate::{Result, Store};

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// UUIDv7.
    pub id: String,
    /// As entered; unique without regard to case.
    pub email: String,
    /// Full name.
    pub name: String,
    /// PHC string of argon2id.
    pub password_hash: String,
}

/// A person in an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// UUIDv7 of the user.
    pub user_id: String,
    /// Full name.
    pub name: String,
    /// Sign-in address.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// An organisation that a user belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Whose.
    pub organization_id: String,
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
        todo!()
    }

    /// The person with this sign-in address, without regard to case.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        todo!()
    }

    /// The organisations of a person, first joined first.
    pub async fn memberships(&self, user_id: &str) -> Result<Vec<Membership>> {
        todo!()
    }

    /// Puts a person into an organisation. Being there already is `Conflict`.
    pub async fn add_member(&self, organization_id: &str, user_id: &str, role: Role, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Everybody in the organisation, by name.
    pub async fn members(&self, organization_id: &str) -> Result<Vec<Member>> {
        todo!()
    }

    /// One member, or `NotFound`.
    pub async fn member(&self, organization_id: &str, user_id: &str) -> Result<Member> {
        todo!()
    }

    /// Gives a member another role, never leaving the organisation without an owner. `NotFound` for strangers.
    pub async fn change_role(&self, organization_id: &str, user_id: &str, role: Role) -> Result<RoleChange> {
        todo!()
    }

    /// The names of owners and admins, for "ask an admin", by name.
    pub async fn admin_names(&self, organization_id: &str) -> Result<Vec<String>> {
        todo!()
    }
}
