//! Signing in and out, and who a request comes from: decided anew on every request, from the database.

use std::net::IpAddr;
use std::sync::Arc;

use billing_contract::ProblemCode;
use billing_contract::event::SessionState;
use billing_contract::session::{Confirm, OrganizationSummary, Person, Session, SignIn};
use billing_domain::{Capability, OrganizationId, Role, SessionKind, Timestamp, UserId};
pub(crate) use billing_store::public_id_of;
use billing_store::{NewSession, Organization, PortalSession, User};

use crate::auth::passwords::MAX_PASSWORD;
use crate::auth::tokens::{hash_token, new_token};
use crate::budgets::SignInOrigin;
use crate::events::Topic;
use crate::kept_answers::AskedAt;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem, field_error};
use crate::service::factor_codes::{FactorHolder, MAX_CODE, check_second_factor};
use crate::state::AppState;

/// A session that is not used for so long is over.
pub(crate) const IDLE_SECONDS: i64 = 12 * 3600;
/// A session is over after this in any case.
pub(crate) const ABSOLUTE_SECONDS: i64 = 30 * 24 * 3600;
/// Use is noted at most this often: a read must not cost a write.
const TOUCH_SECONDS: i64 = 60;
/// Longest e-mail address, bytes (RFC 5321: 256 with its brackets).
pub(crate) const MAX_EMAIL: usize = 254;
/// When the queue for checking passwords is full, it has moved on by then.
pub(super) const RETRY_SECONDS: u32 = 2;

/// How somebody has proved that it is them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// By their password, then.
    At(Timestamp),
    /// Not at all: the program acts in their name while it makes the demo.
    ByProgram,
}

/// A person who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct MemberUser {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
}

impl From<MemberUser> for Person {
    fn from(user: MemberUser) -> Self {
        Self { id: user.id.into(), name: user.name, email: user.email }
    }
}

/// Who is asking, in which organization, with the role of this moment.
#[derive(Clone, Debug)]
pub(crate) struct SignedInMember {
    pub(crate) user: MemberUser,
    /// What they may do now.
    pub(crate) role: Role,
    pub(crate) organization: Organization,
    /// When they last proved that it is them.
    pub(crate) confirmation: Confirmation,
    /// How they came in.
    pub(crate) kind: SessionKind,
    /// What the session is narrowed to; `None`: all that the role allows.
    pub(crate) can: Option<Vec<Capability>>,
    /// The portal session that it was exchanged for.
    pub(crate) portal_session_id: Option<String>,
    /// The identity provider that opened it, by its name.
    pub(crate) sign_in_provider: Option<String>,
    /// Names the session; SHA-256 of its token, hex.
    pub(crate) token_hash: String,
    /// Where this request comes from; `None` while the program acts in their name.
    pub(crate) address: Option<IpAddr>,
    /// When this request asked who they are; `None` while the program acts in their name.
    pub(crate) asked: Option<AskedAt>,
}

impl SignedInMember {
    /// Names the session for its own page.
    pub(crate) fn public_id(&self) -> String {
        public_id_of(&self.token_hash)
    }

    /// They have let themselves in, and no host for them.
    pub(crate) fn has_account(&self) -> bool {
        self.kind != SessionKind::Portal
    }

    /// As the page knows it, but for what a portal session has of its own.
    fn session(&self) -> Session {
        let organization = &self.organization;
        Session {
            id: self.public_id(),
            user: self.user.clone().into(),
            role: self.role,
            organization: OrganizationSummary {
                id: organization.id.to_string(),
                name: organization.name.clone(),
                time_zone: organization.time_zone.clone(),
                currency: organization.currency,
                status: organization.status,
            },
            kind: self.kind,
            can: self.can.clone(),
            organizations: 0,
            sign_in_provider: self.sign_in_provider.clone(),
            view: None,
            locale: None,
            theme: None,
            return_url: None,
        }
    }
}

