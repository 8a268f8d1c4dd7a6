//! The organisation's own data.

use billing_contract::organization::{Organization, PutOrganization};
use billing_contract::paths;

use super::ApiError;
use super::client::{self, Call, Method};

/// `GET /organization`.
pub(crate) async fn get() -> Result<Organization, ApiError> {
    client::get(paths::ORGANIZATION).answer().await
}

/// `PUT /organization`; `etag` is that of the version that was changed.
pub(crate) async fn put(to: &PutOrganization, etag: &str) -> Result<Organization, ApiError> {
    Call::new(Method::PUT, paths::ORGANIZATION, "").header("if-match", etag).json(to).answer().await
}
