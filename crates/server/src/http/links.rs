//! Payment links, for owners and admins.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn;
use billing_contract::link::{CreatePaymentLink, CreatedPaymentLink, PaymentLink, PaymentLinkList};
use billing_contract::{Problem as Document, paths};
use billing_domain::LinkId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::config::Config;
use crate::http::card_free::refuse_card_numbers;
use crate::http::extract::{Json, PathId};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::links;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_payment_links, create_payment_link))
        .routes(routes!(revoke_payment_link))
        .layer(from_fn(refuse_card_numbers))
}

/// Every payment link that can be used, and the latest others, newest first
#[utoipa::path(
    get, path = paths::PAYMENT_LINKS, tag = "payment-links", security(("session" = [])),
    responses((status = 200, body = PaymentLinkList), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn list_payment_links(
    State(state): State<AppState>,
    Manager(member): Manager,
) -> Result<Json<PaymentLinkList>, Problem> {
    links::list_links(&state, &member.organization.id).await.map(Json)
}

/// Make a payment link
///
/// For a colleague without an account: to connect a card, to pay an amount, or both, and to switch automatic payments
/// on with the card. It works once. The answer holds its address and QR code, which are told only now.
#[utoipa::path(
    post, path = paths::PAYMENT_LINKS, tag = "payment-links", security(("session" = [])),
    request_body = CreatePaymentLink,
    responses(
        (status = 201, body = CreatedPaymentLink), (status = 401, body = Document), (status = 403, body = Document),
        (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn create_payment_link(
    State(state): State<AppState>,
    Manager(member): Manager,
    PageOrigin(origin): PageOrigin,
    Json(form): Json<CreatePaymentLink>,
) -> Result<(StatusCode, Json<CreatedPaymentLink>), Problem> {
    let created = links::create_link(&state, &member, &origin, &form).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Take a payment link back
///
/// It stops working at once. One that is over already stays as it is.
#[utoipa::path(
    delete, path = paths::PAYMENT_LINK, tag = "payment-links", security(("session" = [])),
    params(("id" = String, Path, description = "The link's id")),
    responses(
        (status = 200, body = PaymentLink), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn revoke_payment_link(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<LinkId>,
) -> Result<Json<PaymentLink>, Problem> {
    links::revoke_link(&state, &member, &id).await.map(Json)
}

/// Where the page is: as the operator says, else where the browser says that it found it (checked before by
/// `security::same_origin`), else the host that was asked.
#[derive(Clone, Debug)]
pub(super) struct PageOrigin(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PageOrigin
where
    Arc<Config>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // The operator's setting first: behind a proxy the request may name another host.
        if let Some(origin) = &Arc::<Config>::from_ref(state).public_origin {
            return Ok(Self(origin.clone()));
        }
        let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Ok(Self(match (text(header::ORIGIN), text(header::HOST)) {
            (Some(origin), _) => origin.to_owned(),
            (None, host) => format!("http://{}", host.unwrap_or("localhost")),
        }))
    }
}
