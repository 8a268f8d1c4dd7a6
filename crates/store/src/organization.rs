//! Organisations: whose wallet it is, and what receipts print.

use billing_domain::{Currency, Timestamp};

use crate::{Result, Store};

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// UUIDv7.
    pub id: String,
    /// Legal name.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
    /// IANA time zone.
    pub time_zone: String,
    /// The wallet's currency, fixed.
    pub currency: Currency,
    /// Made by `--demo`.
    pub made_by_demo: bool,
    /// From 1, one more with every change: the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a new organisation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrganization {
    /// UUIDv7.
    pub id: String,
    /// Legal name.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
    /// IANA time zone.
    pub time_zone: String,
    /// The wallet's currency, for ever.
    pub currency: Currency,
    /// Made by `--demo`.
    pub made_by_demo: bool,
}

/// What may be changed about an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationUpdate {
    /// Legal name.
    pub name: String,
    /// Postal address.
    pub address: String,
    /// Tax number.
    pub tax_id: String,
    /// IANA time zone. After a change call [`Store::rebuild_usage_days`].
    pub time_zone: String,
}

impl Store {
    /// Makes an organisation with an empty wallet and automatic payments off. A taken id is `Conflict`.
    pub async fn create_organization(&self, new: &NewOrganization, now: Timestamp) -> Result<Organization> {
        todo!()
    }

    /// One organisation, or `NotFound`.
    pub async fn organization(&self, id: &str) -> Result<Organization> {
        todo!()
    }

    /// Changes it if it still has `expected_version`; else `Stale`, or `NotFound`.
    pub async fn update_organization(
        &self,
        id: &str,
        expected_version: i64,
        update: &OrganizationUpdate,
    ) -> Result<Organization> {
        todo!()
    }

    /// The ids of all organisations, oldest first.
    pub async fn organization_ids(&self) -> Result<Vec<String>> {
        todo!()
    }
}
