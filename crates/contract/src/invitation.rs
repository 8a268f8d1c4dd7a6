//! Invitations: somebody is asked into an organization, and comes in by a link.

use billing_domain::{Role, Timestamp};
use serde::{Deserialize, Serialize};

/// `POST /invitations`. An open one to the same address is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateInvitation {
    /// Whom: the sign-in address, any case.
    pub email: String,
    /// What they may do. Owners are invited by owners alone.
    pub role: Role,
}

/// An invitation that nobody has used or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// UUIDv7.
    pub id: String,
    /// Whom, as entered.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Who has sent it, by name.
    pub invited_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The link works until then, 7 days after it was sent last.
    pub expires_at: Timestamp,
    /// The link has expired; sent again, another one works.
    pub expired: bool,
    /// Only in the answer to making it or sending it again, and only where the server sends no mail: the link, to be handed
    /// over. It is shown this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// `GET /invitations`: the open ones, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationList {
    /// All of them, also those whose link has expired.
    pub items: Vec<Invitation>,
}

/// `POST /invitations/resolve`, by whoever has the link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResolveInvitation {
    /// What stands behind `#t=` in the link.
    pub token: String,
}

/// What a link invites to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResolvedInvitation {
    /// Legal name of the organization.
    pub organization: String,
    /// Whom.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Who has sent it, by name.
    pub invited_by: String,
    /// There is an account of this address: it is joined by its password.
    pub has_account: bool,
}

/// `POST /invitations/accept`, by whoever has the link. They are signed in by the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptInvitation {
    /// What stands behind `#t=` in the link.
    pub token: String,
    /// Full name; not needed by whoever has an account, which keeps its own.
    #[serde(default)]
    pub name: String,
    /// The password of the account that there is; else the one to be chosen: at least 12 characters, at most 1,024 bytes, not
    /// the person's address.
    pub password: String,
    /// For whoever has an account with a second factor: six digits of the app, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
    /// BCP 47 tag of the language of mails to a new account; left out or `null`: the organization's.
    #[serde(default)]
    pub locale: Option<String>,
}
