//! Sessions: which token stands for whom, with the role of this very moment.

use billing_domain::{Role, Timestamp};

use crate::{Organization, Result, Store};

/// A session to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// SHA-256 of the token, hex. The token itself is never stored.
    pub token_hash: String,
    /// Who signed in.
    pub user_id: String,
    /// Where.
    pub organization_id: String,
    /// Idle limit: over unless touched before.
    pub expires_at: Timestamp,
    /// Over then in any case.
    pub absolute_expires_at: Timestamp,
}

/// Who is behind a token now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token, hex.
    pub token_hash: String,
    /// UUIDv7 of the user.
    pub user_id: String,
    /// Full name.
    pub user_name: String,
    /// Sign-in address.
    pub user_email: String,
    /// The role as it is now, not as it was at sign-in.
    pub role: Role,
    /// Where.
    pub organization: Organization,
    /// When they signed in.
    pub created_at: Timestamp,
    /// The last [`Store::touch_session`].
    pub last_seen_at: Timestamp,
    /// Idle limit.
    pub expires_at: Timestamp,
    /// Over then in any case.
    pub absolute_expires_at: Timestamp,
}

impl Store {
    /// Writes a session down. The user must be a member (`NotFound`).
    pub async fn create_session(&self, new: &NewSession, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Who is behind a token: one query, with the present role. `None` when unknown, over, or no member any more.
    pub async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Session>> {
        todo!()
    }

    /// Notes activity and moves the idle limit, never beyond the absolute one.
    pub async fn touch_session(&self, token_hash: &str, expires_at: Timestamp, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Signs out; no error when it is gone already.
    pub async fn delete_session(&self, token_hash: &str) -> Result<()> {
        todo!()
    }

    /// Signs a person out everywhere; how many sessions that were.
    pub async fn delete_user_sessions(&self, user_id: &str) -> Result<u64> {
        todo!()
    }

    /// Forgets sessions that are over; how many.
    pub async fn purge_sessions(&self, now: Timestamp) -> Result<u64> {
        todo!()
    }
}
