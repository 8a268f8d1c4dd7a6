//! Members ask for money in the wallet; admins answer.

pub(crate) mod follow;

use billing_contract::paths;
use billing_contract::request::{AnswerFundsRequest, CreateFundsRequest, FundsRequest, FundsRequestList};

use super::ApiError;
use super::client::{Call, Method, get, post};

/// `POST /requests`.
pub(crate) async fn create(request: &CreateFundsRequest) -> Result<FundsRequest, ApiError> {
    post(paths::REQUESTS).json(request).answer().await
}

/// `GET /requests`.
pub(crate) async fn list() -> Result<FundsRequestList, ApiError> {
    get(paths::REQUESTS).answer().await
}

/// `POST /requests/{id}/decline`.
pub(crate) async fn decline(id: &str, answer: Option<String>) -> Result<FundsRequest, ApiError> {
    Call::new(Method::POST, paths::REQUEST_DECLINE, id).json(&AnswerFundsRequest { answer }).answer().await
}