/// The session as the page knows it, with what its host wants of it.
pub(crate) async fn describe_session(state: &AppState, member: &SignedInMember) -> Result<Session, Problem> {
    let Some(id) = &member.portal_session_id else {
        // Whoever was let in by somebody else's sign-in stays where that has led.
        let organizations = match member.kind {
            SessionKind::Password => state.store.reserved().memberships(&member.user.id).await?.len(),
            SessionKind::Oidc | SessionKind::Portal => 0,
        };
        return Ok(Session { organizations: u32::try_from(organizations).unwrap_or(u32::MAX), ..member.session() });
    };
    let PortalSession { view, locale, theme, return_url, .. } = state.store.reserved().portal_session(id).await?;
    Ok(Session { view: Some(view), locale, theme, return_url, ..member.session() })
}

/// Of a stream that a member opened, or of another answer that takes long.
#[derive(Clone, Debug)]
pub(crate) enum SessionStanding {
    /// It goes on, in the organization as it is now.
    Open(Box<Organization>),
    /// It is over, with the last event.
    Over(SessionState),
    /// Its time has run out, and its host gives out another one if it is asked: nothing is to be said.
    RunOut,
}

/// How the session of a stream stands: it must live, with the role that the stream was opened with.
/// See docs/decisions/0047-member-access.md.
pub(crate) async fn session_standing(state: &AppState, member: &SignedInMember) -> Result<SessionStanding, Problem> {
    // By reserved connections: who is asking must be known even while costly reads hold the others.
    let store = state.store.reserved();
    let asked = AskedAt { now: state.clock.now(), version: state.store.database_version().await? };
    Ok(match find_session(state, &member.token_hash, &asked).await? {
        None if member.kind == SessionKind::Portal && !store.is_session_ended(&member.token_hash).await? => {
            SessionStanding::RunOut
        }
        None => SessionStanding::Over(SessionState::Ended),
        Some(session) if session.role != member.role => SessionStanding::Over(SessionState::RoleChanged),
        Some(session) => SessionStanding::Open(Box::new(session.organization.clone())),
    })
}

/// The session, if it lives. Kept for as long as the database is as it was: a role, a session's end, all are right at this
/// moment.
async fn find_session(
    state: &AppState,
    token_hash: &String,
    asked: &AskedAt,
) -> Result<Option<Arc<billing_store::Session>>, Problem> {
    let now = asked.now;
    let read = async || Ok(state.store.reserved().session(token_hash, now).await?.map(Arc::new));
    let session = state.answers.sessions.get(token_hash, asked, read).await?;
    Ok(session.filter(|session| session.expires_at > now && session.absolute_expires_at > now))
}

/// Where a request comes from.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// What counts as one client.
    pub(crate) network: IpAddr,
    /// The address itself.
    pub(crate) address: IpAddr,
    /// What the browser calls itself; may be empty.
    pub(crate) browser: String,
}

/// Somebody who has just signed in.
#[derive(Clone, Debug)]
pub(crate) struct NewMember {
    pub(crate) member: SignedInMember,
    /// The session's token, handed out only now.
    pub(crate) token: String,
    /// The browser's new device cookie.
    pub(crate) device: String,
}

/// The password was given within this time: long enough for a form, too short for a browser left open.
const CONFIRMED_SECONDS: i64 = 5 * 60;

/// Whether this person has given their password a moment ago, by signing in or by [`confirm_identity`].
pub(crate) fn is_confirmed(state: &AppState, member: &SignedInMember) -> bool {
    match member.confirmation {
        Confirmation::At(at) => is_recent(at, state.clock.now()),
        Confirmation::ByProgram => true,
    }
}

/// Whether a proof of this moment still counts.
pub(super) fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    // A clock that went back proves nothing.
    (0..=CONFIRMED_SECONDS).contains(&now.seconds_since(at))
}

