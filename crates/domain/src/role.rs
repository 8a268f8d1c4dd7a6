//! Who may do what in an organization.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::named;

named! {
    /// A person's role in the organization.
    Role {
        /// Everything, and may change roles.
        Owner = "owner",
        /// Everything about billing; roles are for owners to change.
        Admin = "admin",
        /// May ask an admin.
        Member = "member",
    }
}

impl Role {
    /// May see and use the Billing tab.
    pub const fn manages_billing(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May change other people's roles.
    pub const fn manages_roles(self) -> bool {
        matches!(self, Self::Owner)
    }

    /// May change the organization's name, address, tax id and time zone.
    pub const fn manages_organization(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

named! {
    /// Who says that somebody is a member.
    MemberSource {
        /// People here: by an invitation or the operator's command.
        Account = "account",
        /// The host, by its key.
        Platform = "platform",
        /// An identity provider.
        Oidc = "oidc",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_manages_nothing_and_only_an_owner_changes_roles() {
        assert!(
            !Role::Member.manages_billing() && !Role::Member.manages_organization() && !Role::Member.manages_roles()
        );
        assert!(Role::Admin.manages_billing() && !Role::Admin.manages_roles());
        assert!(Role::Owner.manages_billing() && Role::Owner.manages_roles());
    }
}
