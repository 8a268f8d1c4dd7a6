//! Keys of the host's programs.

use axum::extract::State;
use axum::http::StatusCode;
use billing_contract::key::{CreateKey, CreatedKey, KeyList, RotateKey};
use billing_contract::{Problem as Document, paths};
use billing_domain::ApiKeyId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api_keys::{KeysWrite, Scoped};
use crate::http::extract::{Json, PathId};
use crate::http::problem::Problem;
use crate::service::keys;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_keys, create_key)).routes(routes!(revoke_key)).routes(routes!(rotate_key))
}

/// The keys that are not revoked, oldest first
#[utoipa::path(
    get, path = paths::KEYS, tag = "keys", security(("service_key" = ["keys:write"])),
    responses((status = 200, body = KeyList), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn list_keys(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<KeysWrite>,
) -> Result<Json<KeyList>, Problem> {
    keys::list_keys(&state.operation_by(holder.actor()), &holder).await.map(Json)
}

/// Make a key
///
/// Its `secret` is the whole key and shown this once. A key hands out no more than it has: its own scopes, its own
/// organization if it has one, and no longer than it holds itself.
#[utoipa::path(
    post, path = paths::KEYS, tag = "keys", security(("service_key" = ["keys:write"])), request_body = CreateKey,
    responses(
        (status = 201, body = CreatedKey), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn create_key(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<KeysWrite>,
    Json(form): Json<CreateKey>,
) -> Result<(StatusCode, Json<CreatedKey>), Problem> {
    let created = keys::create_key(&state.operation_by(holder.actor()), &holder, &form).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// End a key
///
/// It is refused at once, at other servers of the same database within a second.
#[utoipa::path(
    delete, path = paths::KEY, tag = "keys", security(("service_key" = ["keys:write"])),
    params(("id" = String, Path, description = "The key's id")),
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document), (status = 404, body = Document),
    ),
)]
async fn revoke_key(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<KeysWrite>,
    PathId(id): PathId<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    keys::revoke_key(&state.operation_by(holder.actor()), &holder, &id).await?;
    state.keys.forget(&id);
    Ok(StatusCode::NO_CONTENT)
}

/// Give a key another secret
///
/// Both secrets hold for `keep_old_seconds`, then the new one alone. A secret before the present one is refused at once.
#[utoipa::path(
    post, path = paths::KEY_ROTATE, tag = "keys", security(("service_key" = ["keys:write"])),
    params(("id" = String, Path, description = "The key's id")), request_body = RotateKey,
    responses(
        (status = 201, body = CreatedKey), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 422, body = Document),
    ),
)]
async fn rotate_key(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<KeysWrite>,
    PathId(id): PathId<ApiKeyId>,
    Json(form): Json<RotateKey>,
) -> Result<(StatusCode, Json<CreatedKey>), Problem> {
    let rotated = keys::rotate_key(&state.operation_by(holder.actor()), &holder, &id, &form).await?;
    state.keys.forget(&id);
    Ok((StatusCode::CREATED, Json(rotated)))
}
