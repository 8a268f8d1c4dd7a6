//! The people of the organization and their roles.

use billing_domain::Role;
use serde::{Deserialize, Serialize};

/// One person of the organization and their role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// UUIDv7 of the user.
    pub id: String,
    /// Full name, as receipts and links show it.
    pub name: String,
    /// Sign-in address, as it was entered.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// `GET /members`: everybody, for every signed-in person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberList {
    /// Everybody, sorted by name.
    pub items: Vec<Member>,
}

/// `PUT /members/{id}/role`. The last owner stays one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutRole {
    /// The role from now on.
    pub role: Role,
}
