//! How a host opens the portal for one of its people, and what the code that it gets buys.

use billing_domain::{Capability, PortalView, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::billing::Billing;
use crate::portal_theme::PortalTheme;
use crate::session::{Admins, Service, Session};

/// What the token of a session in a frame begins with; it is sent as `Authorization: Bearer …`.
pub const FRAME_TOKEN_PREFIX: &str = "nbs_";

/// Names why a session is over, with status 401: `ended` when somebody ended it, so that no other one is asked for. Left out
/// when its time has run out.
pub const SESSION_STATE_HEADER: &str = "nexis-session-state";

/// The value of [`SESSION_STATE_HEADER`].
pub const SESSION_ENDED: &str = "ended";

/// `POST /portal-sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatePortalSession {
    /// Its id, or `ext:` and the host's own.
    pub organization: String,
    /// For whom.
    pub user: PortalUser,
    /// What the session is narrowed to, `view` among it; left out: all that the role allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can: Option<Vec<Capability>>,
    /// What opens first; left out: `billing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<PortalView>,
    /// BCP 47 tag, such as `de`; left out: as the browser says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The host's colors and shapes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<PortalTheme>,
    /// Where "back" leads: https, or http on the person's own machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// The only site that may show it in a frame, one of the operator's `--embed-origins`; then it opens nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embed_origin: Option<String>,
    /// The session lives at most so long from now on; left out: 43,200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_seconds: Option<i64>,
    /// The host's own name for it, such as the id of the host's session, to end it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// A person, as the host knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PortalUser {
    /// The host's own id.
    pub external_id: String,
    /// E-mail address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// What they may do; written to the membership, and changed at once by a later request.
    pub role: Role,
}

/// The answer to [`CreatePortalSession`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PortalSession {
    /// UUIDv7.
    pub id: String,
    /// For a tab of its own.
    pub url: String,
    /// For a frame.
    pub embed_url: String,
    /// The code inside the addresses; for the `<nexis-billing>` element. It works once.
    pub code: String,
    /// The code is dead from then on.
    pub code_expires_at: Timestamp,
    /// The session that it buys is over then in any case.
    pub session_expires_at: Timestamp,
}

/// `POST /portal/exchange`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExchangeCode {
    /// What stands behind `#c=`.
    pub code: String,
    /// In a frame: the origin of the page around it, as the browser names it. Left out in a tab of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_origin: Option<String>,
}

/// The answer to [`ExchangeCode`]: everything that the first screen shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExchangedCode {
    /// The server.
    pub service: Service,
    /// Who.
    pub session: Session,
    /// For owners and admins.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub billing: Option<Box<Billing>>,
    /// For members.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub admins: Option<Admins>,
    /// Only for a frame: sent as `Authorization: Bearer …`, kept in memory alone. A tab of its own has a cookie instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}
