//! The first run, and passwords chosen by a link.

use billing_contract::account::{CompleteEmailChange, CompletePasswordReset, RequestPasswordReset};
use billing_contract::paths;
use billing_contract::session::Session;
use billing_contract::setup::CompleteSetup;

use super::ApiError;
use super::client::post;

/// `POST /setup`. The owner is signed in afterwards.
pub(crate) async fn complete_setup(form: &CompleteSetup) -> Result<Session, ApiError> {
    post(paths::SETUP).json(form).answer().await
}

/// `POST /password-resets`. The answer says nothing of who has an account.
pub(crate) async fn request_password_reset(email: String) -> Result<(), ApiError> {
    post(paths::PASSWORD_RESETS).json(&RequestPasswordReset { email }).text().await.map(drop)
}

/// `POST /password-resets/complete`.
pub(crate) async fn complete_password_reset(token: String, password: String) -> Result<(), ApiError> {
    post(paths::PASSWORD_RESET_COMPLETE).json(&CompletePasswordReset { token, password }).text().await.map(drop)
}

/// `POST /email-changes/complete`: the address holds to which the link was sent.
pub(crate) async fn complete_email_change(token: String) -> Result<(), ApiError> {
    post(paths::EMAIL_CHANGE_COMPLETE).json(&CompleteEmailChange { token }).text().await.map(drop)
}
