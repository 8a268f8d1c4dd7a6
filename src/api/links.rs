//! Hand-over links, as their makers see them.

use billing_contract::link::{CreatePaymentLink, CreatedPaymentLink, PaymentLink};
use billing_contract::paths;

use super::ApiError;
use super::client::{Call, Method, post};

/// `POST /payment-links`: the only time that the address is told.
pub(crate) async fn create(form: &CreatePaymentLink) -> Result<CreatedPaymentLink, ApiError> {
    post(paths::PAYMENT_LINKS).json(form).answer().await
}

/// `DELETE /payment-links/{id}`: takes it back.
pub(crate) async fn revoke(id: &str) -> Result<PaymentLink, ApiError> {
    Call::new(Method::DELETE, paths::PAYMENT_LINK, id).answer().await
}
