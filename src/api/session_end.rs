//! Why the session of a document is over, known to the client that is refused and to the tabs that notify each other.

use billing_contract::event::SessionState;

/// Why the session of a document is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// Signed out or expired.
    SignedOut,
    /// The browser has another session now.
    Replaced,
    /// The role is another one now.
    RoleChanged,
}

impl From<SessionState> for SessionEnd {
    fn from(state: SessionState) -> Self {
        match state {
            SessionState::Ended => Self::SignedOut,
            SessionState::RoleChanged => Self::RoleChanged,
        }
    }
}
