//! Keys of the host's programs.

use billing_domain::{Scope, Timestamp};
use serde::{Deserialize, Serialize};

/// `POST /keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateKey {
    /// What it is for, 1 to 120 characters.
    pub name: String,
    /// What it may be used for: scopes that the asking key has itself.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Scope>))]
    pub scopes: Vec<String>,
    /// The only organization that it sees: its id, or `ext:` and the host's own id; all of them when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Refused from then on; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Key {
    /// 12 characters, which are part of the key.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The only organization that it sees; `null`: all.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub organization_id: Option<String>,
    /// The last four characters of the key.
    pub last4: String,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Refused from then on; `null`: never.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as far as a minute.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub last_used_at: Option<Timestamp>,
    /// Until then the secret before the last rotation holds too.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub old_valid_until: Option<Timestamp>,
}

/// A key with its secret, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// The whole key, `nbk_live_…`: what `Authorization: Bearer` carries.
    pub secret: String,
}

/// `GET /keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyList {
    /// Those that are not revoked, oldest first.
    pub items: Vec<Key>,
}

/// `POST /keys/{id}/rotate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotateKey {
    /// For so long the present secret still holds, 0 to 604,800 seconds.
    pub keep_old_seconds: i64,
}