/// To be asked before power over money changes hands.
pub(crate) fn require_confirmation(state: &AppState, member: &SignedInMember) -> Result<(), Problem> {
    if is_confirmed(state, member) { Ok(()) } else { Err(Problem::unconfirmed()) }
}

/// The person behind a session proves again that it is them: by their password, or where a host signed them in by a fresh
/// code of that host.
pub(crate) async fn confirm_identity(
    state: &AppState,
    member: &SignedInMember,
    form: &Confirm,
    address: IpAddr,
    device: Option<&str>,
) -> Result<(), Problem> {
    match form {
        Confirm { password: None, code: Some(code) } if member.kind == SessionKind::Portal => {
            confirm_by_code(state, member, code, address).await
        }
        Confirm { password: Some(password), code: None } if member.kind == SessionKind::Password => {
            confirm_password(state, member, password, address, device).await
        }
        _ if member.kind == SessionKind::Portal => {
            let detail = "A session that was opened by a host is confirmed by a fresh code of that host alone.";
            Err(Problem::field("/code", "required", Detail::general(detail)))
        }
        _ if member.kind == SessionKind::Oidc => {
            let detail = "A session that an identity provider opened is confirmed by signing in there again.";
            Err(Problem::field("", "elsewhere", Detail::general(detail)))
        }
        _ => {
            let detail = "This session is confirmed by the person's password alone.";
            Err(Problem::field("/password", "required", Detail::general(detail)))
        }
    }
}

/// The host vouches for the person behind a session once more.
async fn confirm_by_code(
    state: &AppState,
    member: &SignedInMember,
    code: &str,
    address: IpAddr,
) -> Result<(), Problem> {
    state.budgets.take_portal_code(address)?;
    let now = state.clock.now();
    if !state.store.confirm_by_portal_code(&member.token_hash, &hash_token(code), now).await? {
        let session = member.public_id();
        tracing::warn!(target: "security", user = %member.user.id, session, %address, "code refused");
        let detail = "This code was used, is too old, or belongs to somebody else. Ask the host for another one.";
        return Err(Problem::field("/code", "wrong_value", Detail::general(detail)));
    }
    state.budgets.give_back_portal_code(address);
    Ok(())
}

/// The person behind a session gives their password again; tries count with those to sign in.
async fn confirm_password(
    state: &AppState,
    member: &SignedInMember,
    password: &str,
    address: IpAddr,
    device: Option<&str>,
) -> Result<(), Problem> {
    check_current_password(state, member, "/password", password, address, device).await?;
    state.store.confirm_identity(&member.token_hash, &member.actor(), state.clock.now()).await?;
    Ok(())
}

/// Whether this is the member's own password; `pointer`: the field that it came in.
pub(super) async fn check_current_password(
    state: &AppState,
    member: &SignedInMember,
    pointer: &str,
    password: &str,
    address: IpAddr,
    device: Option<&str>,
) -> Result<(), Problem> {
    // Before hashing: a password of megabytes would only cost time.
    if password.len() > MAX_PASSWORD {
        return Err(Problem::field(pointer, "too_long", UserMessage::too_many_bytes(MAX_PASSWORD)));
    }
    let found = find_by_password(state, &member.user.email, pointer, password, address, device).await;
    found.map(drop).inspect_err(|_| {
        let session = member.public_id();
        tracing::warn!(target: "security", user = %member.user.id, session, %address, "password refused");
    })
}

/// Where a try comes from: a browser in which this person has signed in before is counted by itself, not with its whole
/// network.
pub(super) fn sign_in_origin(state: &AppState, email: &str, address: IpAddr, device: Option<&str>) -> SignInOrigin {
    let known = device.and_then(|cookie| state.devices.find(cookie, &email.trim().to_lowercase()));
    known.map_or(SignInOrigin::Address(address), SignInOrigin::Device)
}

