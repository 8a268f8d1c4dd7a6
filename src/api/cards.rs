//! Connecting cards. Their numbers never come here: the page knows tokens only.

use billing_contract::card::{Card, CardSetup, CreateCardSetup};
use billing_contract::paths;
use billing_contract::top_up::ChallengeAnswer;

use super::ApiError;
use super::client::{ApiCall, Method, post};

/// The endpoint is `POST /cards/setups`.
pub(crate) async fn create_setup(setup: &CreateCardSetup) -> Result<CardSetup, ApiError> {
    post(paths::CARD_SETUPS).json(setup).answer().await
}

/// The endpoint is `GET /cards/setups/{id}`.
pub(crate) async fn fetch_setup(id: &str) -> Result<CardSetup, ApiError> {
    ApiCall::new(Method::GET, paths::CARD_SETUP, id).answer().await
}

/// `POST /cards/setups/{id}/check`: asks the provider where it stands.
pub(crate) async fn check_setup(id: &str) -> Result<CardSetup, ApiError> {
    ApiCall::new(Method::POST, paths::CARD_SETUP_CHECK, id).answer().await
}

/// `POST /cards/setups/{id}/challenge`: what the cardholder answers the sandbox bank.
pub(crate) async fn answer_challenge(id: &str, approve: bool) -> Result<CardSetup, ApiError> {
    ApiCall::new(Method::POST, paths::CARD_SETUP_CHALLENGE, id).json(&ChallengeAnswer { approve }).answer().await
}

/// The endpoint is `PUT /cards/{id}/default`.
pub(crate) async fn set_default_card(id: &str) -> Result<Card, ApiError> {
    ApiCall::new(Method::PUT, paths::CARD_DEFAULT, id).answer().await
}

/// The endpoint is `DELETE /cards/{id}`.
pub(crate) async fn remove_card(id: &str) -> Result<(), ApiError> {
    ApiCall::new(Method::DELETE, paths::CARD, id).text().await.map(drop)
}
