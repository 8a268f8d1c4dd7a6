//! Signing in by an identity provider: there, back again, and out.

use billing_contract::sign_in::SignInProblem;
use billing_domain::free_text::{EMAIL, FreeText, PERSON_NAME};
use billing_domain::{OrganizationId, OrganizationRef, Role, SessionKind, Timestamp};
use billing_store::{
    NewOidcLogin, OidcBrowser, OidcLogout, OidcPerson, OidcRefusal, OidcSignIn, RoleGrant, StoreError,
};
use subtle::ConstantTimeEq as _;

use crate::auth::oidc::{Claims, LoginSecrets, OidcError, Provider};
use crate::auth::tokens::{hash_token, new_token};
use crate::config::{OrganizationRule, RoleRule};
use crate::events::Topic;
use crate::problem::Problem;
use crate::service::sessions::{self, Client, SignedInMember, public_id_of};
use crate::state::AppState;

/// Time for signing in at the provider.
pub(crate) const LOGIN_SECONDS: i64 = 600;
/// A state that begins so was made for somebody who proves once more that it is them.
const ANEW: &str = "anew-";
/// Longest address to come back to.
const LONGEST_RETURN: usize = 1_000;
/// A statement of signing out is refused by its age long before that.
const STATEMENT_SECONDS: i64 = 3_600;

/// Why a login stops.
#[derive(Debug)]
pub(crate) enum LoginFailure {
    /// The person goes back to the sign-in page.
    Login(SignInProblem),
    /// Nothing to do with signing in.
    Problem(Problem),
}

impl From<StoreError> for LoginFailure {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for LoginFailure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<SignInProblem> for LoginFailure {
    fn from(problem: SignInProblem) -> Self {
        Self::Login(problem)
    }
}

/// Where a login begins and where it is to lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoginStart<'a> {
    /// The browser's login cookie.
    pub(crate) cookie: &'a str,
    /// Where the person wants to be afterwards, as the browser says.
    pub(crate) return_path: Option<&'a str>,
    /// Even if the provider knows the person already.
    pub(crate) anew: bool,
    /// Where the provider sends them.
    pub(crate) redirect_uri: &'a str,
}

/// Begins a login; where the browser goes.
pub(crate) async fn begin_login(
    state: &AppState,
    provider: &Provider,
    start: &LoginStart<'_>,
) -> Result<String, LoginFailure> {
    let token = new_token().map_err(Problem::internal)?;
    let login_state = if start.anew { format!("{ANEW}{token}") } else { token };
    let secrets = LoginSecrets::derive(start.cookie, &login_state);
    let url = provider.authorization_url(&secrets, start.redirect_uri, start.anew).await;
    let url = url.map_err(|error| note_failure(provider, &error))?;
    let login = NewOidcLogin {
        state_hash: hash_token(&secrets.state),
        provider: provider.config.name.clone(),
        cookie_hash: hash_token(start.cookie),
        nonce_hash: hash_token(&secrets.nonce),
        challenge: secrets.challenge(),
        return_path: check_return(start.return_path).to_owned(),
        expires_at: state.clock.now().plus_seconds(LOGIN_SECONDS),
    };
    state.store.create_oidc_login(&login).await?;
    Ok(url)
}

/// What the provider has sent back with the person.
#[derive(Clone, Debug)]
pub(crate) struct LoginAnswer<'a> {
    /// The browser's login cookie.
    pub(crate) cookie: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    /// Who says so (RFC 9207).
    pub(crate) issuer: Option<&'a str>,
    /// As it was said at the beginning.
    pub(crate) redirect_uri: &'a str,
}

/// A login that has come to its end.
#[derive(Clone, Debug)]
pub(crate) struct FinishedLogin {
    /// Where the person wants to be.
    pub(crate) return_path: String,
    /// The token of a new session; `None` where the present one was confirmed.
    pub(crate) token: Option<String>,
}

/// The person is back: they get a session, or the one that they have is confirmed.
pub(crate) async fn finish_login(
    state: &AppState,
    provider: &Provider,
    answer: &LoginAnswer<'_>,
    present: Option<&SignedInMember>,
    client: Client,
) -> Result<FinishedLogin, LoginFailure> {
    let (Some(cookie), Some(login_state)) = (answer.cookie, answer.state) else {
        return Err(SignInProblem::Expired.into());
    };
    let (name, now) = (&provider.config.name, state.clock.now());
    let found = state.store.take_oidc_login(name, &hash_token(login_state), &hash_token(cookie), now).await?;
    let Some(login) = found else {
        tracing::warn!(target: "security", provider = %name, address = %client.address, "a login came back that nobody began here");
        return Err(SignInProblem::Expired.into());
    };
    let secrets = LoginSecrets::derive(cookie, login_state);
    let fits = |left: &str, right: &str| bool::from(left.as_bytes().ct_eq(right.as_bytes()));
    if !fits(&login.nonce_hash, &hash_token(&secrets.nonce)) || !fits(&login.challenge, &secrets.challenge()) {
        return Err(SignInProblem::Expired.into());
    }
    // The person has said no there, or the provider has.
    let Some(code) = answer.code else { return Err(SignInProblem::Refused.into()) };
    let claims = async {
        provider.check_issuer(answer.issuer).await?;
        provider.redeem_code(code, &secrets, answer.redirect_uri, now).await
    };
    let claims = claims.await.map_err(|error| note_failure(provider, &error))?;
    let anew = login_state.starts_with(ANEW);
    let confirmed_at = confirmed_at(&claims, anew, now);
    if anew && let Some(member) = present.filter(|member| member.sign_in_provider.as_deref() == Some(name)) {
        confirm_session(state, provider, &claims, member, confirmed_at).await?;
        return Ok(FinishedLogin { return_path: login.return_path, token: None });
    }
    let token = open_session(state, provider, &claims, client, confirmed_at).await?;
    Ok(FinishedLogin { return_path: login.return_path, token: Some(token) })
}

