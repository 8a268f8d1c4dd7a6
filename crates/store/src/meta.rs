//! Facts about the database as a whole, and the leases by which one of several servers does a chore.

use billing_domain::Timestamp;

use crate::{Result, Store};

impl Store {
    /// A fact by name.
    pub async fn meta(&self, key: &str) -> Result<Option<String>> {
        todo!()
    }

    /// Writes a fact.
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        todo!()
    }

    /// Takes or prolongs the lease `name` for `owner`; `false` while another owner's lease lasts.
    pub async fn acquire_lease(&self, name: &str, owner: &str, until: Timestamp, now: Timestamp) -> Result<bool> {
        todo!()
    }

    /// Gives the lease back, if it is still the owner's.
    pub async fn release_lease(&self, name: &str, owner: &str) -> Result<()> {
        todo!()
    }
}
