//! Organizations as a program names them, by our id or its own: the one place that says which of them a key sees.

use billing_contract::FieldError;
use billing_domain::{OrganizationId, OrganizationRef, Scope};
use billing_store::{Organization, Store};

use crate::auth::keys::KeyHolder;
use crate::problem::{Detail, Problem, field_error};
use crate::state::AppState;

/// The organization of this id, or of `ext:` and the host's own; `None` too where the key does not see it.
pub(crate) async fn find_organization(
    store: &Store,
    holder: &KeyHolder,
    named: &str,
) -> Result<Option<Organization>, Problem> {
    let Ok(named) = named.parse() else { return Ok(None) };
    Ok(store.find_organization(&named).await?.filter(|organization| holder.sees(&organization.id)))
}

/// The same where there must be one.
pub(crate) async fn get_organization(store: &Store, holder: &KeyHolder, named: &str) -> Result<Organization, Problem> {
    find_organization(store, holder, named).await?.ok_or_else(Problem::not_found)
}

/// The id of the organization of this name, which may be one of ours that does not exist; what the key does not see is not
/// found. Where the caller looks the wallet up anyway, this costs no read: the host's ids never change their meaning.
pub(crate) async fn resolve_organization(
    state: &AppState,
    holder: &KeyHolder,
    named: &str,
) -> Result<OrganizationId, Problem> {
    let id = match named.parse().map_err(|_| Problem::not_found())? {
        OrganizationRef::Id(id) => id,
        OrganizationRef::External(external) => {
            if let Some(id) = state.external_ids.get(&external) {
                id
            } else {
                let found = state.store.find_organization(&OrganizationRef::External(external.clone())).await?;
                let id = found.ok_or_else(Problem::not_found)?.id;
                state.external_ids.note(external, &id);
                id
            }
        }
    };
    if holder.sees(&id) { Ok(id) } else { Err(Problem::not_found()) }
}

/// Whether the key may make organizations that the host has not named before.
pub(crate) fn may_create(holder: &KeyHolder) -> bool {
    holder.has(Scope::OrganizationsWrite) && holder.organization_id().is_none()
}

/// What is said of a field that names none.
pub(crate) fn unknown_organization(pointer: &str) -> FieldError {
    field_error(pointer, "not_found", Detail::general("There is no organization with this id."))
}
