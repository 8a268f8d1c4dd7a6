//! Portal sessions: the right to one session of one person, which a host asks for and a code buys once. Only the code's hash
//! is here.

use billing_domain::external_id::UserRef;
use billing_domain::{Capability, OrganizationId, PortalView, SessionKind, TextMap, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use crate::db::{Arg, Row, Tx, args, columns, retrying};
use crate::member::put_member_in;
use crate::session::{append_confirmed, insert_session_in, write_capabilities};
use crate::{
    Actor, AuditFacts, MemberPut, NewAudit, NewSession, PutMember, Result, SessionsOf, Store, StoreError, access, audit,
};

/// A portal session to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPortalSession {
    /// UUIDv7.
    pub id: String,
    /// SHA-256 of the code, hex. The code itself is never stored.
    pub code_hash: String,
    /// Where.
    pub organization_id: OrganizationId,
    /// Who; a member.
    pub user_id: UserId,
    /// What the session is narrowed to; `None`: all that the role allows.
    pub can: Option<Vec<Capability>>,
    /// What it opens first.
    pub view: PortalView,
    /// BCP 47 tag; `None`: as the browser says.
    pub locale: Option<String>,
    /// The host's colors and shapes, checked.
    pub theme: Option<TextMap>,
    /// Where "back" leads.
    pub return_url: Option<String>,
    /// The only site that may show it in a frame; such a code is worth nothing elsewhere.
    pub embed_origin: Option<String>,
    /// The host's own name for it, to end it by.
    pub tag: Option<String>,
    /// From now on the session lives at most so long.
    pub session_seconds: i64,
    /// Id of the key that asked for it.
    pub created_by: String,
    /// Until then the code can be exchanged.
    pub code_expires_at: Timestamp,
}

/// A portal session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSession {
    /// UUIDv7.
    pub id: String,
    /// Where.
    pub organization_id: OrganizationId,
    /// Who.
    pub user_id: UserId,
    /// What the session is narrowed to; `None`: all that the role allows.
    pub can: Option<Vec<Capability>>,
    /// What it opens first.
    pub view: PortalView,
    /// BCP 47 tag; `None`: as the browser says.
    pub locale: Option<String>,
    /// The host's colors and shapes.
    pub theme: Option<TextMap>,
    /// Where "back" leads.
    pub return_url: Option<String>,
    /// The only site that may show it in a frame.
    pub embed_origin: Option<String>,
    /// The session lives at most so long after `created_at`.
    pub session_seconds: i64,
    /// When the host asked for it, which proves who the person is.
    pub created_at: Timestamp,
}

columns!(
    portal_columns,
    PortalSession {
        id,
        organization_id,
        user_id,
        can,
        view,
        locale,
        theme,
        return_url,
        embed_origin,
        session_seconds,
        created_at
    }
);

impl PortalSession {
    /// When its session is over in any case.
    pub const fn session_expires_at(&self) -> Timestamp {
        self.created_at.plus_seconds(self.session_seconds)
    }
}

/// Who brings a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalBrowser {
    /// SHA-256 of the new session's token, hex.
    pub token_hash: String,
    /// The new session's public id.
    pub public_id: String,
    /// Where it comes from, as an IP address.
    pub address: String,
    /// What the browser calls itself, cut to a length that fits a list.
    pub browser: String,
    /// The session is over after so long without use, or after all its life if that is shorter.
    pub longest_idle_seconds: i64,
}

/// Which portal sessions: those that fit everything that is named here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortalSessionFilter {
    /// Where.
    pub organization_id: Option<OrganizationId>,
    /// Whose.
    pub user: Option<UserRef>,
    /// By the host's own name for them.
    pub tag: Option<String>,
}

/// What was ended in one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedPortalSessions {
    /// Where.
    pub organization_id: OrganizationId,
    /// SHA-256 of the tokens of the sessions that lived, hex.
    pub token_hashes: Vec<String>,
}

