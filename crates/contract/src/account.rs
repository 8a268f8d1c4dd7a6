//! People's own accounts: profile, password, sessions, and the organizations that they are in.

use billing_domain::{Role, SessionKind, Timestamp};
use serde::{Deserialize, Serialize};

/// `POST /password-resets`, by anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestPasswordReset {
    /// Sign-in address, any case.
    pub email: String,
}

/// `POST /password-resets/complete`, by whoever has a link to set or reset a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletePasswordReset {
    /// What stands behind `#t=` in the link.
    pub token: String,
    /// The new password: at least 12 characters, at most 1,024 bytes, not the person's address.
    pub password: String,
}

/// `GET /me` and the answer to changing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Profile {
    /// UUIDv7.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Sign-in address.
    pub email: String,
    /// BCP 47 tag of the language of mails; `null`: the organization's.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub locale: Option<String>,
    /// The address that they want, until they open the link that was sent there; `null`: none.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub pending_email: Option<String>,
    /// A code of their second factor is asked for when they sign in.
    #[serde(default)]
    pub second_factor: bool,
}

/// `PUT /me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutProfile {
    /// Full name.
    pub name: String,
    /// BCP 47 tag of the language of mails; left out or `null`: the organization's.
    #[serde(default)]
    pub locale: Option<String>,
    /// Another sign-in address: a link is sent there, and it holds once that was opened. Left out, `null` or the present one:
    /// no change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// `POST /email-changes/complete`, by whoever has the link that was sent to the new address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteEmailChange {
    /// What stands behind `#t=` in the link.
    pub token: String,
}

/// `PUT /me/password`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutPassword {
    /// The present password.
    pub current: String,
    /// The new one: at least 12 characters, at most 1,024 bytes, not the person's address.
    pub new: String,
}

/// One of a person's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionEntry {
    /// Names the session without opening it.
    pub id: String,
    /// How they came in.
    pub kind: SessionKind,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// The IP address that they signed in from.
    pub address: String,
    /// What the browser calls itself; may be empty.
    pub browser: String,
    /// The one that asks.
    pub current: bool,
}

/// An organization that a person is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnOrganization {
    /// UUIDv7.
    pub id: String,
    /// Display name.
    pub name: String,
    /// What they may do there.
    pub role: Role,
    /// The one of this session.
    pub current: bool,
}

/// `GET /me/organizations`, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnOrganizations {
    /// All of them.
    pub items: Vec<OwnOrganization>,
}

/// `POST /session/organization`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwitchOrganization {
    /// Where to go on.
    pub organization_id: String,
}
