//! The people of the organisation.

use billing_contract::member::{Member, MemberList, PutRole};
use billing_contract::paths;
use billing_domain::Role;

use super::ApiError;
use super::client::{Call, Method, get};

/// `GET /members`.
pub(crate) async fn list() -> Result<MemberList, ApiError> {
    get(paths::MEMBERS).answer().await
}

/// `PUT /members/{id}/role`.
pub(crate) async fn set_role(id: &str, role: Role) -> Result<Member, ApiError> {
    Call::new(Method::PUT, paths::MEMBER_ROLE, id).json(&PutRole { role }).answer().await
}
