//! Signing in and out, what the first screen shows, and how a page learns that its session is over.

use std::cell::RefCell;

use billing_contract::paths;
use billing_contract::session::{Bootstrap, Confirm, Session, SignIn};
use billing_contract::sign_in::SignedOut;
use serde::Serialize;

use super::ApiError;
use super::client::{self, ApiCall, Method, get, post};
use super::session_end::SessionEnd;
use crate::platform::channel::TabChannel;
use crate::platform::host;
use crate::platform::json::decode_json;

/// The channel on which the tabs of a browser notify each other of sign-ins and sign-outs.
const CHANNEL: &str = "nexis-billing/sessions";
const PORTAL_EXCHANGE: &str = "/portal/exchange";
const SIGNED_IN: &str = "signed in ";
const SIGNED_OUT: &str = "signed out ";

/// `POST /portal/exchange`.
#[derive(Serialize)]
struct ExchangeCode {
    code: String,
}

thread_local! {
    static TABS: RefCell<Option<TabChannel>> = const { RefCell::new(None) };
}

/// `GET /bootstrap`, where the document did not bring it.
pub(crate) async fn fetch_bootstrap() -> Result<Bootstrap, ApiError> {
    get(paths::BOOTSTRAP).answer().await
}

/// The same for a document whose session goes on in another role: it sends again.
pub(crate) async fn fetch_again() -> Result<Bootstrap, ApiError> {
    client::resume_sending();
    fetch_bootstrap().await
}

/// `POST /portal/exchange` at top level: the code of a minted link buys a session with a cookie. The other tabs of this
/// browser are notified.
pub(crate) async fn exchange_code(code: String) -> Result<Bootstrap, ApiError> {
    let answer: Bootstrap = post(PORTAL_EXCHANGE).json(&ExchangeCode { code }).answer().await?;
    let tabs = TabChannel::open(CHANNEL, |_| {});
    if let (Some(tabs), Some(session)) = (tabs, &answer.session) {
        tabs.post(&format!("{SIGNED_IN}{}", session.id));
    }
    Ok(answer)
}

/// `POST /session`. The other tabs of this browser are notified.
pub(crate) async fn sign_in(who: &SignIn) -> Result<Session, ApiError> {
    let session: Session = post(paths::SESSION).json(who).answer().await?;
    notify_tabs(SIGNED_IN, &session.id);
    Ok(session)
}

/// `POST /session/confirmation`: the same person, once more.
pub(crate) async fn confirm_password(password: String) -> Result<(), ApiError> {
    post(paths::SESSION_CONFIRMATION).json(&Confirm { password: Some(password), code: None }).text().await.map(drop)
}

/// `DELETE /session`; where the browser goes to sign out at the identity provider too. The other tabs of this browser are
/// notified.
pub(crate) async fn sign_out() -> Result<Option<String>, ApiError> {
    let answer = ApiCall::new(Method::DELETE, paths::SESSION, "").text().await?;
    notify_tabs(SIGNED_OUT, &client::session_id().unwrap_or_default());
    // Nothing is said where there is nowhere to go.
    Ok(decode_json::<SignedOut>(&answer).and_then(|answer| answer.end_session_url))
}

/// Where signing in by this identity provider begins; `anew`: even if it knows the person already.
pub(crate) fn provider_address(name: &str, anew: bool, destination: &str) -> String {
    let (before, after) = paths::AUTH_START.split_once("{name}").unwrap_or_default();
    let prompt = if anew { "prompt=login&" } else { "" };
    let mut address = format!("{before}{name}{after}?{prompt}return=");
    paths::push_encoded(&mut address, destination);
    address
}

/// Every request from now on is drawn for this session; `run` is called when the server or another tab says that it is over.
pub(crate) fn open_session(id: &str, run: impl Fn(SessionEnd) + Clone + 'static) {
    client::use_session(id);
    client::when_over(run.clone());
    // Whoever signs in at a page of its own is nobody that a host's frame knows.
    if host::is_embedded() {
        return;
    }
    let own = id.to_owned();
    TABS.set(TabChannel::open(CHANNEL, move |text| {
        if let Some(over) = end_announced_by(text, &own) {
            run(over);
        }
    }));
}

/// The session of this document is over, as somebody else than the client was told.
pub(crate) fn report_end(why: SessionEnd) {
    client::report_end(why);
}

/// For a page that nobody has signed in at: `run` is called when somebody does, in another tab.
pub(crate) fn when_signed_in(run: impl Fn() + 'static) {
    TABS.set(TabChannel::open(CHANNEL, move |text| {
        if text.starts_with(SIGNED_IN) {
            run();
        }
    }));
}

fn notify_tabs(what: &str, id: &str) {
    TABS.with_borrow(|tabs| {
        if let Some(tabs) = tabs {
            tabs.post(&format!("{what}{id}"));
        }
    });
}

/// What it means for the session `own` that another tab says this.
fn end_announced_by(text: &str, own: &str) -> Option<SessionEnd> {
    if text.strip_prefix(SIGNED_IN).is_some_and(|id| id != own) {
        return Some(SessionEnd::Replaced);
    }
    (text.strip_prefix(SIGNED_OUT) == Some(own)).then_some(SessionEnd::SignedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_a_tab_leaves_it_or_somebody_signs_in_anew() {
        assert_eq!(end_announced_by("signed out a", "a"), Some(SessionEnd::SignedOut));
        assert_eq!(end_announced_by("signed in b", "a"), Some(SessionEnd::Replaced));
        for text in ["signed out b", "signed in a", "", "signed"] {
            assert_eq!(end_announced_by(text, "a"), None, "{text:?}");
        }
    }
}
