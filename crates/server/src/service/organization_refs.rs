//! Organizations as a program names them, by our id or its own: the one place that says which of them a key sees.

use billing_contract::FieldError;
use billing_domain::Scope;
use billing_store::{Organization, Store};

use crate::auth::keys::KeyHolder;
use crate::problem::{Detail, Problem, field_error};

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

/// Whether the key may make organizations that the host has not named before.
pub(crate) fn may_create(holder: &KeyHolder) -> bool {
    holder.has(Scope::OrganizationsWrite) && holder.organization_id().is_none()
}

/// What is said of a field that names none.
pub(crate) fn unknown_organization(pointer: &str) -> FieldError {
    field_error(pointer, "not_found", Detail::general("There is no organization with this id."))
}