/// The person with this address, by their password; `pointer`: the field that it came in. Tries count with those to sign in.
pub(super) async fn find_by_password(
    state: &AppState,
    email: &str,
    pointer: &str,
    password: &str,
    address: IpAddr,
    device: Option<&str>,
) -> Result<User, Problem> {
    let origin = sign_in_origin(state, email, address, device);
    let user = verify_password(state, origin, &email.trim().to_lowercase(), password).await?;
    user.ok_or_else(|| Problem::field(pointer, "wrong_password", UserMessage::password_wrong()))
}

/// The user with this address and password, if there is one. E-mail in its normal form.
async fn verify_password(
    state: &AppState,
    origin: SignInOrigin,
    email: &str,
    password: &str,
) -> Result<Option<User>, Problem> {
    // First it is counted, then evaluated: who tries many at once has no more of them than who waits for each answer.
    let attempt = state.budgets.take_sign_in(&origin, email)?;
    // The look-up is done for unknown addresses too, and so is the hashing: neither reveals who has an account.
    let user = state.store.reserved().user_by_email(email).await?;
    // Whoever has chosen none yet is as unknown as a stranger, and takes as long.
    let hash = user.as_ref().map(|user| user.password_hash.clone()).filter(|hash| !hash.is_empty());
    // Turned away untried: the attempt counts for nobody.
    let Ok(fits) = state.passwords.verify(origin, password.to_owned(), hash).await else {
        state.budgets.give_back_sign_in(attempt);
        let detail = "Too many people are signing in at this moment. Try again in a few seconds.";
        return Err(Problem::retry_later(ProblemCode::Unavailable, Detail::general(detail), RETRY_SECONDS));
    };
    let user = user.filter(|_| fits);
    if user.is_some() {
        // Only failed tries use the budget up: docs/decisions/0051-sign-in-limits.md.
        state.budgets.give_back_sign_in(attempt);
    }
    Ok(user)
}

/// Checks e-mail and password. `device`: the browser's device cookie.
pub(crate) async fn sign_in(
    state: &AppState,
    form: &SignIn,
    client: Client,
    device: Option<&str>,
) -> Result<NewMember, Problem> {
    check_lengths(form)?;
    let email = form.email.trim().to_lowercase();
    let origin = sign_in_origin(state, &email, client.network, device);
    let user = verify_password(state, origin.clone(), &email, &form.password).await?;
    let membership = match &user {
        Some(user) => state.store.reserved().sign_in_membership(&user.id).await?,
        _ => None,
    };
    let (Some(user), Some(membership)) = (user, membership) else {
        tracing::warn!(target: "security", address = %client.address, "sign-in refused");
        // One sentence for an unknown address, a wrong password and no membership.
        return Err(Problem::new(ProblemCode::Unauthenticated, UserMessage::sign_in_refused()));
    };
    let holder =
        FactorHolder { id: &user.id, name: &user.name, email: &email, origin: &origin, address: client.address };
    check_second_factor(state, &holder, form.otp.as_deref()).await?;
    begin_session(state, user.id, membership.organization_id, &email, client, device).await
}

/// Opens a session of somebody who has just proved by their password, or by choosing one, that it is them.
pub(crate) async fn begin_session(
    state: &AppState,
    user_id: UserId,
    organization_id: OrganizationId,
    email: &str,
    client: Client,
    device: Option<&str>,
) -> Result<NewMember, Problem> {
    let until = state.clock.now().plus_seconds(ABSOLUTE_SECONDS);
    begin_session_until(state, user_id, organization_id, email, client, device, until).await
}

/// The same person goes on in another organization, with what they have proved so far and no longer than before. The
/// session that they come from ends.
pub(super) async fn move_session(
    state: &AppState,
    member: &SignedInMember,
    organization_id: OrganizationId,
    client: Client,
    device: Option<&str>,
) -> Result<NewMember, Problem> {
    let old = state.store.session(&member.token_hash, state.clock.now()).await?.ok_or_else(Problem::not_found)?;
    let (email, until) = (&member.user.email, old.absolute_expires_at);
    let mut new = begin_session_until(state, old.user_id, organization_id, email, client, device, until).await?;
    state.store.confirm_session(&new.member.token_hash, old.confirmed_at).await?;
    new.member.confirmation = Confirmation::At(old.confirmed_at);
    sign_out(state, member).await?;
    Ok(new)
}

