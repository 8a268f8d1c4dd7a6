//! Organizations: whose wallet it is, and what receipts print.

use std::collections::BTreeMap;

use billing_domain::ledger::Hash;
use billing_domain::status::OrganizationStatus;
use billing_domain::{Currency, ExternalId, Money, OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::db::{Column, Tx, args, columns, retrying};
use crate::{Result, Store, StoreError};

// Named with their table: sessions are read together with them.
columns!(organization_columns, Organization {
    id = "organizations.id",
    name = "organizations.name",
    address = "organizations.address",
    tax_id = "organizations.tax_id",
    time_zone = "organizations.time_zone",
    currency = "organizations.currency",
    external_id = "organizations.external_id",
    status = "organizations.status",
    status_reason = "organizations.status_reason",
    locale = "organizations.locale",
    plan = "organizations.plan",
    policy = "organizations.policy",
    metadata = "organizations.metadata",
    made_by_demo = "organizations.made_by_demo",
    version = "organizations.version",
    created_at = "organizations.created_at",
});
#[expect(clippy::single_component_path_imports, reason = "the macro is made by a macro")]
pub(crate) use organization_columns;

macro_rules! select_organization {
    () => {
        concat!("SELECT ", organization_columns!(), " FROM organizations")
    };
}

mod entries;
mod external;
mod updating;

pub use external::{OrganizationFacts, OrganizationFilter, OrganizationPut};

/// An organization, which is what a wallet belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// UUIDv7; part of what each line's hash covers.
    pub id: OrganizationId,
    /// Legal name, as receipts print it.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
    /// IANA time zone, in which days and months are counted.
    pub time_zone: String,
    /// The wallet's currency, fixed once anything is in it.
    pub currency: Currency,
    /// The host's own id, if the host made it.
    pub external_id: Option<ExternalId>,
    /// Whether the operator lets it use the service.
    pub status: OrganizationStatus,
    /// Why it is suspended or closed, as the host said; empty while it is active.
    pub status_reason: String,
    /// BCP 47 tag of the language of mails and new pages; `None`: each person's own.
    pub locale: Option<String>,
    /// The price list's name, for the host alone.
    pub plan: Option<String>,
    /// What differs from the operator's settings.
    pub policy: OrganizationPolicy,
    /// The host's own notes.
    pub metadata: BTreeMap<String, String>,
    /// Made by `--demo`.
    pub made_by_demo: bool,
    /// From 1, one more with every change: the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What an organization has of its own instead of the operator's settings; `None`: as the operator says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrganizationPolicy {
    /// A wallet without a card counts as not connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_card: Option<bool>,
    /// How long inbound calls go on at or below zero, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<i64>,
    /// How far below zero inbound calls may take the wallet; zero or positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_amount: Option<Money>,
    /// At or below this the wallet is low.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_mark: Option<Money>,
}

impl Column<'_> for OrganizationPolicy {
    type Stored = String;

    fn from_stored(stored: String) -> std::result::Result<Self, String> {
        serde_json::from_str(&stored).map_err(|error| error.to_string())
    }
}

/// What a new organization needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrganization {
    /// UUIDv7, made by the caller.
    pub id: OrganizationId,
    /// Legal name, as receipts print it.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
    /// IANA time zone, in which days and months are counted.
    pub time_zone: String,
    /// The wallet's currency, for ever.
    pub currency: Currency,
    /// Made by `--demo`, which fills only its own.
    pub made_by_demo: bool,
}

/// What may be changed about an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationUpdate {
    /// Legal name, for receipts from now on.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
    /// IANA time zone. After a change call [`Store::rebuild_usage_days`].
    pub time_zone: String,
}

impl Store {
    /// Makes an organization with an empty wallet and automatic payments off. A taken id is `Conflict`.
    pub async fn create_organization(&self, new: &NewOrganization, now: Timestamp) -> Result<Organization> {
        retrying!("create_organization", self.create_organization_once(new, now))
    }

    /// One organization, or `NotFound`.
    pub async fn organization(&self, id: &OrganizationId) -> Result<Organization> {
        let row = self.db.first(concat!(select_organization!(), " WHERE id = $1"), args![id]).await?;
        Organization::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// The ids of all organizations, oldest first.
    pub async fn organization_ids(&self) -> Result<Vec<OrganizationId>> {
        let rows = self.db.all("SELECT id FROM organizations ORDER BY created_at, id", &[]).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }
}

impl Store {
    async fn create_organization_once(&self, new: &NewOrganization, now: Timestamp) -> Result<Organization> {
        let mut tx = self.db.begin().await?;
        let created = insert_organization(&mut tx, new, None, now).await?;
        tx.commit().await?;
        created.ok_or(StoreError::NotFound)
    }
}

/// An organization with an empty wallet and automatic payments off. `None`: there is one with this id of the host's.
pub(crate) async fn insert_organization(
    tx: &mut Tx,
    new: &NewOrganization,
    external_id: Option<&ExternalId>,
    now: Timestamp,
) -> Result<Option<Organization>> {
    let created = tx
        .first(
            concat!(
                "INSERT INTO organizations
                    (id, name, address, tax_id, time_zone, currency, made_by_demo, version, created_at, external_id)
                VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9) ON CONFLICT (external_id) DO NOTHING RETURNING ",
                organization_columns!()
            ),
            args![
                &new.id,
                &new.name,
                &new.address,
                &new.tax_id,
                &new.time_zone,
                new.currency,
                new.made_by_demo,
                now,
                external_id.map(ExternalId::as_str)
            ],
        )
        .await
        .map_err(|error| error.or_conflict("organization"))?;
    let Some(created) = created else { return Ok(None) };
    tx.execute(
        "INSERT INTO wallets (organization_id, currency, balance, held, last_seq, last_hash)
        VALUES ($1, $2, 0, 0, 0, $3)",
        args![&new.id, new.currency, Hash::GENESIS],
    )
    .await?;
    tx.execute(
        "INSERT INTO auto_pay (organization_id, enabled, version, updated_at, failures, attempt)
        VALUES ($1, 0, 1, $2, 0, 0)",
        args![&new.id, now],
    )
    .await?;
    Organization::read(&created).map(Some)
}
