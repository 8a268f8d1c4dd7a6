//! Signing in and out, what the first screen shows, and how a page learns that its session is over.

use std::cell::RefCell;

use billing_contract::event::SessionState;
use billing_contract::paths;
use billing_contract::session::{Bootstrap, Confirm, Session, SignIn};

use super::ApiError;
use super::client::{self, Call, Method, get, post};
use crate::platform::channel::Channel;

/// Where the tabs of a browser tell each other who has signed in and out.
const CHANNEL: &str = "nexis-billing/sessions";
const SIGNED_IN: &str = "signed in ";
const SIGNED_OUT: &str = "signed out ";

/// Why the session of a document is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Signed out or expired.
    SignedOut,
    /// The browser has another session now.
    Replaced,
    /// The role is another one now.
    RoleChanged,
}

impl From<SessionState> for Over {
    fn from(state: SessionState) -> Self {
        match state {
            SessionState::Ended => Self::SignedOut,
            SessionState::RoleChanged => Self::RoleChanged,
        }
    }
}

thread_local! {
    static TABS: RefCell<Option<Channel>> = const { RefCell::new(None) };
}

/// `GET /bootstrap`, where the document did not bring it.
pub(crate) async fn bootstrap() -> Result<Bootstrap, ApiError> {
    get(paths::BOOTSTRAP).answer().await
}

/// `POST /session`. The other tabs of this browser are told.
pub(crate) async fn sign_in(who: &SignIn) -> Result<Session, ApiError> {
    let session: Session = post(paths::SESSION).json(who).answer().await?;
    tell_tabs(SIGNED_IN, &session.id);
    Ok(session)
}

/// `POST /session/confirmation`: the same person, once more.
pub(crate) async fn confirm(password: String) -> Result<(), ApiError> {
    post(paths::SESSION_CONFIRMATION).json(&Confirm { password }).text().await.map(drop)
}

/// `DELETE /session`. The other tabs of this browser are told.
pub(crate) async fn sign_out() -> Result<(), ApiError> {
    Call::new(Method::DELETE, paths::SESSION, "").text().await?;
    tell_tabs(SIGNED_OUT, &client::session().unwrap_or_default());
    Ok(())
}

/// Every request from now on is drawn for this session; `run` is called when the server or another tab says that it is over.
pub(crate) fn open(id: &str, run: impl Fn(Over) + Clone + 'static) {
    client::use_session(id);
    client::when_over(run.clone());
    let own = id.to_owned();
    TABS.set(Channel::open(CHANNEL, move |text| {
        if let Some(over) = consequence(text, &own) {
            run(over);
        }
    }));
}

/// For a page that nobody has signed in at: `run` is called when somebody does, in another tab.
pub(crate) fn when_signed_in(run: impl Fn() + 'static) {
    TABS.set(Channel::open(CHANNEL, move |text| {
        if text.starts_with(SIGNED_IN) {
            run();
        }
    }));
}

fn tell_tabs(what: &str, id: &str) {
    TABS.with_borrow(|tabs| {
        if let Some(tabs) = tabs {
            tabs.post(&format!("{what}{id}"));
        }
    });
}

/// What it means for the session `own` that another tab says this.
fn consequence(text: &str, own: &str) -> Option<Over> {
    if text.strip_prefix(SIGNED_IN).is_some_and(|id| id != own) {
        return Some(Over::Replaced);
    }
    (text.strip_prefix(SIGNED_OUT) == Some(own)).then_some(Over::SignedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_a_tab_leaves_it_or_somebody_signs_in_anew() {
        assert_eq!(consequence("signed out a", "a"), Some(Over::SignedOut));
        assert_eq!(consequence("signed in b", "a"), Some(Over::Replaced));
        for text in ["signed out b", "signed in a", "", "signed"] {
            assert_eq!(consequence(text, "a"), None, "{text:?}");
        }
    }
}
