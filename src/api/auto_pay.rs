//! The settings of automatic payments.

use billing_contract::auto_pay::{AutoPay, PutAutoPay};
use billing_contract::paths;

use super::ApiError;
use super::client::{self, Call, Method, post};

/// `GET /auto-pay`.
pub(crate) async fn get() -> Result<AutoPay, ApiError> {
    client::get(paths::AUTO_PAY).answer().await
}

/// `PUT /auto-pay`; `etag` is that of the version that was changed.
pub(crate) async fn put(to: &PutAutoPay, etag: &str) -> Result<AutoPay, ApiError> {
    Call::new(Method::PUT, paths::AUTO_PAY, "").header("if-match", etag).json(to).answer().await
}

/// `POST /auto-pay/resume`.
pub(crate) async fn resume() -> Result<AutoPay, ApiError> {
    post(paths::AUTO_PAY_RESUME).json(&()).answer().await
}
