//! Connecting cards. Their numbers never come here: the page knows tokens only.

use billing_contract::card::{Card, CardSetup, CreateCardSetup};
use billing_contract::paths;
use billing_contract::top_up::ChallengeAnswer;

use super::ApiError;
use super::client::{Call, Method, post};

/// `POST /cards/setups`.
pub(crate) async fn connect(setup: &CreateCardSetup) -> Result<CardSetup, ApiError> {
    post(paths::CARD_SETUPS).json(setup).answer().await
}

/// `GET /cards/setups/{id}`.
pub(crate) async fn setup(id: &str) -> Result<CardSetup, ApiError> {
    Call::new(Method::GET, paths::CARD_SETUP, id).answer().await
}

/// `POST /cards/setups/{id}/check`: asks the provider where it stands.
pub(crate) async fn check(id: &str) -> Result<CardSetup, ApiError> {
    Call::new(Method::POST, paths::CARD_SETUP_CHECK, id).answer().await
}

/// `POST /cards/setups/{id}/challenge`: what the cardholder told the sandbox bank.
pub(crate) async fn challenge(id: &str, approve: bool) -> Result<CardSetup, ApiError> {
    Call::new(Method::POST, paths::CARD_SETUP_CHALLENGE, id).json(&ChallengeAnswer { approve }).answer().await
}

/// `PUT /cards/{id}/default`.
pub(crate) async fn make_default(id: &str) -> Result<Card, ApiError> {
    Call::new(Method::PUT, paths::CARD_DEFAULT, id).answer().await
}

/// `DELETE /cards/{id}`.
pub(crate) async fn remove(id: &str) -> Result<(), ApiError> {
    Call::new(Method::DELETE, paths::CARD, id).text().await.map(drop)
}
