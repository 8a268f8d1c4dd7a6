//! Signing in by an identity provider, as the sign-in page knows it.

use serde::{Deserialize, Serialize};

/// An identity provider that people may sign in by: a link to [`crate::paths::AUTH_START`] of its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInProvider {
    /// Its name in addresses.
    pub name: String,
    /// What its button says.
    pub label: String,
}

/// `DELETE /session` where the person may sign out at their identity provider too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedOut {
    /// Where the browser goes for that.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub end_session_url: Option<String>,
}

/// Why an identity provider signed nobody in: `/sign-in?problem=…&provider=…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInProblem {
    /// The provider cannot be reached.
    Unavailable,
    /// The provider does not vouch for the person, or nothing that came can be believed.
    Refused,
    /// It does, but they have no access here.
    NoAccess,
    /// The login was begun too long ago, or in another browser.
    Expired,
}

impl SignInProblem {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unavailable, Self::Refused, Self::NoAccess, Self::Expired];

    /// What the address says.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::NoAccess => "no_access",
            Self::Expired => "expired",
        }
    }

    /// What an address says.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|problem| problem.code() == code)
    }
}