impl Store {
    /// One portal session, or `NotFound`.
    pub async fn portal_session(&self, id: &str) -> Result<PortalSession> {
        let sql = concat!("SELECT ", portal_columns!(), " FROM portal_sessions WHERE id = $1");
        PortalSession::read(&self.db.first(sql, args![id]).await?.ok_or(StoreError::NotFound)?)
    }

    /// Writes a portal session down for somebody who is a member already.
    pub async fn create_portal_session(&self, new: &NewPortalSession, by: &Actor, now: Timestamp) -> Result<()> {
        retrying!("create_portal_session", self.create_portal_session_once(new, by, now))
    }

    /// Puts somebody into an organization on the host's word and writes a portal session down for them, together; the
    /// person's id in `new` is filled in. After `NotTheirs` nothing is written.
    pub async fn mint_portal_session(
        &self,
        put: &MemberPut<'_>,
        new: &NewPortalSession,
        by: &Actor,
        now: Timestamp,
    ) -> Result<PutMember> {
        retrying!("mint_portal_session", self.mint_portal_session_once(put, new, by, now))
    }

    /// Exchanges a code for a session, once. A code that is used, too old or ended opens nothing, nor does one that
    /// `fits_parent`, given the site that it was made for, refuses; that one is used up all the same.
    pub async fn exchange_portal_code(
        &self,
        code_hash: &str,
        browser: &PortalBrowser,
        fits_parent: &(dyn Fn(Option<&str>) -> bool + Sync),
        now: Timestamp,
    ) -> Result<Option<PortalSession>> {
        let exchanged =
            retrying!("exchange_portal_code", self.exchange_portal_code_once(code_hash, browser, fits_parent, now));
        match exchanged {
            // The person has been taken out of the organization at this moment.
            Err(StoreError::NotFound) => Ok(None),
            exchanged => exchanged,
        }
    }

    /// Uses a code up as the proof that the person behind a session is there, as giving a password is one. `false`: the
    /// code is none, or of somebody else, and that one stays as it is.
    pub async fn confirm_by_portal_code(&self, token_hash: &str, code_hash: &str, now: Timestamp) -> Result<bool> {
        retrying!("confirm_by_portal_code", self.confirm_by_portal_code_once(token_hash, code_hash, now))
    }

    /// Ends portal sessions with their codes and the sessions that they were exchanged for, everywhere at once. None is no
    /// error.
    pub async fn end_portal_sessions(
        &self,
        filter: &PortalSessionFilter,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<EndedPortalSessions>> {
        retrying!("end_portal_sessions", self.end_portal_sessions_once(filter, by, now))
    }

    /// Forgets portal sessions made at or before this moment; how many. Their sessions must be over.
    pub async fn purge_portal_sessions(&self, until: Timestamp) -> Result<u64> {
        self.db.execute("DELETE FROM portal_sessions WHERE created_at <= $1", args![until]).await
    }
}

impl Store {
    async fn create_portal_session_once(&self, new: &NewPortalSession, by: &Actor, now: Timestamp) -> Result<()> {
        let mut tx = self.db.begin().await?;
        insert_portal_session_in(&mut tx, new, by, now).await?;
        tx.commit().await
    }

    async fn mint_portal_session_once(
        &self,
        put: &MemberPut<'_>,
        new: &NewPortalSession,
        by: &Actor,
        now: Timestamp,
    ) -> Result<PutMember> {
        let mut tx = self.db.begin().await?;
        let done = put_member_in(&mut tx, put, by, now).await?;
        let (PutMember::Created(member) | PutMember::Changed { after: member, .. } | PutMember::Same(member)) = &done
        else {
            tx.rollback().await?;
            return Ok(done);
        };
        let new = NewPortalSession { user_id: member.user_id.clone(), ..new.clone() };
        insert_portal_session_in(&mut tx, &new, by, now).await?;
        tx.commit().await?;
        Ok(done)
    }

