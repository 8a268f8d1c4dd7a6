//! Charging a card for the wallet.

use billing_contract::paths;
use billing_contract::top_up::{ChallengeAnswer, CreateTopUp, TopUp};

use super::ApiError;
use super::client::{ApiCall, Method, post};

/// `POST /top-ups`, `amount` with the digits of its currency. The same key and the same body are the same top-up,
/// however often they are sent.
pub(crate) async fn create_top_up(
    key: &str,
    amount: String,
    card_id: &str,
    request_id: Option<String>,
) -> Result<TopUp, ApiError> {
    let body = CreateTopUp { amount: amount.into(), card_id: Some(card_id.to_owned()), request_id };
    post(paths::TOP_UPS).header("idempotency-key", key).json(&body).answer().await
}

/// The endpoint is `GET /top-ups/{id}`.
pub(crate) async fn fetch_top_up(id: &str) -> Result<TopUp, ApiError> {
    ApiCall::new(Method::GET, paths::TOP_UP, id).answer().await
}

/// `POST /top-ups/{id}/check`: asks the bank what became of it.
pub(crate) async fn check_top_up(id: &str) -> Result<TopUp, ApiError> {
    ApiCall::new(Method::POST, paths::TOP_UP_CHECK, id).answer().await
}

/// `POST /top-ups/{id}/cancel`: one that waits for the cardholder is not to be charged.
pub(crate) async fn cancel_top_up(id: &str) -> Result<TopUp, ApiError> {
    ApiCall::new(Method::POST, paths::TOP_UP_CANCEL, id).answer().await
}

/// `POST /top-ups/{id}/challenge`: what the cardholder answers the sandbox bank.
pub(crate) async fn answer_challenge(id: &str, approve: bool) -> Result<TopUp, ApiError> {
    ApiCall::new(Method::POST, paths::TOP_UP_CHALLENGE, id).json(&ChallengeAnswer { approve }).answer().await
}
