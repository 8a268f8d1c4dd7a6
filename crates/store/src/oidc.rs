//! Sign-in by identity providers: logins under way, who somebody is to a provider, and what that provider says of them.

use std::collections::BTreeSet;

use billing_domain::{OrganizationId, Role, SessionKind, Timestamp, UserId};

use crate::access::{SessionsOf, bump_version, end_sessions_in};
use crate::audit::{append_entry, new_entry};
use crate::db::{Tx, args, columns, retrying};
use crate::session::{append_confirmed, insert_session_in};
use crate::{Actor, NewSession, Result, Store, StoreError, wallet};

/// A login that somebody has begun in their browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOidcLogin {
    /// SHA-256 of the state, hex.
    pub state_hash: String,
    /// The provider's name among the settings.
    pub provider: String,
    /// SHA-256 of the browser's login cookie, hex.
    pub cookie_hash: String,
    /// SHA-256 of the nonce, hex.
    pub nonce_hash: String,
    /// SHA-256 of the PKCE verifier in base64url: the challenge of RFC 7636, which the provider knows.
    pub challenge: String,
    /// Where the person wants to be afterwards, on this server.
    pub return_path: String,
    /// Useless from then on.
    pub expires_at: Timestamp,
}

columns!(login_columns, OidcLogin { nonce_hash = "nonce", challenge = "verifier", return_path });

/// A login that the provider has sent the person back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcLogin {
    /// SHA-256 of the nonce, hex.
    pub nonce_hash: String,
    /// SHA-256 of the PKCE verifier in base64url.
    pub challenge: String,
    /// Where the person wants to be, on this server.
    pub return_path: String,
}

/// What a role is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleGrant {
    /// The provider says it: it holds now.
    Stated(Role),
    /// The operator's choice for people who come for the first time; later it is changed here.
    Initial(Role),
}

impl RoleGrant {
    const fn role(self) -> Role {
        match self {
            Self::Stated(role) | Self::Initial(role) => role,
        }
    }
}

/// A person as their provider has just described them.
#[derive(Clone, Debug)]
pub struct OidcPerson<'a> {
    /// The provider's name among the settings.
    pub provider: &'a str,
    /// With `subject`, who it is; nothing else is.
    pub issuer: &'a str,
    /// The provider's own id of theirs.
    pub subject: &'a str,
    /// The session at the provider, by which it may be ended.
    pub sid: Option<&'a str>,
    /// Where notices go; empty if the provider does not say.
    pub email: &'a str,
    /// Full name.
    pub name: &'a str,
    /// For somebody who comes for the first time.
    pub new_id: &'a UserId,
    /// Where they belong; the session is in the first one that they are a member of.
    pub organizations: &'a [OrganizationId],
    /// What they may do there.
    pub grant: RoleGrant,
    /// Make them a member where they are none.
    pub create_members: bool,
}

/// The browser that the person has come back in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcBrowser {
    /// SHA-256 of the new session's token, hex.
    pub token_hash: String,
    /// The new session's public id.
    pub public_id: String,
    /// Where it comes from, as an IP address.
    pub address: String,
    /// What the browser calls itself, cut to a length that fits a list.
    pub browser: String,
    /// When the person last proved to the provider that it is them.
    pub confirmed_at: Timestamp,
    /// The session is over after so long without use.
    pub idle_seconds: i64,
    /// And after so long in any case.
    pub session_seconds: i64,
}

/// What a sign-in has changed for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OidcSignIn {
    /// Whose it is.
    pub user_id: Option<UserId>,
    /// Where the role changed.
    pub role_changed: Vec<OrganizationId>,
    /// Sessions that ended, where, by the SHA-256 of their tokens.
    pub ended: Vec<(OrganizationId, String)>,
    /// Why there is no session.
    pub refusal: Option<OidcRefusal>,
}

/// Why somebody whom the provider knows is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OidcRefusal {
    /// They have never been here, and nobody is made a member by signing in.
    UnknownPerson,
    /// They are a member of none of the organizations that the provider names.
    NoOrganization,
    /// They are locked out.
    Locked,
}

/// What a provider says has ended there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcLogout<'a> {
    /// The provider's name among the settings.
    pub provider: &'a str,
    /// Who says it.
    pub issuer: &'a str,
    /// The statement's own id, which counts once.
    pub jti: &'a str,
    /// Of whom; at least one of both is given, and both must fit.
    pub subject: Option<&'a str>,
    /// Of which session there.
    pub sid: Option<&'a str>,
    /// The statement is refused by its age from then on.
    pub expires_at: Timestamp,
}

