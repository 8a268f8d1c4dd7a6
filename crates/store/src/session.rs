//! Sessions: which token stands for whom, with the role of this very moment.

use billing_domain::{Capability, OrganizationId, Role, SessionKind, Timestamp, UserId};
use sha2::{Digest as _, Sha256};

use crate::access::{SessionsOf, end_sessions_in};
use crate::audit::{append_entry, change_entry, find_person};
use crate::db::{Arg, Row, Tx, args, retrying, write_names};
use crate::organization::organization_columns;
use crate::{Actor, AuditFacts, Organization, Result, Store};

/// For so long it is known that a session was ended: longer than any page waits before it asks again.
const ENDED_SECONDS: i64 = 24 * 3600;
/// Of a session's public id.
const PUBLIC_ID_BYTES: usize = 16;

/// A session to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// SHA-256 of the token, hex. The token itself is never stored.
    pub token_hash: String,
    /// The person who signed in.
    pub user_id: UserId,
    /// The organization that they signed in to.
    pub organization_id: OrganizationId,
    /// How they came in.
    pub kind: SessionKind,
    /// Over after so long without use.
    pub idle_seconds: i64,
    /// The portal session that it was exchanged for.
    pub portal_session_id: Option<String>,
    /// What it is narrowed to; `None`: all that the role allows.
    pub can: Option<Vec<Capability>>,
    /// Where it came from, as an IP address.
    pub address: String,
    /// What the browser calls itself, cut to a length that fits a list.
    pub browser: String,
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
    pub user_id: UserId,
    /// Full name of that person.
    pub user_name: String,
    /// Sign-in address, as it was entered.
    pub user_email: String,
    /// The role as it is now, not as it was at sign-in.
    pub role: Role,
    /// The organization that they signed in to.
    pub organization: Organization,
    /// How they came in.
    pub kind: SessionKind,
    /// Over after so long without use.
    pub idle_seconds: i64,
    /// The portal session that it was exchanged for.
    pub portal_session_id: Option<String>,
    /// What it is narrowed to; `None`: all that the role allows.
    pub can: Option<Vec<Capability>>,
    /// The identity provider that opened it, by its name among the settings.
    pub oidc_provider: Option<String>,
    /// Where it came from, as an IP address.
    pub address: String,
    /// What the browser called itself.
    pub browser: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When they last gave their password.
    pub confirmed_at: Timestamp,
    /// When [`Store::touch_session`] last moved the idle limit.
    pub last_seen_at: Timestamp,
    /// Idle limit: over unless touched before.
    pub expires_at: Timestamp,
    /// Over then in any case.
    pub absolute_expires_at: Timestamp,
}

const INSERT_SESSION: &str = "INSERT INTO sessions
        (token_hash, user_id, organization_id, created_at, confirmed_at, last_seen_at, expires_at, absolute_expires_at,
        kind, idle_seconds, portal_session_id, can, address, browser)
    VALUES ($1, $2, $3, $4, $5, $4, $6, $7, $8, $9, $10, $11, $12, $13)";

/// What [`INSERT_SESSION`] takes. The idle limit is never beyond the absolute one.
fn session_args<'a>(
    new: &'a NewSession,
    can: Option<&'a str>,
    confirmed_at: Timestamp,
    now: Timestamp,
) -> [Arg<'a>; 13] {
    [
        (&new.token_hash).into(),
        (&new.user_id).into(),
        (&new.organization_id).into(),
        now.into(),
        confirmed_at.into(),
        new.expires_at.min(new.absolute_expires_at).into(),
        new.absolute_expires_at.into(),
        new.kind.as_str().into(),
        new.idle_seconds.into(),
        (&new.portal_session_id).into(),
        can.into(),
        (&new.address).into(),
        (&new.browser).into(),
    ]
}

/// The column of capabilities; `None`: whatever the role allows.
pub(crate) fn write_capabilities(can: Option<&[Capability]>) -> Option<String> {
    can.map(|can| write_names(can.iter().map(|capability| capability.as_str())))
}