    async fn exchange_portal_code_once(
        &self,
        code_hash: &str,
        browser: &PortalBrowser,
        fits_parent: &(dyn Fn(Option<&str>) -> bool + Sync),
        now: Timestamp,
    ) -> Result<Option<PortalSession>> {
        let mut tx = self.db.begin().await?;
        let Some(row) = tx
            .first(
                concat!(
                    "UPDATE portal_sessions SET exchanged_at = $2
                    WHERE code_hash = $1 AND exchanged_at IS NULL AND ended_at IS NULL AND code_expires_at > $2
                    RETURNING ",
                    portal_columns!()
                ),
                args![code_hash, now],
            )
            .await?
        else {
            tx.rollback().await?;
            return Ok(None);
        };
        let portal = PortalSession::read(&row)?;
        if !fits_parent(portal.embed_origin.as_deref()) {
            tx.commit().await?;
            return Ok(None);
        }
        let idle_seconds = portal.session_seconds.min(browser.longest_idle_seconds);
        let session = NewSession {
            token_hash: browser.token_hash.clone(),
            user_id: portal.user_id.clone(),
            organization_id: portal.organization_id.clone(),
            kind: SessionKind::Portal,
            idle_seconds,
            portal_session_id: Some(portal.id.clone()),
            can: portal.can.clone(),
            address: browser.address.clone(),
            browser: browser.browser.clone(),
            expires_at: now.plus_seconds(idle_seconds),
            absolute_expires_at: portal.session_expires_at(),
        };
        insert_session_in(&mut tx, &session, portal.created_at, now).await?;
        let entry = NewAudit {
            action: "portal_session.exchange",
            subject: portal.id.clone(),
            before: AuditFacts::new(),
            after: AuditFacts::new(),
        };
        let person = read_person(&mut tx, &portal.user_id, browser).await?;
        audit::append_entry(&mut tx, Some(&portal.organization_id), &person, &entry, now).await?;
        tx.commit().await?;
        Ok(Some(portal))
    }