impl Store {
    /// Writes a login down that somebody has begun.
    pub async fn create_oidc_login(&self, new: &NewOidcLogin) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO oidc_logins (state_hash, provider, cookie_hash, nonce, verifier, return_path, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)",
                args![
                    &new.state_hash,
                    &new.provider,
                    &new.cookie_hash,
                    &new.nonce_hash,
                    &new.challenge,
                    &new.return_path,
                    new.expires_at
                ],
            )
            .await
            .map(drop)
    }

    /// Uses a login up, once and in the browser that has begun it; in another one it stays as it is.
    pub async fn take_oidc_login(
        &self,
        provider: &str,
        state_hash: &str,
        cookie_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OidcLogin>> {
        let sql = concat!(
            "DELETE FROM oidc_logins WHERE state_hash = $1 AND provider = $2 AND cookie_hash = $3 AND expires_at > $4
            RETURNING ",
            login_columns!()
        );
        let rows = self.db.write(sql, args![state_hash, provider, cookie_hash, now]).await?;
        rows.first().map(OidcLogin::read).transpose()
    }

    /// Who this is to a provider.
    pub async fn oidc_user(&self, issuer: &str, subject: &str) -> Result<Option<UserId>> {
        let row = self.db.first(FIND_IDENTITY, args![issuer, subject]).await?;
        row.map(|row| row.get("user_id")).transpose()
    }

    /// Opens a session for a person as their provider describes them: they are a member where it says, with the role that it
    /// says, and no longer a member where it once said so and says so no more.
    pub async fn sign_in_by_oidc(
        &self,
        person: &OidcPerson<'_>,
        browser: &OidcBrowser,
        now: Timestamp,
    ) -> Result<OidcSignIn> {
        retrying!("sign_in_by_oidc", self.sign_in_by_oidc_once(person, browser, now))
    }

    /// Notes that the person behind a session has proved to their provider at `at` that it is them.
    pub async fn confirm_oidc_session(
        &self,
        token_hash: &str,
        at: Timestamp,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        retrying!("confirm_oidc_session", self.confirm_oidc_session_once(token_hash, at, by, now))
    }

    /// Ends the sessions that a provider says are over there; where they were, and the SHA-256 of their tokens. `None`: this
    /// statement was used before.
    pub async fn end_oidc_sessions(
        &self,
        logout: &OidcLogout<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<(OrganizationId, String)>>> {
        retrying!("end_oidc_sessions", self.end_oidc_sessions_once(logout, now))
    }

    /// Forgets logins that nobody came back from, and ids of statements that their age refuses; how many.
    pub async fn purge_oidc(&self, now: Timestamp) -> Result<u64> {
        let used = self.db.execute("DELETE FROM used_tokens WHERE expires_at <= $1", args![now]).await?;
        Ok(used + self.db.execute("DELETE FROM oidc_logins WHERE expires_at <= $1", args![now]).await?)
    }
}

const FIND_IDENTITY: &str = "SELECT user_id FROM oidc_identities WHERE issuer = $1 AND subject = $2";

impl Store {
    async fn sign_in_by_oidc_once(
        &self,
        person: &OidcPerson<'_>,
        browser: &OidcBrowser,
        now: Timestamp,
    ) -> Result<OidcSignIn> {
        let mut tx = self.db.begin().await?;
        let locked = lock_wallets(&mut tx, person).await?;
        let user_id = match find_or_insert_user(&mut tx, person, now).await? {
            Ok(user_id) => user_id,
            Err(refusal) => {
                tx.rollback().await?;
                return Ok(OidcSignIn { refusal: Some(refusal), ..OidcSignIn::default() });
            }
        };
        let by = Actor {
            session: browser.public_id.clone(),
            address: browser.address.clone(),
            ..Actor::user(&user_id, person.name)
        };
        let mut done = OidcSignIn { user_id: Some(user_id.clone()), ..OidcSignIn::default() };
        let mut member_of = BTreeSet::new();
        for organization_id in &locked {
            let update = MembershipUpdate { person, organization_id, user_id: &user_id, by: &by, now };
            if update.apply(&mut tx, &mut done).await? {
                member_of.insert(organization_id);
            }
        }
        match person.organizations.iter().find(|id| member_of.contains(id)) {
            Some(organization_id) => {
                let session = new_session(&user_id, organization_id, browser, now);
                insert_session(&mut tx, person, &session, browser.confirmed_at, now).await?;
                let entry = new_entry("session.start", &user_id, [], [("provider", person.provider)]);
                append_entry(&mut tx, Some(organization_id), &by, &entry, now).await?;
            }
            None => done.refusal = Some(OidcRefusal::NoOrganization),
        }
        // Whoever is not let in has perhaps been put out of somewhere, which stays so.
        tx.commit().await?;
        Ok(done)
    }

    async fn confirm_oidc_session_once(
        &self,
        token_hash: &str,
        at: Timestamp,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.execute("UPDATE sessions SET confirmed_at = $2 WHERE token_hash = $1", args![token_hash, at]).await?;
        append_confirmed(&mut tx, token_hash, Some(by), now).await?;
        tx.commit().await
    }

    async fn end_oidc_sessions_once(
        &self,
        logout: &OidcLogout<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<(OrganizationId, String)>>> {
        let mut tx = self.db.begin().await?;
        let sql = "INSERT INTO used_tokens (issuer, jti, expires_at) VALUES ($1, $2, $3)
            ON CONFLICT (issuer, jti) DO NOTHING";
        if tx.execute(sql, args![logout.issuer, logout.jti, logout.expires_at]).await? == 0 {
            return tx.rollback().await.map(|()| None);
        }
        let OidcLogout { provider, subject, sid, .. } = *logout;
        let everywhere = SessionsOf::Oidc { provider, subject, sid, organization_id: None };
        let mut all = Vec::new();
        for (organization_id, user_id) in everywhere.owners(&mut tx).await? {
            let here = SessionsOf::Oidc { provider, subject, sid, organization_id: Some(&organization_id) };
            let ended = end_sessions_in(&mut tx, here, now).await?;
            let count = ended.len().to_string();
            let entry = new_entry("session.end", &user_id, [], [("sessions", count.as_str())]);
            let by = Actor::system(format!("sign-in provider {}", logout.provider));
            append_entry(&mut tx, Some(&organization_id), &by, &entry, now).await?;
            all.extend(ended.into_iter().map(|token_hash| (organization_id.clone(), token_hash)));
        }
        tx.commit().await?;
        Ok(Some(all))
    }
}

/// Locks the wallets of all organizations that the sign-in may change something in, in one order.
async fn lock_wallets(tx: &mut Tx, person: &OidcPerson<'_>) -> Result<BTreeSet<OrganizationId>> {
    let sql = "SELECT members.organization_id FROM members
        JOIN oidc_identities ON oidc_identities.user_id = members.user_id
        WHERE oidc_identities.issuer = $1 AND oidc_identities.subject = $2 AND members.source = 'oidc'";
    let mut organizations = person.organizations.iter().cloned().collect::<BTreeSet<_>>();
    for row in tx.all(sql, args![person.issuer, person.subject]).await? {
        organizations.insert(row.get("organization_id")?);
    }
    for organization_id in &organizations {
        wallet::lock_wallet(tx, organization_id).await?;
    }
    Ok(organizations)
}

columns!(known_columns, Known { email, name, locked_at });

#[derive(PartialEq, Eq)]
struct Known {
    email: String,
    name: String,
    locked_at: Option<Timestamp>,
}

/// The person with this identity, with name and address as the provider has them; somebody new has no password, and no
/// address to sign in by.
async fn find_or_insert_user(
    tx: &mut Tx,
    person: &OidcPerson<'_>,
    now: Timestamp,
) -> Result<std::result::Result<UserId, OidcRefusal>> {
    let found = tx.first(FIND_IDENTITY, args![person.issuer, person.subject]).await?;
    if let Some(user_id) = found.map(|row| row.get::<UserId>("user_id")).transpose()? {
        let sql = concat!("SELECT ", known_columns!(), " FROM users WHERE id = $1");
        let known = Known::read(&tx.first(sql, args![&user_id]).await?.ok_or(StoreError::NotFound)?)?;
        if known.locked_at.is_some() {
            return Ok(Err(OidcRefusal::Locked));
        }
        if (known.email.as_str(), known.name.as_str()) != (person.email, person.name) {
            let sql = "UPDATE users SET email = $2, name = $3 WHERE id = $1";
            tx.execute(sql, args![&user_id, person.email, person.name]).await?;
        }
        return Ok(Ok(user_id));
    }
    if person.organizations.is_empty() {
        return Ok(Err(OidcRefusal::NoOrganization));
    }
    if !person.create_members {
        return Ok(Err(OidcRefusal::UnknownPerson));
    }
    let id = person.new_id;
    tx.execute(
        "INSERT INTO users (id, email, email_key, name, password_hash, created_at, source)
        VALUES ($1, $2, $3, $4, '', $5, 'oidc')",
        args![id, person.email, format!("oidc:{id}"), person.name, now],
    )
    .await
    .map_err(|error| error.or_conflict("user"))?;
    tx.execute(
        "INSERT INTO oidc_identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)",
        args![person.issuer, person.subject, id, now],
    )
    .await
    .map_err(|error| error.or_conflict("identity"))?;
    Ok(Ok(id.clone()))
}

/// What a sign-in means for one organization.
struct MembershipUpdate<'a> {
    person: &'a OidcPerson<'a>,
    organization_id: &'a OrganizationId,
    user_id: &'a UserId,
    by: &'a Actor,
    now: Timestamp,
}

impl MembershipUpdate<'_> {
    /// Whether the person is a member afterwards.
    async fn apply(&self, tx: &mut Tx, done: &mut OidcSignIn) -> Result<bool> {
        let Self { person, organization_id, user_id, .. } = *self;
        let sql = "SELECT role FROM members WHERE organization_id = $1 AND user_id = $2";
        let row = tx.first(sql, args![organization_id, user_id]).await?;
        let before = row.map(|row| row.get::<Role>("role")).transpose()?;
        let belongs = person.organizations.contains(organization_id);
        match before {
            None if belongs && person.create_members => self.add(tx).await.map(|()| true),
            None => Ok(false),
            Some(_) if !belongs => self.remove(tx, done).await.map(|()| false),
            Some(before) => {
                let role = match person.grant {
                    RoleGrant::Stated(role) => role,
                    RoleGrant::Initial(_) => before,
                };
                self.change(tx, before, role, done).await.map(|()| true)
            }
        }
    }

    async fn add(&self, tx: &mut Tx) -> Result<()> {
        let role = self.person.grant.role();
        tx.execute(
            "INSERT INTO members (organization_id, user_id, role, joined_at, source) VALUES ($1, $2, $3, $4, 'oidc')",
            args![self.organization_id, self.user_id, role.as_str(), self.now],
        )
        .await
        .map_err(|error| error.or_conflict("member"))?;
        bump_version(tx, self.organization_id).await?;
        let after = [("email", self.person.email), ("name", self.person.name), ("role", role.as_str())];
        let entry = new_entry("member.add", self.user_id, [], after);
        append_entry(tx, Some(self.organization_id), self.by, &entry, self.now).await
    }

    async fn change(&self, tx: &mut Tx, before: Role, role: Role, done: &mut OidcSignIn) -> Result<()> {
        if before == role {
            return Ok(());
        }
        let sql = "UPDATE members SET role = $3 WHERE organization_id = $1 AND user_id = $2";
        tx.execute(sql, args![self.organization_id, self.user_id, role.as_str()]).await?;
        bump_version(tx, self.organization_id).await?;
        done.role_changed.push(self.organization_id.clone());
        let entry =
            new_entry("member.change_role", self.user_id, [("role", before.as_str())], [("role", role.as_str())]);
        append_entry(tx, Some(self.organization_id), self.by, &entry, self.now).await
    }

    async fn remove(&self, tx: &mut Tx, done: &mut OidcSignIn) -> Result<()> {
        let Self { organization_id, user_id, .. } = *self;
        let ended = end_sessions_in(tx, SessionsOf::Member { organization_id, user_id }, self.now).await?;
        let sql = "DELETE FROM members WHERE organization_id = $1 AND user_id = $2";
        tx.execute(sql, args![organization_id, user_id]).await?;
        bump_version(tx, organization_id).await?;
        done.ended.extend(ended.into_iter().map(|token_hash| (organization_id.clone(), token_hash)));
        let before = [("email", self.person.email), ("name", self.person.name)];
        let entry = new_entry("member.remove", user_id, before, []);
        append_entry(tx, Some(organization_id), self.by, &entry, self.now).await
    }
}

fn new_session(
    user_id: &UserId,
    organization_id: &OrganizationId,
    browser: &OidcBrowser,
    now: Timestamp,
) -> NewSession {
    NewSession {
        token_hash: browser.token_hash.clone(),
        user_id: user_id.clone(),
        organization_id: organization_id.clone(),
        kind: SessionKind::Oidc,
        idle_seconds: browser.idle_seconds,
        portal_session_id: None,
        can: None,
        address: browser.address.clone(),
        browser: browser.browser.clone(),
        expires_at: now.plus_seconds(browser.idle_seconds),
        absolute_expires_at: now.plus_seconds(browser.session_seconds),
    }
}

async fn insert_session(
    tx: &mut Tx,
    person: &OidcPerson<'_>,
    session: &NewSession,
    confirmed_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    insert_session_in(tx, session, confirmed_at, now).await?;
    let sql = "UPDATE sessions SET oidc_provider = $2, oidc_subject = $3, oidc_sid = $4 WHERE token_hash = $1";
    tx.execute(sql, args![&session.token_hash, person.provider, person.subject, person.sid]).await?;
    Ok(())
}
