//! The people of the organization and their roles.

use billing_domain::Role;
use serde::{Deserialize, Serialize};

/// One person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// UUIDv7 of the user.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Sign-in address.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// `GET /members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberList {
    /// By name.
    pub items: Vec<Member>,
}

/// `PUT /members/{id}/role`. The last owner stays one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutRole {
    /// The new role.
    pub role: Role,
}
