//! Changing what an organization says of itself, if nobody else has changed it since.

use billing_domain::{OrganizationId, Timestamp};

use super::entries::append_change;
use super::{Organization, OrganizationUpdate};
use crate::db::{args, retrying};
use crate::{Actor, Result, Store, StoreError};

impl Store {
    /// Changes it if it still has `expected_version`; else `Stale`, or `NotFound`.
    pub async fn update_organization(
        &self,
        id: &OrganizationId,
        expected_version: i64,
        update: &OrganizationUpdate,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Organization> {
        retrying!("update_organization", id => self.update_organization_once(id, expected_version, update, by, now))
    }

    async fn update_organization_once(
        &self,
        id: &OrganizationId,
        expected_version: i64,
        update: &OrganizationUpdate,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Organization> {
        let mut tx = self.db.begin().await?;
        let row = tx.first(concat!(select_organization!(), " WHERE id = $1"), args![id]).await?;
        let before = Organization::read(&row.ok_or(StoreError::NotFound)?)?;
        // One conditional statement is the whole optimistic lock; it also proves that what was read is what it changes.
        let row = tx
            .first(
                concat!(
                    "UPDATE organizations SET name = $3, address = $4, tax_id = $5, time_zone = $6, version = version + 1
                    WHERE id = $1 AND version = $2 RETURNING ",
                    organization_columns!()
                ),
                args![id, expected_version, &update.name, &update.address, &update.tax_id, &update.time_zone],
            )
            .await?;
        let Some(row) = row else {
            tx.rollback().await?;
            return Err(StoreError::Stale);
        };
        let after = Organization::read(&row)?;
        append_change(&mut tx, "organization.change", Some(&before), &after, by, now).await?;
        tx.commit().await?;
        Ok(after)
    }
}
