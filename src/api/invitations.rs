//! Inviting people, and coming in by an invitation.

use billing_contract::invitation::{
    AcceptInvitation, CreateInvitation, Invitation, InvitationList, ResolveInvitation, ResolvedInvitation,
};
use billing_contract::paths;
use billing_contract::session::Session;

use super::ApiError;
use super::client::{ApiCall, Method, get, post};

/// `GET /invitations`: the open ones, the newest first.
pub(crate) async fn list_invitations() -> Result<InvitationList, ApiError> {
    get(paths::INVITATIONS).answer().await
}

/// `POST /invitations`.
pub(crate) async fn create_invitation(form: &CreateInvitation) -> Result<Invitation, ApiError> {
    post(paths::INVITATIONS).json(form).answer().await
}

/// `POST /invitations/{id}/resend`: another link.
pub(crate) async fn resend_invitation(id: &str) -> Result<Invitation, ApiError> {
    ApiCall::new(Method::POST, paths::INVITATION_RESEND, id).answer().await
}

/// `DELETE /invitations/{id}`.
pub(crate) async fn revoke_invitation(id: &str) -> Result<(), ApiError> {
    ApiCall::new(Method::DELETE, paths::INVITATION, id).text().await.map(drop)
}

/// `POST /invitations/resolve`: what a link invites to.
pub(crate) async fn resolve_invitation(token: String) -> Result<ResolvedInvitation, ApiError> {
    post(paths::INVITATION_RESOLVE).json(&ResolveInvitation { token }).answer().await
}

/// `POST /invitations/accept`. Whoever comes in is signed in afterwards.
pub(crate) async fn accept_invitation(form: &AcceptInvitation) -> Result<Session, ApiError> {
    post(paths::INVITATION_ACCEPT).json(form).answer().await
}
