//! What stands in the ledger for the platform's id of a usage line.
//!
//! An id that holds a card number must not be kept, and the line must not be lost either: one in ten long numbers is one by
//! accident. Such an id is replaced by its keyed hash (HMAC-SHA-256, PCI DSS 3.5.1.1), which is the same for the same id: the
//! line still posts once, for ever. The platform is answered with its own id.

use billing_domain::OrganizationId;
use billing_domain::free_text::contains_card_number;
use billing_store::{Store, StoreError};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::Failure;
use crate::database_key::database_key;

/// Where the database keeps the key, so that all servers make the same of the same id.
const META: &str = "reference_key";
const PREFIX: &str = "masked-";

/// Turns ids into references.
#[derive(Debug)]
pub(crate) struct ReferenceMask {
    key: String,
}

impl ReferenceMask {
    /// With the database's key.
    pub(crate) async fn open(store: &Store) -> Result<Self, Failure> {
        Ok(Self { key: database_key(store, META).await? })
    }

    /// The reference of an id. One that was posted as it is, before ids were looked at, stays what it was: it must not be
    /// billed again.
    pub(crate) async fn of(
        &self,
        store: &Store,
        organization_id: &OrganizationId,
        id: String,
    ) -> Result<String, StoreError> {
        if !contains_card_number(&id) || store.has_usage(organization_id, &id).await? {
            return Ok(id);
        }
        Ok(self.mask(&id))
    }

    fn mask(&self, id: &str) -> String {
        // Any length is a key to HMAC, so there always is one.
        let mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).ok();
        let mac = mac.map(|mac| mac.chain_update(id).finalize().into_bytes()).unwrap_or_default();
        format!("{PREFIX}{}", hex::encode(mac))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_is_the_same_reference_and_tells_nothing_of_the_number() {
        let references = ReferenceMask { key: "k".to_owned() };
        let masked = references.mask("call-4242424242424242");
        assert_eq!(masked, references.mask("call-4242424242424242"));
        assert_ne!(masked, references.mask("call-4111111111111111"));
        assert_ne!(masked, ReferenceMask { key: "l".to_owned() }.mask("call-4242424242424242"));
        assert!(masked.starts_with(PREFIX) && masked.len() == PREFIX.len() + 64 && !masked.contains("4242424242"));
    }
}
