//! Keys of the host's programs: recognized on every request; made, rotated and revoked by whoever may hand out as much.

use std::net::IpAddr;
use std::sync::Arc;

use billing_contract::key::{CreateKey, CreatedKey, Key, KeyList, RotateKey};
use billing_contract::{FieldError, ProblemCode};
use billing_domain::free_text::{FreeText, KEY_NAME};
use billing_domain::{ApiKeyId, Scope};
use billing_store::{ApiKey, KeyRotation, NewApiKey};
use subtle::ConstantTimeEq as _;

use crate::auth::keys::{KeyHolder, NewKey, is_right, read_key_id};
use crate::problem::{Detail, Problem, general_error, text_error};
use crate::service::operation::OperationContext;
use crate::service::organization_refs;
use crate::state::AppState;

/// Longest time for which the secret before a rotation still holds.
pub(crate) const MAX_KEEP_SECONDS: i64 = 7 * 24 * 3600;

/// Whose key this is, if it is right. Whoever tries wrong ones is slowed down, by `network`; keys that were right a moment
/// ago are not, whoever else tries from there.
pub(crate) async fn find_holder(
    state: &AppState,
    token: &str,
    network: IpAddr,
    address: IpAddr,
) -> Result<Option<KeyHolder>, Problem> {
    if is_root(state, token) {
        return Ok(Some(KeyHolder::root(address)));
    }
    let found = match read_key_id(token) {
        Some(id) if is_known(state, token) => find_right(state, &id, token).await?,
        Some(id) => {
            let _turn = state.keys.unknown.lock().await;
            // Whoever waited here may have been answered by the look before.
            if is_known(state, token) {
                find_right(state, &id, token).await?
            } else {
                state.budgets.take_key_try(network)?;
                find_right(state, &id, token).await?.inspect(|_| state.budgets.give_back_key_try(network))
            }
        }
        None => {
            state.budgets.take_key_try(network)?;
            None
        }
    };
    Ok(found.map(|key| KeyHolder::of(key, address)))
}

/// The key was right when this server last looked at it. Reads nothing from the database.
pub(crate) fn is_known_key(state: &AppState, token: &str) -> bool {
    is_root(state, token) || is_known(state, token)
}

fn is_root(state: &AppState, token: &str) -> bool {
    let key = state.config.service_key.as_ref();
    key.is_some_and(|key| bool::from(key.reveal().as_bytes().ct_eq(token.as_bytes())))
}

fn is_known(state: &AppState, token: &str) -> bool {
    let known = read_key_id(token).and_then(|id| state.keys.last_known(&id));
    known.is_some_and(|key| is_right(&key, token, state.clock.now()))
}

async fn find_right(state: &AppState, id: &ApiKeyId, token: &str) -> Result<Option<Arc<ApiKey>>, Problem> {
    let found = state.keys.find(&state.store.reserved(), id).await?;
    let now = state.clock.now();
    let Some(key) = found.filter(|key| is_right(key, token, now)) else { return Ok(None) };
    if state.keys.begin_use(id, now) {
        let (store, id) = (state.store.clone(), id.clone());
        state.tasks.spawn(async move {
            if let Err(error) = store.note_key_use(&id, now).await {
                tracing::warn!(key = %id, %error, "the use of a key could not be noted");
            }
        });
    }
    Ok(Some(key))
}

/// Whether the key that a request came with has not ended since.
pub(crate) async fn still_holds(state: &AppState, holder: &KeyHolder) -> Result<bool, Problem> {
    let Some(id) = holder.id() else { return Ok(true) };
    let now = state.clock.now();
    let found = state.keys.find(&state.store.reserved(), id).await?;
    Ok(found.is_some_and(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|at| now < at)))
}