/// Writes a session down within a transaction; the person's identity was proved at `confirmed_at`. The user must be a
/// member (`NotFound`).
pub(crate) async fn insert_session_in(
    tx: &mut Tx,
    new: &NewSession,
    confirmed_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let can = write_capabilities(new.can.as_deref());
    let inserted = tx.execute(INSERT_SESSION, &session_args(new, can.as_deref(), confirmed_at, now)).await;
    inserted.map(drop).map_err(|error| error.or_conflict("session").or_not_found())
}

impl Store {
    /// Writes a session down, and that the person signed in. The user must be a member (`NotFound`).
    pub async fn create_session(&self, new: &NewSession, now: Timestamp) -> Result<()> {
        retrying!("create_session", self.create_session_once(new, now))
    }

    async fn create_session_once(&self, new: &NewSession, now: Timestamp) -> Result<()> {
        let mut tx = self.db.begin().await?;
        insert_session_in(&mut tx, new, now, now).await?;
        let person = Actor {
            session: public_id_of(&new.token_hash),
            address: new.address.clone(),
            ..find_person(&mut tx, &new.user_id).await?
        };
        append_session_entry(&mut tx, "session.start", (&new.organization_id, &new.user_id), &person, now).await?;
        tx.commit().await
    }

    /// Ends the session of this token at once, everywhere, because `by` wants it; whether it lived.
    pub async fn sign_out(&self, token_hash: &str, by: &Actor, now: Timestamp) -> Result<bool> {
        retrying!("sign_out", self.sign_out_once(token_hash, by, now))
    }

    async fn sign_out_once(&self, token_hash: &str, by: &Actor, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let owner = find_owner(&mut tx, token_hash).await?;
        end_sessions_in(&mut tx, SessionsOf::Token(token_hash), now).await?;
        if let Some((organization_id, user_id)) = &owner {
            append_session_entry(&mut tx, "session.end", (organization_id, user_id), by, now).await?;
        }
        tx.commit().await?;
        Ok(owner.is_some())
    }

    /// Who is behind a token: one query, with the present role. `None` when unknown, over, or no member any more.
    pub async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Session>> {
        let row = self
            .db
            .first(
                // One query for everything that a request begins with; joined with the members, so that whoever has
                // left is signed out.
                concat!(
                    "SELECT sessions.token_hash, sessions.user_id, users.name AS user_name, users.email AS user_email,
                        members.role, sessions.created_at AS signed_in_at, sessions.confirmed_at, sessions.last_seen_at,
                        sessions.expires_at, sessions.absolute_expires_at, sessions.kind AS session_kind,
                        sessions.idle_seconds, sessions.portal_session_id, sessions.can, sessions.oidc_provider,
                        sessions.address AS session_address, sessions.browser, ",
                    organization_columns!(),
                    " FROM sessions
                    JOIN users ON users.id = sessions.user_id
                    JOIN members ON members.organization_id = sessions.organization_id
                        AND members.user_id = sessions.user_id
                    JOIN organizations ON organizations.id = sessions.organization_id
                    WHERE sessions.token_hash = $1 AND sessions.expires_at > $2 AND sessions.absolute_expires_at > $2"
                ),
                args![token_hash, now],
            )
            .await?;
        row.as_ref().map(Session::read).transpose()
    }

    /// Notes activity and moves the idle limit, never beyond the absolute one.
    pub async fn touch_session(&self, token_hash: &str, expires_at: Timestamp, now: Timestamp) -> Result<()> {
        // Not of a session that is over: touching must not wake it again.
        self.db
            .execute(
                "UPDATE sessions SET last_seen_at = $3,
                    expires_at = CASE WHEN $2 < absolute_expires_at THEN $2 ELSE absolute_expires_at END
                WHERE token_hash = $1 AND expires_at > $3",
                args![token_hash, expires_at, now],
            )
            .await?;
        Ok(())
    }

    /// Whether somebody ended the session of this token within the last day, as opposed to its time having run out.
    pub async fn is_session_ended(&self, token_hash: &str) -> Result<bool> {
        let sql = "SELECT 1 AS found FROM ended_sessions WHERE token_hash = $1";
        Ok(self.db.first(sql, args![token_hash]).await?.is_some())
    }

