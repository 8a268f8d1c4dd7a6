//! Signing in and out, and what the first screen shows.

use billing_contract::paths;
use billing_contract::session::{Bootstrap, Confirm, Session, SignIn};

use super::ApiError;
use super::client::{Call, Method, get, post};
use crate::platform::task::{self, Task};

/// `GET /bootstrap`, where the document did not bring it.
pub(crate) async fn bootstrap() -> Result<Bootstrap, ApiError> {
    get(paths::BOOTSTRAP).answer().await
}

/// `GET /session`: who is signed in.
pub(crate) async fn current() -> Result<Session, ApiError> {
    get(paths::SESSION).answer().await
}

/// Asks in the background, until dropped: what the answer says of the session and the connection, everybody hears.
pub(super) fn look() -> Task {
    task::start(async {
        let _ = current().await;
    })
}

/// `POST /session`.
pub(crate) async fn sign_in(who: &SignIn) -> Result<Session, ApiError> {
    post(paths::SESSION).json(who).answer().await
}

/// `POST /session/confirmation`: the same person, once more.
pub(crate) async fn confirm(password: String) -> Result<(), ApiError> {
    post(paths::SESSION_CONFIRMATION).json(&Confirm { password }).text().await.map(drop)
}

/// `DELETE /session`.
pub(crate) async fn sign_out() -> Result<(), ApiError> {
    Call::new(Method::DELETE, paths::SESSION, "").text().await.map(drop)
}
