//! What the holder of a payment link may ask; the token goes in bodies only.

use billing_contract::link::{AnswerAttempt, AskAttempt, CompleteLink, PayAttempt, PayPage, ResolveLink};
use billing_contract::paths;

use super::ApiError;
use super::client::post;

/// `POST /pay/resolve`: what the link asks for.
pub(crate) async fn resolve_link(token: String) -> Result<PayPage, ApiError> {
    post(paths::PAY_RESOLVE).json(&ResolveLink { token }).answer().await
}

/// `POST /pay/complete`. The same key and the same body are the same attempt, however often they are sent.
pub(crate) async fn complete_link(key: &str, body: &CompleteLink) -> Result<PayAttempt, ApiError> {
    post(paths::PAY_COMPLETE).header("idempotency-key", key).json(body).answer().await
}

/// `POST /pay/status`: where an attempt stands.
pub(crate) async fn fetch_attempt(token: String, attempt_id: String) -> Result<PayAttempt, ApiError> {
    post(paths::PAY_STATUS).json(&AskAttempt { token, attempt_id }).answer().await
}

/// `POST /pay/challenge`: what the cardholder answers the sandbox bank.
pub(crate) async fn answer_challenge(token: String, attempt_id: String, approve: bool) -> Result<PayAttempt, ApiError> {
    post(paths::PAY_CHALLENGE).json(&AnswerAttempt { token, attempt_id, approve }).answer().await
}

/// `POST /pay/receipt`: saves the receipt as a file; whether that worked.
pub(crate) async fn save_receipt(token: String, attempt_id: String) -> bool {
    let call = post(paths::PAY_RECEIPT).json(&AskAttempt { token, attempt_id });
    call.save("receipt.pdf", |_| {}).await.is_ok()
}