    /// Notes that the person gave their password again, and that `by` did so.
    pub async fn confirm_identity(&self, token_hash: &str, by: &Actor, now: Timestamp) -> Result<()> {
        retrying!("confirm_identity", self.confirm_identity_once(token_hash, by, now))
    }

    async fn confirm_identity_once(&self, token_hash: &str, by: &Actor, now: Timestamp) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.execute("UPDATE sessions SET confirmed_at = $2 WHERE token_hash = $1", args![token_hash, now]).await?;
        append_confirmed(&mut tx, token_hash, Some(by), now).await?;
        tx.commit().await
    }

    /// Takes over when the person last gave their password.
    pub async fn confirm_session(&self, token_hash: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE sessions SET confirmed_at = $2 WHERE token_hash = $1";
        self.db.execute(sql, args![token_hash, now]).await?;
        Ok(())
    }

    /// Forgets sessions that are over, and after a day those that somebody ended; how many were over.
    pub async fn purge_sessions(&self, now: Timestamp) -> Result<u64> {
        let day_before = now.plus_seconds(-ENDED_SECONDS);
        self.db.execute("DELETE FROM ended_sessions WHERE ended_at <= $1", args![day_before]).await?;
        self.db.execute("DELETE FROM sessions WHERE expires_at <= $1", args![now]).await
    }
}

/// Names the session of a token, by the token's hash, for whoever may see that there is one.
pub fn public_id_of(token_hash: &str) -> String {
    let digest = Sha256::digest(format!("public id of {token_hash}"));
    hex::encode(digest.get(..PUBLIC_ID_BYTES).unwrap_or_default())
}

/// Whose session it is, and where.
async fn find_owner(tx: &mut Tx, token_hash: &str) -> Result<Option<(OrganizationId, UserId)>> {
    let sql = "SELECT organization_id, user_id FROM sessions WHERE token_hash = $1";
    let row = tx.first(sql, args![token_hash]).await?;
    row.map(|row| Ok((row.get("organization_id")?, row.get("user_id")?))).transpose()
}

/// Writes down that the person behind a session has proved that it is them; where nobody says who, it was they.
pub(crate) async fn append_confirmed(tx: &mut Tx, token_hash: &str, by: Option<&Actor>, now: Timestamp) -> Result<()> {
    let Some((organization_id, user_id)) = find_owner(tx, token_hash).await? else { return Ok(()) };
    let person = match by {
        Some(by) => by.clone(),
        None => Actor { session: public_id_of(token_hash), ..find_person(tx, &user_id).await? },
    };
    append_session_entry(tx, "session.confirm", (&organization_id, &user_id), &person, now).await
}

async fn append_session_entry(
    tx: &mut Tx,
    action: &'static str,
    (organization_id, user_id): (&OrganizationId, &UserId),
    by: &Actor,
    now: Timestamp,
) -> Result<()> {
    let entry = change_entry(action, user_id, AuditFacts::new(), AuditFacts::new());
    append_entry(tx, Some(organization_id), by, &entry, now).await
}

impl Session {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            token_hash: row.get("token_hash")?,
            user_id: row.get("user_id")?,
            user_name: row.get("user_name")?,
            user_email: row.get("user_email")?,
            role: row.get("role")?,
            kind: row.get("session_kind")?,
            idle_seconds: row.get("idle_seconds")?,
            portal_session_id: row.get("portal_session_id")?,
            oidc_provider: row.get("oidc_provider")?,
            can: row.get("can")?,
            address: row.get("session_address")?,
            browser: row.get("browser")?,
            created_at: row.get("signed_in_at")?,
            confirmed_at: row.get("confirmed_at")?,
            last_seen_at: row.get("last_seen_at")?,
            expires_at: row.get("expires_at")?,
            absolute_expires_at: row.get("absolute_expires_at")?,
            organization: Organization::read(row)?,
        })
    }
}