/// When the person last proved that it is them: as the provider says, else now if it was told to ask them. Whom it knew
/// already has proved nothing.
fn confirmed_at(claims: &Claims, anew: bool, now: Timestamp) -> Timestamp {
    let otherwise = if anew { now } else { Timestamp::from_micros(0) };
    claims.time("auth_time").unwrap_or(otherwise).min(now)
}

/// The page that waits for it goes on in the session that it has.
async fn confirm_session(
    state: &AppState,
    provider: &Provider,
    claims: &Claims,
    member: &SignedInMember,
    confirmed_at: Timestamp,
) -> Result<(), LoginFailure> {
    let subject = claims.text("sub").unwrap_or_default();
    let person = state.store.oidc_user(&provider.config.issuer, subject).await?;
    if person.as_ref() != Some(&member.user.id) {
        return Err(SignInProblem::Refused.into());
    }
    let now = state.clock.now();
    if sessions::is_recent(confirmed_at, now) {
        state.store.confirm_oidc_session(&member.token_hash, confirmed_at, &member.actor(), now).await?;
    } else {
        // The page asks again, and says that nothing was changed.
        tracing::warn!(provider = %provider.config.name, "the provider has not asked somebody to sign in anew");
    }
    Ok(())
}

async fn open_session(
    state: &AppState,
    provider: &Provider,
    claims: &Claims,
    client: Client,
    confirmed_at: Timestamp,
) -> Result<String, LoginFailure> {
    let config = &provider.config;
    let no_access = |reason: &str| {
        tracing::warn!(target: "security", provider = %config.name, address = %client.address, reason, "sign-in refused");
        SignInProblem::NoAccess
    };
    if !is_allowed_domain(&config.allowed_domains, claims) {
        return Err(no_access("no verified address of an allowed domain").into());
    }
    let grant = grant_role(&config.roles, claims).ok_or_else(|| no_access("no role"))?;
    let organizations = find_organizations(state, &config.organizations, claims).await?;
    let subject = claims.text("sub").unwrap_or_default();
    let (email, name) = describe_person(claims);
    let token = new_token().map_err(Problem::internal)?;
    let token_hash = hash_token(&token);
    let person = OidcPerson {
        provider: &config.name,
        issuer: &config.issuer,
        subject,
        sid: claims.text("sid"),
        email: &email,
        name: &name,
        new_id: &state.new_id()?,
        organizations: &organizations,
        grant,
        create_members: config.create_members,
    };
    let browser = OidcBrowser {
        public_id: public_id_of(&token_hash),
        token_hash,
        address: client.address.to_string(),
        browser: client.browser.clone(),
        confirmed_at,
        idle_seconds: sessions::IDLE_SECONDS,
        session_seconds: sessions::ABSOLUTE_SECONDS,
    };
    let done = state.store.sign_in_by_oidc(&person, &browser, state.clock.now()).await?;
    publish_changes(state, &done);
    match done.refusal {
        None => Ok(token),
        Some(OidcRefusal::UnknownPerson) => Err(no_access("unknown here, and create_members is off").into()),
        Some(OidcRefusal::NoOrganization) => Err(no_access("member of no organization that is named").into()),
        Some(OidcRefusal::Locked) => Err(no_access("locked out").into()),
    }
}

fn publish_changes(state: &AppState, done: &OidcSignIn) {
    if let Some(user_id) = &done.user_id {
        for organization_id in &done.role_changed {
            state.events.publish(organization_id, Topic::RoleChanged(user_id.clone()));
        }
    }
    publish_ended(state, &done.ended);
}

fn publish_ended(state: &AppState, ended: &[(OrganizationId, String)]) {
    for (organization_id, token_hash) in ended {
        state.events.publish(organization_id, Topic::SessionEnded(token_hash.clone()));
    }
}

/// Nobody is known by an address: it only says whether the operator wants them at all, and only a verified one does.
fn is_allowed_domain(allowed: &[String], claims: &Claims) -> bool {
    if allowed.is_empty() {
        return true;
    }
    let email = claims.text("email").filter(|_| claims.is_true("email_verified"));
    let domain = email.and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain.trim().to_lowercase());
    domain.is_some_and(|domain| allowed.contains(&domain))
}

