//! Payment links, as their makers see them.

use billing_contract::link::{CreatePaymentLink, CreatedPaymentLink, PaymentLink};
use billing_contract::paths;

use super::ApiError;
use super::client::{ApiCall, Method, post};

/// `POST /payment-links`: the only answer that contains the address.
pub(crate) async fn create_link(form: &CreatePaymentLink) -> Result<CreatedPaymentLink, ApiError> {
    post(paths::PAYMENT_LINKS).json(form).answer().await
}

/// `DELETE /payment-links/{id}`: takes it back.
pub(crate) async fn revoke_link(id: &str) -> Result<PaymentLink, ApiError> {
    ApiCall::new(Method::DELETE, paths::PAYMENT_LINK, id).answer().await
}