    async fn confirm_by_portal_code_once(&self, token_hash: &str, code_hash: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let row = tx
            .first(
                "UPDATE portal_sessions SET exchanged_at = $2
                WHERE code_hash = $1 AND exchanged_at IS NULL AND ended_at IS NULL AND code_expires_at > $2
                    AND EXISTS (SELECT 1 FROM sessions WHERE sessions.token_hash = $3
                        AND sessions.organization_id = portal_sessions.organization_id
                        AND sessions.user_id = portal_sessions.user_id)
                RETURNING created_at",
                args![code_hash, now, token_hash],
            )
            .await?;
        let Some(row) = row else {
            tx.rollback().await?;
            return Ok(false);
        };
        let proved_at: Timestamp = row.get("created_at")?;
        let sql = "UPDATE sessions SET confirmed_at = $2 WHERE token_hash = $1 AND confirmed_at < $2";
        tx.execute(sql, args![token_hash, proved_at]).await?;
        append_confirmed(&mut tx, token_hash, None, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn end_portal_sessions_once(
        &self,
        filter: &PortalSessionFilter,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<EndedPortalSessions>> {
        let mut tx = self.db.begin().await?;
        let (condition, mut args) = filter.condition();
        // The wallets first and in one order, as whatever changes several rows of an organization does.
        let sql =
            format!("SELECT DISTINCT organization_id FROM portal_sessions WHERE {condition} ORDER BY organization_id");
        let rows = tx.all(AssertSqlSafe(sql), &args).await?;
        let organizations =
            rows.iter().map(|row| row.get("organization_id")).collect::<Result<Vec<OrganizationId>>>()?;
        for organization_id in &organizations {
            access::bump_version(&mut tx, organization_id).await?;
        }
        let sql = format!("UPDATE portal_sessions SET ended_at = ${} WHERE {condition}", args.len() + 1);
        args.push(now.into());
        tx.execute(AssertSqlSafe(sql), &args).await?;
        let mut ended = Vec::new();
        for organization_id in organizations {
            // After the update: whoever is exchanging a code at this moment has done so now, or never will.
            let token_hashes = access::end_sessions_in(&mut tx, SessionsOf::EndedPortal(&organization_id), now).await?;
            ended.push(EndedPortalSessions { organization_id, token_hashes });
        }
        for EndedPortalSessions { organization_id, token_hashes } in &ended {
            let entry = NewAudit {
                action: "portal_session.end",
                subject: filter.user.as_ref().map(ToString::to_string).unwrap_or_default(),
                before: AuditFacts::from([("sessions".to_owned(), token_hashes.len().to_string())]),
                after: AuditFacts::new(),
            };
            audit::append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }
}

/// Writes a portal session down within a transaction that holds the wallet, and notes who asked for it.
pub(crate) async fn insert_portal_session_in(
    tx: &mut Tx,
    new: &NewPortalSession,
    by: &Actor,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO portal_sessions
            (id, code_hash, organization_id, user_id, can, view, locale, theme, return_url, embed_origin, tag,
            session_seconds, created_by, created_at, code_expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        args![
            &new.id,
            &new.code_hash,
            &new.organization_id,
            &new.user_id,
            &write_capabilities(new.can.as_deref()),
            new.view.as_str(),
            &new.locale,
            &new.theme.as_ref().map(write_theme).transpose()?,
            &new.return_url,
            &new.embed_origin,
            &new.tag,
            new.session_seconds,
            &new.created_by,
            now,
            new.code_expires_at
        ],
    )
    .await
    .map_err(|error| error.or_conflict("portal session").or_not_found())?;
    let mut after = AuditFacts::from([("portal_session".to_owned(), new.id.clone())]);
    after.extend(new.embed_origin.clone().map(|origin| ("embed_origin".to_owned(), origin)));
    let entry = NewAudit {
        action: "portal_session.create",
        subject: new.user_id.to_string(),
        before: AuditFacts::new(),
        after,
    };
    audit::append_entry(tx, Some(&new.organization_id), by, &entry, now).await
}

fn write_theme(theme: &TextMap) -> Result<String> {
    serde_json::to_string(theme).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// The person as the audit log names them.
async fn read_person(tx: &mut Tx, user_id: &UserId, browser: &PortalBrowser) -> Result<Actor> {
    let row: Option<Row> = tx.first("SELECT name FROM users WHERE id = $1", args![user_id]).await?;
    let name: String = row.ok_or(StoreError::NotFound)?.get("name")?;
    let PortalBrowser { public_id, address, .. } = browser;
    Ok(Actor { session: public_id.clone(), address: address.clone(), ..Actor::user(user_id, name) })
}

impl PortalSessionFilter {
    /// A condition on `portal_sessions` that have not been ended, and its arguments, from `$1` on.
    fn condition(&self) -> (String, Vec<Arg<'_>>) {
        let mut conditions = vec!["ended_at IS NULL".to_owned()];
        let mut args: Vec<Arg<'_>> = Vec::new();
        let user: Option<(Arg<'_>, _)> = match &self.user {
            Some(UserRef::Id(id)) => Some((id.into(), "user_id = $")),
            Some(UserRef::External(id)) => {
                Some((id.as_str().into(), "user_id = (SELECT users.id FROM users WHERE users.external_id = $"))
            }
            None => None,
        };
        let organization = self.organization_id.as_ref().map(|id| (id.into(), "organization_id = $"));
        let tag = self.tag.as_ref().map(|tag| (tag.into(), "tag = $"));
        for (arg, comparison) in [organization, user, tag].into_iter().flatten() {
            args.push(arg);
            let end = if comparison.contains('(') { ")" } else { "" };
            conditions.push(format!("{comparison}{}{end}", args.len()));
        }
        (conditions.join(" AND "), args)
    }
}