/// `POST /keys`: the key with its secret, which is seen now and never again. Nobody hands out more than they have.
pub(crate) async fn create_key(
    context: &OperationContext,
    grantor: &KeyHolder,
    form: &CreateKey,
) -> Result<CreatedKey, Problem> {
    let now = context.clock.now();
    let mut errors = Vec::new();
    let name = FreeText::parse(KEY_NAME, &form.name).unwrap_or_else(|error| {
        errors.push(text_error("/name", error));
        FreeText::default()
    });
    let scopes = read_scopes(&form.scopes, &mut errors);
    if form.expires_at.is_some_and(|at| at <= now) {
        errors.push(general_error("/expires_at", "past", "This time is over."));
    }
    let later = grantor.expires_at().is_some_and(|own| form.expires_at.is_none_or(|at| at > own));
    if later {
        errors.push(general_error("/expires_at", "too_late", "A key makes none that holds longer than itself."));
    }
    if grantor.organization_id().is_some() && form.organization.is_none() {
        errors.push(general_error("/organization", "required", "This key makes keys of its own organization only."));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    check_grant(grantor, &scopes)?;
    let organization_id = match &form.organization {
        None => None,
        Some(text) => match organization_refs::find_organization(&context.store, grantor, text).await? {
            Some(organization) => Some(organization.id),
            None => return Err(Problem::invalid(vec![organization_refs::unknown_organization("/organization")])),
        },
    };
    let key = NewKey::create().map_err(Problem::internal)?;
    let new = NewApiKey {
        id: key.id.clone(),
        name: name.into_string(),
        scopes,
        organization_id,
        secret_hash: key.hash(),
        last4: key.last4(),
        expires_at: form.expires_at,
    };
    let created = context.store.create_key(&new, &context.actor, now).await?;
    Ok(CreatedKey { key: map_key(created), secret: key.secret })
}

fn read_scopes(names: &[String], errors: &mut Vec<FieldError>) -> Vec<Scope> {
    let mut scopes = Vec::new();
    if names.len() > Scope::ALL.len() {
        errors.push(general_error("/scopes", "too_many", format!("At most {} scopes.", Scope::ALL.len())));
        return scopes;
    }
    for (index, name) in names.iter().enumerate() {
        match name.parse() {
            Ok(scope) if scopes.contains(&scope) => {}
            Ok(scope) => scopes.push(scope),
            Err(_) => {
                let all = Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
                let detail = format!("There is no such scope; there are {all}.");
                errors.push(general_error(&format!("/scopes/{index}"), "unknown_scope", &detail));
            }
        }
    }
    if names.is_empty() {
        errors.push(general_error("/scopes", "required", "Name what the key may be used for."));
    }
    scopes
}

fn check_grant(grantor: &KeyHolder, scopes: &[Scope]) -> Result<(), Problem> {
    match scopes.iter().find(|scope| !grantor.has(**scope)) {
        None => Ok(()),
        Some(scope) => {
            let detail = format!("This key does not have the scope {scope}, so it cannot hand it out.");
            Err(Problem::new(ProblemCode::Forbidden, Detail::general(detail)))
        }
    }
}

/// `GET /keys`: those that are not revoked, oldest first.
pub(crate) async fn list_keys(context: &OperationContext, holder: &KeyHolder) -> Result<KeyList, Problem> {
    let keys = context.store.keys(holder.organization_id()).await?;
    Ok(KeyList { items: keys.into_iter().map(map_key).collect() })
}

/// `POST /keys/{id}/rotate`: the key with another secret. The present one holds for as long as the form says.
pub(crate) async fn rotate_key(
    context: &OperationContext,
    holder: &KeyHolder,
    id: &ApiKeyId,
    form: &RotateKey,
) -> Result<CreatedKey, Problem> {
    if !(0..=MAX_KEEP_SECONDS).contains(&form.keep_old_seconds) {
        let detail = format!("From 0 to {MAX_KEEP_SECONDS} seconds.");
        return Err(Problem::invalid(vec![general_error("/keep_old_seconds", "out_of_range", &detail)]));
    }
    let within = holder.organization_id();
    // Whoever gets the secret gets what the key may do.
    check_grant(holder, &context.store.key(id, within).await?.scopes)?;
    let key = NewKey::create_for(id.clone()).map_err(Problem::internal)?;
    let now = context.clock.now();
    let rotation = KeyRotation {
        secret_hash: key.hash(),
        last4: key.last4(),
        old_valid_until: (form.keep_old_seconds > 0).then(|| now.plus_seconds(form.keep_old_seconds)),
    };
    let rotated = context.store.rotate_key(id, within, &rotation, &context.actor, now).await?;
    Ok(CreatedKey { key: map_key(rotated), secret: key.secret })
}

/// `DELETE /keys/{id}`: refused from now on.
pub(crate) async fn revoke_key(context: &OperationContext, holder: &KeyHolder, id: &ApiKeyId) -> Result<(), Problem> {
    let within = holder.organization_id();
    Ok(context.store.revoke_key(id, within, &context.actor, context.clock.now()).await?)
}

fn map_key(key: ApiKey) -> Key {
    Key {
        id: key.id.into(),
        name: key.name,
        scopes: key.scopes,
        organization_id: key.organization_id.map(Into::into),
        last4: key.last4,
        created_by: key.created_by,
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        old_valid_until: key.old_valid_until,
    }
}
