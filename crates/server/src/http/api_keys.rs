//! Who a program's request comes from: a key, and the scope that the route asks of it.

use std::marker::PhantomData;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use billing_contract::ProblemCode;
use billing_domain::Scope;

use crate::auth::keys::KeyHolder;
use crate::http::bearer::bearer_token;
use crate::http::limits::{client_address, sender_address};
use crate::http::problem::Problem;
use crate::problem::Detail;
use crate::service::keys;
use crate::state::AppState;

/// What a route asks of a key.
pub(crate) trait RequiredScope {
    /// Any of these will do; the first one is named to whoever has none.
    const ANY_OF: &'static [Scope];
}

/// A program of the host's whose key has the scope; everybody else is refused. 401 comes before 403, both before the body.
#[derive(Clone, Debug)]
pub(crate) struct Scoped<S>(pub(crate) KeyHolder, pub(crate) PhantomData<S>);

macro_rules! required_scopes {
    ($($(#[$meta:meta])* $name:ident = $($scope:ident)|+;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl RequiredScope for $name {
            const ANY_OF: &'static [Scope] = &[$(Scope::$scope),+];
        }
    )+};
}

required_scopes! {
    /// Keys are made, listed, rotated and revoked.
    KeysWrite = KeysWrite;
    /// Organizations are made, changed, suspended and closed.
    OrganizationsWrite = OrganizationsWrite;
    /// Organizations are seen.
    OrganizationsRead = OrganizationsRead | OrganizationsWrite;
    /// People are put into organizations and taken out.
    MembersWrite = MembersWrite;
    /// Members are seen.
    MembersRead = OrganizationsRead | MembersWrite;
    /// What was done is seen.
    AuditRead = OrganizationsRead;
    /// Wallets are seen.
    WalletsRead = WalletsRead;
    /// Usage is reported and work authorized.
    MeteringWrite = MeteringWrite;
    /// The portal is opened for people, and closed.
    PortalWrite = PortalWrite;
    /// Credit is given, and balances are corrected.
    CreditsWrite = CreditsWrite;
    /// Payments are refunded.
    RefundsWrite = RefundsWrite;
}

impl<S: RequiredScope> FromRequestParts<AppState> for Scoped<S> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let Some(holder) = find_holder(parts, state).await.map_err(IntoResponse::into_response)? else {
            tracing::warn!(target: "security", address = %sender(parts, state), path = parts.uri.path(), "key refused");
            return Err(unknown_key());
        };
        if S::ANY_OF.iter().any(|scope| holder.has(*scope)) {
            return Ok(Self(holder, PhantomData));
        }
        let scope = S::ANY_OF.first().map_or("", |scope| scope.as_str());
        let key = holder.actor();
        tracing::warn!(target: "security", key = key.id, address = key.address, scope, "scope refused");
        let detail = Detail::general(format!("This key does not have the scope {scope}."));
        Err(Problem::new(ProblemCode::Forbidden, detail).into_response())
    }
}

fn unknown_key() -> Response {
    let problem = Problem::new(
        ProblemCode::Unauthenticated,
        Detail::general("Send a key that holds: Authorization: Bearer nbk_live_… or the operator's service key."),
    );
    ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response()
}

fn sender(parts: &Parts, state: &AppState) -> IpAddr {
    sender_address(parts, state.config.behind_proxy)
}

/// The holder of the request's key, if the key is right.
async fn find_holder(parts: &Parts, state: &AppState) -> Result<Option<KeyHolder>, Problem> {
    let network = client_address(parts, state.config.behind_proxy);
    let Some(token) = bearer_token(&parts.headers) else {
        // No try at all; such requests count as any others.
        state.budgets.take_address(network)?;
        return Ok(None);
    };
    keys::find_holder(state, token, network, sender(parts, state)).await
}
