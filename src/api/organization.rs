//! The organization's own data.

use billing_contract::organization::{Organization, PutOrganization};
use billing_contract::paths;

use super::ApiError;
use super::client::{self, ApiCall, Method};

/// The endpoint is `GET /organization`.
pub(crate) async fn fetch_organization() -> Result<Organization, ApiError> {
    client::get(paths::ORGANIZATION).answer().await
}

/// `PUT /organization`; `etag` is that of the version that was changed.
pub(crate) async fn save_organization(to: &PutOrganization, etag: &str) -> Result<Organization, ApiError> {
    ApiCall::new(Method::PUT, paths::ORGANIZATION, "").header("if-match", etag).json(to).answer().await
}
