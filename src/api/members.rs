//! The people of the organization.

use billing_contract::member::{Member, MemberList, PutRole};
use billing_contract::paths;
use billing_domain::Role;

use super::ApiError;
use super::client::{ApiCall, Method, get};

/// The endpoint is `GET /members`.
pub(crate) async fn list_members() -> Result<MemberList, ApiError> {
    get(paths::MEMBERS).answer().await
}

/// The endpoint is `PUT /members/{id}/role`.
pub(crate) async fn set_role(id: &str, role: Role) -> Result<Member, ApiError> {
    ApiCall::new(Method::PUT, paths::MEMBER_ROLE, id).json(&PutRole { role }).answer().await
}

/// The endpoint is `DELETE /members/{id}`: takes somebody out, or oneself.
pub(crate) async fn remove_member(id: &str) -> Result<(), ApiError> {
    ApiCall::new(Method::DELETE, paths::MEMBER, id).text().await.map(drop)
}
