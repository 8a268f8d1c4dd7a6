//! The links by which people come to an account: one for the first run, one for each person who needs a password.

use billing_contract::ProblemCode;
use billing_domain::{Timestamp, UserId};
use billing_store::{NewUserToken, TokenPurpose};

use crate::auth::tokens::{hash_token, new_token};
use crate::message::UserMessage;
use crate::problem::Problem;

/// The page of the first run.
pub(crate) const SETUP_PAGE: &str = "/setup";
/// The page on which an invitation is accepted.
pub(crate) const INVITATION_PAGE: &str = "/accept";
/// The page on which another sign-in address is confirmed.
pub(crate) const EMAIL_PAGE: &str = "/confirm-email";
/// The page on which a password is chosen.
pub(crate) const PASSWORD_PAGE: &str = "/reset";

/// How long the link of the first run can be used.
pub(crate) const FIRST_RUN_SECONDS: i64 = 24 * 3600;
/// How long a person made by the operator can take to choose a password.
pub(crate) const SET_PASSWORD_SECONDS: i64 = 7 * 24 * 3600;

/// How long the link to a new sign-in address can be used.
pub(crate) const NEW_EMAIL_SECONDS: i64 = 30 * 60;
/// How long an invitation can be accepted.
pub(crate) const INVITATION_SECONDS: i64 = 7 * 24 * 3600;
/// How long a link to choose another password can be used that was sent by mail.
pub(crate) const RESET_SECONDS: i64 = 30 * 60;
/// How long a link to choose another password can be used that the operator has printed.
pub(crate) const OPERATOR_RESET_SECONDS: i64 = 24 * 3600;

/// A link that nobody has seen yet.
#[derive(Clone, Debug)]
pub(crate) struct AccountLink {
    /// Path and fragment; the token stands behind `#`, where no server and no log sees it.
    pub(crate) address: String,
    /// What the database keeps.
    pub(crate) token: NewUserToken,
}

impl AccountLink {
    /// Of this kind, for this person, usable for so many seconds.
    pub(crate) fn new(
        purpose: TokenPurpose,
        user_id: Option<UserId>,
        seconds: i64,
        now: Timestamp,
    ) -> Result<Self, getrandom::Error> {
        let token = new_token()?;
        let page = match purpose {
            TokenPurpose::FirstRun => SETUP_PAGE,
            TokenPurpose::NewEmail => EMAIL_PAGE,
            _ => PASSWORD_PAGE,
        };
        Ok(Self {
            address: format!("{page}#t={token}"),
            token: NewUserToken {
                token_hash: hash_token(&token),
                purpose,
                user_id,
                detail: String::new(),
                expires_at: now.plus_seconds(seconds),
            },
        })
    }
}

/// The answer to a link that is used up, too old or unknown.
pub(crate) fn link_gone() -> Problem {
    Problem::new(ProblemCode::Gone, UserMessage::account_link_gone())
}
