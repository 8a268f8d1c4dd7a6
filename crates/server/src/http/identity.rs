//! Which person a request comes from, and what their role allows.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use billing_contract::ProblemCode;
use billing_contract::portal::{FRAME_TOKEN_PREFIX, SESSION_ENDED, SESSION_STATE_HEADER};
use billing_contract::session::SESSION_HEADER;

use crate::auth::devices::COOKIE_SECONDS;
use crate::auth::tokens::{hash_token, is_token};
use crate::config::Config;
use crate::http::bearer::bearer_token;
use crate::http::capabilities::check_capability;
use crate::http::limits::sender_address;
use crate::http::problem::Problem;
use crate::http::trace::record_organization;
use crate::message::UserMessage;
use crate::problem::Detail;
use crate::service::sessions::{self, SignedInMember};
use crate::state::AppState;

/// Anybody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn(pub(crate) SignedInMember);

/// A person who has let themselves in, and not a host for them: there is an account to see to.
#[derive(Clone, Debug)]
pub(crate) struct AccountHolder(pub(crate) SignedInMember);

/// An owner or admin; a member is refused.
/// See docs/decisions/0047-member-access.md.
#[derive(Clone, Debug)]
pub(crate) struct Manager(pub(crate) SignedInMember);

/// An owner; everybody else is refused.
#[derive(Clone, Debug)]
pub(crate) struct Owner(pub(crate) SignedInMember);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        find_member(parts, state).await?.map(Self).ok_or_else(|| {
            Problem::new(
                ProblemCode::Unauthenticated,
                Detail::general("You are not signed in, or your session has ended. Sign in and try again."),
            )
        })
    }
}

impl FromRequestParts<AppState> for AccountHolder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let SignedIn(member) = SignedIn::from_request_parts(parts, state).await?;
        if member.has_account() {
            Ok(Self(member))
        } else {
            let detail = "This session was opened by another product, which has your account.";
            Err(Problem::new(ProblemCode::Forbidden, Detail::general(detail)))
        }
    }
}

impl FromRequestParts<AppState> for Manager {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let SignedIn(member) = SignedIn::from_request_parts(parts, state).await?;
        if member.role.manages_billing() {
            Ok(Self(member))
        } else {
            Err(Problem::new(ProblemCode::Forbidden, UserMessage::billing_manager_required()))
        }
    }
}

impl FromRequestParts<AppState> for Owner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let SignedIn(member) = SignedIn::from_request_parts(parts, state).await?;
        if member.role.manages_roles() {
            Ok(Self(member))
        } else {
            Err(Problem::new(ProblemCode::Forbidden, UserMessage::owner_required()))
        }
    }
}

/// The member behind the cookie, if there is one and the session lives. A request that was drawn for another session is
/// refused: somebody else has signed in in the same browser since.
pub(crate) async fn find_member(parts: &Parts, state: &AppState) -> Result<Option<SignedInMember>, Problem> {
    let Some(member) = find_any(parts, state).await? else { return Ok(None) };
    // Before anything is done: a page left open must not act in another person's name.
    if drawn_for(parts).is_some_and(|id| id != member.public_id()) {
        return Err(Problem::new(
            ProblemCode::SessionChanged,
            Detail::general(
                "This page was opened in another session than this browser has now. Nothing was done. Load the page again.",
            ),
        ));
    }
    check_capability(parts, &member)?;
    Ok(Some(member))
}

/// The session that the request says it was drawn for, by its public id.
fn drawn_for(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(SESSION_HEADER).map(|value| value.to_str().unwrap_or_default());
    // The query only where no header can be sent (event streams, downloads).
    header.or_else(|| parts.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("session=")))
}

/// The same, whichever session the request was drawn for.
pub(crate) async fn find_any(parts: &Parts, state: &AppState) -> Result<Option<SignedInMember>, Problem> {
    let Some(token) = session_token(&parts.headers, &state.config) else { return Ok(None) };
    let Some(member) = sessions::find_member(state, &token, sender_address(parts, state.config.behind_proxy)).await?
    else {
        return Ok(None);
    };
    record_organization(&member.organization.id);
    // By session and organization; by address the outer layer has counted it.
    state.budgets.take_request(&member.token_hash, &member.organization.id)?;
    Ok(Some(member))
}

