//! Which organization an id of the host's names, once that was read: it is given at the organization's making and never
//! changes, and organizations are not removed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use billing_domain::{ExternalId, OrganizationId};

/// Names that are kept; with more, all are forgotten and read again.
const MOST: usize = 100_000;

/// The names that were read here.
#[derive(Debug, Default)]
pub(crate) struct ExternalIds(Mutex<HashMap<ExternalId, OrganizationId>>);

impl ExternalIds {
    /// The organization, if its name was read before.
    pub(crate) fn get(&self, external_id: &ExternalId) -> Option<OrganizationId> {
        self.lock().get(external_id).cloned()
    }

    /// A name that was found in the database.
    pub(crate) fn note(&self, external_id: ExternalId, id: &OrganizationId) {
        let mut known = self.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(external_id, id.clone());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ExternalId, OrganizationId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
