//! Ending people's access: their sessions, and the number by which open pages notice it.

use billing_domain::{OrganizationId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use crate::db::{Arg, Tx, args, retrying};
use crate::{Result, Store, StoreError};

/// Whose sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionsOf<'a> {
    /// A person's in one organization.
    Member {
        /// Where.
        organization_id: &'a OrganizationId,
        /// Who.
        user_id: &'a UserId,
    },
    /// A person's in all organizations.
    User(&'a UserId),
    /// The same, but for the one that they are using.
    UserExcept {
        /// Who.
        user_id: &'a UserId,
        /// SHA-256 of the token of the session that stays, hex.
        token_hash: &'a str,
    },
    /// Those that a portal session was exchanged for.
    Portal(&'a str),
    /// Those that an organization's portal sessions were exchanged for which have been ended.
    EndedPortal(&'a OrganizationId),
    /// The one with this SHA-256 of its token, hex.
    Token(&'a str),
    /// Those that an identity provider has opened; what is named of them must fit.
    Oidc {
        /// The provider's name among the settings.
        provider: &'a str,
        /// Its id of the person.
        subject: Option<&'a str>,
        /// Its id of the session.
        sid: Option<&'a str>,
        /// In this organization alone.
        organization_id: Option<&'a OrganizationId>,
    },
}

impl Store {
    /// Ends sessions at once, everywhere; the SHA-256 of their tokens. None is no error.
    pub async fn end_sessions(&self, which: SessionsOf<'_>, now: Timestamp) -> Result<Vec<String>> {
        retrying!("end_sessions", self.end_sessions_once(which, now))
    }

    async fn end_sessions_once(&self, which: SessionsOf<'_>, now: Timestamp) -> Result<Vec<String>> {
        let mut tx = self.db.begin().await?;
        let ended = end_sessions_in(&mut tx, which, now).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

impl<'a> SessionsOf<'a> {
    /// A condition on `sessions` and its arguments, from `$1` on.
    fn condition(self) -> (&'static str, Vec<Arg<'a>>) {
        match self {
            Self::Member { organization_id, user_id } => {
                ("organization_id = $1 AND user_id = $2", vec![organization_id.into(), user_id.into()])
            }
            Self::User(user_id) => ("user_id = $1", vec![user_id.into()]),
            Self::UserExcept { user_id, token_hash } => {
                ("user_id = $1 AND token_hash <> $2", vec![user_id.into(), token_hash.into()])
            }
            Self::Portal(id) => ("portal_session_id = $1", vec![id.into()]),
            Self::EndedPortal(organization_id) => (
                "organization_id = $1 AND portal_session_id IN (SELECT portal_sessions.id FROM portal_sessions
                    WHERE portal_sessions.organization_id = $1 AND portal_sessions.ended_at IS NOT NULL)",
                vec![organization_id.into()],
            ),
            Self::Token(token_hash) => ("token_hash = $1", vec![token_hash.into()]),
            // Without subject and session nobody is meant, and not everybody.
            Self::Oidc { provider, subject, sid, organization_id } => (
                "oidc_provider = $1 AND (oidc_subject = $2 OR ($2 IS NULL AND $3 IS NOT NULL))
                    AND (oidc_sid = $3 OR ($3 IS NULL AND $2 IS NOT NULL))
                    AND (organization_id = $4 OR $4 IS NULL)",
                vec![provider.into(), subject.into(), sid.into(), organization_id.into()],
            ),
        }
    }

    /// Where they are and whose, in the order in which wallets are locked.
    pub(crate) async fn owners(self, tx: &mut Tx) -> Result<Vec<(OrganizationId, UserId)>> {
        let (condition, args) = self.condition();
        let sql = format!(
            "SELECT DISTINCT organization_id, user_id FROM sessions WHERE {condition} ORDER BY organization_id, user_id"
        );
        let rows = tx.all(AssertSqlSafe(sql), &args).await?;
        rows.iter().map(|row| Ok((row.get("organization_id")?, row.get("user_id")?))).collect()
    }
}

/// Whatever shows this wallet looks again at who may see it.
pub(crate) async fn bump_version(tx: &mut Tx, organization_id: &OrganizationId) -> Result<()> {
    let sql = "UPDATE wallets SET access_version = access_version + 1 WHERE organization_id = $1";
    match tx.execute(sql, args![organization_id]).await? {
        1 => Ok(()),
        _ => Err(StoreError::NotFound),
    }
}

/// Ends sessions within a transaction: their tokens are known as ended from then on. The SHA-256 of the tokens.
pub(crate) async fn end_sessions_in(tx: &mut Tx, which: SessionsOf<'_>, now: Timestamp) -> Result<Vec<String>> {
    let (condition, args) = which.condition();
    // The wallets first and in one order, as whatever changes several rows of an organization does.
    let mut organizations: Vec<_> =
        which.owners(tx).await?.into_iter().map(|(organization_id, _)| organization_id).collect();
    organizations.dedup();
    for organization_id in organizations {
        bump_version(tx, &organization_id).await?;
    }
    let sql = format!("DELETE FROM sessions WHERE {condition} RETURNING token_hash");
    let rows = tx.all(AssertSqlSafe(sql), &args).await?;
    let ended = rows.iter().map(|row| row.get("token_hash")).collect::<Result<Vec<String>>>()?;
    for token_hash in &ended {
        let sql =
            "INSERT INTO ended_sessions (token_hash, ended_at) VALUES ($1, $2) ON CONFLICT (token_hash) DO NOTHING";
        tx.execute(sql, args![token_hash, now]).await?;
    }
    Ok(ended)
}
