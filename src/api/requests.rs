//! Members ask for money in the wallet; admins answer.

pub(crate) mod follow;

use billing_contract::paths;
use billing_contract::request::{AnswerFundsRequest, CreateFundsRequest, FundsRequest, FundsRequestList};

use super::ApiError;
use super::client::{ApiCall, Method, get, post};

/// The endpoint is `POST /requests`.
pub(crate) async fn create_request(request: &CreateFundsRequest) -> Result<FundsRequest, ApiError> {
    post(paths::REQUESTS).json(request).answer().await
}

/// The endpoint is `GET /requests`.
pub(crate) async fn list_requests() -> Result<FundsRequestList, ApiError> {
    get(paths::REQUESTS).answer().await
}

/// The endpoint is `POST /requests/{id}/decline`.
pub(crate) async fn decline_request(id: &str, answer: Option<String>) -> Result<FundsRequest, ApiError> {
    ApiCall::new(Method::POST, paths::REQUEST_DECLINE, id).json(&AnswerFundsRequest { answer }).answer().await
}
