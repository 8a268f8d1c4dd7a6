//! Signing in and out, and who a request comes from: decided anew on every request, from the database.

use std::net::IpAddr;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
#[cfg(feature = "test-seams")]
use argon2::{Algorithm, Params, Version};
use billing_contract::ProblemCode;
use billing_contract::event::SessionState;
use billing_contract::session::{OrganizationSummary, Person, Session, SignIn};
use billing_domain::{Role, Timestamp};
use billing_store::{NewSession, Organization};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::app::AppState;
use crate::events::Topic;
use crate::hex;
use crate::problem::Problem;

/// A session that is not used for so long is over.
const IDLE_SECONDS: i64 = 12 * 3600;
/// A session is over after this in any case.
pub(crate) const ABSOLUTE_SECONDS: i64 = 30 * 24 * 3600;
/// Use is noted at most this often: a read must not cost a write.
const TOUCH_SECONDS: i64 = 60;
/// Longest password, bytes: longer ones only cost work.
pub(crate) const MAX_PASSWORD: usize = 1024;

/// Who is asking, in which organisation, with the role of this moment.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Who.
    pub(crate) user: Person,
    /// What they may do now.
    pub(crate) role: Role,
    /// Where.
    pub(crate) organization: Organization,
    /// Names the session; SHA-256 of its token, hex.
    pub(crate) token_hash: String,
}

impl Member {
    /// As the page knows it.
    pub(crate) fn session(&self) -> Session {
        let organization = &self.organization;
        Session {
            user: self.user.clone(),
            role: self.role,
            organization: OrganizationSummary {
                id: organization.id.clone(),
                name: organization.name.clone(),
                time_zone: organization.time_zone.clone(),
                currency: organization.currency,
            },
        }
    }
}

/// Of a stream that this member opened: the organisation as it is now, or the last word. The session must live, with the
/// role that the stream was opened with.
pub(crate) async fn standing(state: &AppState, member: &Member) -> Result<Result<Organization, SessionState>, Problem> {
    Ok(match state.store.session(&member.token_hash, state.clock.now()).await? {
        None => Err(SessionState::Ended),
        Some(session) if session.role != member.role => Err(SessionState::RoleChanged),
        Some(session) => Ok(session.organization),
    })
}

/// Checks address and password; the new session's member and its token, which is told only now.
pub(crate) async fn sign_in(state: &AppState, form: &SignIn, address: IpAddr) -> Result<(Member, String), Problem> {
    let email = form.email.trim().to_lowercase();
    state.rate_limits.check_sign_in(address, &email)?;
    let user = state.store.user_by_email(&email).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let fits = state.passwords.verify(form.password.clone(), hash).await;
    let membership = match &user {
        Some(user) if fits => state.store.memberships(&user.id).await?.into_iter().next(),
        _ => None,
    };
    let (Some(user), Some(membership)) = (user, membership) else {
        state.rate_limits.sign_in_failed(address, &email);
        return Err(Problem::new(ProblemCode::Unauthenticated, "E-mail and password do not fit together."));
    };
    let now = state.clock.now();
    let token = new_token().map_err(Problem::internal)?;
    let absolute_expires_at = now.plus_seconds(ABSOLUTE_SECONDS);
    let session = NewSession {
        token_hash: hash_of(&token),
        user_id: user.id,
        organization_id: membership.organization_id,
        expires_at: now.plus_seconds(IDLE_SECONDS),
        absolute_expires_at,
    };
    state.store.create_session(&session, now).await?;
    let member = find(state, &token).await?.ok_or_else(|| Problem::internal("a new session is gone at once"))?;
    Ok((member, token))
}

/// Who is behind a token, if its session lives; notes that it is used.
pub(crate) async fn find(state: &AppState, token: &str) -> Result<Option<Member>, Problem> {
    let now = state.clock.now();
    let Some(session) = state.store.session(&hash_of(token), now).await? else { return Ok(None) };
    if now.seconds_since(session.last_seen_at) >= TOUCH_SECONDS {
        state.store.touch_session(&session.token_hash, idle_limit(now, session.absolute_expires_at), now).await?;
    }
    Ok(Some(Member {
        user: Person { id: session.user_id, name: session.user_name, email: session.user_email },
        role: session.role,
        organization: session.organization,
        token_hash: session.token_hash,
    }))
}

fn idle_limit(now: Timestamp, absolute: Timestamp) -> Timestamp {
    now.plus_seconds(IDLE_SECONDS).min(absolute)
}

/// Ends the session wherever its token is used; open streams are told.
pub(crate) async fn sign_out(state: &AppState, member: &Member) -> Result<(), Problem> {
    state.store.delete_session(&member.token_hash).await?;
    state.events.publish(&member.organization.id, Topic::SessionEnded(member.token_hash.clone()));
    Ok(())
}

/// Checks passwords with Argon2id, a few at a time: each takes memory and a core for a while.
#[derive(Debug)]
pub(crate) struct Passwords {
    slots: Semaphore,
    /// Compared with when there is no such person, so that the time taken does not tell.
    nobody: String,
}

impl Passwords {
    /// With as many slots as there are cores.
    pub(crate) fn new() -> Result<Self, argon2::password_hash::Error> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self { slots: Semaphore::new(cores), nobody: Self::hash("nobody has this password")? })
    }

    /// The PHC string to keep. Takes tens of milliseconds.
    pub(crate) fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
        Ok(hasher().hash_password(password.as_bytes())?.to_string())
    }

    /// Whether this is the password that was hashed; `None` takes as long and says no.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> bool {
        let Ok(_slot) = self.slots.acquire().await else { return false };
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let fits = tokio::task::spawn_blocking(move || fits(&password, &hash)).await.unwrap_or(false);
        known && fits
    }
}

/// With the cost that Argon2 recommends.
#[cfg(not(feature = "test-seams"))]
fn hasher() -> Argon2<'static> {
    Argon2::default()
}

/// With the least cost that Argon2 allows: every test signs somebody in. The parameters travel with the hash.
#[cfg(feature = "test-seams")]
fn hasher() -> Argon2<'static> {
    Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None)
        .map_or_else(|_| Argon2::default(), |least| Argon2::new(Algorithm::Argon2id, Version::V0x13, least))
}

fn fits(password: &str, hash: &str) -> bool {
    password.len() <= MAX_PASSWORD
        && PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A new session's secret: 256 random bits in hex. Only its SHA-256 is kept.
fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(&bytes))
}

/// What the database knows of a token.
pub(crate) fn hash_of(token: &str) -> String {
    hex::encode(&Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let hash = Passwords::hash("demo").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("demo".to_owned(), Some(hash.clone())).await);
        assert!(!passwords.verify("Demo".to_owned(), Some(hash.clone())).await);
        assert!(!passwords.verify("x".repeat(MAX_PASSWORD + 1), Some(hash)).await);
        assert!(!passwords.verify("nobody has this password".to_owned(), None).await);
        assert!(!passwords.verify("demo".to_owned(), Some("no hash".to_owned())).await);
    }

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (first, second) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!(first.len(), 64);
        assert_ne!(first, second);
        assert_ne!(hash_of(&first), hash_of(&second));
    }
}
