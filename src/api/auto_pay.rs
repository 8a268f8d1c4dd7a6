//! The settings of automatic payments.

use billing_contract::auto_pay::{AutoPay, PutAutoPay};
use billing_contract::paths;

use super::ApiError;
use super::client::{self, ApiCall, Method, post};

/// The endpoint is `GET /auto-pay`.
pub(crate) async fn fetch_settings() -> Result<AutoPay, ApiError> {
    client::get(paths::AUTO_PAY).answer().await
}

/// `PUT /auto-pay`; `etag` is that of the version that was changed.
pub(crate) async fn save_settings(to: &PutAutoPay, etag: &str) -> Result<AutoPay, ApiError> {
    ApiCall::new(Method::PUT, paths::AUTO_PAY, "").header("if-match", etag).json(to).answer().await
}

/// The endpoint is `POST /auto-pay/resume`.
pub(crate) async fn resume_payments() -> Result<AutoPay, ApiError> {
    post(paths::AUTO_PAY_RESUME).json(&()).answer().await
}