/// `__Host-` makes browsers refuse the cookie unless it is `Secure`, without a domain, for the whole host.
fn cookie_name(config: &Config) -> &'static str {
    if config.https() { "__Host-nexis_session" } else { "nexis_session" }
}

fn device_cookie_name(config: &Config) -> &'static str {
    if config.https() { "__Host-nexis_device" } else { "nexis_device" }
}

/// The session's token as the browser sent it: a frame's in a header, which wins over the cookie that another session of
/// the same browser may have; any other one in the cookie.
pub(crate) fn session_token(headers: &HeaderMap, config: &Config) -> Option<String> {
    let token = frame_token(headers)
        .or_else(|| find_cookie(headers, cookie_name(config)).filter(|token| !token.starts_with(FRAME_TOKEN_PREFIX)));
    token.map(str::to_owned)
}

/// The token of a session in a frame. No browser adds it by itself.
pub(crate) fn frame_token(headers: &HeaderMap) -> Option<&str> {
    bearer_token(headers).filter(|key| key.starts_with(FRAME_TOKEN_PREFIX))
}

/// Says of a refusal that the session was ended by somebody, so that its page does not ask for another one.
pub(crate) async fn mark_ended_session(state: &AppState, token: Option<String>, response: &mut Response) {
    if response.status() == StatusCode::UNAUTHORIZED
        && let Some(token) = token
        && matches!(state.store.reserved().is_session_ended(&hash_token(&token)).await, Ok(true))
    {
        let name = HeaderName::from_static(SESSION_STATE_HEADER);
        response.headers_mut().insert(name, HeaderValue::from_static(SESSION_ENDED));
    }
}

/// The device cookie as the browser sent it.
pub(crate) fn device_cookie<'a>(headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
    find_cookie(headers, device_cookie_name(config))
}

/// The cookie of this name as the browser sent it.
pub(crate) fn find_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // A browser may send several cookies of one name, and several headers.
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
}

/// `Set-Cookie` with a token, or without one to take the cookie away. Lax: a link from elsewhere finds people signed
/// in, while changes are checked by their origin.
pub(crate) fn set_cookie(token: Option<&str>, config: &Config, max_age_seconds: i64) -> Result<HeaderValue, Problem> {
    let (value, age) = token.map_or(("", 0), |token| (token, max_age_seconds));
    cookie_header(cookie_name(config), value, age, "Lax", config)
}

/// Marks a browser in which a login at an identity provider was begun.
fn login_cookie_name(config: &Config) -> &'static str {
    if config.https() { "__Host-nexis_login" } else { "nexis_login" }
}

/// The login cookie as the browser sent it.
pub(crate) fn login_cookie<'a>(headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
    find_cookie(headers, login_cookie_name(config)).filter(|cookie| is_token(cookie))
}

/// `Set-Cookie` for it. Lax: the provider, another site, sends the browser back with it.
pub(crate) fn set_login_cookie(value: &str, config: &Config, age: i64) -> Result<HeaderValue, Problem> {
    cookie_header(login_cookie_name(config), value, age, "Lax", config)
}

/// `Set-Cookie` that marks the browser. Strict: nothing but our own page signs anybody in.
pub(crate) fn set_device_cookie(value: &str, config: &Config) -> Result<HeaderValue, Problem> {
    cookie_header(device_cookie_name(config), value, COOKIE_SECONDS, "Strict", config)
}

fn cookie_header(name: &str, value: &str, age: i64, same_site: &str, config: &Config) -> Result<HeaderValue, Problem> {
    let secure = if config.https() { "; Secure" } else { "" };
    // `HttpOnly`: a script in the page can do much, but not carry the session away.
    HeaderValue::try_from(format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite={same_site}{secure}"))
        .map_err(Problem::internal)
}
