//! What people see to themselves: profile, password, sessions, organizations.

use billing_contract::account::{OwnOrganizations, Profile, PutPassword, PutProfile, SessionEntry, SwitchOrganization};
use billing_contract::paths;
use billing_contract::second_factor::{ConfirmSecondFactor, NewSecondFactor, RecoveryCodes, RemoveSecondFactor};
use billing_contract::session::Session;

use super::ApiError;
use super::client::{ApiCall, Method, get, post};

/// `GET /me`.
pub(crate) async fn fetch_profile() -> Result<Profile, ApiError> {
    get(paths::ME).answer().await
}

/// `PUT /me`.
pub(crate) async fn save_profile(form: &PutProfile) -> Result<Profile, ApiError> {
    ApiCall::new(Method::PUT, paths::ME, "").json(form).answer().await
}

/// `PUT /me/password`. Every other session ends.
pub(crate) async fn change_password(form: &PutPassword) -> Result<(), ApiError> {
    ApiCall::new(Method::PUT, paths::ME_PASSWORD, "").json(form).text().await.map(drop)
}

/// `GET /me/sessions`, the newest first.
pub(crate) async fn list_sessions() -> Result<Vec<SessionEntry>, ApiError> {
    get(paths::ME_SESSIONS).answer().await
}

/// `DELETE /me/sessions/{id}`.
pub(crate) async fn end_session(id: &str) -> Result<(), ApiError> {
    ApiCall::new(Method::DELETE, paths::ME_SESSION, id).text().await.map(drop)
}

/// `DELETE /me/sessions`: all but the present one.
pub(crate) async fn end_other_sessions() -> Result<(), ApiError> {
    ApiCall::new(Method::DELETE, paths::ME_SESSIONS, "").text().await.map(drop)
}

/// `GET /me/organizations`, by name.
pub(crate) async fn list_organizations() -> Result<OwnOrganizations, ApiError> {
    get(paths::ME_ORGANIZATIONS).answer().await
}

/// `POST /session/organization`: a new session there; this document's is over.
pub(crate) async fn switch_organization(id: String) -> Result<Session, ApiError> {
    post(paths::SESSION_ORGANIZATION).json(&SwitchOrganization { organization_id: id }).answer().await
}

/// `POST /me/second-factor`: a secret, shown this once.
pub(crate) async fn begin_second_factor() -> Result<NewSecondFactor, ApiError> {
    post(paths::ME_SECOND_FACTOR).answer().await
}

/// `POST /me/second-factor/confirm`: from now on a code is asked for.
pub(crate) async fn confirm_second_factor(code: String) -> Result<RecoveryCodes, ApiError> {
    post(paths::ME_SECOND_FACTOR_CONFIRM).json(&ConfirmSecondFactor { code }).answer().await
}

/// `DELETE /me/second-factor`.
pub(crate) async fn remove_second_factor(password: String, code: String) -> Result<(), ApiError> {
    let form = RemoveSecondFactor { password, code };
    ApiCall::new(Method::DELETE, paths::ME_SECOND_FACTOR, "").json(&form).text().await.map(drop)
}