async fn begin_session_until(
    state: &AppState,
    user_id: UserId,
    organization_id: OrganizationId,
    email: &str,
    client: Client,
    device: Option<&str>,
    absolute_expires_at: Timestamp,
) -> Result<NewMember, Problem> {
    let now = state.clock.now();
    let token = new_token().map_err(Problem::internal)?;
    let session = NewSession {
        // The token itself is known to the browser alone.
        token_hash: hash_token(&token),
        user_id,
        organization_id,
        kind: SessionKind::Password,
        idle_seconds: IDLE_SECONDS,
        portal_session_id: None,
        can: None,
        address: client.address.to_string(),
        browser: client.browser,
        expires_at: now.plus_seconds(IDLE_SECONDS),
        absolute_expires_at,
    };
    state.store.reserved().create_session(&session, now).await?;
    let member = find_member(state, &token, client.address)
        .await?
        .ok_or_else(|| Problem::internal("a new session is gone at once"))?;
    let device = state.devices.renew(device, &email.trim().to_lowercase()).map_err(Problem::internal)?;
    Ok(NewMember { member, token, device })
}

/// Before anything is done with them: what is longer than any real one only costs work and memory.
fn check_lengths(form: &SignIn) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let otp = form.otp.as_deref().unwrap_or_default();
    let fields = [("/email", form.email.as_str(), MAX_EMAIL), ("/password", &form.password, MAX_PASSWORD)];
    for (pointer, text, most) in fields.into_iter().chain([("/otp", otp, MAX_CODE)]) {
        if text.len() > most {
            errors.push(field_error(pointer, "too_long", UserMessage::too_many_bytes(most)));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

/// Who is behind a token, if its session lives; notes that it is used. `address`: where the request comes from.
pub(crate) async fn find_member(
    state: &AppState,
    token: &str,
    address: IpAddr,
) -> Result<Option<SignedInMember>, Problem> {
    let token_hash = hash_token(token);
    let asked = AskedAt { now: state.clock.now(), version: state.store.database_version().await? };
    let now = asked.now;
    let Some(session) = find_session(state, &token_hash, &asked).await? else { return Ok(None) };
    // A write once a minute at most, not with every request.
    if now.seconds_since(session.last_seen_at) >= TOUCH_SECONDS {
        Box::pin(state.store.touch_session(&session.token_hash, idle_limit(now, &session), now)).await?;
    }
    let billing_store::Session { user_id, user_name, user_email, .. } = &*session;
    Ok(Some(SignedInMember {
        user: MemberUser { id: user_id.clone(), name: user_name.clone(), email: user_email.clone() },
        role: session.role,
        organization: session.organization.clone(),
        confirmation: Confirmation::At(session.confirmed_at),
        kind: session.kind,
        can: session.can.clone(),
        portal_session_id: session.portal_session_id.clone(),
        sign_in_provider: session.oidc_provider.clone(),
        token_hash,
        address: Some(address),
        asked: Some(asked),
    }))
}

fn idle_limit(now: Timestamp, session: &billing_store::Session) -> Timestamp {
    now.plus_seconds(session.idle_seconds).min(session.absolute_expires_at)
}

/// Ends the session wherever its token is used; open streams are woken.
pub(crate) async fn sign_out(state: &AppState, member: &SignedInMember) -> Result<(), Problem> {
    state.store.sign_out(&member.token_hash, &member.actor(), state.clock.now()).await?;
    let session = member.public_id();
    tracing::info!(target: "security", user = %member.user.id, session, "session ended");
    state.events.publish(&member.organization.id, Topic::SessionEnded(member.token_hash.clone()));
    Ok(())
}