/// `None`: the provider's people may do nothing here unless it says what.
fn grant_role(rule: &RoleRule, claims: &Claims) -> Option<RoleGrant> {
    match rule {
        RoleRule::Initial(first) => Some(RoleGrant::Initial(*first)),
        RoleRule::Mapped { claim, map, otherwise } => {
            let named: Vec<Role> =
                claims.texts(claim).into_iter().filter_map(|value| map.get(value).copied()).collect();
            let strongest = [Role::Owner, Role::Admin, Role::Member].into_iter().find(|role| named.contains(role));
            strongest.or(*otherwise).map(RoleGrant::Stated)
        }
    }
}

/// Those that there are, in the order in which the provider names them.
async fn find_organizations(
    state: &AppState,
    rule: &OrganizationRule,
    claims: &Claims,
) -> Result<Vec<OrganizationId>, Problem> {
    let named: Vec<String> = match rule {
        OrganizationRule::Fixed(organization) => vec![organization.clone()],
        OrganizationRule::Claim(claim) => claims.texts(claim).into_iter().map(str::to_owned).collect(),
    };
    let mut found = Vec::new();
    for name in named {
        // The host's own id first: it may look like one of ours.
        let candidates = [format!("ext:{name}"), name];
        for candidate in candidates {
            let Ok(reference) = candidate.parse::<OrganizationRef>() else { continue };
            if let Some(organization) = state.store.find_organization(&reference).await? {
                if !found.contains(&organization.id) {
                    found.push(organization.id);
                }
                break;
            }
        }
    }
    Ok(found)
}

/// Address and name for people; what cannot be shown is left out.
fn describe_person(claims: &Claims) -> (String, String) {
    let shown = |purpose, text: Option<&str>| {
        let text = text.and_then(|text| FreeText::parse(purpose, text).ok());
        text.map(FreeText::into_string).filter(|text| !text.is_empty())
    };
    let email = shown(EMAIL, claims.text("email")).unwrap_or_default();
    let name = shown(PERSON_NAME, claims.text("name"))
        .or_else(|| shown(PERSON_NAME, claims.text("preferred_username")))
        .or_else(|| Some(email.clone()).filter(|email| !email.is_empty()))
        .unwrap_or_else(|| "–".to_owned());
    (email, name)
}

/// The provider says that somebody has signed out there: their sessions here end, once for each statement.
pub(crate) async fn end_by_provider(state: &AppState, provider: &Provider, token: &str) -> Result<(), LoginFailure> {
    let now = state.clock.now();
    let claims = provider.read_logout(token, now).await.map_err(|error| note_failure(provider, &error))?;
    let logout = OidcLogout {
        provider: &provider.config.name,
        issuer: &provider.config.issuer,
        jti: claims.text("jti").unwrap_or_default(),
        subject: claims.text("sub"),
        sid: claims.text("sid"),
        expires_at: now.plus_seconds(STATEMENT_SECONDS),
    };
    let Some(ended) = state.store.end_oidc_sessions(&logout, now).await? else {
        return Err(SignInProblem::Refused.into());
    };
    tracing::warn!(target: "security", provider = %provider.config.name, sessions = ended.len(), "sessions ended by their provider");
    publish_ended(state, &ended);
    Ok(())
}

/// Where the browser of somebody who has just signed out goes to sign out at their provider too.
pub(crate) async fn end_session_url(state: &AppState, member: &SignedInMember, origin: &str) -> Option<String> {
    if member.kind != SessionKind::Oidc {
        return None;
    }
    let provider = state.oidc.find(member.sign_in_provider.as_deref()?)?;
    provider.end_session_url(&format!("{origin}/sign-in")).await
}

fn note_failure(provider: &Provider, error: &OidcError) -> SignInProblem {
    let name = &provider.config.name;
    match error {
        OidcError::Unavailable(_) => {
            tracing::warn!(provider = %name, %error, "nobody can sign in by this provider at the moment");
            SignInProblem::Unavailable
        }
        OidcError::Refused(reason) => {
            tracing::warn!(target: "security", provider = %name, reason, "sign-in refused");
            SignInProblem::Refused
        }
    }
}

/// A path of this server's own pages, or the first page: a link must not lead people from our sign-in to somebody else's site.
fn check_return(path: Option<&str>) -> &str {
    let is_own = |path: &&str| {
        let page = path.split(['?', '#']).next().unwrap_or_default();
        path.len() <= LONGEST_RETURN
            && path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
            && !page.starts_with("/auth/")
            && !page.starts_with("/api/")
    };
    path.filter(is_own).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_come_back_to() {
        for path in ["/", "/settings/billing", "/settings/billing?kind=top_up&q=a%20b", "/settings/members#x"] {
            assert_eq!(check_return(Some(path)), path);
        }
        for path in [
            "",
            "settings",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\tevil.example",
            "/ /evil.example",
            "/a\r\nSet-Cookie: a=b",
            "/auth/acme/start",
            "/api/v1/session",
            "/\u{fc}",
        ] {
            assert_eq!(check_return(Some(path)), "/", "{path:?}");
        }
        assert_eq!(check_return(Some(&format!("/{}", "a".repeat(LONGEST_RETURN)))), "/");
        assert_eq!(check_return(None), "/");
    }
}
