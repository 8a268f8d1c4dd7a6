//! Members as the host's programs put and see them.

use billing_domain::{ExternalId, MemberSource, Role};
use serde::{Deserialize, Serialize};

/// `PUT /organizations/{id}/members/{user}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutHostMember {
    /// Where notices go; two people may share one.
    pub email: String,
    /// Full name, 1 to 120 characters.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// A member as the host's programs see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostMember {
    /// UUIDv7.
    pub id: String,
    /// The host's own id, without `ext:`.
    #[cfg_attr(feature = "openapi", schema(required = true, value_type = Option<String>))]
    pub external_id: Option<ExternalId>,
    /// Where notices go.
    pub email: String,
    /// Full name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Who says that they are a member.
    pub source: MemberSource,
}

/// `GET /organizations/{id}/members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostMemberList {
    /// By name.
    pub items: Vec<HostMember>,
}
